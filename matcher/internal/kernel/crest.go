package kernel

// A window's part of a crest is the highest level that a tag has in each of its
// sections, half a byte each: byte i has section i in its low half and section
// 8 + i in its high half.
const (
	// CrestBytes is how many bytes of a crest are of one window.
	CrestBytes = Sections / 2
	// CrestWindows is how many windows are bounded together: crests, bounds and
	// starts are of a multiple of so many.
	CrestWindows = 4
)

// Steps has what each level is at most worth, in steps. Level 0 is a section
// without the tag, and worth nothing.
type Steps [16]uint16

// Crest is a tag's highest level by section, of one window after the other, with
// the steps of a query.
type Crest struct {
	Levels *uint8
	Steps  Steps
}

// SetCrest gives a section of a window its level.
func SetCrest(window *[CrestBytes]uint8, section int, level uint8) {
	shift := uint(section/CrestBytes) * 4
	at := &window[section%CrestBytes]
	*at = *at&^(15<<shift) | level<<shift
}

// CrestLevel is the level of a section of a window.
func CrestLevel(window []uint8, section int) uint8 {
	return window[section%CrestBytes] >> (uint(section/CrestBytes) * 4) & 15
}

// StepsOf sets the steps to more than what each level's largest weight is worth,
// times the factor.
func StepsOf(steps *Steps, worth *Worth, factor float64) { active.steps(steps, worth, factor) }

// Bound sets each section's bound to its start plus what its levels are worth, at
// most 65,535, and clears the starts. It goes by window, then section.
func Bound(bounds, start []uint16, crests []Crest) {
	if len(bounds) == 0 {
		return
	}
	if len(bounds)%(CrestWindows*Sections) != 0 || len(start) != len(bounds) {
		panic("kernel: bounds of parts of windows")
	}
	active.bound(bounds, start, crests)
}

// Peak is the highest of the bounds, of whole windows.
func Peak(bounds []uint16) uint16 {
	if len(bounds) == 0 {
		return 0
	}
	if len(bounds)%Sections != 0 {
		panic("kernel: bounds of parts of windows")
	}
	return active.peak(bounds)
}

// Reach sets, by window, the bits of the sections whose bound is the least or
// more.
func Reach(bounds []uint16, least uint16, reached []uint16) {
	if len(bounds) != Sections*len(reached) {
		panic("kernel: bounds of other windows")
	}
	if len(reached) > 0 {
		active.reach(bounds, least, reached)
	}
}

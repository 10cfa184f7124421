package matcher

// Measure is a way to score; see the package's rules for units.
type Measure string

// The measures. Cosine is the default.
const (
	Cosine  Measure = "cosine"
	Dot     Measure = "dot"
	Overlap Measure = "overlap"
)

// Measures lists the measures that exist, in their order.
var Measures = []Measure{Cosine, Dot, Overlap}

// DefaultDecay is the ancestor decay where none is said: 0.5.
const DefaultDecay Weight = 5000

// Statistics is what inverse document frequency needs: how many opportunities
// were published and how many of them had each tag after passing up.
type Statistics struct {
	Published int64
	Frequency map[string]int64 // by tag id; an absent tag has 0
}

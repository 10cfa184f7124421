package matcher

import (
	"math"
	"slices"

	"github.com/kindred-match/kindred/matcher/internal/kernel"
)

const (
	// stretch is how many windows are looked at together before there is a
	// threshold: their sums fill a third of the first cache.
	stretch = 4
	// aim is the sum that the last of the first k is hoped to have: far enough
	// below 255, where sums saturate, and above the roundings. Documents are picked
	// from a sum on that is likely to be below what any of the first k has.
	aim, likely = 170, 140
	// coarse is the sum below which steps are too wide to tell documents apart.
	coarse = 56
)

// swept is what sweeps go through: documents of one kind or the other, an
// index's opportunities or students. It is immutable.
type swept struct {
	segment *segment
	cards   *cards
	overlap bool
	// unit is what a sum of parts is multiplied with for a boost of 1.
	unit float64
	// raised has the documents whose boost is above 1, if sums are without
	// boosts; nil is none. Lift is the largest.
	raised []kernel.Mask
	lift   float64
}

// gate decides who is eligible.
type gate interface {
	// allow sets the mask to the documents of a window that may be eligible.
	allow(window int32, allowed *kernel.Mask)
	// strict reports whether admitted has to be asked about those as well.
	strict() bool
	// admitted moves those of the documents who are eligible to the front, in their
	// order, and returns them.
	admitted(docs []uint32) []uint32
}

// sweep ranks the documents for one query after the other, in a way that pays
// where k is not small beside their number, or the rules of eligibility are
// worked out already: it puts together who is eligible; adds up levels in the
// windows of the highest bounds; scores those with the highest sums, which
// gives a threshold; scores the others that it leaves; and goes through the
// windows that are left with it. What it learns from one query for the next
// changes how long that takes, and not what comes out.
type sweep struct {
	*swept
	k      int
	gate   gate
	terms  []sweepTerm
	tables []kernel.Table // by term
	gains  gains
	gained []TagID

	heads   []int32 // lists of nodes, by window
	nodes   []node
	order   []int32 // windows with a term
	rest    []int32 // those of them that are not open
	opens   []opened
	columns []kernel.Column
	lists   []kernel.Ref
	// picked are the documents of the open windows, of boosts up to 1 and above,
	// from a sum on; scoredFrom is the sum from which on they are scored, 256 where
	// none is.
	picked     [2]kernel.Picked
	pickedFrom uint8
	scoredFrom int
	docs       []uint32 // to be scored
	units      []int64  // theirs
	best       scoredList

	factor float64 // steps of the sums a unit
	// whole is what units are divided by to give the score shown; usual the
	// score that the last of the first k had of late.
	whole, usual float64

	watch func(stage string) // may be nil
}

// sweepTerm is a tag of the query.
type sweepTerm struct {
	entries []entry
	// worth is what a document's sum gains by a weight for the tag, in units of a boost
	// of 1.
	worth kernel.Worth
}

// node is an entry of a window's list: the terms that occur there.
type node struct {
	term, next int32
	entry      entry
}

// opened is a window under way.
type opened struct {
	window  int32
	allowed [2]kernel.Mask // of boosts up to 1, and above
	sums    kernel.Sums
}

func newSweep(s *swept, tags int) *sweep {
	windows := s.segment.windows()
	return &sweep{
		swept: s, gains: newGains(tags, s.overlap), heads: make([]int32, windows),
		opens: make([]opened, max(1, min(stretch, windows))), usual: 0.2,
	}
}

func (s *sweep) ended(stage string) {
	if s.watch != nil {
		s.watch(stage)
	}
}

// begin forgets the query before.
func (s *sweep) begin(k int) {
	for _, t := range s.gained {
		s.gains.set(t, 0, 0)
	}
	s.gained, s.terms, s.tables = s.gained[:0], s.terms[:0], s.tables[:0]
	s.k = k
	s.best.reset(k)
}

// add gives the query a tag.
func (s *sweep) add(t TagID, p, g int64) {
	entries := s.segment.entriesOf(t)
	if p == 0 || g == 0 || len(entries) == 0 {
		return
	}
	s.gains.set(t, p, g)
	s.gained = append(s.gained, t)
	worth := kernel.Worth{Upper: &s.segment.upper, Slope: float64(p*g) * s.unit, Limit: math.MaxUint16}
	if s.overlap {
		worth.Slope, worth.Limit = float64(g)*s.unit, float64(p)
	}
	s.terms = append(s.terms, sweepTerm{entries, worth})
	s.tables = append(s.tables, kernel.Table{})
}

// run ranks; best has the first k then. Whole is what units are divided by to
// give the score shown, or near it.
func (s *sweep) run(g gate, whole float64) {
	s.gate, s.whole = g, whole
	s.list()
	s.rescale(aim / (s.usual * s.whole))
	opens := s.open()
	s.ended("eligibility")
	s.search(opens)
	s.best.tighten()
	s.ended("select")
	t := s.best.threshold()
	s.scoreFrom(opens, s.cutOf(t))
	if t > 1 {
		s.usual += (float64(t)/s.whole - s.usual) / 8
	}
	for i := range opens {
		clear(opens[i].sums[:])
	}
	s.follow()
	s.ended("follow")
}

// list lists the terms of each window.
func (s *sweep) list() {
	for w := range s.heads {
		s.heads[w] = none
	}
	s.nodes = s.nodes[:0]
	for i := range s.terms {
		for _, e := range s.terms[i].entries {
			if e.empty() {
				continue
			}
			s.nodes = append(s.nodes, node{int32(i), s.heads[e.window], e})
			s.heads[e.window] = int32(len(s.nodes) - 1)
		}
	}
	s.order = s.order[:0]
	for w, head := range s.heads {
		if head != none {
			s.order = append(s.order, int32(w))
		}
	}
}

// bound is the sum that no document of a window is above, but for saturation.
func (s *sweep) bound(w int32) int {
	sum := 0
	for i := s.heads[w]; i != none; i = s.nodes[i].next {
		n := &s.nodes[i]
		sum += int(s.tables[n.term][n.entry.highest()])
	}
	return sum
}

// open enters the windows of the highest bounds; the rest are left.
func (s *sweep) open() []opened {
	opens := s.opens[:min(len(s.opens), len(s.order))]
	if len(s.order) > len(opens) {
		for i := range opens {
			s.raise(i)
		}
		slices.Sort(s.order[len(opens):])
	}
	for i := range opens {
		s.enter(&opens[i], s.order[i])
	}
	s.rest = s.order[len(opens):]
	return opens
}

// raise puts the window of the highest bound, of those from a place on, there.
func (s *sweep) raise(place int) {
	best, high := place, -1
	for i := place; i < len(s.order); i++ {
		if b := s.bound(s.order[i]); b > high {
			best, high = i, b
		}
	}
	s.order[place], s.order[best] = s.order[best], s.order[place]
}

func (s *sweep) enter(o *opened, w int32) {
	o.window = w
	s.gate.allow(w, &o.allowed[0])
	if s.raised == nil {
		return
	}
	raised := &s.raised[w]
	for i, word := range o.allowed[0] {
		o.allowed[1][i] = word & raised[i]
		o.allowed[0][i] = word &^ raised[i]
	}
}

// search scores the documents of the highest sums until there are k.
func (s *sweep) search(opens []opened) {
	want := s.k
	if s.gate.strict() {
		want += min(want/4, 1<<20)
	}
	cut := s.fit(opens, want)
	for {
		s.scoreFrom(opens, cut)
		found := len(s.best.list)
		if found >= s.k || cut == 1 {
			return
		}
		// Of those who come next about as many are admitted. Where few are missing, that
		// would go down step by step.
		asked := s.count(cut)
		want = asked + max(asked/2, min(8*asked, (s.k-found)*asked/max(1, found))) + 1
		cut = s.cut(opens, want)
		s.ended("cut")
	}
}

// fit adds up the levels of the windows with steps that suit their sums, and
// returns the cut that so many documents pass.
func (s *sweep) fit(opens []opened, want int) uint8 {
	for tries := 2; ; tries-- {
		s.forget(likely)
		s.scoredFrom = 256
		for i := range opens {
			s.gather(&opens[i])
			s.pick(&opens[i], s.columns)
		}
		s.ended("sums")
		cut := s.cut(opens, want)
		s.ended("cut")
		switch {
		case tries > 0 && cut == 255 && s.count(cut) > 2*want:
			s.rescale(s.factor / 1.5)
		case tries > 0 && cut < coarse && s.count(cut) >= want:
			s.rescale(s.factor * aim / float64(cut))
		default:
			return cut
		}
		for i := range opens {
			clear(opens[i].sums[:])
		}
	}
}

// cut is the highest sum, of those below what is scored, that so many documents have
// or are above, or 1 if there is none. Those who are above it are picked.
func (s *sweep) cut(opens []opened, want int) uint8 {
	for s.pickedFrom > 1 && s.count(s.pickedFrom) < want {
		s.pickFrom(opens, s.pickedFrom/2)
	}
	low, high := int(s.pickedFrom), s.scoredFrom
	for high-low > 1 {
		if middle := (low + high) / 2; s.count(uint8(middle)) >= want {
			low = middle
		} else {
			high = middle
		}
	}
	return uint8(low)
}

// rescale sets the tables for a number of steps a unit, rounded up but for
// what cutOf allows for.
func (s *sweep) rescale(factor float64) {
	s.factor = factor
	f := factor * (1 - 1e-12)
	for i := range s.terms {
		worth, table := &s.terms[i].worth, &s.tables[i]
		if kernel.RoundUp(table, worth, f) {
			continue
		}
		for l := 1; l < len(table); l++ {
			table[l] = steps255(min(worth.Upper[l], worth.Limit) * worth.Slope * f)
		}
	}
}

// steps255 is x rounded up to more than x, at most 255.
func steps255(x float64) uint8 {
	if x >= 254 {
		return 255
	}
	return uint8(x) + 1
}

// cutOf is the least sum of a document with so many units and a boost of 1.
func (s *sweep) cutOf(units int64) uint8 {
	return uint8(max(1, min(255, math.Ceil(float64(units)*s.factor*(1-1e-9)))))
}

// raisedCut is the cut for documents whose boost, which sums are without, is
// above 1.
func (s *sweep) raisedCut(cut uint8) uint8 {
	return uint8(float64(cut-1)/s.lift*(1-1e-9)) + 1
}

// gather adds up the postings of a window and lists its columns.
func (s *sweep) gather(o *opened) {
	if invariants && o.sums != (kernel.Sums{}) {
		panic("matcher: there are sums left of what was added up before")
	}
	s.columns, s.lists = s.columns[:0], s.lists[:0]
	on := s.segment
	for i := s.heads[o.window]; i != none; i = s.nodes[i].next {
		n := &s.nodes[i]
		if count := n.entry.count(); count >= on.minColumn {
			s.columns = append(s.columns, kernel.Column{Levels: &on.columns[n.entry.at], Table: s.tables[n.term]})
		} else {
			s.lists = append(s.lists, kernel.Ref{At: n.entry.at, Count: uint16(count), Table: uint16(n.term)})
		}
	}
	kernel.Scatter(&o.sums, on.postings, s.tables, s.lists, kernel.All)
}

// forget forgets what was picked: documents will be from a sum on.
func (s *sweep) forget(low uint8) {
	for i := range s.picked {
		s.picked[i].Reset()
	}
	s.pickedFrom = low
}

// pick adds the columns to the sums of a window, and picks.
func (s *sweep) pick(o *opened, columns []kernel.Column) {
	first := o.window * kernel.Window
	n := min(kernel.Window, s.segment.len()-int(first))
	s.picked[0].Pick(&o.sums, columns, &o.allowed[0], s.pickedFrom, uint32(first), n)
	if s.raised != nil {
		s.picked[1].Pick(&o.sums, nil, &o.allowed[1], s.raisedCut(s.pickedFrom), uint32(first), n)
	}
}

// pickFrom picks again, from a lower sum on.
func (s *sweep) pickFrom(opens []opened, low uint8) {
	s.forget(low)
	for i := range opens {
		s.pick(&opens[i], nil)
	}
}

// count is how many that were picked pass the cut.
func (s *sweep) count(cut uint8) int {
	n := s.picked[0].Count(cut)
	if s.raised != nil {
		n += s.picked[1].Count(s.raisedCut(cut))
	}
	return n
}

// scoreFrom scores the documents from a sum on that have not been scored yet.
func (s *sweep) scoreFrom(opens []opened, low uint8) {
	if int(low) >= s.scoredFrom {
		return
	}
	if low < s.pickedFrom {
		s.pickFrom(opens, low)
	}
	s.docs = s.picked[0].Select(s.docs[:0], low, uint8(s.scoredFrom-1))
	if s.raised != nil {
		high := 256
		if s.scoredFrom < 256 {
			high = int(s.raisedCut(uint8(s.scoredFrom)))
		}
		s.docs = s.picked[1].Select(s.docs, s.raisedCut(low), uint8(high-1))
	}
	s.scoredFrom = int(low)
	s.score()
	s.ended("score")
}

// score scores the documents, of those who are admitted.
func (s *sweep) score() {
	docs := s.docs
	if s.gate.strict() {
		docs = s.gate.admitted(docs)
	}
	kernel.PrefetchAt(s.cards.words, s.cards.at, docs)
	s.units = slices.Grow(s.units[:0], len(docs))[:len(docs)]
	s.cards.score(s.units, docs, &s.gains)
	for i, units := range s.units {
		if units >= s.best.threshold() {
			s.best.add(scored{units, docs[i], s.cards.place(docs[i])})
		}
	}
}

// follow goes through the windows that are left.
func (s *sweep) follow() {
	o := s.opens[:1]
	scaled := int64(0)
	for i, w := range s.rest {
		least := s.best.threshold()
		// Finer steps are worth it once the threshold has risen by a few of them.
		if least > 1 && least > scaled+scaled/32 {
			s.rescale(finest / float64(least))
			scaled = least
		}
		cut := s.cutOf(least)
		if bound := s.bound(w); bound < int(cut) && (s.raised == nil || bound < int(s.raisedCut(cut))) {
			continue
		}
		if i+1 < len(s.rest) {
			s.prefetch(s.rest[i+1])
		}
		s.enter(&o[0], w)
		s.gather(&o[0])
		s.forget(cut)
		s.scoredFrom = 256
		s.pick(&o[0], s.columns)
		s.scoreFrom(o, cut)
		clear(o[0].sums[:])
	}
}

// prefetch asks for the columns that gather will read of a window.
func (s *sweep) prefetch(w int32) {
	for i := s.heads[w]; i != none; i = s.nodes[i].next {
		if e := s.nodes[i].entry; e.count() >= s.segment.minColumn {
			kernel.PrefetchColumn(&s.segment.columns[e.at], kernel.All)
		}
	}
}

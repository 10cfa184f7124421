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
	// below 255, where sums saturate, and above the roundings.
	aim = 170
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
	docs    []uint32 // to be scored
	best    scoredList
	columns []kernel.Column
	lists   []kernel.Ref

	factor float64 // steps of the sums a unit
	// whole is what units are divided by to give the score shown; usual the
	// score that the last of the first k had of late, and usualCut the cut that
	// found them.
	whole, usual float64
	usualCut     uint8

	watch func(stage string) // may be nil
}

// sweepTerm is a tag of the query.
type sweepTerm struct {
	entries []entry
	gain    gain
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
	mask    kernel.Mask
	spare   kernel.Mask
	scored  kernel.Mask
}

func newSweep(s *swept, tags int) *sweep {
	windows := s.segment.windows()
	return &sweep{
		swept: s, gains: newGains(tags, s.overlap), heads: make([]int32, windows),
		opens: make([]opened, max(1, min(stretch, windows))), usual: 0.2, usualCut: aim,
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
	s.terms = append(s.terms, sweepTerm{entries, gain{p, g}})
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
	cut := s.search(opens)
	s.best.settle()
	s.ended("select")
	s.usualCut = cut
	if t := s.best.threshold(); t > 1 {
		if low := s.cutOf(t); low < cut {
			s.sift(opens, low)
			s.ended("cut")
			s.score(opens)
			s.ended("score")
		}
		s.usual = float64(t) / s.whole
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
	clear(o.scored[:])
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

// search scores the documents of the highest sums until there are k, and
// returns the cut that they passed.
func (s *sweep) search(opens []opened) uint8 {
	want := s.k
	if s.gate.strict() {
		want += min(want/2, 1<<20)
	}
	cut := s.fit(opens, want)
	for {
		s.ended("cut")
		s.score(opens)
		s.ended("score")
		if len(s.best.list) >= s.k || cut == 1 {
			return cut
		}
		// Some were not admitted.
		count := s.sift(opens, cut)
		want = count + 2*(s.k-len(s.best.list))
		cut, _ = s.narrow(opens, cut, count, want)
	}
}

// fit adds up the levels of the windows with steps that suit their sums, and
// leaves the masks of a cut that so many documents pass.
func (s *sweep) fit(opens []opened, want int) uint8 {
	cut, tries := s.usualCut, 3
	for {
		count := 0
		for i := range opens {
			s.gather(&opens[i])
			count += s.siftOne(&opens[i], s.columns, cut)
		}
		s.ended("sums")
		cut, count = s.narrow(opens, cut, count, want)
		tries--
		switch {
		case tries > 0 && cut == 255 && count > 2*want:
			s.rescale(s.factor / 1.5)
		case tries > 0 && cut > 1 && cut < coarse:
			s.rescale(s.factor * aim / float64(cut))
		default:
			return cut
		}
		cut = aim
		for i := range opens {
			clear(opens[i].sums[:])
		}
	}
}

// narrow finds a cut that at least want documents pass and not many more, or 1
// if there is none. It leaves the masks of that cut.
func (s *sweep) narrow(opens []opened, cut uint8, count, want int) (uint8, int) {
	low, high := 1, 256 // of what is open yet
	at, masks := int(cut), int(cut)
	for {
		if count >= want {
			low = at
			if count <= want+want/2+8 || low == 255 {
				break
			}
		} else {
			high = at
		}
		if high-low <= 1 {
			break
		}
		// Sums thin out about evenly in proportion.
		step := int(float64(at) / 12 * math.Log(float64(count+1)/(1.2*float64(want))))
		if step == 0 {
			step = 1
			if count < want {
				step = -1
			}
		}
		at = max(low, min(high-1, at+step))
		if at == low && low > 1 || at == masks {
			at = (low + high) / 2
		}
		count, masks = s.sift(opens, uint8(at)), at
	}
	if masks != low {
		count = s.sift(opens, uint8(low))
	}
	return uint8(low), count
}

// rescale sets the tables for a number of steps a unit, rounded up but for
// what cutOf allows for.
func (s *sweep) rescale(factor float64) {
	s.factor = factor
	f := factor * s.unit * (1 - 1e-12)
	upper := &s.segment.upper
	for i := range s.terms {
		t, table := &s.terms[i], &s.tables[i]
		if s.overlap {
			step := float64(t.gain.g) * f
			for l := 1; l < len(upper); l++ {
				table[l] = steps255(min(float64(t.gain.p), upper[l]) * step)
			}
			continue
		}
		step := float64(t.gain.p*t.gain.g) * f
		for l := 1; l < len(upper); l++ {
			table[l] = steps255(upper[l] * step)
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

// sift sets the masks of the windows to the documents that pass the cut, and
// counts them.
func (s *sweep) sift(opens []opened, cut uint8) int {
	n := 0
	for i := range opens {
		n += s.siftOne(&opens[i], nil, cut)
	}
	return n
}

func (s *sweep) siftOne(o *opened, columns []kernel.Column, cut uint8) int {
	n := kernel.Sift(&o.sums, columns, &o.allowed[0], cut, &o.mask)
	if s.raised != nil {
		n += kernel.Sift(&o.sums, nil, &o.allowed[1], s.raisedCut(cut), &o.spare)
		for i, word := range o.spare {
			o.mask[i] |= word
		}
	}
	return n
}

// score scores the documents of the masks that have not been scored yet.
func (s *sweep) score(opens []opened) {
	s.docs = s.docs[:0]
	for i := range opens {
		o := &opens[i]
		s.docs = kernel.Members(s.docs, &o.mask, &o.scored, uint32(o.window)*kernel.Window)
	}
	docs := s.docs
	if s.gate.strict() {
		docs = s.gate.admitted(docs)
	}
	kernel.PrefetchAt(s.cards.words, s.cards.at, docs)
	for _, doc := range docs {
		if units, place := s.cards.score(doc, &s.gains); units >= s.best.threshold() {
			s.best.add(scored{units, doc, place})
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
		if s.siftOne(&o[0], s.columns, cut) > 0 {
			s.score(o)
		}
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

package matcher

import (
	"cmp"
	"math/bits"
	"slices"

	"github.com/kindred-match/kindred/matcher/internal/kernel"
)

// sifter is what a query lets pass of the sieve of a segment.
type sifter struct {
	rules []sifterRule // the most selective first
	// share is about how many of the documents pass all rules.
	share float64
	// nothing says that there is a rule that no document passes.
	nothing bool
	walk    walk
	held    []uint32    // by number of an item, the query that holds it
	query   uint32      // numbers the queries
	mask    kernel.Mask // of a window
	sifted  int32       // the window whose mask that is, or none
}

// sifterRule is a rule that not all documents pass.
type sifterRule struct {
	windows []kernel.Buckets
	passing kernel.Passing
	share   float64
}

// siftBelow is the share of documents that pass below which a rule is looked at
// before documents are scored. The others are decided after it, for the few
// documents that may still matter.
const siftBelow = 0.9

// sift finds out which rules the query makes, and how selective they are.
func (r *Ranker) sift(q *Query) {
	f := &r.sifter
	f.rules, f.share, f.nothing, f.walk = f.rules[:0], 1, false, walk{}
	if r.x.base.len() == 0 {
		return
	}
	s := q.Student
	r.siftItem(byGrade, s.Grade)
	r.siftItem(byRegion, s.Region)
	if q.Term != "" {
		r.siftItem(byTerm, q.Term)
	}
	if len(s.Slots) > 0 {
		r.siftItems(bySlot, s.Slots)
	}
	r.siftItems(byCredential, s.Credentials)
	r.siftKinds(q)
	r.siftOrdered(q)
	slices.SortFunc(f.rules, func(a, b sifterRule) int { return cmp.Compare(a.share, b.share) })
	r.plan()
}

// siftRule adds a rule, unless (nearly) all documents pass it.
func (r *Ranker) siftRule(p property, passing *kernel.Passing) {
	c := &r.x.base.sieve[p]
	var n uint32
	for b, count := range c.count[:c.used] {
		n += count * uint32(passing[b/8]>>(b%8)&1)
	}
	if n == 0 {
		r.sifter.nothing = true
		return
	}
	if share := float64(n) / float64(r.x.base.len()); share < siftBelow {
		r.sifter.rules = append(r.sifter.rules, sifterRule{c.windows, *passing, share})
		r.sifter.share *= share
	}
}

// siftItem is for a property whose lists have to have an item.
func (r *Ranker) siftItem(d dimension, item string) {
	c := &r.x.base.sieve[d]
	if c.windows == nil {
		return
	}
	passing := c.passing[item]
	if passing == nil {
		passing = &kernel.Passing{1} // bucket 0
	}
	r.siftRule(property(d), passing)
	with, without, ok := c.rare.find(item, c)
	r.sifter.offerWalk(walk{with, without, ok})
}

// siftItems is for a property whose lists may only have the items.
func (r *Ranker) siftItems(d dimension, items []string) {
	c := &r.x.base.sieve[d]
	if c.windows == nil {
		return
	}
	f := &r.sifter
	f.query++
	if len(f.held) < len(c.items) || f.query == 0 {
		f.held, f.query = make([]uint32, max(len(f.held), len(c.items))), 1
	}
	for _, item := range items {
		if n, ok := c.items[item]; ok {
			f.held[n] = f.query
		}
	}
	var passing kernel.Passing
	for b, common := range c.common {
		if !slices.ContainsFunc(common, func(n uint32) bool { return f.held[n] != f.query }) {
			passing.Pass(uint8(b))
		}
	}
	r.siftRule(property(d), &passing)
}

// siftKinds lets pass what is available and of the kinds that are wanted.
func (r *Ranker) siftKinds(q *Query) {
	if r.verdicts.kinds == 0 && len(q.PartnerKinds) == 0 && r.x.base.sieve[byKinds].windows == nil {
		return
	}
	partners := uint32(1<<partnerKinds - 1)
	if len(q.PartnerKinds) > 0 && !r.x.kindsMoved {
		partners = 0
		for _, k := range q.PartnerKinds {
			partners |= 1 << partnerKindNumber(k)
		}
	}
	var passing kernel.Passing
	for bit := range opportunityKinds {
		kind := uint16(1) << bit
		if r.verdicts.kinds != 0 && r.verdicts.kinds&kind == 0 && bit <= len(OpportunityKinds) {
			continue
		}
		for p := range partnerKinds {
			if partners>>p&1 == 1 {
				passing.Pass(kindBucket(kind, p))
			}
		}
	}
	r.siftRule(byKinds, &passing)
}

func (r *Ranker) siftOrdered(q *Query) {
	base, s := r.x.base, q.Student
	between := func(p property, least, most float64) {
		if base.sieve[p].windows == nil {
			return
		}
		passing := kernel.Passing{1}
		base.sieve[p].between(&passing, least, most)
		r.siftRule(p, &passing)
	}
	day, always := float64(q.AsOf), float64(1<<40)
	between(byOpens, -always, day)
	between(byCloses, day, always)
	age := -1.0 // no least age is that low
	if s.Age != nil {
		age = float64(*s.Age)
	}
	between(byAge, -1, age)
	if s.MaxKm == nil || s.Position == nil {
		return
	}
	if latitude, longitude, ok := base.around(*s.Position, *s.MaxKm); ok {
		r.siftRule(byLatitude, &latitude)
		r.siftRule(byLongitude, &longitude)
	}
}

// pass clears the bits of the documents of a window that don't pass the rules,
// and counts those that are left.
func (f *sifter) pass(w int32, mask *kernel.Mask) int {
	n := mask.Count()
	for i := range f.rules {
		if n == 0 {
			return 0
		}
		kernel.Sieve(&f.rules[i].windows[w], &f.rules[i].passing, mask)
		n = mask.Count()
	}
	return n
}

// in sets the bits of the documents of sections of a window.
func (s *segment) in(w int32, sections uint16, mask *kernel.Mask) {
	mask.SetSections(sections)
	n := s.len() - int(w)*kernel.Window
	for b := max(0, n/64); b < kernel.Blocks; b++ { // of the last window
		mask[b] &= 1<<max(0, n-b*64) - 1
	}
}

// few is about how many documents of sections of a window it takes as long to
// score from their records as to add the sections up.
func (r *Ranker) few(w int32, sections uint16) int {
	const (
		document = 25.0 // nanoseconds, as all that follow: to score one from its record
		window   = 100.0
		list     = 10.0
		posting  = 0.4
		column   = 5.0 // a section
	)
	lists, columns := r.lists(w), r.columnRefs(w)
	cost := window + list*float64(len(lists)) + column*float64(len(columns)*bits.OnesCount16(sections))
	for _, l := range lists {
		cost += posting * float64(l.Count)
	}
	return int(cost / document)
}

// siftChanged is sifter.pass where documents may have changed since the segment
// was built: the dead don't pass, and the sieve knows nothing of the patched.
func (r *Ranker) siftChanged(w int32, mask *kernel.Mask) int {
	c := r.x.overlay.windows[w]
	if c == nil {
		return r.sifter.pass(w, mask)
	}
	var patched kernel.Mask
	for b := range mask {
		mask[b] &^= c.dead[b]
		patched[b] = mask[b] & c.patched[b]
	}
	r.sifter.pass(w, mask)
	for b := range mask {
		mask[b] |= patched[b]
	}
	return mask.Count()
}

// siftFirst finds out which documents of sections of a window pass, if it may be
// that few do. It reports whether that is so, and r.mask has them: then there is no need
// to add the window up.
func (r *Ranker) siftFirst(w int32, sections uint16) bool {
	f := &r.sifter
	f.sifted = none
	if len(f.rules) == 0 {
		return false
	}
	few := r.few(w, sections)
	if f.share*float64(kernel.Section*bits.OnesCount16(sections)) > float64(2*few) {
		return false
	}
	if r.siftWindow(w, sections) > few {
		return false
	}
	r.mask = f.mask
	return true
}

// siftWindow finds out which documents of sections of a window pass, and counts
// them.
func (r *Ranker) siftWindow(w int32, sections uint16) int {
	r.x.base.in(w, sections, &r.sifter.mask)
	r.sifter.sifted = w
	return r.siftChanged(w, &r.sifter.mask)
}

// siftCollected takes out of r.mask what doesn't pass, if it pays.
func (r *Ranker) siftCollected(w int32) {
	f := &r.sifter
	if f.sifted == w {
		for b := range r.mask {
			r.mask[b] &= f.mask[b]
		}
		return
	}
	const enough = 8 // documents are decided as fast by themselves
	if len(f.rules) > 0 && r.mask.Count() > enough {
		r.siftChanged(w, &r.mask)
	}
}

package matcher

import (
	"cmp"
	"slices"

	"github.com/kindred-match/kindred/matcher/internal/kernel"
)

// StudentRanker ranks the students of an index for one opportunity after the
// other, by the sweep that batches of students use, with the roles changed. It
// is the scratch of one worker: not for several goroutines at once.
type StudentRanker struct {
	x        *Index
	students *StudentIndex
	swept    swept
	sweep    *sweep
	loop     *Ranker // for who is late
	record   record  // the opportunity's
	pair     pair    // kept here, since what the rules are handed escapes
	sample   Student // of the pair
	query    Query   // without a student
	rules    [traits]traitRule
	asked    []*traitRule
	spot     spot // of the opportunity
	far      bool // distance may matter
	// latitude and longitude are what passes of the sieve of reaches, if near says
	// that it is used.
	near                bool
	latitude, longitude kernel.Passing
	barred              []uint32 // documents that are not the sweep's, in order
	// forbidden are those of them that a lock forbids; apart those that have to
	// be scored apart.
	forbidden []uint32
	apart     []apart
}

// apart is a document with what it gains by a tag that the students' vocabulary
// lacks.
type apart struct {
	doc  uint32
	part int64
}

// NewStudentRanker makes scratch for rankings of the students for opportunities
// of x. It reports false where they don't fit; see StudentIndex.Fits.
func (x *Index) NewStudentRanker(s *StudentIndex) (*StudentRanker, bool) {
	r := new(StudentRanker)
	return r, r.Move(x, s)
}

// Move makes r a ranker of s and x, unless they don't fit. It costs next to
// nothing where the one came of the students it ranked by With, and the other
// of the index by Apply.
func (r *StudentRanker) Move(x *Index, s *StudentIndex) bool {
	again := r.students != nil && r.students.segment == s.segment && r.x.settings.Measure == x.settings.Measure
	if (!again || r.x.vocabulary != x.vocabulary || r.x.settings.Decay != x.settings.Decay) && !s.Fits(x) {
		return false
	}
	if r.loop == nil {
		r.loop = x.NewRanker()
	} else {
		r.loop.Move(x)
	}
	r.x, r.students = x, s
	if !again {
		r.swept = swept{segment: s.segment, cards: s.cards, overlap: x.settings.Measure == Overlap, unit: 1, lift: 1}
		r.sweep = newSweep(&r.swept, s.vocabulary.Len())
		r.sweep.best.id = r.id
	}
	return true
}

// id is that of a document; the late ones have the numbers after the others.
func (r *StudentRanker) id(doc uint32) string {
	if n := uint32(len(r.students.ids)); doc >= n {
		return r.students.late[doc-n].ID
	}
	return r.students.ids[doc]
}

// Rank appends to dst what Ranker.RankStudents gives for the students of the
// index.
//
// Its stages: compile the opportunity's record into terms; decide its rules for
// each value of a property; sweep the documents; score those with a tag that
// the students' vocabulary lacks; score who is late; order the first K.
func (r *StudentRanker) Rank(dst []StudentCandidate, q *StudentQuery) ([]StudentCandidate, bool) {
	doc, ok := r.x.find(q.Opportunity)
	if !ok {
		return dst, false
	}
	r.x.read(&r.record, doc)
	r.query = Query{Student: &r.sample, AsOf: q.AsOf, Term: q.Term}
	r.pair = r.x.pairOf(&r.query, r.record.opportunity)
	k := min(q.K, r.students.Len())
	if k <= 0 || !r.pair.offered() {
		return dst, true
	}
	share := r.compile(k)
	r.sift()
	r.bar(q.Forbidden)
	r.sweep.run(r, share)
	r.scoreApart()
	r.scoreLate(q.Forbidden)
	r.sweep.best.settle()
	for i, h := range r.sweep.best.list {
		dst = append(dst, StudentCandidate{
			Student: r.id(h.doc), Rank: i + 1, Units: h.units, Score: float64(h.units) / r.denominator(h.doc),
		})
	}
	return dst, true
}

// compile gives the sweep the opportunity's tags. It returns the most units
// that a student may have.
func (r *StudentRanker) compile(k int) float64 {
	r.sweep.begin(k)
	r.apart = r.apart[:0]
	overlap, factor := r.swept.overlap, int64(1)
	if overlap {
		factor = boostFactor(r.record.opportunity.Boost)
	}
	most := 1.0
	for i, t := range r.record.tags {
		w, g := int64(r.record.weights[i]), r.x.importance[t]*factor
		if int(t) >= r.students.vocabulary.Len() {
			r.add(r.x.vocabulary.names[t], w, g)
			continue
		}
		r.sweep.add(t, w, g)
		if overlap {
			most += float64(g * w)
		} else {
			most += float64(g*w) * float64(One)
		}
	}
	slices.SortFunc(r.apart, func(a, b apart) int { return cmp.Compare(a.doc, b.doc) })
	return most
}

// add notes who has a tag that the students' vocabulary lacks.
func (r *StudentRanker) add(name string, w, g int64) {
	for _, doc := range r.students.lacking[name] {
		for _, u := range r.students.unlisted[doc] {
			if u.Tag != name {
				continue
			}
			part := g * w * int64(u.Weight)
			if r.swept.overlap {
				part = g * min(w, int64(u.Weight))
			}
			r.apart = append(r.apart, apart{doc, part})
		}
	}
}

// sift decides the opportunity's rules for each value that a student may have.
func (r *StudentRanker) sift() {
	r.asked = r.asked[:0]
	o := r.record.opportunity
	for of := range r.rules {
		if traitRules[of].open(o) {
			continue
		}
		r.rules[of].decide(&r.students.traits[of], of, &r.pair)
		r.asked = append(r.asked, &r.rules[of])
	}
	r.spot = spotOf(o)
	if r.far = !r.spot.fixed && r.students.limitOf != nil; r.far {
		r.latitude, r.longitude, r.near = r.students.reaches.around(o.Position)
	}
}

// bar gathers the documents that are not the sweep's.
func (r *StudentRanker) bar(forbidden map[string]bool) {
	r.forbidden = r.forbidden[:0]
	for id, is := range forbidden {
		if doc, ok := r.students.find(id); ok && is {
			r.forbidden = append(r.forbidden, doc)
		}
	}
	slices.Sort(r.forbidden)
	r.barred = append(r.barred[:0], r.forbidden...)
	for _, a := range r.apart {
		r.barred = append(r.barred, a.doc)
	}
	slices.Sort(r.barred)
}

// allow implements gate.
func (r *StudentRanker) allow(window int32, allowed *kernel.Mask) {
	r.swept.segment.in(window, kernel.All, allowed)
	if r.students.gone != nil {
		allowed.Remove(&r.students.gone[window])
	}
	for _, rule := range r.asked {
		kernel.Sieve(&rule.trait.windows[window], &rule.passing, allowed)
	}
	if r.far && r.near {
		kernel.Sieve(&r.students.reaches.latitude.windows[window], &r.latitude, allowed)
		kernel.Sieve(&r.students.reaches.longitude.windows[window], &r.longitude, allowed)
	}
	first := uint32(window) * kernel.Window
	at, _ := slices.BinarySearch(r.barred, first)
	for ; at < len(r.barred) && r.barred[at] < first+kernel.Window; at++ {
		doc := r.barred[at] % kernel.Window
		allowed[doc/64] &^= 1 << (doc % 64)
	}
}

// strict implements gate.
func (r *StudentRanker) strict() bool {
	return r.far || slices.ContainsFunc(r.asked, func(rule *traitRule) bool { return rule.trait.numbers != nil })
}

// admitted implements gate.
func (r *StudentRanker) admitted(docs []uint32) []uint32 {
	kept := docs[:0]
	for _, doc := range docs {
		if r.admits(doc) {
			kept = append(kept, doc)
		}
	}
	return kept
}

// admits decides all rules but for what is gone or forbidden.
func (r *StudentRanker) admits(doc uint32) bool {
	for _, rule := range r.asked {
		if !rule.holds[rule.trait.number(doc)] {
			return false
		}
	}
	return !r.far || r.reaches(&r.students.limits[r.students.limitOf[doc]])
}

// reaches decides the rule of distance.
func (r *StudentRanker) reaches(l *limit) bool {
	if !l.any {
		return true
	}
	holds, sure := l.decides(&r.spot)
	if sure {
		return holds
	}
	return distance(l.position, *r.record.opportunity.Position) <= l.maxKm
}

// scoreApart scores who has tags that the students' vocabulary lacks.
func (r *StudentRanker) scoreApart() {
	best := &r.sweep.best
	for i := 0; i < len(r.apart); {
		doc := r.apart[i].doc
		units := r.swept.cards.units(doc, &r.sweep.gains)
		for ; i < len(r.apart) && r.apart[i].doc == doc; i++ {
			units += r.apart[i].part
		}
		_, forbidden := slices.BinarySearch(r.forbidden, doc)
		if units >= best.threshold() && !forbidden && !r.students.isGone(doc) && r.admits(doc) {
			best.add(scored{units, doc, r.swept.cards.place(doc)})
		}
	}
}

// scoreLate scores who came since the index was built.
func (r *StudentRanker) scoreLate(forbidden map[string]bool) {
	best := &r.sweep.best
	for i, s := range r.students.late {
		r.pair.student, r.pair.forbidden = s, forbidden[s.ID]
		if !r.pair.eligible() {
			continue
		}
		r.loop.profile.spread(s.Interests)
		if units := r.loop.score(&r.record); units >= best.threshold() {
			best.add(scored{units, uint32(len(r.students.ids) + i), unknownPlace})
		}
	}
}

// denominator is what a document's units are divided by to give the score
// shown.
func (r *StudentRanker) denominator(doc uint32) float64 {
	r.profile(doc)
	return r.loop.denominator()
}

// profile gives the loop a document's.
func (r *StudentRanker) profile(doc uint32) {
	s, p := r.students, r.loop.profile
	if n := uint32(len(s.ids)); doc >= n {
		p.spread(s.late[doc-n].Interests)
		return
	}
	p.clear()
	for t, w := range s.cards.tags(doc) {
		p.raise(t, Weight(w))
	}
	for _, u := range s.unlisted[doc] {
		if t, ok := p.vocabulary.ids[u.Tag]; ok {
			p.raise(t, u.Weight)
		} else {
			p.raiseUnlisted(u)
		}
	}
}

// Parts splits the units of a pair by tag, as Ranker.Parts does. It reports
// false where there is no such student or opportunity.
func (r *StudentRanker) Parts(student, opportunity string) ([]Part, bool) {
	doc, ok := r.students.find(student)
	if !ok || r.students.isGone(doc) {
		at, late := r.students.findLate(student)
		if !late {
			return nil, false
		}
		doc = uint32(len(r.students.ids) + at)
	}
	r.profile(doc)
	return r.loop.parts(opportunity)
}

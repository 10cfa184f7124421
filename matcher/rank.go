package matcher

import (
	"cmp"
	"math"
	"slices"
)

// Query asks for the ranking of one student.
type Query struct {
	// Student has the interests and what eligibility needs; its id may be empty.
	Student *Student
	AsOf    Date
	// Term, unless empty, is the only term wanted.
	Term string
	// Kinds and PartnerKinds, unless empty, are the only kinds wanted; they are
	// wishes, not rules of eligibility, as is Exclude (opportunity ids).
	Kinds        []OpportunityKind
	PartnerKinds []PartnerKind
	Exclude      map[string]bool
	// Forbidden are the opportunity ids that a lock forbids the student.
	Forbidden map[string]bool
	// K is how many candidates are wanted at most.
	K int
	// MaxPerPartner, unless 0, is how many of them one partner may have.
	MaxPerPartner int
}

// Candidate is a ranked opportunity.
type Candidate struct {
	Opportunity string
	Rank        int // from 1
	Units       int64
	Score       float64 // the score shown, not rounded
}

// Shown is a score with the 6 decimals that are shown, rounded half away from
// zero.
func Shown(score float64) float64 { return math.Round(1e6*score) / 1e6 }

const (
	// window is how many documents are scored together: their accumulators
	// stay in the cache.
	window = 1 << 12
	// opening is the length of the first window, which has no threshold yet
	// and so looks at all that it scores.
	opening = 256
)

// Ranker ranks with one index. It is the scratch of one worker: not for
// several goroutines at once.
type Ranker struct {
	x        *Index
	profile  *spreader
	lists    []postings
	acc      *[window]int64
	promised []uint32 // offsets in the window that passed the threshold
	top      topK
	pair     pair // kept here, since what the rules are handed escapes
}

// postings is a tag of the query: what of its list is still to come.
type postings struct {
	docs    []uint32
	weights []uint16
	p       int64 // P of the profile
	g       int64 // G of the tag
}

// NewRanker makes scratch for rankings with x.
func (x *Index) NewRanker() *Ranker {
	r := &Ranker{
		x:       x,
		profile: newSpreader(x.vocabulary, x.settings.Decay),
		acc:     new([window]int64),
	}
	r.top.before = r.before
	return r
}

// Rank appends to dst the first K of the eligible opportunities with units
// above 0, by units descending, then by id ascending.
//
// It goes term at a time over windows of documents: compile the profile, visit
// the windows, offer what passes the threshold, score what is not in the
// segment yet from its records, order the top k.
func (r *Ranker) Rank(dst []Candidate, q *Query) []Candidate {
	if q.K <= 0 {
		return dst
	}
	// Finding the hits of a partner takes a look at all that are kept, which
	// pays for short rankings only.
	const longest = 1024
	if q.MaxPerPartner > 0 && q.K > longest {
		return r.rankLong(dst, q)
	}
	r.top.reset(q.K, q.MaxPerPartner)
	r.compile(q.Student)
	r.visit(q, &r.top)
	return r.candidates(dst, r.top.ranked())
}

// rankLong ranks all, then applies the cap per partner.
func (r *Ranker) rankLong(dst []Candidate, q *Query) []Candidate {
	r.top.reset(math.MaxInt, 0)
	r.compile(q.Student)
	r.visit(q, &r.top)
	count := make(map[*Partner]int)
	kept := slices.DeleteFunc(r.top.ranked(), func(h hit) bool {
		count[h.partner]++
		return h.partner != nil && count[h.partner] > q.MaxPerPartner
	})
	return r.candidates(dst, kept[:min(q.K, len(kept))])
}

func (r *Ranker) candidates(dst []Candidate, hits []hit) []Candidate {
	denominator := r.denominator()
	for i, h := range hits {
		dst = append(dst, Candidate{
			Opportunity: r.opportunity(h.doc).ID,
			Rank:        i + 1,
			Units:       h.units,
			Score:       float64(h.units) / denominator,
		})
	}
	return dst
}

// compile passes the interests up and looks up the postings of each tag.
func (r *Ranker) compile(s *Student) {
	x := r.x
	r.profile.spread(s.Interests)
	r.lists = r.lists[:0]
	for _, t := range r.profile.touched {
		docs, weights := x.base.postings(t)
		if g := x.importance[t]; g > 0 && len(docs) > 0 {
			r.lists = append(r.lists, postings{docs, weights, int64(r.profile.weight[t]), g})
		}
	}
}

func (r *Ranker) denominator() float64 {
	x := r.x
	return r.profile.denominator(x.settings.Measure, x.importance, unlistedImportance(x.statistics))
}

// visit hands the sink every document that its threshold lets pass and that
// the query wants and the student is eligible for.
func (r *Ranker) visit(q *Query, to sink) {
	n := uint32(len(r.x.base.opportunities))
	for first, end := uint32(0), uint32(opening); first < n; first, end = end, (end/window+1)*window {
		r.visitWindow(first, end, q, to)
	}
	for i := range r.x.delta {
		rec := &r.x.delta[i]
		doc := uint32(len(r.x.base.opportunities) + i)
		r.offer(hit{units: r.score(rec), doc: doc}, rec.opportunity, q, to)
	}
}

// visitWindow scores the documents from first up to end; both lie in one
// aligned window.
func (r *Ranker) visitWindow(first, end uint32, q *Query, to sink) {
	r.promised = r.promised[:0]
	overlap := r.x.settings.Measure == Overlap
	threshold := to.threshold()
	if overlap {
		r.accumulateOverlap(end, threshold/maxBoostFactor)
	} else {
		r.accumulate(end, threshold)
	}
	base := first - first%window
	for _, j := range r.promised {
		units := r.acc[j%window]
		if units == 0 {
			continue // offered before
		}
		r.acc[j%window] = 0
		doc := base + j
		if overlap {
			units *= boostFactor(r.opportunity(doc).Boost)
		}
		// Within a window documents come in any order: a tie may still win.
		if units > threshold && units >= to.threshold() && !r.x.isGone(doc) {
			r.offer(hit{units: units, doc: doc}, r.opportunity(doc), q, to)
		}
	}
	clear(r.acc[first%window : first%window+end-first])
}

// maxBoostFactor is the largest that boostFactor can be.
const maxBoostFactor = 2000

// accumulate adds up P G I of the documents below end and notes those that
// pass the threshold, again with each posting that comes after.
func (r *Ranker) accumulate(end uint32, threshold int64) {
	acc, promised := r.acc, r.promised
	for i := range r.lists {
		l := &r.lists[i]
		factor := l.p * l.g
		docs := l.docs
		weights := l.weights[:len(docs)]
		n := len(docs)
		for j, doc := range docs {
			if doc >= end {
				n = j
				break
			}
			at := doc % window
			sum := acc[at] + factor*int64(weights[j])
			acc[at] = sum
			if sum > threshold {
				promised = append(promised, at)
			}
		}
		l.docs, l.weights = docs[n:], weights[n:]
	}
	r.promised = promised
}

// accumulateOverlap does the same with G min(P, O); boosts come afterwards.
func (r *Ranker) accumulateOverlap(end uint32, threshold int64) {
	acc, promised := r.acc, r.promised
	for i := range r.lists {
		l := &r.lists[i]
		docs := l.docs
		weights := l.weights[:len(docs)]
		n := len(docs)
		for j, doc := range docs {
			if doc >= end {
				n = j
				break
			}
			at := doc % window
			sum := acc[at] + l.g*min(l.p, int64(weights[j]))
			acc[at] = sum
			if sum > threshold {
				promised = append(promised, at)
			}
		}
		l.docs, l.weights = docs[n:], weights[n:]
	}
	r.promised = promised
}

// score is the units of a record for the compiled profile.
func (r *Ranker) score(rec *record) int64 {
	var sum int64
	overlap := r.x.settings.Measure == Overlap
	for i, t := range rec.tags {
		p := int64(r.profile.weight[t])
		if p == 0 {
			continue
		}
		if w := int64(rec.weights[i]); overlap {
			sum += r.x.importance[t] * min(p, w)
		} else {
			sum += p * r.x.importance[t] * w
		}
	}
	if overlap {
		sum *= boostFactor(rec.opportunity.Boost)
	}
	return sum
}

func (r *Ranker) offer(h hit, o *Opportunity, q *Query, to sink) {
	if h.units <= 0 {
		return
	}
	r.pair = r.x.pair(q, o)
	if wanted(q, &r.pair) && r.pair.eligible() {
		h.partner = r.pair.partner
		to.offer(h)
	}
}

func (x *Index) pair(q *Query, o *Opportunity) pair {
	p := newPair(q, o, nil)
	if o.Partner != "" {
		p.partner = x.partners[o.Partner]
	}
	return p
}

func wanted(q *Query, p *pair) bool {
	if len(q.Kinds) > 0 && !slices.Contains(q.Kinds, p.opportunity.Kind) {
		return false
	}
	if len(q.PartnerKinds) > 0 && (p.partner == nil || !slices.Contains(q.PartnerKinds, p.partner.Kind)) {
		return false
	}
	return !q.Exclude[p.opportunity.ID]
}

func (r *Ranker) opportunity(doc uint32) *Opportunity {
	base := r.x.base.opportunities
	if int(doc) < len(base) {
		return &base[doc]
	}
	return r.x.delta[int(doc)-len(base)].opportunity
}

// before is the order of rankings: units descending, then id ascending.
func (r *Ranker) before(a, b hit) bool {
	if a.units != b.units {
		return a.units > b.units
	}
	n := uint32(len(r.x.base.opportunities))
	if a.doc < n && b.doc < n || a.doc >= n && b.doc >= n {
		return a.doc < b.doc
	}
	return cmp.Less(r.opportunity(a.doc).ID, r.opportunity(b.doc).ID)
}

package matcher

import (
	"cmp"
	"math"
	"math/bits"
	"slices"

	"github.com/kindred-match/kindred/matcher/internal/kernel"
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

// Ranker ranks with one index. It is the scratch of one worker: not for
// several goroutines at once.
type Ranker struct {
	x       *Index
	profile *spreader
	terms   []term
	top     topK
	pair    pair // kept here, since what the rules are handed escapes

	verdicts verdicts
	windows  []windowBound // by window
	nodes    []node
	unit     int64 // what one step of the sums stands for
	cut      uint8 // the sum from which on a document may matter
	sums     *kernel.Sums
	columns  []kernel.Column
	mask     kernel.Mask
	order    []int32  // windows to visit
	pending  []uint32 // documents to be scored
}

// pendingDocuments is how many documents wait to be scored together, so that
// their records are on the way when they are needed.
const pendingDocuments = 16

// term is a tag of the query.
type term struct {
	entries []entry
	// most is by level the most that a document with that level gains: P G times
	// the level's largest weight, or G min(P, that weight) times the largest
	// boost.
	most  [16]int64
	table kernel.Table // most in units of the ranker, rounded up
}

// windowBound is what is known of a window before it is visited.
type windowBound struct {
	most  int64 // no document of it has more units
	nodes int32 // its list of nodes, or none
}

// node is an entry of a window's list: the terms that occur there.
type node struct {
	term, next int32
	entry      entry
}

const none = int32(-1)

// NewRanker makes scratch for rankings with x.
func (x *Index) NewRanker() *Ranker {
	r := &Ranker{
		x:       x,
		profile: newSpreader(x.vocabulary, x.settings.Decay),
		windows: make([]windowBound, (x.base.len()+kernel.Window-1)/kernel.Window),
		sums:    new(kernel.Sums),
		pending: make([]uint32, 0, pendingDocuments),
	}
	r.verdicts = newVerdicts(x.base)
	r.top.before = r.before
	return r
}

// Rank appends to dst the first K of the eligible opportunities with units
// above 0, by units descending, then by id ascending.
//
// Its stages: compile the profile into terms; bound each window by the highest
// levels of its terms; open the window of the highest bound to learn what the
// top k have at least; visit the windows whose bound is not below that, add up
// levels in bytes, and score exactly what may still matter; score what is not
// in the segment yet; order the top k.
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
	r.compile(q)
	r.top.reset(q.K, q.MaxPerPartner)
	r.bound()
	r.top.least = max(1, r.open(q))
	r.visit(q, &r.top)
	return r.candidates(dst, r.top.ranked())
}

// rankLong ranks all, then applies the cap per partner.
func (r *Ranker) rankLong(dst []Candidate, q *Query) []Candidate {
	r.compile(q)
	r.top.reset(math.MaxInt, 0)
	r.bound()
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

// compile passes the interests up and looks up the entries of each tag.
func (r *Ranker) compile(q *Query) {
	x := r.x
	r.verdicts.begin(q)
	r.profile.spread(q.Student.Interests)
	r.terms = r.terms[:0]
	for _, t := range r.profile.touched {
		g := x.importance[t]
		entries := x.base.entriesOf(t)
		if g == 0 || len(entries) == 0 {
			continue
		}
		r.terms = append(r.terms, term{entries: entries})
		most := &r.terms[len(r.terms)-1].most
		p := int64(r.profile.weight[t])
		for l, w := range x.base.upper {
			if x.settings.Measure == Overlap {
				most[l] = g * min(p, w) * x.base.maxBoost
			} else {
				most[l] = p * g * w
			}
		}
	}
}

func (r *Ranker) denominator() float64 {
	x := r.x
	return r.profile.denominator(x.settings.Measure, x.importance, unlistedImportance(x.statistics))
}

// bound lists the terms of each window and adds up the most that its documents
// may have.
func (r *Ranker) bound() {
	for w := range r.windows {
		r.windows[w] = windowBound{0, none}
	}
	r.nodes = r.nodes[:0]
	for i := range r.terms {
		t := &r.terms[i]
		for _, e := range t.entries {
			w := &r.windows[e.window]
			w.most += t.most[e.highest()]
			r.nodes = append(r.nodes, node{int32(i), w.nodes, e})
			w.nodes = int32(len(r.nodes) - 1)
		}
	}
}

// open looks into the window of the highest bound for documents that are
// likely to be the best of all. It returns a number of units that the top k
// have at least, 0 if it finds too few who are eligible.
func (r *Ranker) open(q *Query) int64 {
	best := int32(0)
	for w := range r.windows {
		if r.windows[w].most > r.windows[best].most {
			best = int32(w)
		}
	}
	if len(r.windows) == 0 || r.windows[best].most == 0 {
		return 0
	}
	r.scale(r.windows[best].most)
	r.gather(best)
	kernel.Peek(r.sums, r.columns, finest, &r.mask)
	kernel.Collect(r.sums, nil, r.promising(2*q.K+8), &r.mask)
	r.note(best, q, &r.top)
	r.rescore(q, &r.top)
	least := r.top.threshold()
	if len(r.top.hits) < r.top.k {
		least = 0
	}
	r.top.reset(r.top.k, r.top.perPartner)
	return least
}

// promising is the highest cut that enough of the sums pass, found by halving.
func (r *Ranker) promising(enough int) uint8 {
	low, high := 1, finest
	for low < high {
		middle := (low + high + 1) / 2
		kernel.Peek(r.sums, nil, uint8(middle), &r.mask)
		if r.mask.Count() >= enough {
			low = middle
		} else {
			high = middle - 1
		}
	}
	return uint8(low)
}

// visit hands the sink every document that its threshold lets pass and that
// the query wants and the student is eligible for.
func (r *Ranker) visit(q *Query, to sink) {
	r.order = r.order[:0]
	for w, least := 0, to.threshold(); w < len(r.windows); w++ {
		if r.windows[w].most >= least && r.windows[w].nodes != none {
			r.order = append(r.order, int32(w))
		}
	}
	scaled := int64(-1)
	for i, w := range r.order {
		if i+1 < len(r.order) {
			r.prefetch(r.order[i+1])
		}
		threshold := to.threshold()
		if r.windows[w].most < threshold {
			continue
		}
		// Finer steps are worth it once the threshold has risen by a few of them.
		if scaled < 0 || threshold > scaled+scaled/32 {
			scaled = threshold
			r.scale(threshold)
		}
		r.gather(w)
		kernel.Collect(r.sums, r.columns, r.cut, &r.mask)
		r.note(w, q, to)
	}
	r.rescore(q, to)
	for i := range r.x.delta {
		rec := &r.x.delta[i]
		doc := uint32(r.x.base.len() + i)
		h := hit{units: r.score(rec), doc: doc}
		if h.units <= 0 || !to.admits(h) {
			continue
		}
		r.pair = newPair(q, rec.opportunity, r.x.partners.at(rec.partner))
		if wanted(q, &r.pair) && r.pair.eligible() {
			h.partner = r.pair.partner
			to.offer(h)
		}
	}
}

// finest is the sum that a threshold is scaled to: so far below 255 that sums
// that saturate stay above it.
const finest = 240

// scale sets the unit and the tables so that documents of the given units have
// a sum of the cut or more. As contributions are rounded up, none is missed.
func (r *Ranker) scale(units int64) {
	r.unit = max(1, (units+finest-1)/finest)
	r.cut = uint8(max(1, units/r.unit))
	// The margin keeps the product with the inverse from being below the quotient.
	inverse := float64((1 + 1e-12) / float64(r.unit))
	for i := range r.terms {
		t := &r.terms[i]
		for l, most := range t.most {
			steps := min(255, float64(float64(most)*inverse))
			t.table[l] = uint8(steps)
			if steps > float64(t.table[l]) {
				t.table[l]++
			}
		}
	}
}

// prefetch asks for what gather will read of a window.
func (r *Ranker) prefetch(w int32) {
	base := r.x.base
	for i := r.windows[w].nodes; i != none; i = r.nodes[i].next {
		e := r.nodes[i].entry
		if count := e.count(); count >= minColumn {
			kernel.PrefetchLevels(&base.columns[e.at])
		} else {
			kernel.PrefetchPostings(base.postings[e.at : int(e.at)+count])
		}
	}
}

// gather adds up the postings of a window and lists its columns.
func (r *Ranker) gather(w int32) {
	r.columns = r.columns[:0]
	base := r.x.base
	for i := r.windows[w].nodes; i != none; i = r.nodes[i].next {
		n := &r.nodes[i]
		t := &r.terms[n.term]
		if count := n.entry.count(); count >= minColumn {
			r.columns = append(r.columns, kernel.Column{Levels: &base.columns[n.entry.at], Table: t.table})
		} else {
			kernel.Scatter(r.sums, base.postings[n.entry.at:int(n.entry.at)+count], &t.table)
		}
	}
}

// note puts the masked documents of a window on the list of those to be scored.
func (r *Ranker) note(w int32, q *Query, to sink) {
	for b, word := range r.mask {
		for ; word != 0; word &= word - 1 {
			if len(r.pending) == pendingDocuments {
				r.rescore(q, to)
			}
			doc := uint32(int(w)*kernel.Window + b*64 + bits.TrailingZeros64(word))
			r.pending = append(r.pending, doc)
			kernel.Prefetch(&r.x.base.forward[doc])
		}
	}
}

// rescore scores the documents on the list from their records.
func (r *Ranker) rescore(q *Query, to sink) {
	base := r.x.base
	for _, doc := range r.pending {
		kernel.Prefetch(&base.records[perTag*uint(base.forward[doc])])
		kernel.Prefetch(&base.attributes[doc])
	}
	for _, doc := range r.pending {
		h := hit{units: r.scoreDocument(doc), doc: doc}
		if h.units < to.threshold() || !to.admits(h) || r.x.isGone(doc) || !r.eligible(doc, q) {
			continue
		}
		h.partner = r.x.partners.at(base.attributes[doc].partner)
		to.offer(h)
	}
	r.pending = r.pending[:0]
}

// scoreDocument is the units of a document of the segment for the compiled
// profile.
func (r *Ranker) scoreDocument(doc uint32) int64 {
	packed := r.x.base.packed(doc)
	if r.x.settings.Measure == Overlap {
		return r.overlap(packed, r.x.base.opportunities[doc].Boost)
	}
	var sum int64
	for ; len(packed) >= perTag; packed = packed[perTag:] {
		t, impact := unpack(packed)
		if p := int64(r.profile.weight[t]); p > 0 {
			sum += p * r.x.importance[t] * int64(impact)
		}
	}
	return sum
}

func (r *Ranker) overlap(packed []uint16, boost float64) int64 {
	var sum int64
	for ; len(packed) >= perTag; packed = packed[perTag:] {
		t, weight := unpack(packed)
		if p := int64(r.profile.weight[t]); p > 0 {
			sum += r.x.importance[t] * min(p, int64(weight))
		}
	}
	return sum * boostFactor(boost)
}

// score is the units of a record for the compiled profile.
func (r *Ranker) score(rec *record) int64 {
	var sum int64
	overlap := r.x.settings.Measure == Overlap
	for i, t := range rec.tags {
		p, g, w := int64(r.profile.weight[t]), r.x.importance[t], int64(rec.weights[i])
		switch {
		case p == 0:
		case overlap:
			sum += g * min(p, w)
		default:
			sum += p * g * w
		}
	}
	if overlap {
		sum *= boostFactor(rec.opportunity.Boost)
	}
	return sum
}

// pairOf is the pair of the query's student and an opportunity of the index.
func (x *Index) pairOf(q *Query, o *Opportunity) pair {
	partner, _ := x.partners.find(o.Partner)
	return newPair(q, o, partner)
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
	base := r.x.base
	if int(doc) < base.len() {
		return base.opportunities[doc]
	}
	return r.x.delta[int(doc)-base.len()].opportunity
}

// before is the order of rankings: units descending, then id ascending.
func (r *Ranker) before(a, b hit) bool {
	if a.units != b.units {
		return a.units > b.units
	}
	base := r.x.base
	if n := uint32(base.len()); a.doc < n && b.doc < n {
		return base.place[a.doc] < base.place[b.doc]
	}
	return cmp.Less(r.opportunity(a.doc).ID, r.opportunity(b.doc).ID)
}

package matcher

import "slices"

// Plain ranks by a plain term-at-a-time loop with dense accumulators: the
// reference that Ranker is tested against, and the baseline that it is measured
// against. It ranks the opportunities that its index had when it was made.
//
// It is as good as such a loop can be: over windows of documents, so that the
// accumulators stay in the cache, and without a scan of them, since a posting
// that lifts its document above the threshold notes it.
type Plain struct {
	x       *Index
	records []record // by opportunity id; a document is a place here
	first   []uint32 // where each tag's postings start; one more at the end
	docs    []uint32 // of the postings, ascending per tag
	weights []uint16 // of the postings

	profile *spreader
	lists   []plainList
	acc     *[plainWindow]int64
	noted   []uint32 // offsets in the window that passed the threshold
	top     topK
	pair    pair
}

// plainList is a tag of the query: what of its postings is still to come.
type plainList struct {
	docs    []uint32
	weights []uint16
	p, g    int64
}

const (
	plainWindow = 1 << 12
	// plainOpening is the length of the first window, which has no threshold yet
	// and so notes all that it scores.
	plainOpening = 256
	// maxBoostFactor is the largest that boostFactor can be.
	maxBoostFactor = 2000
)

// NewPlain builds the postings out of the index's records.
func NewPlain(x *Index) *Plain {
	r := &Plain{
		x:       x,
		records: slices.Collect(x.records()),
		first:   make([]uint32, x.vocabulary.Len()+1),
		profile: newSpreader(x.vocabulary, x.settings.Decay),
		acc:     new([plainWindow]int64),
	}
	slices.SortFunc(r.records, func(a, b record) int { return compareIDs(a.opportunity, b.opportunity) })
	for i := range r.records {
		for _, t := range r.records[i].tags {
			r.first[t+1]++
		}
	}
	for t := 1; t < len(r.first); t++ {
		r.first[t] += r.first[t-1]
	}
	n := r.first[len(r.first)-1]
	r.docs, r.weights = make([]uint32, n), make([]uint16, n)
	next := slices.Clone(r.first)
	for doc := range r.records {
		for i, t := range r.records[doc].tags {
			r.docs[next[t]], r.weights[next[t]] = uint32(doc), r.records[doc].weights[i]
			next[t]++
		}
	}
	// Documents are in the order of ids.
	r.top.before = func(a, b hit) bool { return a.units > b.units || a.units == b.units && a.doc < b.doc }
	return r
}

// Rank is Ranker.Rank for any K and without a cap per partner.
func (r *Plain) Rank(dst []Candidate, q *Query) []Candidate {
	if q.K <= 0 {
		return dst
	}
	r.top.reset(q.K, 0)
	r.compile(q.Student)
	n := uint32(len(r.records))
	for first, end := uint32(0), uint32(plainOpening); first < n; first, end = end, (end/plainWindow+1)*plainWindow {
		r.visit(first, end, q)
	}
	x := r.x
	denominator := r.profile.denominator(x.settings.Measure, x.importance, unlistedImportance(x.statistics))
	for i, h := range r.top.ranked() {
		dst = append(dst, Candidate{
			Opportunity: r.records[h.doc].opportunity.ID,
			Number:      r.records[h.doc].opportunity.Number,
			Rank:        i + 1,
			Units:       h.units,
			Score:       float64(h.units) / denominator,
		})
	}
	return dst
}

func (r *Plain) compile(s *Student) {
	r.profile.spread(s.Interests)
	r.lists = r.lists[:0]
	for _, t := range r.profile.touched {
		a, b := r.first[t], r.first[t+1]
		if g := r.x.importance[t]; g > 0 && a < b {
			r.lists = append(r.lists, plainList{r.docs[a:b], r.weights[a:b], int64(r.profile.weight[t]), g})
		}
	}
}

// visit scores the documents from first up to end; both lie in one aligned
// window.
func (r *Plain) visit(first, end uint32, q *Query) {
	r.noted = r.noted[:0]
	overlap := r.x.settings.Measure == Overlap
	threshold := r.top.threshold()
	if len(r.top.hits) == r.top.k {
		threshold++ // a tie with what came before loses
	}
	if overlap {
		r.accumulateOverlap(end, (threshold+maxBoostFactor-1)/maxBoostFactor)
	} else {
		r.accumulate(end, threshold)
	}
	base := first - first%plainWindow
	for _, j := range r.noted {
		units := r.acc[j%plainWindow]
		if units == 0 {
			continue // offered before
		}
		r.acc[j%plainWindow] = 0
		rec := &r.records[base+j]
		if overlap {
			units *= boostFactor(rec.opportunity.Boost)
		}
		h := hit{units: units, doc: base + j}
		if units < threshold || !r.top.admits(h) {
			continue
		}
		r.pair = newPair(q, rec.opportunity, r.x.partners.at(rec.partner))
		if wanted(q, &r.pair) && r.pair.eligible() {
			r.top.offer(h)
		}
	}
	clear(r.acc[first%plainWindow : first%plainWindow+end-first])
}

// accumulate adds up P G I of the documents below end and notes those that
// reach the threshold, again with each posting that comes after.
func (r *Plain) accumulate(end uint32, threshold int64) {
	acc, noted := r.acc, r.noted
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
			at := doc % plainWindow
			sum := acc[at] + factor*int64(weights[j])
			acc[at] = sum
			if sum >= threshold {
				noted = append(noted, at)
			}
		}
		l.docs, l.weights = docs[n:], weights[n:]
	}
	r.noted = noted
}

// accumulateOverlap does the same with G min(P, O); boosts come afterwards.
func (r *Plain) accumulateOverlap(end uint32, threshold int64) {
	acc, noted := r.acc, r.noted
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
			at := doc % plainWindow
			sum := acc[at] + l.g*min(l.p, int64(weights[j]))
			acc[at] = sum
			if sum >= threshold {
				noted = append(noted, at)
			}
		}
		l.docs, l.weights = docs[n:], weights[n:]
	}
	r.noted = noted
}

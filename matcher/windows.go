package matcher

import (
	"fmt"
	"math/bits"

	"github.com/kindred-match/kindred/matcher/internal/kernel"
)

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

// visit hands the sink every document that its threshold lets pass and that
// the query wants and the student is eligible for.
func (r *Ranker) visit(q *Query, to sink) {
	r.order = r.order[:0]
	for w, least := 0, to.threshold(); w < len(r.windows); w++ {
		if r.windows[w].most >= least && r.windows[w].nodes != none {
			r.order = append(r.order, int32(w))
		}
	}
	r.scaled = 0
	for i, w := range r.order {
		if i+1 < len(r.order) {
			r.prefetch(r.order[i+1])
		}
		threshold := to.threshold()
		if r.windows[w].most < threshold {
			continue
		}
		if r.siftFirst(w) {
			r.note(w, q, to)
			continue
		}
		// Finer steps are worth it once the threshold has risen by a few of them.
		if threshold > r.scaled+r.scaled/32 {
			r.scale(threshold)
		}
		r.gather(w)
		kernel.Collect(r.sums, r.columns, r.cut, &r.mask)
		r.siftCollected(w)
		r.breakTies(w, to)
		r.note(w, q, to)
	}
	r.rescore(q, to)
	r.visitDelta(q, to)
}

// finest is the sum that a threshold is scaled to: below 255, so that sums that
// saturate are above it.
const finest = 240

// scale sets the cut and the tables so that a document of the given units or
// more has a sum of the cut or more, and one whose sum is the cut has at most
// these units. A level that contributes m has ceil(m finest / units) for it.
func (r *Ranker) scale(units int64) {
	r.scaled, r.cut = units, finest
	factor := float64(finest) / float64(units)
	for i := range r.terms {
		t := &r.terms[i]
		for l, most := range t.most {
			t.table[l] = steps(most, units, factor)
		}
	}
}

// steps is ceil(most finest / units), at most 255. Floating point decides where
// it is far enough from an integer, exact arithmetic elsewhere.
func steps(most, units int64, factor float64) uint8 {
	const far = 1e-9
	x := float64(float64(most) * factor)
	if x >= 255 {
		return 255
	}
	n := uint8(x)
	switch part := x - float64(n); {
	case part > far && part < 1-far:
		return n + 1
	case part >= 1-far:
		n++
	}
	highA, lowA := bits.Mul64(uint64(most), finest)
	highB, lowB := bits.Mul64(uint64(units), uint64(n))
	if highA > highB || highA == highB && lowA > lowB {
		n++
	}
	return n
}

// bulk is how many documents of a window may be scored without a thought.
const bulk = 64

// breakTies takes out of the mask the documents that can only tie with the last
// of the first k, and lose by their ids. Where whole windows tie, scoring them
// all would take longer than a plain loop.
func (r *Ranker) breakTies(w int32, to sink) {
	last := to.tie()
	if last == unknownPlace || r.scaled != to.threshold() || r.mask.Count() <= bulk {
		return
	}
	r.gather(w)
	kernel.Collect(r.sums, r.columns, r.cut+1, &r.above)
	place := r.x.base.place[int(w)*kernel.Window:]
	for b := range r.mask {
		for word := r.mask[b] &^ r.above[b]; word != 0; word &= word - 1 {
			if i := bits.TrailingZeros64(word); place[b*64+i] >= last {
				r.mask[b] &^= 1 << i
			}
		}
	}
}

// prefetch asks for what gather will read of a window.
func (r *Ranker) prefetch(w int32) {
	for i := r.windows[w].nodes; i != none; i = r.nodes[i].next {
		r.x.base.prefetch(r.nodes[i].entry)
	}
}

// prefetch asks for a tag's part of a window.
func (s *segment) prefetch(e entry) {
	if count := e.count(); count >= s.minColumn {
		kernel.PrefetchLevels(&s.columns[e.at])
	} else {
		kernel.PrefetchPostings(s.postings[e.at : int(e.at)+count])
	}
}

// gather adds up the postings of a window and lists its columns.
func (r *Ranker) gather(w int32) {
	r.columns = r.columns[:0]
	base := r.x.base
	for i := r.windows[w].nodes; i != none; i = r.nodes[i].next {
		n := &r.nodes[i]
		t := &r.terms[n.term]
		if count := n.entry.count(); count >= base.minColumn {
			r.columns = append(r.columns, kernel.Column{Levels: &base.columns[n.entry.at], Table: t.table})
		} else {
			kernel.Scatter(r.sums, base.postings[n.entry.at:int(n.entry.at)+count], &t.table)
		}
	}
}

// note puts the masked documents of a window on the list of those to be
// scored, but for the dead.
func (r *Ranker) note(w int32, q *Query, to sink) {
	var dead *kernel.Mask
	if c := r.x.overlay.windows[w]; c != nil {
		dead = &c.dead
	}
	for b, word := range r.mask {
		if word != 0 && dead != nil {
			word &^= dead[b]
		}
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
		if packed := base.packed(doc); len(packed) > 0 {
			kernel.Prefetch(&packed[0])
		}
		kernel.Prefetch(&base.attributes[doc])
	}
	for _, doc := range r.pending {
		h := hit{units: r.scoreDocument(doc), doc: doc, place: base.place[doc]}
		if invariants && h.units > r.windows[doc/kernel.Window].most {
			panic(fmt.Sprintf("document %d has %d units, above the bound %d of its window",
				doc, h.units, r.windows[doc/kernel.Window].most))
		}
		if h.units < to.threshold() || !to.admits(h) || !r.eligible(doc, q) {
			continue
		}
		h.partner = r.partnerOf(doc)
		to.offer(h)
	}
	r.pending = r.pending[:0]
}

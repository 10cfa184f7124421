package matcher

import (
	"slices"

	"github.com/kindred-match/kindred/matcher/internal/kernel"
)

// mostOpened is how many windows are opened at most. One is enough unless few
// documents are eligible.
const mostOpened = 16

// open looks into the windows of the highest bounds for documents that are
// likely among the first k, and offers them, so that there is a threshold early.
func (r *Ranker) open(q *Query) {
	if r.sifter.walk.ok {
		return
	}
	expected := r.sifter.share * float64(r.x.base.len())
	if len(r.sifter.rules) > 0 && expected < float64(4*min(q.K, r.x.base.len())) {
		return
	}
	w := none
	for range mostOpened {
		if w = r.nextBest(w); w == none {
			return
		}
		r.openWindow(w, q)
		if len(r.top.hits) == r.top.k {
			return
		}
	}
}

// nextBest is the window that comes after one by their bounds, the highest
// first; the first window if there is none before.
func (r *Ranker) nextBest(after int32) int32 {
	if after == none {
		return r.firstBest()
	}
	best, most := none, uint16(0)
	for w := range r.windows {
		m := r.peak(int32(w))
		if m > most && (m < r.peak(after) || m == r.peak(after) && int32(w) > after) {
			best, most = int32(w), m
		}
	}
	return best
}

func (r *Ranker) firstBest() int32 {
	peak := kernel.Peak(r.bounds)
	if peak == 0 {
		return none
	}
	r.alive = slices.Grow(r.alive[:0], r.x.base.crests.windows)[:r.x.base.crests.windows]
	kernel.Reach(r.bounds, peak, r.alive)
	return int32(slices.IndexFunc(r.alive, func(sections uint16) bool { return sections != 0 }))
}

// peak is the highest bound of a window's sections.
func (r *Ranker) peak(w int32) uint16 {
	return kernel.Peak(r.bounds[int(w)*kernel.Sections:][:kernel.Sections])
}

// openWindow offers the promising documents of a window, of the sections whose
// bound is not much lower than its highest.
func (r *Ranker) openWindow(w int32, q *Query) {
	r.referOne(w)
	highest := r.peak(w)
	// Sums are near to scores, so that few more than those that are wanted do, and
	// they are where bounds are high, if there is nothing but sums to be looked at.
	k := min(q.K, kernel.Window)
	sections, enough := r.from(w, max(1, highest/2)), k+k/4+2
	if len(r.sifter.rules) > 0 {
		sections, enough = r.from(w, 1), 2*k+8
	}
	if !r.siftFirst(w, sections) {
		if len(r.sifter.rules) > 0 && r.sifter.sifted != w {
			r.siftWindow(w, sections)
		}
		r.scale(r.most(highest))
		r.gather(w, sections)
		kernel.Peek(r.sums, r.columns, finest, sections, &r.mask)
		cut := r.promising(w, sections, enough)
		kernel.Collect(r.sums, nil, cut, sections, &r.mask)
		r.siftCollected(w)
		r.x.overlay.clear(w, &r.mask)
		r.mask.Keep(2 * enough) // any of them will do
	}
	r.opened, r.offered = append(r.opened, w), append(r.offered, r.mask)
	r.note(w, r.mask.Words(), q, &r.top)
	r.finish(q, &r.top)
}

// promising is a cut that enough of the sums pass, and not many more if there is
// one, found by halving.
func (r *Ranker) promising(w int32, sections uint16, enough int) uint8 {
	low, high := 1, finest
	for low < high {
		middle := (low + high + 1) / 2
		kernel.Peek(r.sums, nil, uint8(middle), sections, &r.mask)
		r.siftCollected(w)
		r.x.overlay.clear(w, &r.mask)
		switch n := r.mask.Count(); {
		case n < enough:
			high = middle - 1
		case n <= enough+enough/2:
			return uint8(middle)
		default:
			low = middle
		}
	}
	return uint8(low)
}

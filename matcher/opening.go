package matcher

import "github.com/kindred-match/kindred/matcher/internal/kernel"

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
	best, most := none, int64(0)
	for w := range r.windows {
		m := r.windows[w].most
		if m > most && (after == none || m < r.windows[after].most || m == r.windows[after].most && int32(w) > after) {
			best, most = int32(w), m
		}
	}
	return best
}

// openWindow offers the promising documents of a window.
func (r *Ranker) openWindow(w int32, q *Query) {
	if !r.siftFirst(w) {
		enough := 2*min(q.K, kernel.Window) + 8
		if len(r.sifter.rules) > 0 && r.sifter.sifted != w {
			r.siftWindow(w)
		}
		r.scale(r.windows[w].most)
		r.gather(w)
		kernel.Peek(r.sums, r.columns, finest, &r.mask)
		cut := r.promising(w, enough)
		kernel.Collect(r.sums, nil, cut, &r.mask)
		r.siftCollected(w)
		r.x.overlay.clear(w, &r.mask)
		r.mask.Keep(2 * enough) // any of them will do
	}
	r.opened, r.offered = append(r.opened, w), append(r.offered, r.mask)
	r.note(w, r.mask.Words(), q, &r.top)
	r.finish(q, &r.top)
}

// promising is the highest cut that enough of the sums pass, found by halving.
func (r *Ranker) promising(w int32, enough int) uint8 {
	low, high := 1, finest
	for low < high {
		middle := (low + high + 1) / 2
		kernel.Peek(r.sums, nil, uint8(middle), &r.mask)
		r.siftCollected(w)
		r.x.overlay.clear(w, &r.mask)
		if r.mask.Count() >= enough {
			low = middle
		} else {
			high = middle - 1
		}
	}
	return uint8(low)
}

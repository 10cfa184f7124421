package matcher

import "slices"

// stronger is how far above the threshold a window's bound has to be for it to
// be visited with the first, which raise the threshold for the others.
const stronger = 1.3

// arrange chooses the windows to visit, and lowers their bounds.
//
// Highest levels alone bound a window badly, since no document has the highest
// weights of many tags: the squares of its weights add up to no more than the
// window's squares, N. So for any c > 0 a document has at most
//
//	sum of slope w <= c N / 2 + sum of max over w of (slope w - c w^2 / 2),
//
// each w up to the tag's highest level in the window (Lagrangian duality). What
// the sum adds up depends on tag and level only. The c that makes it least for a
// window whose bound is the threshold is about the threshold over N.
func (r *Ranker) arrange(threshold int64) {
	r.order, r.weaker = r.order[:0], r.weaker[:0]
	base := r.x.base
	c := float64(threshold) / base.typical
	r.weigh(c)
	for w := range r.windows {
		window := &r.windows[w]
		if window.most < threshold {
			continue
		}
		bound := c / 2 * base.squares[w]
		for _, ref := range r.refs[window.first:window.end] {
			bound += r.gain[ref.Most]
		}
		const inexact = 1 + 1e-9 // far more than floating point is off
		if bound *= inexact; bound < float64(window.most) {
			window.most = int64(bound) + 1
		}
		switch {
		case bound > stronger*float64(threshold):
			r.order = append(r.order, int32(w))
		case window.most >= threshold:
			r.weaker = append(r.weaker, int32(w))
		}
	}
	r.order = append(r.order, r.weaker...)
}

// weigh fills gain for a c.
func (r *Ranker) weigh(c float64) {
	r.gain = slices.Grow(r.gain[:0], 16*len(r.terms))[:16*len(r.terms)]
	for i := range r.terms {
		t := &r.terms[i]
		free := min(t.slope/c, t.limit) // the best weight where no level is in the way
		gain := (*[16]float64)(r.gain[16*i:])
		for l, highest := range r.x.base.upper {
			w := min(float64(highest), free)
			gain[l] = w * (t.slope - c/2*w)
		}
	}
}

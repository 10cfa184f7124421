package matcher

import (
	"math"
	"math/bits"
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

// opened is a window under way.
type opened struct {
	window  int32
	allowed [2]kernel.Mask // of boosts up to 1, and above
	sums    kernel.Sums
	mask    kernel.Mask
	spare   kernel.Mask
	scored  kernel.Mask
}

// begin ranks what is in the windows of the highest bounds, and leaves the
// others in order.
func (r *BatchRanker) begin() {
	r.ranker.order = r.ranker.order[:0]
	for w := range r.ranker.windows {
		if r.ranker.windows[w].nodes != none {
			r.ranker.order = append(r.ranker.order, int32(w))
		}
	}
	if len(r.ranker.order) > stretch {
		slices.SortFunc(r.ranker.order, func(a, b int32) int {
			return int(max(-1, min(1, r.ranker.windows[b].most-r.ranker.windows[a].most)))
		})
	}
	opens := r.opens[:min(len(r.opens), len(r.ranker.order))]
	for i := range opens {
		opens[i].window = r.ranker.order[i]
		r.allow(&opens[i])
		clear(opens[i].scored[:])
	}
	r.ranker.order = r.ranker.order[len(opens):]
	slices.Sort(r.ranker.order)
	r.ended("eligibility")
	cut := r.search(opens)
	r.best.settle()
	r.ended("select")
	r.usualCut = cut
	if t := r.best.threshold(); t > 1 {
		if low := r.cutOf(t); low < cut {
			r.sift(opens, low)
			r.ended("cut")
			r.rescore(opens)
			r.ended("score")
		}
		r.usual = float64(t) / r.whole
	}
	for i := range opens {
		clear(opens[i].sums[:])
	}
}

// search scores the documents of the highest sums until there are k, and
// returns the cut that they passed.
func (r *BatchRanker) search(opens []opened) uint8 {
	want := r.query.K
	r.rescale(aim / (r.usual * r.whole))
	cut, count := r.sum(opens, r.usualCut)
	r.ended("sums")
	for {
		cut, count = r.narrow(opens, cut, count, want)
		r.ended("cut")
		r.rescore(opens)
		r.ended("score")
		if len(r.best.list) >= r.query.K || cut == 1 {
			return cut
		}
		// Some were too far away.
		want = count + 2*(r.query.K-len(r.best.list))
	}
}

// sum adds up the levels of the windows, with steps that suit their sums.
func (r *BatchRanker) sum(opens []opened, cut uint8) (uint8, int) {
	for attempt := 0; ; attempt++ {
		count := 0
		for i := range opens {
			r.ranker.sums = &opens[i].sums
			r.ranker.gather(opens[i].window)
			count += r.siftOne(&opens[i], r.ranker.columns, cut)
		}
		if attempt == 3 {
			return cut, count
		}
		switch {
		case count > 2*r.query.K && r.sift(opens, 255) > 2*r.query.K:
			r.rescale(r.factor / 1.5)
		case count < r.query.K && r.sift(opens, coarse) < r.query.K && r.sift(opens, 1) > 2*r.query.K:
			r.rescale(r.factor * 2)
		default:
			return cut, r.sift(opens, cut)
		}
		for i := range opens {
			clear(opens[i].sums[:])
		}
	}
}

// narrow finds a cut that at least want documents pass and few more, or 1. It
// leaves the masks of that cut.
func (r *BatchRanker) narrow(opens []opened, cut uint8, count, want int) (uint8, int) {
	low, high := 1, 256 // count(low) >= want > count(high), but for low = 1
	at := int(cut)
	for {
		if count >= want {
			low = at
		} else {
			high = at
		}
		if count >= want && count <= want+want/4 || high-low <= 1 {
			break
		}
		step := 6
		if 2*count < want || count > 2*want {
			step = 18
		}
		if count >= want {
			at = min(low+step, (low+high+1)/2, high-1)
			if high == 256 {
				at = min(low+step, 255)
			}
		} else {
			at = max(high-step, (low+high)/2, low+1)
			if low == 1 {
				at = max(high-step, 1)
			}
		}
		count = r.sift(opens, uint8(at))
	}
	if at != low {
		count = r.sift(opens, uint8(low))
	}
	return uint8(low), count
}

// rescale sets the tables for a number of steps a unit, rounded up but for
// what cutOf allows for.
func (r *BatchRanker) rescale(factor float64) {
	r.factor = factor
	f := factor / r.lift * (1 - 1e-12)
	for i := range r.ranker.terms {
		t := &r.ranker.terms[i]
		for l, most := range t.most {
			n := uint8(0)
			if most > 0 {
				n = uint8(min(254, float64(most)*f)) + 1
			}
			t.table[l] = n
		}
	}
}

// cutOf is the least sum of a document with so many units and a boost of 1.
func (r *BatchRanker) cutOf(units int64) uint8 {
	return uint8(max(1, min(255, math.Ceil(float64(units)*r.factor*(1-1e-9)))))
}

// sift sets the masks of the windows to the documents that pass the cut, and
// counts them.
func (r *BatchRanker) sift(opens []opened, cut uint8) int {
	n := 0
	for i := range opens {
		n += r.siftOne(&opens[i], nil, cut)
	}
	return n
}

func (r *BatchRanker) siftOne(o *opened, columns []kernel.Column, cut uint8) int {
	n := kernel.Sift(&o.sums, columns, &o.allowed[0], cut, &o.mask)
	if r.lift > 1 {
		// Their sums are without the boost.
		raised := uint8(float64(cut-1)/r.lift*(1-1e-9)) + 1
		n += kernel.Sift(&o.sums, nil, &o.allowed[1], raised, &o.spare)
		for i, word := range o.spare {
			o.mask[i] |= word
		}
	}
	return n
}

// allow puts together who is eligible, distance apart.
func (r *BatchRanker) allow(o *opened) {
	first := int(o.window) * kernel.Blocks
	allowed := &o.allowed[0]
	*allowed = r.batch.rules.open[o.window]
	for _, bars := range r.bars {
		part := bars[first:min(len(bars), first+kernel.Blocks)]
		for i, word := range part {
			allowed[i] &^= word
		}
	}
	for _, doc := range r.forbidden {
		if doc/kernel.Window == uint32(o.window) {
			allowed[doc%kernel.Window/64] &^= 1 << (doc % 64)
		}
	}
	if r.lift > 1 {
		raised := &r.batch.raised[o.window]
		for i, word := range allowed {
			o.allowed[1][i] = word & raised[i]
			allowed[i] = word &^ raised[i]
		}
	}
}

// rescore scores the documents of the masks that have not been scored yet.
func (r *BatchRanker) rescore(opens []opened) {
	r.docs = r.docs[:0]
	for i := range opens {
		o := &opens[i]
		first := uint32(o.window) * kernel.Window
		for b, word := range o.mask {
			word &^= o.scored[b]
			if word == 0 {
				continue
			}
			o.scored[b] |= word
			for ; word != 0; word &= word - 1 {
				r.docs = append(r.docs, first+uint32(b*64+bits.TrailingZeros64(word)))
			}
		}
	}
	x := r.ranker.x
	least := r.best.threshold()
	for _, doc := range r.docs {
		units := r.ranker.scoreDocument(doc)
		if units < least {
			continue
		}
		if r.reach.any {
			if o, _ := x.document(doc); !r.reach.admits(&r.batch.rules.spots[doc], o) {
				continue
			}
		}
		r.best.add(scored{units, doc, x.base.place[doc]})
	}
}

// follow goes through the windows that are left.
func (r *BatchRanker) follow() {
	o := r.opens[:1]
	scaled := int64(0)
	for _, w := range r.ranker.order {
		least := r.best.threshold()
		if r.ranker.windows[w].most < least {
			continue
		}
		if least > scaled+scaled/32 {
			r.rescale(finest / float64(least))
			scaled = least
		}
		o[0].window = w
		r.allow(&o[0])
		clear(o[0].scored[:])
		r.ranker.sums = &o[0].sums
		r.ranker.gather(w)
		if r.siftOne(&o[0], r.ranker.columns, r.cutOf(least)) > 0 {
			r.rescore(o)
		}
		clear(o[0].sums[:])
	}
}

// late ranks what is not in the segment yet.
func (r *BatchRanker) late() {
	r.ranker.scoreLate(r.best.threshold(), func(doc uint32, rec *record, units int64) {
		if units >= r.best.threshold() && r.ranker.admitted(&r.query, rec.opportunity, rec.partner) {
			r.best.add(scored{units, doc, unknownPlace})
		}
	})
}

package place

import (
	"context"
	"slices"
)

// fill gives students without a placement, in lottery order, the free seat of
// the highest score that is eligible, ties by id. An opportunity without
// students that would be cancelled under its minimum isn't opened for it.
func (m *market) fill(ctx context.Context, f *Placement) error {
	if m.options.Fill == nil {
		return nil
	}
	pool := m.newPool(m.options.Objective == Stable)
	for s, o := range f.At {
		if o >= 0 {
			pool.force(int32(s), o)
		}
	}
	full := func(o int32) bool { return !pool.has(o) || m.p.Cancels[o] && f.Placed[o] < m.p.Minimum[o] }
	open := make([]int32, len(m.p.Opportunities))
	for o := range open {
		open[o] = int32(o)
	}
	open = slices.DeleteFunc(open, full)
	for s := range f.At {
		if f.At[s] >= 0 {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if got := m.fillOne(f, pool, int32(s), open, full); got >= 0 && full(got) {
			open = slices.DeleteFunc(open, full)
		}
		m.options.Progress("fill", int64(s), int64(len(f.At)))
	}
	return nil
}

// fillOne returns the opportunity that the student got, or -1.
func (m *market) fillOne(f *Placement, pool *pool, s int32, open []int32, full func(int32) bool) int32 {
	for o, score := range m.options.Fill(s, open) {
		if !full(o) && pool.take(s, o) {
			f.fill(s, o, WeightOf(score))
			return o
		}
	}
	return none
}

// fill gives a student a free seat.
func (f *Placement) fill(s, o, weight int32) {
	f.At[s], f.How[s], f.Weight[s] = o, Filled, weight
	f.Placed[o]++
}

package place

import "context"

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
	for s := range f.At {
		if f.At[s] >= 0 {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		m.fillOne(f, pool, int32(s))
	}
	return nil
}

func (m *market) fillOne(f *Placement, pool *pool, s int32) {
	best, most := none, 0.0
	for o, score := range m.options.Fill(s) {
		better := best < 0 || score > most || score == most && o < best
		switch {
		case !better || m.p.Cancels[o] && f.Placed[o] < m.p.Minimum[o]:
		case best < 0 && pool.take(s, o), best >= 0 && pool.swap(s, best, o):
			best, most = o, score
		}
	}
	if best >= 0 {
		f.fill(s, best, WeightOf(most))
	}
}

// fill gives a student a free seat.
func (f *Placement) fill(s, o, weight int32) {
	f.At[s], f.How[s], f.Weight[s] = o, Filled, weight
	f.Placed[o]++
}

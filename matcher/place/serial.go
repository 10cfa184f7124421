package place

import "context"

// dictatorship is random serial dictatorship: in lottery order each student
// takes the best of its list that is free.
type dictatorship struct {
	m    *market
	pool *pool
	at   []int32 // by student
	held []int32 // by opportunity
}

func (m *market) newDictatorship() *dictatorship { return &dictatorship{m: m} }

func (d *dictatorship) run(ctx context.Context) error {
	m := d.m
	n := len(m.p.Students)
	d.pool = m.newPool(false)
	d.at, d.held = make([]int32, n), make([]int32, len(m.p.Opportunities))
	for s := range m.sure {
		if o := m.sure[s]; o >= 0 {
			d.pool.force(int32(s), o)
		}
	}
	for s := range n {
		if s%checkEvery == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			m.options.Progress("place", int64(s), int64(n))
		}
		d.at[s] = d.choose(int32(s))
		if d.at[s] >= 0 {
			d.held[d.at[s]]++
		}
	}
	return nil
}

// choose gives a student the best that is free. What it is sure of was kept for
// it until then.
func (d *dictatorship) choose(s int32) int32 {
	m := d.m
	from, to := m.entries(s)
	for _, o := range m.p.Lists.Opportunity[from:to] {
		switch {
		case m.isSure(s, o):
			return o
		case m.sure != nil && m.sure[s] >= 0:
			if d.pool.swap(s, m.sure[s], o) {
				return o
			}
		case d.pool.take(s, o):
			return o
		}
	}
	return m.after(s)
}

func (d *dictatorship) placed(o int32) int32 { return d.held[o] }

func (d *dictatorship) close(ctx context.Context, _ int32) error {
	return d.run(ctx)
}

func (d *dictatorship) placement(context.Context) (*Placement, error) {
	f := d.m.placement()
	for s, o := range d.at {
		if o >= 0 {
			d.m.put(f, int32(s), o)
		}
	}
	return f, nil
}

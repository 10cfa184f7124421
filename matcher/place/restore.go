package place

import "slices"

// Restore makes a placement again of what a run folder keeps of it, so that it
// can be explained: by student the opportunity (-1: none), the rank (0: none)
// and the weight. It doesn't check the placement, and leaves out the times and
// the blocking pairs. Its errors are Solve's for a problem and options that
// don't fit.
func Restore(p *Problem, o Options, at, ranks, weights []int32, c Certificate) (*Placement, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	m, err := newMarket(p, o)
	if err != nil {
		return nil, err
	}
	f := m.placement()
	f.Certificate = c
	for _, cancelled := range c.Cancelled {
		if at, there := slices.BinarySearch(p.Opportunities, cancelled.Opportunity); there {
			f.Cancelled = append(f.Cancelled, int32(at))
			m.close(int32(at))
		}
	}
	for s, o := range at {
		s := int32(s)
		switch {
		case o < 0:
		case ranks[s] == 0 && !m.isSure(s, o):
			f.fill(s, o, weights[s])
		default:
			m.put(f, s, o)
			f.Weight[s] = weights[s]
		}
	}
	return f, nil
}

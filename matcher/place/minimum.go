package place

import (
	"cmp"
	"context"
	"slices"
)

// cancellation is an opportunity that was cancelled with so many students.
type cancellation struct{ opportunity, placed int32 }

// lost is a student who was sure of an opportunity that was cancelled.
type lost struct{ student, opportunity int32 }

// cancel closes, as long as there is one, the opportunity that is to be
// cancelled under its minimum, has some students and is short of the most, ties
// by id.
func (m *market) cancel(ctx context.Context, s solver) ([]cancellation, error) {
	var candidates []int32
	for o, minimum := range m.p.Minimum {
		if minimum > 0 && m.p.Cancels[o] {
			candidates = append(candidates, int32(o))
		}
	}
	var cancelled []cancellation
	for {
		worst, most := none, int32(0)
		for _, o := range candidates {
			if placed := s.placed(o); placed > 0 && m.p.Minimum[o]-placed > most {
				worst, most = o, m.p.Minimum[o]-placed
			}
		}
		if worst < 0 {
			return cancelled, nil
		}
		cancelled = append(cancelled, cancellation{worst, s.placed(worst)})
		m.options.Progress("cancel", int64(len(cancelled)), 0)
		m.close(worst)
		if err := s.close(ctx, worst); err != nil {
			return nil, err
		}
	}
}

// close cancels an opportunity. Who was sure of it has to get a better one now.
func (m *market) close(o int32) {
	m.closed[o] = true
	for s, at := range m.sure {
		if at == o {
			m.sure[s], m.tail[s] = none, none
			m.lost = append(m.lost, lost{int32(s), o})
		}
	}
}

// checkLost reports the opportunities that were cancelled with somebody whom a
// lock or a standing placement keeps there: the promise can't be kept.
func (m *market) checkLost(f *Placement, cancelled []cancellation) error {
	var short []cancellation
	for _, c := range cancelled {
		if slices.ContainsFunc(m.lost, func(l lost) bool { return l.opportunity == c.opportunity && f.At[l.student] < 0 }) {
			short = append(short, c)
		}
	}
	if len(short) == 0 {
		return nil
	}
	e := &MinimumError{Short: m.shortfalls(short)}
	for i := range e.Short {
		e.Short[i].Kept = true
	}
	return e
}

// checkMinimums reports the opportunities that stay under a minimum that must
// be reached.
func (m *market) checkMinimums(f *Placement) error {
	var short []cancellation
	for o, minimum := range m.p.Minimum {
		if !m.p.Cancels[o] && f.Placed[o] < minimum {
			short = append(short, cancellation{int32(o), f.Placed[o]})
		}
	}
	if len(short) == 0 {
		return nil
	}
	return &MinimumError{Short: m.shortfalls(short)}
}

// shortfalls describes opportunities under their minimum, by id.
func (m *market) shortfalls(of []cancellation) []Shortfall {
	slices.SortFunc(of, func(a, b cancellation) int { return cmp.Compare(a.opportunity, b.opportunity) })
	p := m.p
	at := make(map[int32]int, len(of))
	short := make([]Shortfall, len(of))
	for i, c := range of {
		at[c.opportunity] = i
		short[i] = Shortfall{Opportunity: p.Opportunities[c.opportunity], Minimum: p.Minimum[c.opportunity], Placed: c.placed}
	}
	for _, o := range p.Lists.Opportunity {
		if i, listed := at[o]; listed {
			short[i].Eligible++
		}
	}
	for s, o := range m.sure {
		if i, named := at[o]; named && p.Lists.find(int32(s), o) < 0 {
			short[i].Eligible++
		}
	}
	return short
}

package place

import (
	"context"
	"errors"
	"time"
)

// ErrLists says that the lists are not those of the problem.
var ErrLists = errors.New("the lists don't fit the problem: one per student, in its order, of opportunities that are there")

// solver is one way to place all students of a market.
type solver interface {
	run(context.Context) error
	// placed is how many students an opportunity has.
	placed(o int32) int32
	// close solves what is left when the market has closed an opportunity.
	close(ctx context.Context, o int32) error
	placement(context.Context) (*Placement, error)
}

// Solve places all students. The problem's lists must be there; they may only
// have what is eligible, and nothing twice.
//
// Errors: an *OptionError (also where standing placements can't be kept),
// ErrLists, ErrTooLarge, a *MinimumError where minimums can't be reached, and
// the context's.
func Solve(ctx context.Context, p *Problem, o Options) (*Placement, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	m, err := newMarket(p, o)
	if err != nil {
		return nil, err
	}
	begin := time.Now()
	s := m.solver()
	if err := s.run(ctx); err != nil {
		return nil, err
	}
	cancelled, err := m.cancel(ctx, s)
	if err != nil {
		return nil, err
	}
	f, err := s.placement(ctx)
	if err != nil {
		return nil, err
	}
	f.Solve = time.Since(begin) - f.Ties
	for _, c := range cancelled {
		f.Cancelled = append(f.Cancelled, c.opportunity)
		f.Certificate.Cancelled = append(f.Certificate.Cancelled, Cancelled{
			Opportunity: p.Opportunities[c.opportunity], Minimum: p.Minimum[c.opportunity], Placed: c.placed,
		})
	}
	if err := m.checkLost(f, cancelled); err != nil {
		return nil, err
	}
	if err := m.fill(ctx, f); err != nil {
		return nil, err
	}
	if err := m.checkMinimums(f); err != nil {
		return nil, err
	}
	return f, m.countBlocking(ctx, f)
}

func (m *market) solver() solver {
	switch {
	case m.options.Objective.Flow():
		return m.newFlowing()
	case m.options.Objective == Serial:
		return m.newDictatorship()
	default:
		return m.newAcceptance()
	}
}

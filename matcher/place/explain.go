package place

import (
	"context"
	"errors"
	"slices"
)

// Explainer says why a placement is as it is. It isn't for several goroutines
// at once.
type Explainer struct {
	m       *market
	f       *Placement
	seating *seating
	// residual is made when it is first asked for.
	residual *residual
}

// NewExplainer explains a placement of the problem that was made with these
// options. Its errors are Solve's for a problem and options that don't fit.
func NewExplainer(p *Problem, o Options, f *Placement) (*Explainer, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	m, err := newMarket(p, o)
	if err != nil {
		return nil, err
	}
	for _, o := range f.Cancelled {
		m.close(o)
	}
	if m.keys, err = newKeys(p, o.Priority == ByScore && o.Objective != Serial, f.Weight); err != nil {
		return nil, err
	}
	if o.Objective == Serial { // only the lottery counts
		m.keys.tiers, m.keys.last = nil, 0
	}
	return &Explainer{m: m, f: f, seating: m.seated(f)}, nil
}

// Answer is why a student is, or isn't, placed at an opportunity.
type Answer struct {
	Reason Reason
	// Rank is that of the entry of the list, 0 where there is none.
	Rank int32
	// Own and Cutoff, with BelowCutoff, ReserveFull and PartnerFull, are the
	// pair's priority and the lowest that was taken in its place; Cutoff is nil
	// where nobody was taken.
	Own, Cutoff *Cutoff
}

// Student says whether a student is placed, or why not: Placed, NoCandidates,
// AllIneligible, Outcompeted, or, for the objectives of a flow, Tradeoff.
func (x *Explainer) Student(s int32) Reason {
	switch from, to := x.m.p.Lists.Of(s); {
	case x.f.At[s] >= 0:
		return Placed
	case from == to && x.m.p.Lists.Ineligible[s]:
		return AllIneligible
	case from == to:
		return NoCandidates
	case x.m.options.Objective.Flow():
		return Tradeoff
	default:
		return Outcompeted
	}
}

// Pair says why a student is, or isn't, placed at an opportunity. That it is not
// eligible is for the caller to find, where the answer is NotListed.
func (x *Explainer) Pair(s, o int32) Answer {
	m, f := x.m, x.f
	e := m.p.Lists.find(s, o)
	answer := Answer{}
	if e >= 0 {
		answer.Rank = m.p.Lists.Rank[e]
	}
	switch {
	case f.At[s] == o:
		answer.Reason = Placed
	case e < 0:
		answer.Reason = NotListed
	case x.has(s) >= 0 && x.has(s) < e:
		answer.Reason = PlacedHigher
	case m.closed[o]:
		answer.Reason = CancelledMin
	case m.fixed(s) || x.kept(o):
		answer.Reason = LockedOut
	default:
		x.compare(&answer, s, o, e)
	}
	return answer
}

// has is the entry of the student's list that it has, filled or not, or -1.
func (x *Explainer) has(s int32) int32 {
	if x.f.At[s] < 0 {
		return none
	}
	return x.m.p.Lists.find(s, x.f.At[s])
}

// kept reports whether all the seats of an opportunity, or all that its partner
// may have, are held for certain.
func (x *Explainer) kept(o int32) bool {
	m := x.m
	here := int32(0)
	for _, k := range x.seating.held[o] {
		if k&classes == sure {
			here++
		}
	}
	partner := m.p.Partner[o]
	if full := here > 0 && here == m.seats(o); full || partner < 0 {
		return full
	}
	with := int32(0)
	for _, other := range x.seating.tree.of(partner) {
		for _, k := range x.seating.held[other] {
			if k&classes == sure {
				with++
			}
		}
	}
	return with > 0 && with == m.p.Caps[partner]
}

// compare says what a pair's priority was not enough for.
func (x *Explainer) compare(answer *Answer, s, o, e int32) {
	m, t := x.m, x.seating
	own, worst := normal|m.keys.of(s, o, m.p.Lists.Weight[e]), x.worst([]int32{o})
	full := len(t.held[o]) == int(m.seats(o))
	partner := m.p.Partner[o]
	switch {
	case !full && partner >= 0 && t.count[partner] == m.p.Caps[partner]:
		answer.Reason, worst = PartnerFull, x.worst(t.tree.of(partner))
	case !full && len(m.p.reserves.of(o)) > 0:
		answer.Reason = ReserveFull
	case m.options.Objective.Flow():
		answer.Reason = Tradeoff
		return
	case full && own > worst:
		answer.Reason = BelowCutoff
	case full && len(m.p.reserves.of(o)) > 0:
		answer.Reason = ReserveFull
	default: // a seat was kept, when it was the student's turn, for one who left it later
		answer.Reason = LockedOut
		return
	}
	mine := m.keys.cutoff(own)
	answer.Own = &mine
	if worst > 0 {
		cutoff := m.keys.cutoff(worst)
		answer.Cutoff = &cutoff
	}
}

// worst is the lowest priority at some opportunities of those that are not held
// for certain, or 0.
func (x *Explainer) worst(of []int32) (worst key) {
	for _, o := range of {
		for _, k := range x.seating.held[o] {
			if k&classes != sure {
				worst = max(worst, k)
			}
		}
	}
	return worst
}

// Loss is what a stage of the objective would lose; below 0 what it would gain.
type Loss struct {
	Measure Measure `json:"measure"`
	Rank    int32   `json:"rank,omitempty"`
	Loss    int64   `json:"loss"`
}

// ErrNoSuchPlacement says that a pair can't be, whatever becomes of the others.
var ErrNoSuchPlacement = errors.New("no placement has this pair: locks, standing placements or minimums leave no seat")

// Losses are what an objective of a flow would lose if a student had an
// opportunity of its list and all others were placed as well as can be: the
// stages that differ, in their order. The first one decides, and is a loss; none
// means that another placement is as good.
//
// It is one search for all opportunities of a student. Where seats are reserved,
// or the lowest weight of all would fall, it takes as long as a placement.
func (x *Explainer) Losses(ctx context.Context, s, o int32) ([]Loss, error) {
	m := x.m
	e := m.p.Lists.find(s, o)
	from, to := m.entries(s)
	if e < from || e >= to || m.closed[o] || !m.options.Objective.Flow() {
		return nil, ErrNoSuchPlacement
	}
	if len(m.p.reserves.rows) > 0 {
		return x.lossesAnew(ctx, s, e)
	}
	if x.residual == nil {
		f := m.newFlowing()
		f.build()
		x.residual = newResidual(f, x.f)
	}
	// Without reserves a student's arcs are those of its entries, in their order.
	losses, possible, exact, err := x.residual.losses(ctx, x.residual.f.net.First[s]+e-from)
	switch {
	case err != nil:
		return nil, err
	case !possible:
		return nil, ErrNoSuchPlacement
	case !exact:
		return x.lossesAnew(ctx, s, e)
	default:
		return losses, nil
	}
}

// lossesAnew places everybody with the student at the entry.
func (x *Explainer) lossesAnew(ctx context.Context, s, e int32) ([]Loss, error) {
	forced := *x.m
	forced.forced = &pair{s, e}
	f := forced.newFlowing()
	err := f.run(ctx)
	if errors.Is(err, ErrMinimums) {
		return nil, ErrNoSuchPlacement
	}
	if err != nil {
		return nil, err
	}
	return losses(x.f.Certificate.Stages, f.stages()), nil
}

// OneMoreSeat is the placement of the same problem with one more seat at an
// opportunity. It takes as long as a placement.
func (x *Explainer) OneMoreSeat(ctx context.Context, o int32) (*Placement, error) {
	p := *x.m.p
	p.Seats = slices.Clone(p.Seats)
	p.Seats[o]++
	return Solve(ctx, &p, x.m.options)
}

// losses compares stages by what they measure; where one is missing its value
// is 0.
func losses(have, other []Stage) []Loss {
	type measured struct {
		measure Measure
		rank    int32
	}
	values := make(map[measured]int64)
	for _, stage := range other {
		values[measured{stage.Measure, stage.Rank}] = stage.Value
	}
	var found []Loss
	for _, stage := range have {
		if lost := stage.Value - values[measured{stage.Measure, stage.Rank}]; lost != 0 {
			found = append(found, Loss{stage.Measure, stage.Rank, lost})
		}
	}
	return found
}

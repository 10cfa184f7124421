package place

import (
	"iter"
	"slices"
)

// Objective is what a placement is the best of.
type Objective string

// The objectives.
const (
	// Stable is the stable placement that is best for every student.
	Stable Objective = "stable"
	// Welfare has the largest sum of weights.
	Welfare Objective = "welfare"
	// MaxPlaced has the most students placed, then the largest sum of weights.
	MaxPlaced Objective = "max-placed"
	// MinRank has the most placed, then the smallest total rank.
	MinRank Objective = "min-rank"
	// Greedy has the most placed, then the most first choices, then second, ...
	Greedy Objective = "greedy"
	// Generous has the most placed, then the fewest at the worst rank, then at
	// the next worst, ...
	Generous Objective = "generous"
	// Maximin has the most placed, then the lowest weight as high as it can be,
	// then the largest sum.
	Maximin Objective = "maximin"
	// Serial is random serial dictatorship: in lottery order, each student takes
	// the best of its list that is free.
	Serial Objective = "lottery"
)

// Objectives lists the objectives, the default first.
var Objectives = []Objective{Stable, Welfare, MaxPlaced, MinRank, Greedy, Generous, Maximin, Serial}

// Flow says whether the objective is a flow's: all but stable and lottery.
func (o Objective) Flow() bool { return o != Stable && o != Serial && slices.Contains(Objectives, o) }

// PriorityRule is what decides between students of one tier.
type PriorityRule string

// The rules; the first is the default.
const (
	ByLottery PriorityRule = "lottery" // the lottery alone
	ByScore   PriorityRule = "score"   // the pair's weight, then the lottery
)

// ReserveOrder is when a stable placement fills reserved seats.
type ReserveOrder string

// The orders; the first is the default.
const (
	ReservesFirst ReserveOrder = "first" // before the open seats
	ReservesLast  ReserveOrder = "last"  // after them
)

// Keep is what becomes of the standing placements.
type Keep string

// The policies; the first is the default.
const (
	// Full places everyone anew.
	Full Keep = "full"
	// Freeze keeps every standing placement and places the rest.
	Freeze Keep = "freeze"
	// NoWorse gives everyone standing at least that.
	NoWorse Keep = "no-worse"
	// MinMoves makes, after the objective, the fewest moves; for the objectives
	// of a flow only.
	MinMoves Keep = "min-moves"
)

// Options are how to place. The zero values of the enumerations stand for
// their defaults.
type Options struct {
	Objective Objective
	Priority  PriorityRule
	Reserves  ReserveOrder
	Keep      Keep
	// Fill, unless nil, gives students without a placement, at the end and in
	// lottery order, an opportunity with a free seat. It yields those of the open
	// ones that are eligible for a student, with the pair's score, by score, the
	// highest first, and then by number; it may yield others too, which have no
	// seat left.
	Fill func(student int32, open []int32) iter.Seq2[int32, float64]
	// Workers is how many goroutines may work; 0 is one per processor. The
	// placement doesn't depend on it.
	Workers int
	// Progress, if given, is told what is being done and how far it is; total
	// is 0 where it isn't known. It is called from one goroutine at a time.
	Progress func(step string, done, total int64)
}

// Check says, as an *OptionError, which of the options can't be.
func (o Options) Check() error {
	_, err := o.withDefaults()
	return err
}

// withDefaults fills in the defaults and checks the rest.
func (o Options) withDefaults() (Options, error) {
	o.Objective = orDefault(o.Objective, Stable)
	o.Priority = orDefault(o.Priority, ByLottery)
	o.Reserves = orDefault(o.Reserves, ReservesFirst)
	o.Keep = orDefault(o.Keep, Full)
	if o.Progress == nil {
		o.Progress = func(string, int64, int64) {}
	}
	switch {
	case !slices.Contains(Objectives, o.Objective):
		return o, &OptionError{"objective", "must be one of stable, welfare, max-placed, min-rank, greedy, generous, maximin, lottery"}
	case o.Priority != ByLottery && o.Priority != ByScore:
		return o, &OptionError{"priority", "must be lottery or score"}
	case o.Reserves != ReservesFirst && o.Reserves != ReservesLast:
		return o, &OptionError{"reserves", "must be first or last"}
	case o.Keep != Full && o.Keep != Freeze && o.Keep != NoWorse && o.Keep != MinMoves:
		return o, &OptionError{"keep", "must be full, freeze, no-worse or min-moves"}
	case o.Keep == MinMoves && !o.Objective.Flow():
		return o, &OptionError{"keep", "min-moves needs an objective other than stable and lottery; use no-worse or freeze"}
	}
	return o, nil
}

func orDefault[T ~string](value, fallback T) T {
	if value == "" {
		return fallback
	}
	return value
}

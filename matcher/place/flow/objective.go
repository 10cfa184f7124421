package flow

// Goal is what a placement is the best of.
type Goal uint8

// The goals. All but Welfare place as many students as can be first.
const (
	Welfare   Goal = iota // the largest sum of weights
	MaxPlaced             // the most students, then the largest sum of weights
	MinRank               // the most students, then the least sum of ranks
	Greedy                // the most students, then the most of rank 1, then of rank 2, ...
	Generous              // the most students, then the fewest of the last rank, then of the last but one, ...
	Maximin               // the most students, then the lowest weight as high as can be, then the largest sum
)

// Objective is a goal with what it counts, all by arc.
type Objective struct {
	Goal    Goal
	Weights []int32 // 0 to MaxWeight; for Welfare, MaxPlaced and Maximin
	Ranks   []int32 // 1 to MaxRank; for MinRank, Greedy and Generous
	// Standing, if not nil, says of the arcs which keep a student where it
	// stands. It adds a last stage: the most students with such an arc.
	Standing []bool
}

// Measure is what a stage counts; see Stage.
type Measure uint8

// The measures of stages.
const (
	Placed  Measure = iota // students placed
	Sum                    // the sum of weights
	RankSum                // the sum of ranks, negated
	AtRank                 // students placed at Stage.Rank
	NotRank                // students placed at Stage.Rank, negated
	Lowest                 // the lowest weight of all that are placed
	Kept                   // students with a standing arc
)

// Stage is the outcome of one step of a lexicographic objective and its proof.
//
// A stage looks for the largest sum of the values of the arcs in use, on the
// face that the stages before leave. An arc's value is 1 for Placed, its weight
// for Sum, its rank negated for RankSum, 1 or 0 for AtRank, -1 or 0 for NotRank
// and 1 or 0 for Kept. A student without a placement counts 0.
//
// The duals are u by student, p by opportunity, q by partner, integers, with
// u + p + q at least the value of every arc of the face and equal to it on the
// arcs in use. Before the first stage every arc is in the face, the students of
// Must must be placed, opportunities have Minimum to Seats students and partners
// Least to Cap.
// u is not negative unless the student must be placed, and 0 where the student
// is not placed. A positive p (q) is only where the opportunity (partner) has
// the most that the face allows, a negative one where it has the least. So
//
//	Value = sum of u + sum of p times most or least + sum of q times most or least
//
// proves that no placement of the face has a larger value. The face of the next
// stage keeps the arcs whose duals sum to their value; a student with u above 0
// must be placed; where p or q is above 0 the least becomes the most, below 0
// the most becomes the least.
//
// Lowest is different: Value is the lowest weight, the duals are those of the
// sum of values that are 1 for arcs of weight above Value and 0 for others, and
// prove by a sum, Above, of less than the number of students placed that not
// all can have more. The next face drops the arcs of weight below Value and is
// otherwise that of the stage before.
type Stage struct {
	Measure       Measure
	Rank          int32 // of AtRank and NotRank
	Value         int64
	Above         int64 // of Lowest
	Students      []int64
	Opportunities []int64
	Partners      []int64
}

// Solution is an optimal placement.
type Solution struct {
	Arc    []int32 // by student; -1: not placed
	Stages []Stage // never empty
}

// Progress says how far a solve is, in a stage of several.
type Progress struct {
	Stage, Stages int // from 1; Stages may grow
	Done, Total   int64
}

// Options of a solve. The zero value is ready to use.
type Options struct {
	Workers int // components are solved by so many goroutines; 0: one per processor
	// Progress, if not nil, is told how far the solve is, by one goroutine at a
	// time.
	Progress func(Progress)
}

func (n *Network) checkObjective(obj Objective) error {
	switch obj.Goal {
	case Welfare, MaxPlaced, Maximin:
		if err := n.checkValues("weight", obj.Weights, 0, MaxWeight); err != nil {
			return err
		}
	case MinRank, Greedy, Generous:
		if err := n.checkValues("rank", obj.Ranks, 1, MaxRank); err != nil {
			return err
		}
	default:
		return malformed("unknown goal %d", obj.Goal)
	}
	if obj.Standing == nil {
		return nil
	}
	if len(obj.Standing) != len(n.Target) {
		return malformed("Standing is of %d arcs, there are %d", len(obj.Standing), len(n.Target))
	}
	return nil
}

func (n *Network) checkValues(what string, values []int32, lowest, highest int32) error {
	if len(values) != len(n.Target) {
		return malformed("%d %ss for %d arcs", len(values), what, len(n.Target))
	}
	for _, v := range values {
		if v < lowest || v > highest {
			return malformed("a %s outside %d to %d", what, lowest, highest)
		}
	}
	return nil
}

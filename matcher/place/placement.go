package place

import "time"

// How says how a student came to its placement.
type How uint8

// The ways.
const (
	// Unplaced: it has none.
	Unplaced How = iota
	// Listed: it is on the student's list, and the objective gave it.
	Listed
	// Locked: a lock places the student there, on its list or not.
	Locked
	// Kept: the standing placement, frozen or not on the student's list.
	Kept
	// Filled: a free seat at the end.
	Filled
)

// String is listed, locked, kept or filled; empty where there is no placement.
func (h How) String() string {
	switch h {
	case Listed:
		return "listed"
	case Locked:
		return "locked"
	case Kept:
		return "kept"
	case Filled:
		return "filled"
	default:
		return ""
	}
}

// Placement is the outcome for all students.
type Placement struct {
	// At is by student its opportunity, or -1.
	At []int32
	// Entry is by student the entry of its list that it got, or -1 where it has
	// none or one that is not on its list. A filled seat never has one.
	Entry []int32
	// Weight is by student the weight of its pair; 0 where it has none.
	Weight []int32
	How    []How
	// Placed is by opportunity how many students it has.
	Placed []int32
	// Cancelled are the opportunities that did not reach their minimum, in the
	// order in which they were cancelled.
	Cancelled []int32
	// BlockingPairs counts the pairs that block the placement; those that only
	// block because of a lock or of a standing placement that had to be kept are
	// Waived, and not among them. Nothing is a pair with a cancelled opportunity.
	BlockingPairs int64
	Waived        int64
	Certificate   Certificate
	// Solve and Ties are the time taken to find an optimum, and for choosing
	// among the optimal ones.
	Solve, Ties time.Duration
}

// Totals are the figures of a placement.
type Totals struct {
	Placed int64
	// Profile is how many got their rank 1, 2, ..., up to the last that is not 0.
	Profile    []int64
	TotalRank  int64
	TotalScore int64 // the sum of weights, in millionths
}

// Totals adds up a placement. Pairs that are not on a list have a score but no
// rank.
func (p *Problem) Totals(of *Placement) Totals {
	var t Totals
	for s, at := range of.At {
		if at < 0 {
			continue
		}
		t.Placed++
		t.TotalScore += int64(of.Weight[s])
		if e := of.Entry[s]; e >= 0 {
			rank := p.Lists.Rank[e]
			for int(rank) > len(t.Profile) {
				t.Profile = append(t.Profile, 0)
			}
			t.Profile[rank-1]++
			t.TotalRank += int64(rank)
		}
	}
	return t
}

// Moves is how many standing students (those who were not told elsewhere by a
// lock) don't have their standing placement.
func (p *Problem) Moves(of *Placement) int {
	moves := 0
	for s, standing := range p.Standing {
		if standing >= 0 && of.At[s] != standing {
			moves++
		}
	}
	return moves
}

// Package flow places students exactly: a minimum-cost flow from students over
// opportunities to partners, with seats, minimums and caps, in lexicographic
// stages, each certified by integer dual prices.
//
// A result is a function of the network's content alone: of the order of
// students, of each student's arcs and of the numbers of the opportunities,
// never of the number of workers or of timing. Whoever builds a network
// therefore numbers students in lottery order, opportunities and partners by
// id, and keeps each student's arcs in list order.
package flow

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// MaxWeight bounds weights, so that prices and bids of 32 bits can't overflow.
const MaxWeight = 1 << 27

// MaxRank bounds ranks.
const MaxRank = 1 << 20

// Network says who may be placed where. It isn't changed by Solve.
type Network struct {
	// First has one entry more than there are students; the arcs of student s
	// are First[s] up to First[s+1].
	First []int32
	// Target is the opportunity of an arc; those of one student differ.
	Target []int32
	// Seats, by opportunity, is how many students there may be at most.
	Seats []int32
	// Minimum, by opportunity, is how many there must be; nil stands for none.
	Minimum []int32
	// Partner, by opportunity, is its partner or -1; nil stands for none.
	Partner []int32
	// Cap, by partner, is how many students its opportunities may have at most
	// together.
	Cap []int32
	// Above, by partner, is one of a higher number in which its students count
	// too, or -1; nil stands for none.
	Above []int32
	// Least, by partner, is how many they must have together; nil stands for
	// none.
	Least []int32
	// Must, by student, says who must be placed; nil stands for nobody.
	Must []bool
	// Uncounted, by student, says who only takes a seat: of those who must be
	// placed, whose arcs are worth nothing in any stage. nil stands for nobody.
	Uncounted []bool
}

// Students returns how many students there are.
func (n *Network) Students() int { return len(n.First) - 1 }

// Opportunities returns how many opportunities there are.
func (n *Network) Opportunities() int { return len(n.Seats) }

// ErrNetwork is what malformed networks and objectives are errors of.
var ErrNetwork = errors.New("malformed network")

// InfeasibleError says why no placement meets all minimums: by these
// opportunities, whose minimums (and those of partners) need more students than
// there are with an arc to one of them that has a seat, or more than their
// partner's cap or its seats allow. It names none where the students who must be placed can't be.
type InfeasibleError struct {
	Opportunities []int32 // ascending
	Partner       int32   // the partner whose cap is the reason, or -1
	Need          int64   // the sum of their minimums
	Eligible      int64   // students who could be placed there, or the cap
}

func (e *InfeasibleError) Error() string {
	if e.Partner >= 0 {
		return fmt.Sprintf("%d opportunities of one partner need %d students, its cap is %d",
			len(e.Opportunities), e.Need, e.Eligible)
	}
	return fmt.Sprintf("%d opportunities need %d students, %d are eligible", len(e.Opportunities), e.Need, e.Eligible)
}

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrNetwork, fmt.Sprintf(format, args...))
}

// check tells whether the arrays fit together.
func (n *Network) check() error {
	m := len(n.Seats)
	switch {
	case len(n.First) == 0 || n.First[0] != 0 || int(n.First[len(n.First)-1]) != len(n.Target):
		return malformed("First doesn't span the arcs")
	case len(n.Target) > math.MaxInt32 || len(n.First) > math.MaxInt32:
		return malformed("more than %d arcs or students", math.MaxInt32)
	case n.Minimum != nil && len(n.Minimum) != m:
		return malformed("%d minimums for %d opportunities", len(n.Minimum), m)
	case n.Partner != nil && len(n.Partner) != m:
		return malformed("%d partners for %d opportunities", len(n.Partner), m)
	case n.Least != nil && len(n.Least) != len(n.Cap):
		return malformed("%d minimums for %d partners", len(n.Least), len(n.Cap))
	case n.Above != nil && len(n.Above) != len(n.Cap):
		return malformed("what is above is of %d partners, there are %d", len(n.Above), len(n.Cap))
	case n.Must != nil && len(n.Must) != n.Students():
		return malformed("Must is of %d students, there are %d", len(n.Must), n.Students())
	case n.Uncounted != nil && len(n.Uncounted) != len(n.Must):
		return malformed("Uncounted is of %d students, Must of %d", len(n.Uncounted), len(n.Must))
	}
	for s, uncounted := range n.Uncounted {
		if uncounted && !n.Must[s] {
			return malformed("student %d isn't counted and need not be placed", s)
		}
	}
	for o := range m {
		if n.Seats[o] < 0 || n.minimum(o) < 0 {
			return malformed("opportunity %d has negative seats or a negative minimum", o)
		}
		if k := n.partner(o); k < -1 || int(k) >= len(n.Cap) {
			return malformed("opportunity %d has a partner out of range", o)
		}
	}
	for k, c := range n.Cap {
		if c < 0 || n.least(k) < 0 {
			return malformed("partner %d has a negative cap or minimum", k)
		}
		if up := n.above(k); up < -1 || up >= 0 && (int(up) <= k || int(up) >= len(n.Cap)) {
			return malformed("what is above partner %d is out of range", k)
		}
	}
	return n.checkArcs()
}

func (n *Network) checkArcs() error {
	seen := make([]int32, len(n.Seats)) // the student, plus 1, whose arc was last seen
	for s := range n.Students() {
		if n.First[s] > n.First[s+1] {
			return malformed("First descends")
		}
		for _, o := range n.Target[n.First[s]:n.First[s+1]] {
			if o < 0 || int(o) >= len(n.Seats) {
				return malformed("an arc has a target out of range")
			}
			if seen[o] == int32(s)+1 {
				return malformed("two arcs of one student have the same target")
			}
			seen[o] = int32(s) + 1
		}
	}
	return nil
}

// checkMinimums finds minimums that seats or caps alone make impossible, and
// students who must be placed and can't be anywhere.
func (n *Network) checkMinimums() error {
	shut := n.shut()
	for s, must := range n.Must {
		row := n.Target[n.First[s]:n.First[s+1]]
		if must && !slices.ContainsFunc(row, func(o int32) bool { return !shut[o] }) {
			return &InfeasibleError{Partner: -1}
		}
	}
	need, seats := make([]int64, len(n.Cap)), make([]int64, len(n.Cap))
	for o := range n.Seats {
		least := n.minimum(o)
		if least > n.Seats[o] {
			return &InfeasibleError{
				Opportunities: []int32{int32(o)}, Partner: -1,
				Need: int64(least), Eligible: int64(n.Seats[o]),
			}
		}
		if k := n.partner(o); k >= 0 {
			need[k] += int64(least)
			seats[k] += int64(n.Seats[o])
		}
	}
	for k := range need {
		sum, most := max(need[k], int64(n.least(k))), min(seats[k], int64(n.Cap[k]))
		if sum > most {
			return &InfeasibleError{Opportunities: n.demanding(int32(k)), Partner: int32(k), Need: sum, Eligible: most}
		}
		if up := n.above(k); up >= 0 {
			need[up] += sum
			seats[up] += most
		}
	}
	return nil
}

// demanding lists the opportunities of a partner that have a minimum or are of
// something that has one.
func (n *Network) demanding(partner int32) []int32 {
	var list []int32
	for o := range n.Seats {
		has := n.minimum(o) > 0
		for k := n.partner(o); k >= 0; k = n.above(int(k)) {
			has = has || n.least(int(k)) > 0
			if k == partner && has {
				list = append(list, int32(o))
			}
		}
	}
	return list
}

// shut says of the opportunities where nobody may be: they, or a partner of
// theirs, have no seats.
func (n *Network) shut() []bool {
	full := make([]bool, len(n.Cap))
	for k := range slices.Backward(n.Cap) {
		up := n.above(k)
		full[k] = n.Cap[k] == 0 || up >= 0 && full[up]
	}
	shut := make([]bool, len(n.Seats))
	for o, seats := range n.Seats {
		k := n.partner(o)
		shut[o] = seats == 0 || k >= 0 && full[k]
	}
	return shut
}

func (n *Network) minimum(o int) int32 {
	if n.Minimum == nil {
		return 0
	}
	return n.Minimum[o]
}

func (n *Network) least(k int) int32 {
	if n.Least == nil {
		return 0
	}
	return n.Least[k]
}

func (n *Network) partner(o int) int32 {
	if n.Partner == nil {
		return -1
	}
	return n.Partner[o]
}

func (n *Network) above(k int) int32 {
	if n.Above == nil {
		return -1
	}
	return n.Above[k]
}

func (n *Network) counts(s int) bool { return n.Uncounted == nil || !n.Uncounted[s] }

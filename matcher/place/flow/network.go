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
	// Least, by partner, is how many they must have together; nil stands for
	// none.
	Least []int32
	// Must, by student, says who must be placed; nil stands for nobody.
	Must []bool
}

// Students returns how many students there are.
func (n *Network) Students() int { return len(n.First) - 1 }

// Opportunities returns how many opportunities there are.
func (n *Network) Opportunities() int { return len(n.Seats) }

// ErrNetwork is what malformed networks and objectives are errors of.
var ErrNetwork = errors.New("malformed network")

// InfeasibleError says why no placement meets all minimums: by these
// opportunities, whose minimums (and those of partners) need more students than
// there are with an arc to one of them, or more than their partner's cap or its
// seats allow. It names none where the students who must be placed can't be.
type InfeasibleError struct {
	Opportunities []int32 // ascending
	Partner       int32   // the partner whose cap is the reason, or -1
	Need          int64   // the sum of their minimums
	Eligible      int64   // students with an arc to one of them, or the cap
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
	case n.Must != nil && len(n.Must) != n.Students():
		return malformed("Must is of %d students, there are %d", len(n.Must), n.Students())
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
// students without arcs who must be placed.
func (n *Network) checkMinimums() error {
	for s, must := range n.Must {
		if must && n.First[s] == n.First[s+1] {
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
		if sum <= most {
			continue
		}
		e := &InfeasibleError{Partner: int32(k), Need: sum, Eligible: most}
		for o := range n.Seats {
			if n.partner(o) == int32(k) && (n.minimum(o) > 0 || n.least(k) > 0) {
				e.Opportunities = append(e.Opportunities, int32(o))
			}
		}
		return e
	}
	return nil
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

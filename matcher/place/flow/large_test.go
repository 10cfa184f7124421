package flow_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/kindred-match/kindred/matcher/place/flow"
)

// shape says what an invented district is like.
type shape struct {
	name                    string
	students, opportunities int
	seats                   float64 // per student
	weights                 int32   // distinct ones
	popularity              float64 // share of a weight that all students agree on
	caps, minimums          bool
}

func invent(z shape) instance {
	const arcs = 8
	g := rand.New(rand.NewPCG(7, 7))
	var in instance
	popular := make([]float64, z.opportunities)
	total := int(z.seats * float64(z.students))
	for o := range z.opportunities {
		popular[o] = g.Float64()
		seats := int32((o+1)*total/z.opportunities - o*total/z.opportunities)
		in.net.Seats = append(in.net.Seats, seats)
		if z.minimums {
			in.net.Minimum = append(in.net.Minimum, seats/3)
		}
		if z.caps {
			in.net.Partner = append(in.net.Partner, int32(o%12-1))
		}
	}
	if z.caps {
		for range 11 {
			in.net.Cap = append(in.net.Cap, int32(total/16))
		}
	}
	in.net.First = []int32{0}
	for range z.students {
		for i, o := range g.Perm(z.opportunities)[:arcs] {
			weight := z.popularity*popular[o] + (1-z.popularity)*g.Float64()
			in.net.Target = append(in.net.Target, int32(o))
			in.obj.Weights = append(in.obj.Weights, 1+int32(weight*float64(z.weights)))
			in.obj.Ranks = append(in.obj.Ranks, int32(i+1))
			in.obj.Standing = append(in.obj.Standing, g.IntN(arcs) == 0)
		}
		in.net.First = append(in.net.First, int32(len(in.net.Target)))
	}
	return in
}

// TestSolveLarger proves larger placements by their duals, and that solving
// again gives the same.
func TestSolveLarger(t *testing.T) {
	shapes := []shape{
		{"random", 1500, 75, 1, 1e6, 0, false, false},
		{"scarce", 1500, 75, 0.6, 1e6, 0, false, false},
		{"surplus", 1500, 75, 1.5, 1e6, 0.5, false, false},
		{"tied", 1500, 75, 1, 10, 0.5, false, false},
		{"identical", 1500, 75, 1, 1e6, 1, false, false},
		{"near-identical", 1500, 75, 1, 1e6, 0.994, false, false},
		{"unit", 600, 600, 1, 1e6, 0, false, false},
		{"heavy", 600, 40, 1, flow.MaxWeight - 1, 0.5, false, false},
		{"caps", 1500, 75, 1.3, 1e6, 0.5, true, false},
		{"minimums", 1500, 75, 1.5, 1e6, 0.8, false, true},
		{"all", 1500, 75, 1.2, 1000, 0.8, true, true},
	}
	for _, z := range shapes {
		in := invent(z)
		for goal := flow.Welfare; goal <= flow.Maximin; goal++ {
			t.Run(fmt.Sprint(z.name, "/", goal), func(t *testing.T) {
				obj := in.obj
				obj.Goal = goal
				sol, err := flow.Solve(t.Context(), &in.net, obj, flow.Options{Workers: 1})
				if err != nil {
					t.Fatal(err)
				}
				if err := checkSolution(&in.net, obj, sol); err != nil {
					t.Fatal(err)
				}
				again, err := flow.Solve(t.Context(), &in.net, obj, flow.Options{Workers: 4})
				if err != nil {
					t.Fatal(err)
				}
				if !reflect.DeepEqual(sol, again) {
					t.Error("another number of workers gives another solution")
				}
			})
		}
	}
}

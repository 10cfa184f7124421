package flow_test

import (
	"errors"
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

// beside puts instances together that have nothing to do with each other.
func beside(parts ...instance) instance {
	whole := instance{net: flow.Network{First: []int32{0}}}
	for _, in := range parts {
		m, k, arcs := int32(len(whole.net.Seats)), int32(len(whole.net.Cap)), int32(len(whole.net.Target))
		whole.net.Seats = append(whole.net.Seats, in.net.Seats...)
		whole.net.Minimum = append(whole.net.Minimum, in.net.Minimum...)
		whole.net.Cap = append(whole.net.Cap, in.net.Cap...)
		for _, p := range in.net.Partner {
			if p >= 0 {
				p += k
			}
			whole.net.Partner = append(whole.net.Partner, p)
		}
		for _, o := range in.net.Target {
			whole.net.Target = append(whole.net.Target, m+o)
		}
		for _, f := range in.net.First[1:] {
			whole.net.First = append(whole.net.First, arcs+f)
		}
		whole.obj.Weights = append(whole.obj.Weights, in.obj.Weights...)
		whole.obj.Ranks = append(whole.obj.Ranks, in.obj.Ranks...)
		whole.obj.Standing = append(whole.obj.Standing, in.obj.Standing...)
	}
	return whole
}

// TestSolvePieces solves components apart, by several goroutines.
func TestSolvePieces(t *testing.T) {
	a := invent(shape{"a", 4500, 150, 1.2, 1000, 0.5, true, true})
	b := invent(shape{"b", 5000, 200, 1.1, 1e6, 0, true, true})
	c := invent(shape{"c", 200, 20, 1, 50, 0.5, true, false})
	c.net.Minimum = make([]int32, len(c.net.Seats))
	in := beside(c, a, b, c)
	for goal := flow.Welfare; goal <= flow.Maximin; goal++ {
		if testing.Short() && goal > flow.MaxPlaced && goal < flow.Maximin {
			continue
		}
		obj := in.obj
		obj.Goal = goal
		sol, err := flow.Solve(t.Context(), &in.net, obj, flow.Options{Workers: 3})
		if err != nil {
			t.Fatal(err)
		}
		if err := checkSolution(&in.net, obj, sol); err != nil {
			t.Fatal(err)
		}
		again, err := flow.Solve(t.Context(), &in.net, obj, flow.Options{Workers: 1})
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(sol, again) {
			t.Errorf("goal %d: another number of workers gives another solution", goal)
		}
	}
	starved := in.net.Minimum[40]
	in.net.Minimum[40] = in.net.Seats[40]
	in.net.First = in.net.First[:1]
	in.net.Target, in.obj.Weights, in.obj.Ranks, in.obj.Standing = nil, nil, nil, nil
	_, err := flow.Solve(t.Context(), &in.net, in.obj, flow.Options{})
	var e *flow.InfeasibleError
	if !errors.As(err, &e) || e.Eligible != 0 {
		t.Errorf("nobody for a minimum of %d: %v", starved, err)
	}
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

package flow_test

import (
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/kindred-match/kindred/matcher/place/flow"
)

// without is an instance in which some opportunities have no seats and no minimum.
func (in instance) without(closed []int32) instance {
	in.net.Seats, in.net.Minimum = slices.Clone(in.net.Seats), slices.Clone(in.net.Minimum)
	for _, o := range closed {
		in.net.Seats[o] = 0
		if in.net.Minimum != nil {
			in.net.Minimum[o] = 0
		}
	}
	return in
}

// Whatever is closed, in whatever order, what is left is placed as well as can be,
// and that is proved.
func TestCloseAgainstSearch(t *testing.T) { rapid.Check(t, checkClosing) }

func FuzzClose(f *testing.F) { f.Fuzz(rapid.MakeFuzz(checkClosing)) }

func checkClosing(t *rapid.T) {
	in := drawInstance(t)
	sol, err := flow.Solve(t.Context(), &in.net, in.obj, flow.Options{Workers: 1})
	if err != nil {
		t.Skip(err)
	}
	closing := flow.NewClosing(&in.net, in.obj, sol, flow.Options{Workers: 1})
	order := make([]int32, len(in.net.Seats))
	for o := range order {
		order[o] = int32(o)
	}
	order = rapid.Permutation(order).Draw(t, "order")
	for n := 0; n < len(order); {
		from := n
		n = rapid.IntRange(from+1, len(order)).Draw(t, "closed")
		if !closed(t, in.without(order[:n]), closing, order[from:n]) {
			return
		}
	}
}

// closed closes some and compares with what is left; it reports whether that can be.
func closed(t *rapid.T, left instance, closing *flow.Closing, opportunities []int32) bool {
	err := closing.Close(t.Context(), opportunities...)
	want := left.search()
	if want == nil {
		if _, infeasible := errors.AsType[*flow.InfeasibleError](err); !infeasible {
			t.Fatalf("no placement is left, but: %v", err)
		}
		return false
	}
	if err != nil {
		t.Fatal(err)
	}
	if got := left.merit(closing.Arcs()); !slices.Equal(got, want) {
		t.Fatalf("merit %v, the best is %v", got, want)
	}
	sol, err := closing.Solution(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := checkSolution(&left.net, left.obj, sol); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(sol.Arc, closing.Arcs()) {
		t.Fatalf("the solution has %v, the placement is %v", sol.Arc, closing.Arcs())
	}
	return true
}

// Larger placements, closed one by one, are worth what solving what is left from
// the start gives, stage by stage, and that is proved.
func TestCloseLarger(t *testing.T) {
	for _, z := range []shape{
		{"scarce", 600, 60, 0.6, 1e6, 0.5, false, false},
		{"tied", 600, 60, 1, 10, 0.5, false, false},
		{"all", 600, 60, 1.4, 1000, 0.8, true, true},
	} {
		in := invent(z)
		order := []int32{7, 3, 50, 22, 23, 24, 41, 0, 59, 12, 33, 18}
		for goal := flow.Welfare; goal <= flow.Maximin; goal++ {
			in.obj.Goal = goal
			sol, err := flow.Solve(t.Context(), &in.net, in.obj, flow.Options{})
			if err != nil {
				t.Fatal(err)
			}
			closing := flow.NewClosing(&in.net, in.obj, sol, flow.Options{})
			for _, o := range order {
				if err := closing.Close(t.Context(), o); err != nil {
					t.Fatal(err)
				}
			}
			left := in.without(order)
			got, err := closing.Solution(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if err := checkSolution(&left.net, in.obj, got); err != nil {
				t.Fatalf("%s, goal %d: %v", z.name, goal, err)
			}
			want, err := flow.Solve(t.Context(), &left.net, in.obj, flow.Options{})
			if err != nil {
				t.Fatal(err)
			}
			for i := range want.Stages {
				if got.Stages[i].Value != want.Stages[i].Value {
					t.Fatalf("%s, goal %d, stage %d: %d, from the start %d", z.name, goal, i, got.Stages[i].Value, want.Stages[i].Value)
				}
			}
		}
	}
}

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

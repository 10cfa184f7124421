package flow_test

import (
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/kindred-match/kindred/matcher/place/flow"
)

// instance is a small network with an objective.
type instance struct {
	net flow.Network
	obj flow.Objective
}

func drawInstance(t *rapid.T) instance {
	var in instance
	m := rapid.IntRange(1, 5).Draw(t, "opportunities")
	n := rapid.IntRange(0, 6).Draw(t, "students")
	for range m {
		in.net.Seats = append(in.net.Seats, rapid.Int32Range(0, 3).Draw(t, "seats"))
	}
	bound := rapid.IntRange(0, 3).Draw(t, "bound") == 0
	if rapid.Bool().Draw(t, "minimums") {
		for range m {
			in.net.Minimum = append(in.net.Minimum, max(0, rapid.Int32Range(-3, 2).Draw(t, "minimum")))
		}
	}
	if partners := rapid.Int32Range(0, 3).Draw(t, "partners"); partners > 0 {
		for range m {
			in.net.Partner = append(in.net.Partner, rapid.Int32Range(-1, partners-1).Draw(t, "partner"))
		}
		for k := range partners {
			if in.net.Above = append(in.net.Above, -1); k+1 < partners {
				in.net.Above[k] = max(-1, rapid.Int32Range(-partners, partners-1).Draw(t, "above"))
				if in.net.Above[k] <= k {
					in.net.Above[k] = -1
				}
			}
			in.net.Cap = append(in.net.Cap, rapid.Int32Range(0, 5).Draw(t, "cap"))
			if bound {
				in.net.Least = append(in.net.Least, rapid.Int32Range(0, 2).Draw(t, "least"))
			}
		}
	}
	in.obj.Goal = flow.Goal(rapid.IntRange(0, int(flow.Maximin)).Draw(t, "goal"))
	heaviest := rapid.SampledFrom([]int32{1, 3, 20, flow.MaxWeight}).Draw(t, "heaviest")
	standing := rapid.Bool().Draw(t, "standing")
	in.net.First = []int32{0}
	for range n {
		for o := range int32(m) {
			if rapid.IntRange(0, 2).Draw(t, "arc") > 0 {
				in.net.Target = append(in.net.Target, o)
				in.obj.Weights = append(in.obj.Weights, rapid.Int32Range(0, heaviest).Draw(t, "weight"))
			}
		}
		from, to := in.net.First[len(in.net.First)-1], int32(len(in.net.Target))
		ranks := rapid.Permutation([]int32{1, 2, 3, 4, 5}).Draw(t, "ranks")
		in.obj.Ranks = append(in.obj.Ranks, ranks[:to-from]...)
		for range to - from {
			in.obj.Standing = append(in.obj.Standing, rapid.IntRange(0, 2).Draw(t, "stands") == 0)
		}
		if bound {
			must := rapid.IntRange(0, 3).Draw(t, "must") == 0
			in.net.Must = append(in.net.Must, must)
			in.net.Uncounted = append(in.net.Uncounted, must && rapid.Bool().Draw(t, "uncounted"))
		}
		in.net.First = append(in.net.First, to)
	}
	if !standing {
		in.obj.Standing = nil
	}
	return in
}

// merit is what an objective compares, the first difference decides.
func (in instance) merit(arcs []int32) []int64 {
	var placed, sum, rankSum, kept int64
	lowest := int64(flow.MaxWeight + 1)
	profile := make([]int64, 6)
	for s, a := range arcs {
		if a < 0 || in.net.Uncounted != nil && in.net.Uncounted[s] {
			continue
		}
		placed++
		sum += int64(in.obj.Weights[a])
		lowest = min(lowest, int64(in.obj.Weights[a]))
		rankSum += int64(in.obj.Ranks[a])
		profile[in.obj.Ranks[a]]++
		if in.obj.Standing != nil && in.obj.Standing[a] {
			kept++
		}
	}
	m := []int64{placed}
	switch in.obj.Goal {
	case flow.Welfare:
		m = []int64{sum}
	case flow.MaxPlaced:
		m = append(m, sum)
	case flow.MinRank:
		m = append(m, -rankSum)
	case flow.Greedy:
		m = append(m, profile[1:]...)
	case flow.Generous:
		for r := 5; r > 0; r-- {
			m = append(m, -profile[r])
		}
	case flow.Maximin:
		m = append(m, lowest, sum)
	}
	return append(m, kept)
}

// search tries every placement and returns the best merit, nil if none is allowed.
func (in instance) search() []int64 {
	count := make([]int32, len(in.net.Seats))
	of := make([]int32, len(in.net.Cap))
	arcs := make([]int32, in.net.Students())
	var best []int64
	var try func(s int)
	try = func(s int) {
		if s == len(arcs) {
			for o := range in.net.Minimum {
				if count[o] < in.net.Minimum[o] {
					return
				}
			}
			for k := range in.net.Least {
				if of[k] < in.net.Least[k] {
					return
				}
			}
			if m := in.merit(arcs); best == nil || slices.Compare(m, best) > 0 {
				best = m
			}
			return
		}
		arcs[s] = -1
		if in.net.Must == nil || !in.net.Must[s] {
			try(s + 1)
		}
		for a := in.net.First[s]; a < in.net.First[s+1]; a++ {
			o := in.net.Target[a]
			partners := partnersOf(&in.net, o)
			if count[o] == in.net.Seats[o] || slices.ContainsFunc(partners, func(k int32) bool { return of[k] == in.net.Cap[k] }) {
				continue
			}
			count[o]++
			for _, k := range partners {
				of[k]++
			}
			arcs[s] = a
			try(s + 1)
			count[o]--
			for _, k := range partners {
				of[k]--
			}
		}
		arcs[s] = -1
	}
	try(0)
	return best
}

// checkInfeasible proves that minimums can't be met, where they are those of
// opportunities alone.
func (in instance) checkInfeasible(t *rapid.T, e *flow.InfeasibleError) {
	if in.net.Must != nil || in.net.Least != nil {
		return
	}
	need, eligible := int64(0), int64(0)
	for _, o := range e.Opportunities {
		need += int64(in.net.Minimum[o])
		if e.Partner >= 0 && !slices.Contains(partnersOf(&in.net, o), e.Partner) {
			t.Fatalf("%+v: opportunity %d is of another partner", e, o)
		}
	}
	for s := range in.net.Students() {
		for _, o := range in.net.Target[in.net.First[s]:in.net.First[s+1]] {
			if slices.Contains(e.Opportunities, o) {
				eligible++
				break
			}
		}
	}
	switch {
	case e.Partner >= 0:
		eligible = in.seatsOf(e.Partner)
	case len(e.Opportunities) == 1 && in.net.Minimum[e.Opportunities[0]] > in.net.Seats[e.Opportunities[0]]:
		eligible = int64(in.net.Seats[e.Opportunities[0]])
	}
	if need != e.Need || eligible != e.Eligible || need <= eligible {
		t.Fatalf("%+v: they need %d, %d are eligible", e, need, eligible)
	}
}

// seatsOf is how many students a partner can have.
func (in instance) seatsOf(partner int32) int64 {
	seats := int64(0)
	for o, n := range in.net.Seats {
		if in.net.Partner[o] == partner {
			seats += int64(n)
		}
	}
	for k, up := range in.net.Above {
		if up == partner {
			seats += in.seatsOf(int32(k))
		}
	}
	return min(seats, int64(in.net.Cap[partner]))
}

func TestSolveAgainstSearch(t *testing.T) { rapid.Check(t, checkSolving) }

func FuzzSolve(f *testing.F) { f.Fuzz(rapid.MakeFuzz(checkSolving)) }

func checkSolving(t *rapid.T) {
	in := drawInstance(t)
	want := in.search()
	sol, err := flow.Solve(t.Context(), &in.net, in.obj, flow.Options{Workers: 1})
	if want == nil {
		var e *flow.InfeasibleError
		if !errors.As(err, &e) {
			t.Fatalf("no placement meets the minimums, but: %v", err)
		}
		in.checkInfeasible(t, e)
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := checkSolution(&in.net, in.obj, sol); err != nil {
		t.Fatal(err)
	}
	if got := in.merit(sol.Arc); !slices.Equal(got, want) {
		t.Fatalf("merit %v, the best is %v", got, want)
	}
}

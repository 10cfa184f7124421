package flow_test

import (
	"fmt"

	"github.com/kindred-match/kindred/matcher/place/flow"
)

// checkSolution proves a solution by its duals, following the doc comment of
// flow.Stage to the letter and sharing nothing with the solver, in O(E) per stage.
func checkSolution(n *flow.Network, obj flow.Objective, sol *flow.Solution) error {
	f := newFace(n)
	if len(sol.Arc) != n.Students() || len(sol.Stages) == 0 {
		return fmt.Errorf("%d arcs, %d stages", len(sol.Arc), len(sol.Stages))
	}
	for s, a := range sol.Arc {
		if a < -1 || a >= 0 && (a < n.First[s] || a >= n.First[s+1]) {
			return fmt.Errorf("student %d has arc %d", s, a)
		}
	}
	for i, st := range sol.Stages {
		if err := f.bounds(sol); err != nil {
			return fmt.Errorf("before stage %d: %w", i, err)
		}
		if err := f.stage(obj, sol, st); err != nil {
			return fmt.Errorf("stage %d (measure %d, rank %d): %w", i, st.Measure, st.Rank, err)
		}
	}
	return f.bounds(sol)
}

// face is what the stages so far leave.
type face struct {
	n                *flow.Network
	in               []bool // by arc
	must             []bool
	least, most      []int64 // by opportunity
	capLeast, capMax []int64
}

func newFace(n *flow.Network) *face {
	f := &face{n: n, in: make([]bool, len(n.Target)), must: make([]bool, n.Students())}
	for a := range f.in {
		f.in[a] = true
	}
	for o, c := range n.Seats {
		f.most = append(f.most, int64(c))
		f.least = append(f.least, 0)
		if n.Minimum != nil {
			f.least[o] = int64(n.Minimum[o])
		}
	}
	copy(f.must, n.Must)
	for k, c := range n.Cap {
		f.capLeast, f.capMax = append(f.capLeast, 0), append(f.capMax, int64(c))
		if n.Least != nil {
			f.capLeast[k] = int64(n.Least[k])
		}
	}
	return f
}

func (f *face) bounds(sol *flow.Solution) error {
	count := make([]int64, len(f.most))
	of := make([]int64, len(f.capMax))
	for s, a := range sol.Arc {
		if a < 0 {
			if f.must[s] {
				return fmt.Errorf("student %d must be placed", s)
			}
			continue
		}
		if !f.in[a] {
			return fmt.Errorf("arc %d of student %d isn't in the face", a, s)
		}
		o := f.n.Target[a]
		count[o]++
		for _, k := range partnersOf(f.n, o) {
			of[k]++
		}
	}
	for o, c := range count {
		if c < f.least[o] || c > f.most[o] {
			return fmt.Errorf("opportunity %d has %d of %d to %d", o, c, f.least[o], f.most[o])
		}
	}
	for k, c := range of {
		if c < f.capLeast[k] || c > f.capMax[k] {
			return fmt.Errorf("partner %d has %d of %d to %d", k, c, f.capLeast[k], f.capMax[k])
		}
	}
	return nil
}

func (f *face) value(obj flow.Objective, st flow.Stage, s int, a int32) int64 {
	yes := false
	if f.n.Uncounted != nil && f.n.Uncounted[s] {
		return 0
	}
	switch st.Measure {
	case flow.Placed:
		yes = true
	case flow.Sum:
		return int64(obj.Weights[a])
	case flow.RankSum:
		return -int64(obj.Ranks[a])
	case flow.AtRank:
		yes = obj.Ranks[a] == st.Rank
	case flow.NotRank:
		if obj.Ranks[a] == st.Rank {
			return -1
		}
	case flow.Lowest:
		yes = int64(obj.Weights[a]) > st.Value
	case flow.Kept:
		yes = obj.Standing[a]
	}
	if yes {
		return 1
	}
	return 0
}

func (f *face) stage(obj flow.Objective, sol *flow.Solution, st flow.Stage) error {
	var primal, dual int64
	placed := int64(0)
	lowest := int64(-1)
	for s, u := range st.Students {
		if u < 0 && !f.must[s] {
			return fmt.Errorf("u = %d of student %d", u, s)
		}
		dual += u
		if a := sol.Arc[s]; a >= 0 && (f.n.Uncounted == nil || !f.n.Uncounted[s]) {
			placed++
			primal += f.value(obj, st, s, a)
			if w := obj.Weights; w != nil && (lowest < 0 || int64(w[a]) < lowest) {
				lowest = int64(w[a])
			}
		}
		for a := f.n.First[s]; a < f.n.First[s+1]; a++ {
			if f.in[a] && u+f.price(st, a) < f.value(obj, st, s, a) {
				return fmt.Errorf("arc %d of student %d has a reduced cost below 0", a, s)
			}
		}
	}
	dual += bound(st.Opportunities, f.least, f.most) + bound(st.Partners, f.capLeast, f.capMax)
	if st.Measure == flow.Lowest {
		return f.dropBelow(obj, st, dual, placed, lowest)
	}
	if primal != st.Value || dual != st.Value {
		return fmt.Errorf("value %d, but the placement has %d and the duals %d", st.Value, primal, dual)
	}
	for s, u := range st.Students {
		for a := f.n.First[s]; a < f.n.First[s+1]; a++ {
			f.in[a] = f.in[a] && u+f.price(st, a) == f.value(obj, st, s, a)
		}
		f.must[s] = f.must[s] || u > 0
	}
	tighten(st.Opportunities, f.least, f.most)
	tighten(st.Partners, f.capLeast, f.capMax)
	return nil
}

func (f *face) dropBelow(obj flow.Objective, st flow.Stage, dual, placed, lowest int64) error {
	if dual != st.Above || placed > 0 && (dual >= placed || lowest != st.Value) {
		return fmt.Errorf("lowest weight %d, in fact %d; above it %d, the duals have %d, of %d placed",
			st.Value, lowest, st.Above, dual, placed)
	}
	for s := range f.must {
		for a := f.n.First[s]; a < f.n.First[s+1]; a++ {
			counts := f.n.Uncounted == nil || !f.n.Uncounted[s]
			f.in[a] = f.in[a] && (int64(obj.Weights[a]) >= st.Value || !counts)
		}
	}
	return nil
}

// partnersOf lists the partners that an opportunity's students count in.
func partnersOf(n *flow.Network, o int32) []int32 {
	var list []int32
	if n.Partner == nil {
		return nil
	}
	for k := n.Partner[o]; k >= 0; {
		list = append(list, k)
		if n.Above == nil {
			break
		}
		k = n.Above[k]
	}
	return list
}

func (f *face) price(st flow.Stage, a int32) int64 {
	o := f.n.Target[a]
	p := st.Opportunities[o]
	for _, k := range partnersOf(f.n, o) {
		p += st.Partners[k]
	}
	return p
}

func bound(price, least, most []int64) int64 {
	var sum int64
	for i, p := range price {
		if p > 0 {
			sum += p * most[i]
		} else {
			sum += p * least[i]
		}
	}
	return sum
}

func tighten(price, least, most []int64) {
	for i, p := range price {
		if p > 0 {
			least[i] = most[i]
		} else if p < 0 {
			most[i] = least[i]
		}
	}
}

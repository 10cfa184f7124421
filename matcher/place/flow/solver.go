package flow

import (
	"context"
	"slices"
)

// step is a stage to come.
type step struct {
	measure Measure
	rank    int32
}

// steps lists the stages of an objective; highest is the last rank of any arc.
func steps(obj Objective, highest int32) []step {
	var list []step
	switch obj.Goal {
	case Welfare:
		list = []step{{measure: Sum}}
	case MaxPlaced:
		list = []step{{measure: Placed}, {measure: Sum}}
	case MinRank:
		list = []step{{measure: Placed}, {measure: RankSum}}
	case Greedy:
		list = []step{{measure: Placed}}
		for r := int32(1); r <= highest; r++ {
			list = append(list, step{AtRank, r})
		}
	case Generous:
		list = []step{{measure: Placed}}
		for r := highest; r > 1; r-- {
			list = append(list, step{NotRank, r})
		}
	case Maximin:
		list = []step{{measure: Placed}, {measure: Lowest}, {measure: Sum}}
	}
	if obj.Standing != nil {
		list = append(list, step{measure: Kept})
	}
	return list
}

// solver takes a network from stage to stage.
type solver struct {
	net *Network
	obj Objective
	// The face that the stages so far leave: the bounds of nodes, who must be
	// placed, and the arcs, which for student s are arcs[first[s]:first[s+1]].
	tree   *program
	first  []int32
	arcs   []int32
	used   []int32 // by student, the arc in use or -1; nil before the first stage
	placed *Stage  // the stage Placed, once it is done
}

func newSolver(n *Network, obj Objective) *solver {
	v := &solver{net: n, obj: obj, tree: newTree(n), first: slices.Clone(n.First)}
	v.arcs = make([]int32, len(n.Target))
	for a := range v.arcs {
		v.arcs[a] = int32(a)
	}
	if shut := n.shut(); slices.Contains(shut, true) {
		v.filter(func(_ int, a int32) bool { return !shut[n.Target[a]] })
	}
	return v
}

// valuing returns what an arc of a student counts in a step; threshold is that
// of Lowest.
func (n *Network) valuing(obj *Objective, st step, threshold int32) func(s int, a int32) int32 {
	value := obj.valuing(st, threshold)
	if n.Uncounted == nil {
		return func(_ int, a int32) int32 { return value(a) }
	}
	return func(s int, a int32) int32 {
		if n.Uncounted[s] {
			return 0
		}
		return value(a)
	}
}

func (o *Objective) valuing(st step, threshold int32) func(a int32) int32 {
	count := func(yes bool) int32 {
		if yes {
			return 1
		}
		return 0
	}
	switch st.measure {
	case Sum:
		return func(a int32) int32 { return o.Weights[a] }
	case RankSum:
		return func(a int32) int32 { return -o.Ranks[a] }
	case AtRank:
		return func(a int32) int32 { return count(o.Ranks[a] == st.rank) }
	case NotRank:
		return func(a int32) int32 { return -count(o.Ranks[a] == st.rank) }
	case Lowest: // less 1 than in Stage: nobody without a placement is drawn into the search
		return func(a int32) int32 { return -count(o.Weights[a] < threshold) }
	case Kept:
		return func(a int32) int32 { return count(o.Standing[a]) }
	default:
		return func(int32) int32 { return 1 }
	}
}

// run takes a step other than Lowest and narrows the face.
func (v *solver) run(ctx context.Context, st step) (*Stage, error) {
	if st.measure == Sum || st.measure == RankSum {
		return v.runWeighted(ctx, st)
	}
	value := v.net.valuing(&v.obj, st, 0)
	s := v.state(value)
	if err := newPhases(s).balanceAll(ctx); err != nil {
		return nil, err
	}
	v.take(s)
	stage := v.stage(s)
	stage.Measure, stage.Rank = st.measure, st.rank
	if st.measure == Placed {
		v.placed = stage
	}
	v.narrow(stage, value)
	return stage, nil
}

// state is where a stage starts: prices of 0, everybody at an arc of the
// highest value, at the one in use if that is as good.
func (v *solver) state(value func(int, int32) int32) *state {
	p := *v.tree
	p.first = v.first
	p.arcs = make([]arc, len(v.arcs))
	at := make([]int32, p.students())
	taken := make([]int32, p.opportunities)
	for s := range at {
		row := p.arcs[v.first[s]:v.first[s+1]]
		for i, a := range v.arcs[v.first[s]:v.first[s+1]] {
			row[i] = arc{v.net.Target[a], value(s, a)}
		}
		sortRow(row)
		i := best(row, v.target(s), p.must[s], func(o int32) bool { return taken[o] < p.high[o] })
		at[s] = -1
		if i >= 0 {
			at[s] = v.first[s] + int32(i)
			taken[row[i].to]++
		}
	}
	return newState(&p, at, make([]int64, len(p.parent)+1))
}

// target returns where a student is, or -1.
func (v *solver) target(s int) int32 {
	if v.used == nil || v.used[s] < 0 {
		return -1
	}
	return v.net.Target[v.used[s]]
}

// best returns the index of an arc of the highest value in a sorted row: the
// one to current if it is among them, else the first that has room, else the
// first; -1 stands for none.
func best(row []arc, current int32, must bool, room func(int32) bool) int {
	if len(row) == 0 || !must && row[0].value < 0 || !must && row[0].value == 0 && current < 0 {
		return -1
	}
	choice := -1
	for i, a := range row {
		switch {
		case a.value < row[0].value:
			return max(choice, 0)
		case a.to == current:
			return i
		case choice < 0 && room(a.to):
			choice = i
		}
	}
	return max(choice, 0)
}

// take keeps the placement of a balanced state.
func (v *solver) take(s *state) {
	if v.used == nil {
		v.used = make([]int32, s.students())
	}
	for i, at := range s.at {
		v.used[i] = -1
		if at < 0 {
			continue
		}
		for _, a := range v.arcs[v.first[i]:v.first[i+1]] {
			if v.net.Target[a] == s.arcs[at].to {
				v.used[i] = a
				break
			}
		}
	}
}

// stage reads the duals of a balanced state, and its value by them.
func (v *solver) stage(s *state) *Stage {
	root := s.price[s.root()]
	st := &Stage{
		Students:      make([]int64, s.students()),
		Opportunities: make([]int64, s.opportunities),
		Partners:      make([]int64, len(s.parent)-s.opportunities),
	}
	for i := range st.Students {
		st.Students[i] = s.utility(int32(i)) + root
		st.Value += st.Students[i]
	}
	s.lift()
	for n, up := range s.parent {
		d := s.price[n] - s.price[up]
		if n < s.opportunities {
			st.Opportunities[n] = d
		} else {
			st.Partners[n-s.opportunities] = d
		}
		switch {
		case d > 0:
			st.Value += d * int64(s.high[n])
		case d < 0:
			st.Value += d * int64(s.low[n])
		}
	}
	return st
}

// lift makes what has no students, and is below its parent, as dear as that, which
// is as good a proof. It keeps arcs out of the face where nobody can be.
func (s *state) lift() {
	for n := len(s.parent) - 1; n >= 0; n-- {
		if s.low[n] == 0 {
			s.price[n] = max(s.price[n], s.price[s.parent[n]])
		}
	}
}

// narrow makes the face that of the optimal placements of a stage.
func (v *solver) narrow(st *Stage, value func(int, int32) int32) {
	t := v.tree
	price := t.prices(st)
	for n, up := range t.parent {
		switch d := price[n] - price[up]; {
		case d > 0:
			t.low[n] = t.high[n]
		case d < 0:
			t.high[n] = t.low[n]
		}
	}
	for s, u := range st.Students {
		t.must[s] = t.must[s] || u > 0
	}
	v.filter(func(s int, a int32) bool {
		return st.Students[s]+price[v.net.Target[a]] == int64(value(s, a))
	})
}

// prices adds up the duals of a stage from each node to the root.
func (p *program) prices(st *Stage) []int64 {
	price := make([]int64, len(p.parent)+1)
	copy(price, st.Opportunities)
	copy(price[p.opportunities:], st.Partners)
	for n := len(p.parent) - 1; n >= 0; n-- {
		price[n] += price[p.parent[n]]
	}
	return price
}

// filter keeps the arcs of the face that a rule allows.
func (v *solver) filter(keep func(s int, a int32) bool) {
	var n, from int32
	for s := range len(v.first) - 1 {
		to := v.first[s+1]
		for _, a := range v.arcs[from:to] {
			if keep(s, a) {
				v.arcs[n] = a
				n++
			}
		}
		from = to
		v.first[s+1] = n
	}
	v.arcs = v.arcs[:n]
}

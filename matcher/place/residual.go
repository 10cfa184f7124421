package place

import (
	"cmp"
	"context"
	"slices"

	"github.com/kindred-match/kindred/matcher/place/flow"
)

// residual is what can still be moved in an optimal flow without reserves: one
// student after the other from where it is to where there is an arc, and seats
// up and down the tree of opportunities and partners. A shortest path in it is
// the cheapest way to make room, and the prices of the stages, as potentials,
// let Dijkstra's search find it. Costs are rows of numbers, one per stage,
// compared from the first.
type residual struct {
	f      *flowing
	obj    flow.Objective
	stages []Stage
	prices []int64      // by node and stage: up to the root
	at     []int32      // by student its arc, or -1
	owner  []int32      // by arc its student
	arcs   spans[int32] // by opportunity
	// children are the nodes whose students count in a node, and flow how many
	// those of a node are.
	children spans[int32]
	flow     []int32
	// The search for one student: the distance of each node to where it is.
	student  int32
	distance []int64
	reached  []bool
	done     []bool
	queue    []int32 // a heap of nodes by distance
	place    []int32 // of a node in the queue, or -1
}

// newResidual takes a flow of which no opportunity is in parts.
func newResidual(f *flowing, placement *Placement) *residual {
	r := &residual{f: f, obj: f.objective(), stages: placement.Certificate.Stages, student: none}
	opportunities, nodes := len(f.net.Seats), len(f.net.Seats)+len(f.net.Cap)+1
	r.flow = make([]int32, nodes-1)
	r.at, r.owner = make([]int32, len(placement.At)), make([]int32, len(f.net.Target))
	rows := make([]owned[int32], 0, len(f.net.Target))
	for s, o := range placement.At {
		r.at[s] = none
		for a := f.net.First[s]; a < f.net.First[s+1]; a++ {
			r.owner[a] = int32(s)
			rows = append(rows, owned[int32]{f.net.Target[a], a})
			if f.net.Target[a] == o && placement.How[s] != Filled {
				r.at[s] = a
				r.flow[o]++
				if up := r.parent(o); int(up) < nodes-1 {
					r.flow[up]++
				}
			}
		}
	}
	r.arcs = spansOf(opportunities, rows, cmp.Compare[int32])
	var children []owned[int32]
	for v := range r.root() {
		children = append(children, owned[int32]{r.parent(v), v})
	}
	r.children = spansOf(nodes, children, cmp.Compare[int32])
	r.readPrices(nodes)
	r.distance = make([]int64, nodes*len(r.stages))
	r.reached, r.done, r.place = make([]bool, nodes), make([]bool, nodes), make([]int32, nodes)
	return r
}

func (r *residual) root() int32 { return int32(len(r.flow)) }

// parent is the node that a node's students count in: its partner or the root.
func (r *residual) parent(v int32) int32 {
	m := int32(len(r.f.net.Seats))
	if v < m && r.f.net.Partner != nil && r.f.net.Partner[v] >= 0 {
		return m + r.f.net.Partner[v]
	}
	return r.root()
}

// readPrices adds up the prices of the stages from each node to the root. How
// many are below the lowest weight has none: nobody is.
func (r *residual) readPrices(nodes int) {
	p, m := r.f.m.p, len(r.f.net.Seats)
	k := len(r.stages)
	r.prices = make([]int64, nodes*k)
	for i := range r.stages {
		if r.stages[i].Measure == LowestWeight {
			continue
		}
		for _, price := range r.stages[i].Partners {
			at, _ := slices.BinarySearch(p.Partners, price.ID)
			r.prices[(m+at)*k+i] = price.Price
		}
		for _, price := range r.stages[i].Opportunities {
			at, _ := slices.BinarySearch(p.Opportunities, price.ID)
			r.prices[at*k+i] = price.Price
		}
		for o := range m {
			r.prices[o*k+i] += r.prices[int(r.parent(int32(o)))*k+i]
		}
	}
}

// worth is what an arc counts in a stage; none counts nothing.
func (r *residual) worth(stage *Stage, a int32) int64 {
	if a < 0 {
		return 0
	}
	yes := false
	switch stage.Measure {
	case CountPlaced:
		yes = true
	case SumWeights:
		return int64(r.obj.Weights[a])
	case SumRanks:
		return -int64(r.obj.Ranks[a])
	case AtRank:
		yes = r.obj.Ranks[a] == stage.Rank
	case NotRank:
		return -count(r.obj.Ranks[a] == stage.Rank)
	case LowestWeight:
		return -count(int64(r.obj.Weights[a]) < stage.Value)
	case KeptStanding:
		yes = r.obj.Standing[a]
	}
	return count(yes)
}

func count(yes bool) int64 {
	if yes {
		return 1
	}
	return 0
}

// losses are what it costs to give a student an arc. possible is false where
// there is no way; exact is false where somebody falls below the lowest weight,
// and how far isn't known.
func (r *residual) losses(ctx context.Context, a int32) (found []Loss, possible, exact bool, err error) {
	s := r.owner[a]
	if r.student != s {
		if err := r.search(ctx, s); err != nil {
			return nil, false, false, err
		}
	}
	o := r.f.net.Target[a]
	if !r.reached[o] {
		return nil, false, true, nil
	}
	k, from := len(r.stages), int(r.node(s))
	for i := range r.stages {
		stage := &r.stages[i]
		// The distance is by reduced costs; the potentials of its ends make it
		// that of costs.
		lost := r.distance[int(o)*k+i] + r.prices[int(o)*k+i] - r.prices[from*k+i] + r.worth(stage, r.at[s]) - r.worth(stage, a)
		if lost == 0 {
			continue
		}
		if stage.Measure == LowestWeight {
			return nil, true, false, nil
		}
		found = append(found, Loss{stage.Measure, stage.Rank, lost})
	}
	return found, true, true, nil
}

// node is where a student is.
func (r *residual) node(s int32) int32 {
	if r.at[s] < 0 {
		return r.root()
	}
	return r.f.net.Target[r.at[s]]
}

// search finds the distance of all nodes to where a student is, by the moves of
// others.
func (r *residual) search(ctx context.Context, s int32) error {
	r.student = none
	clear(r.reached)
	clear(r.done)
	target := r.node(s)
	k := len(r.stages)
	clear(r.distance[int(target)*k : (int(target)+1)*k])
	r.reached[target] = true
	r.queue = r.queue[:0]
	r.push(target)
	for steps := 0; len(r.queue) > 0; steps++ {
		if steps%checkEvery == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		v := r.pop()
		r.done[v] = true
		r.expand(v, s)
	}
	r.student = s
	return nil
}

// expand reaches the nodes that one move leads from to v.
func (r *residual) expand(v, s int32) {
	net, m := &r.f.net, int32(len(r.f.net.Seats))
	if v < m {
		for _, a := range r.arcs.of(v) {
			if t := r.owner[a]; t != s && r.at[t] != a {
				r.reach(r.node(t), v, r.at[t], a)
			}
		}
	}
	if v == r.root() {
		for t, a := range r.at {
			if a >= 0 && int32(t) != s && (net.Must == nil || !net.Must[t]) {
				r.reach(net.Target[a], v, a, none)
			}
		}
	}
	for _, c := range r.children.of(v) {
		if r.flow[c] < r.most(c) {
			r.reach(c, v, none, none)
		}
	}
	if v != r.root() && r.flow[v] > r.least(v) {
		r.reach(r.parent(v), v, none, none)
	}
}

// most and least are how many students a node may have.
func (r *residual) most(v int32) int32 {
	if m := int32(len(r.f.net.Seats)); v >= m {
		return r.f.net.Cap[v-m]
	}
	return r.f.net.Seats[v]
}

func (r *residual) least(v int32) int32 {
	net, m := &r.f.net, int32(len(r.f.net.Seats))
	switch {
	case v < m && net.Minimum != nil:
		return net.Minimum[v]
	case v >= m && net.Least != nil:
		return net.Least[v-m]
	default:
		return 0
	}
}

// reach notes the way from a node to another, by a student who gives up one arc
// for another or by none.
func (r *residual) reach(from, to, gives, gets int32) {
	if r.done[from] {
		return
	}
	k := len(r.stages)
	better := !r.reached[from]
	old, next := r.distance[int(from)*k:(int(from)+1)*k], r.distance[int(to)*k:(int(to)+1)*k]
	for i := range r.stages {
		stage := &r.stages[i]
		d := next[i] + r.worth(stage, gives) - r.worth(stage, gets) + r.prices[int(to)*k+i] - r.prices[int(from)*k+i]
		if !better && d > old[i] {
			return
		}
		if better || d < old[i] {
			better = true
			old[i] = d
		}
	}
	if !better {
		return
	}
	if !r.reached[from] {
		r.reached[from] = true
		r.push(from)
	} else {
		r.up(r.place[from])
	}
}

func (r *residual) before(a, b int32) bool {
	k := len(r.stages)
	return slices.Compare(r.distance[int(a)*k:(int(a)+1)*k], r.distance[int(b)*k:(int(b)+1)*k]) < 0
}

func (r *residual) push(v int32) {
	r.queue = append(r.queue, v)
	r.up(int32(len(r.queue) - 1))
}

func (r *residual) up(i int32) {
	v := r.queue[i]
	for i > 0 {
		above := (i - 1) / 2
		if !r.before(v, r.queue[above]) {
			break
		}
		r.queue[i] = r.queue[above]
		r.place[r.queue[i]] = i
		i = above
	}
	r.queue[i] = v
	r.place[v] = i
}

func (r *residual) pop() int32 {
	top, last := r.queue[0], r.queue[len(r.queue)-1]
	r.queue = r.queue[:len(r.queue)-1]
	n := int32(len(r.queue))
	if n == 0 {
		return top
	}
	i := int32(0)
	for {
		child := 2*i + 1
		if child >= n {
			break
		}
		if child+1 < n && r.before(r.queue[child+1], r.queue[child]) {
			child++
		}
		if !r.before(r.queue[child], last) {
			break
		}
		r.queue[i] = r.queue[child]
		r.place[r.queue[i]] = i
		i = child
	}
	r.queue[i] = last
	r.place[last] = i
	return top
}

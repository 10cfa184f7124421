package flow

import (
	"context"
	"slices"
)

// lexicographic is a state (see there) of all stages at once: values, prices and
// distances are rows of numbers, one per stage, of which the first that differs
// decides. It is balanced by one shortest path at a time, so it suits a little
// that is to be changed in a placement that is optimal.
type lexicographic struct {
	*program // without arcs, which are those of the network
	net      *Network
	k        int       // numbers in a row
	values   []valuing // by stage
	open     func(s int, a int32) bool
	at       []int32
	price    []int64 // by node and stage, up to the root
	flow     []int32
	balance  []int32 // of the root it isn't kept
	head     []int32 // the students at a node, as in state
	next     []int32
	prev     []int32
	search   search
	// The students who have an arc to an opportunity, and which: those of o are
	// sources[sourceOf[o]:sourceOf[o+1]]. nil until they are needed.
	sources  []source
	sourceOf []int32
}

// source is an arc with its student.
type source struct{ student, arc int32 }

// valuing is what an arc of a student counts.
type valuing func(s int, a int32) int32

// newLexicographic takes a placement and prices for which it is optimal, or nearly so,
// if arcs have these values. Arcs that aren't open aren't there; nil: all are. The
// tree, the placement and the prices become its own.
func newLexicographic(n *Network, tree *program, values []valuing, open func(s int, a int32) bool, at []int32, price []int64) *lexicographic {
	nodes := len(tree.parent) + 1
	x := &lexicographic{
		program: tree, net: n, k: len(values), values: values, open: open, at: at, price: price,
		flow: make([]int32, nodes-1), balance: make([]int32, nodes),
		head: slices.Repeat([]int32{-1}, nodes), next: make([]int32, len(at)), prev: make([]int32, len(at)),
	}
	for s := len(at) - 1; s >= 0; s-- {
		v := x.node(int32(s))
		x.link(int32(s), v)
		x.balance[v]++
	}
	for v, up := range tree.parent {
		f := min(max(x.balance[v], tree.low[v]), tree.high[v])
		switch slices.Compare(x.row(int32(v)), x.row(up)) {
		case 1:
			f = tree.high[v]
		case -1:
			f = tree.low[v]
		}
		x.flow[v] = f
		x.balance[v] -= f
		x.balance[up] += f
	}
	x.search = newSearch(nodes, x.k)
	return x
}

func (x *lexicographic) row(v int32) []int64 {
	return x.price[int(v)*x.k : (int(v)+1)*x.k]
}

// node returns where a student is.
func (x *lexicographic) node(s int32) int32 { return x.target(x.at[s]) }

// value returns what an arc, or none, counts in a stage.
func (x *lexicographic) value(i int, s, a int32) int64 {
	if a < 0 {
		return 0
	}
	return int64(x.values[i](int(s), a))
}

func (x *lexicographic) link(s, v int32) {
	h := x.head[v]
	x.next[s], x.prev[s] = h, -1
	if h >= 0 {
		x.prev[h] = s
	}
	x.head[v] = s
}

// move places a student by another arc, or at the root by -1.
func (x *lexicographic) move(s, a int32) {
	next, prev := x.next[s], x.prev[s]
	if prev >= 0 {
		x.next[prev] = next
	} else {
		x.head[x.node(s)] = next
	}
	if next >= 0 {
		x.prev[next] = prev
	}
	x.at[s] = a
	x.link(s, x.node(s))
}

// close takes away an opportunity and the minimum that it has. It reports whether
// all who were there can be elsewhere.
func (x *lexicographic) close(o int32) bool {
	n := x.flow[o]
	x.low[o], x.high[o], x.flow[o] = 0, 0, 0
	x.balance[o] += n
	x.drain(x.parent[o], n)
	for x.head[o] >= 0 {
		if !x.settle(x.head[o]) {
			return false
		}
	}
	return true
}

// drain takes students out of a node, and out of those above it as long as that
// costs nothing.
func (x *lexicographic) drain(v, n int32) {
	for x.balance[v] -= n; v != x.root() && x.balance[v] < 0; {
		up := x.parent[v]
		n = min(-x.balance[v], x.flow[v]-x.low[v])
		if n == 0 || !slices.Equal(x.row(v), x.row(up)) {
			return
		}
		x.flow[v] -= n
		x.balance[v] += n
		x.balance[up] -= n
		v = up
	}
}

// may reports whether a student can have an arc, or none.
func (x *lexicographic) may(s, a int32) bool {
	if a < 0 {
		return !x.must[s]
	}
	return x.high[x.net.Target[a]] > 0 && (x.open == nil || x.open(int(s), a))
}

// settle puts a student where it is best at these prices, where it is if that is as
// good. It reports whether there is such a place.
func (x *lexicographic) settle(s int32) bool {
	best, found := x.at[s], x.may(s, x.at[s])
	if x.may(s, -1) && (!found || x.better(s, -1, best)) {
		best, found = -1, true
	}
	for a := x.net.First[s]; a < x.net.First[s+1]; a++ {
		if x.may(s, a) && (!found || x.better(s, a, best)) {
			best, found = a, true
		}
	}
	if found && best != x.at[s] {
		x.balance[x.node(s)]--
		x.move(s, best)
		x.balance[x.node(s)]++
	}
	return found
}

// better reports whether an arc is worth more to a student, less its price, than
// another.
func (x *lexicographic) better(s, a, b int32) bool {
	to, from := x.row(x.target(a)), x.row(x.target(b))
	for i := range x.k {
		switch d := x.value(i, s, a) - to[i] - x.value(i, s, b) + from[i]; {
		case d > 0:
			return true
		case d < 0:
			return false
		}
	}
	return false
}

// target returns where an arc, or none, leads.
func (x *lexicographic) target(a int32) int32 {
	if a < 0 {
		return x.root()
	}
	return x.net.Target[a]
}

// balanceAll ends with all balances 0. It reports whether that is possible.
func (x *lexicographic) balanceAll(ctx context.Context) (bool, error) {
	for v := range x.root() {
		for x.balance[v] > 0 {
			if err := ctx.Err(); err != nil {
				return false, err
			}
			if !x.forward(v) {
				return false, nil
			}
		}
	}
	for v := range x.root() {
		for x.balance[v] < 0 {
			if err := ctx.Err(); err != nil {
				return false, err
			}
			if !x.backward(v) {
				return false, nil
			}
		}
	}
	return true, nil
}

// take sends one student's worth along an edge.
func (x *lexicographic) take(h hop) {
	switch {
	case h.student >= 0:
		x.move(h.student, h.arc)
	case h.from < h.to:
		x.flow[h.from]++
	default:
		x.flow[h.to]--
	}
}

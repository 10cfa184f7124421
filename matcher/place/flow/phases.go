package flow

import (
	"context"
	"math"
)

const far = math.MaxInt64

// phases balances a state by the primal-dual method (Ford and Fulkerson 1957)
// with blocking flows (Dinic 1970): prices are raised until a node with too
// many students is at distance 0 of one with too few, then all such pairs are
// served at once. It suits stages of few different values, where many pairs are
// at the same distance.
type phases struct {
	*state
	lowest   int64 // no price is below it
	distance []int64
	queue    queue
	level    []int32
	line     []int32 // of the breadth-first search
	// How far the depth-first search has come at each node: its parent, then
	// its children, then the arcs of its students.
	step   []int32
	member []int32
	row    []int32
	path   []hop
}

// hop is an edge of a path: from a node to its parent, to a child, or to where
// a student is placed instead.
type hop struct {
	from, to int32
	student  int32 // -1: along the tree
	arc      int32
}

func newPhases(s *state) *phases {
	n := len(s.head)
	return &phases{
		state: s, distance: make([]int64, n), level: make([]int32, n),
		step: make([]int32, n), member: make([]int32, n), row: make([]int32, n),
	}
}

// balanceAll ends with all balances 0, or with the error of a program that has no
// solution, or of the context.
func (b *phases) balanceAll(ctx context.Context) error {
	for b.unbalanced() {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := b.round(); err != nil {
			return err
		}
	}
	return nil
}

// round serves all pairs that are at the least distance.
func (b *phases) round() error {
	if !b.raise() {
		return b.violation()
	}
	for b.layer() {
		b.block()
	}
	return nil
}

// excess is how many students too many there are, over all nodes but the root.
func (b *phases) excess() int64 {
	var sum int64
	for _, e := range b.balance[:b.root()] {
		sum += int64(max(0, e))
	}
	return sum
}

func (b *phases) unbalanced() bool {
	for _, e := range b.balance {
		if e > 0 {
			return true
		}
	}
	return false
}

// raise finds the distance from the nodes with too many students to the nearest
// with too few, and raises the prices of all that are nearer by what they are
// nearer. It reports whether there is one.
func (b *phases) raise() bool {
	b.lowest = b.lowestPrice()
	b.queue = b.queue[:0]
	for v, e := range b.balance {
		b.distance[v] = far
		if e > 0 {
			b.distance[v] = 0
			b.queue.push(queued{0, int32(v)})
		}
	}
	for len(b.queue) > 0 {
		q := b.queue.pop()
		if q.distance > b.distance[q.node] {
			continue
		}
		if b.balance[q.node] < 0 {
			// The root's price stays 0.
			fixed := max(0, q.distance-b.distance[b.root()])
			for v, d := range b.distance {
				b.price[v] += max(0, q.distance-d) - fixed
			}
			return true
		}
		b.expand(q.node, q.distance)
	}
	return false
}

func (b *phases) expand(v int32, d int64) {
	if v != b.root() {
		if up := b.parent[v]; b.flow[v] < b.high[v] {
			b.reach(up, d+b.price[up]-b.price[v])
		}
	}
	for _, c := range b.child[b.childFirst[v]:b.childFirst[v+1]] {
		if b.flow[c] > b.low[c] {
			b.reach(c, d+b.price[c]-b.price[v])
		}
	}
	for s := b.head[v]; s >= 0; s = b.next[s] {
		from := d + b.utility(s)
		if !b.must[s] {
			b.reach(b.root(), from+b.price[b.root()])
		}
		for _, a := range b.arcs[b.first[s]:b.first[s+1]] {
			b.reach(a.to, from-int64(a.value)+b.price[a.to])
		}
	}
}

func (b *phases) reach(v int32, d int64) {
	if d < b.distance[v] {
		b.distance[v] = d
		b.queue.push(queued{d, v})
	}
}

// layer numbers the nodes by how many edges of cost 0 they are away from those
// with too many students, and reports whether one with too few is among them.
func (b *phases) layer() bool {
	b.lowest = b.lowestPrice()
	b.line = b.line[:0]
	for v, e := range b.balance {
		b.level[v] = -1
		if e > 0 {
			b.level[v] = 0
			b.line = append(b.line, int32(v))
		}
	}
	found := false
	for i := 0; i < len(b.line); i++ {
		v := b.line[i]
		if b.balance[v] < 0 {
			found = true
			continue
		}
		b.restart(v)
		for {
			h, ok := b.nextHop(v)
			if !ok {
				break
			}
			if b.level[h.to] < 0 {
				b.level[h.to] = b.level[v] + 1
				b.line = append(b.line, h.to)
			}
		}
	}
	return found
}

func (b *phases) restart(v int32) {
	b.step[v], b.member[v], b.row[v] = -1, b.head[v], -1
}

// nextHop returns the next edge of cost 0 out of a node since restart.
func (b *phases) nextHop(v int32) (hop, bool) {
	children := b.child[b.childFirst[v]:b.childFirst[v+1]]
	for int(b.step[v]) < len(children) {
		i := b.step[v]
		b.step[v]++
		if i < 0 {
			if v != b.root() && b.flow[v] < b.high[v] && b.price[v] == b.price[b.parent[v]] {
				return hop{v, b.parent[v], -1, -1}, true
			}
		} else if c := children[i]; b.flow[c] > b.low[c] && b.price[c] == b.price[v] {
			return hop{v, c, -1, -1}, true
		}
	}
	for b.member[v] >= 0 {
		if h, ok := b.nextArc(v, b.member[v]); ok {
			return h, true
		}
		b.member[v] = b.next[b.member[v]]
		b.row[v] = -1
	}
	return hop{}, false
}

// nextArc returns the next of a student's arcs of cost 0; row is -1 for the way
// to the root, then counts arcs.
func (b *phases) nextArc(v, s int32) (hop, bool) {
	u := b.utility(s)
	if b.row[v] < 0 {
		b.row[v] = 0
		if root := b.root(); v != root && !b.must[s] && u == -b.price[root] {
			return hop{v, root, s, -1}, true
		}
	}
	end := b.first[s+1]
	for a := b.first[s] + b.row[v]; a < end; a++ {
		to := b.arcs[a]
		worth := int64(to.value) - u
		if worth < b.lowest {
			break
		}
		if worth == b.price[to.to] && to.to != v {
			b.row[v] = a - b.first[s] + 1
			return hop{v, to.to, s, a}, true
		}
	}
	return hop{}, false
}

// block sends students along edges from one level to the next until none is left.
func (b *phases) block() {
	for _, v := range b.line {
		b.restart(v)
	}
	for _, v := range b.line {
		if b.level[v] > 0 {
			break
		}
		for more := b.balance[v] > 0; more; {
			more = b.augment(v) && b.balance[v] > 0
		}
	}
}

// augment moves one student's worth from a node along a path to a node with too
// few, if there is one.
func (b *phases) augment(source int32) bool {
	b.path = b.path[:0]
	for v := source; ; {
		if b.balance[v] < 0 {
			b.balance[source]--
			b.balance[v]++
			for _, h := range b.path {
				b.take(h)
			}
			return true
		}
		h, ok := b.nextHop(v)
		switch {
		case ok && b.level[h.to] == b.level[v]+1:
			b.path = append(b.path, h)
			v = h.to
		case !ok && len(b.path) == 0:
			return false
		case !ok:
			b.level[v] = -1
			v = b.path[len(b.path)-1].from
			b.path = b.path[:len(b.path)-1]
		}
	}
}

func (b *phases) take(h hop) {
	switch {
	case h.student >= 0:
		// The search at h.from stands at this student: it goes on to the next.
		b.member[h.from], b.row[h.from] = b.next[h.student], -1
		b.move(h.student, h.arc)
	case h.from < h.to:
		b.flow[h.from]++
		b.step[h.from]-- // there may be room for more
	default:
		b.flow[h.to]--
		b.step[h.from]--
	}
}

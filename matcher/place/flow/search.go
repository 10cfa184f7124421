package flow

import "slices"

// search finds shortest paths in a lexicographic state (Dijkstra 1959 on reduced
// costs), the distances being rows.
type search struct {
	k        int
	distance []int64
	hops     []hop // by node, the last edge of the best way so far
	reached  []bool
	touched  []int32
	heap     []int32 // nodes by distance, equal ones by number
	place    []int32 // of a node in the heap; -1: it is done
	end      int32   // the nearest node that settles the matter, -1: none yet
	base     []int64 // what all ways out of an edge's beginning cost
	way      []int64
}

func newSearch(nodes, k int) search {
	return search{
		k: k, distance: make([]int64, nodes*k), hops: make([]hop, nodes), reached: make([]bool, nodes),
		place: make([]int32, nodes), base: make([]int64, k), way: make([]int64, k),
	}
}

func (q *search) row(v int32) []int64 { return q.distance[int(v)*q.k : (int(v)+1)*q.k] }

func (q *search) begin(v int32) {
	for _, t := range q.touched {
		q.reached[t] = false
	}
	q.touched, q.heap, q.end = q.touched[:0], q.heap[:0], -1
	clear(q.row(v))
	q.hops[v] = hop{from: -1, to: -1, student: -1, arc: -1}
	q.put(v)
}

// limit is the row that a way must be shorter than to be of use, nil if any is.
func (q *search) limit(v int32) []int64 {
	switch {
	case q.reached[v]:
		return q.row(v)
	case q.end >= 0:
		return q.row(q.end)
	default:
		return nil
	}
}

// reach notes a way to a node that is shorter than those before: the base, and
// times sign the node's price less what an arc of the hop's student counts.
func (x *lexicographic) reach(v int32, sign int64, h hop, arc int32, ends bool) {
	q := &x.search
	if q.reached[v] && q.place[v] < 0 {
		return
	}
	limit, price, way := q.limit(v), x.row(v), q.way
	shorter := limit == nil
	for i, d := range q.base {
		d += sign * (price[i] - x.value(i, h.student, arc))
		if !shorter && d > limit[i] {
			return
		}
		shorter = shorter || d < limit[i]
		way[i] = d
	}
	if !shorter {
		return
	}
	copy(q.row(v), way)
	q.hops[v] = h
	q.put(v)
	if ends && (q.end < 0 || q.before(v, q.end)) {
		q.end = v
	}
}

// put brings a node to where it belongs in the heap.
func (q *search) put(v int32) {
	if !q.reached[v] {
		q.reached[v] = true
		q.touched = append(q.touched, v)
		q.heap = append(q.heap, v)
		q.place[v] = int32(len(q.heap) - 1)
	}
	i := q.place[v]
	for i > 0 {
		up := (i - 1) / 2
		if !q.before(v, q.heap[up]) {
			break
		}
		q.set(i, q.heap[up])
		i = up
	}
	q.set(i, v)
}

func (q *search) set(i, v int32) { q.heap[i], q.place[v] = v, i }

func (q *search) before(a, b int32) bool {
	c := slices.Compare(q.row(a), q.row(b))
	return c < 0 || c == 0 && a < b
}

// pop takes the nearest node out of the heap, which isn't empty.
func (q *search) pop() int32 {
	top, last := q.heap[0], q.heap[len(q.heap)-1]
	q.heap = q.heap[:len(q.heap)-1]
	q.place[top] = -1
	n := int32(len(q.heap))
	if n == 0 {
		return top
	}
	i := int32(0)
	for {
		c := 2*i + 1
		if c >= n {
			break
		}
		if c+1 < n && q.before(q.heap[c+1], q.heap[c]) {
			c++
		}
		if !q.before(q.heap[c], last) {
			break
		}
		q.set(i, q.heap[c])
		i = c
	}
	q.set(i, last)
	return top
}

// forward moves one student's worth from a node to the nearest that has too few,
// or to the root. Prices of the nodes nearer than that rise.
func (x *lexicographic) forward(source int32) bool {
	q := &x.search
	q.begin(source)
	for len(q.heap) > 0 {
		v := q.pop()
		if v == q.end {
			break
		}
		x.expand(v)
	}
	if q.end < 0 {
		return false
	}
	for v := q.end; v != source; v = q.hops[v].from {
		x.take(q.hops[v])
	}
	x.balance[source]--
	x.balance[q.end]++
	x.reprice(1)
	return true
}

// reprice moves the prices of the nodes that are nearer than the end by what they
// are nearer.
func (x *lexicographic) reprice(sign int64) {
	q := &x.search
	limit := q.row(q.end)
	for _, v := range q.touched {
		d := q.row(v)
		if slices.Compare(d, limit) < 0 {
			for i, price := range x.row(v) {
				x.row(v)[i] = price + sign*(limit[i]-d[i])
			}
		}
	}
}

// settles reports whether a search forward may end at a node.
func (x *lexicographic) settles(v int32) bool { return v == x.root() || x.balance[v] < 0 }

// expand reaches where students can go from a node.
func (x *lexicographic) expand(v int32) {
	q := &x.search
	for i, d := range q.row(v) {
		q.base[i] = d - x.row(v)[i]
	}
	if up := x.parent[v]; x.flow[v] < x.high[v] {
		x.reach(up, 1, hop{v, up, -1, -1}, -1, x.settles(up))
	}
	for _, c := range x.child[x.childFirst[v]:x.childFirst[v+1]] {
		if x.flow[c] > x.low[c] {
			x.reach(c, 1, hop{v, c, -1, -1}, -1, x.settles(c))
		}
	}
	for s := x.head[v]; s >= 0; s = x.next[s] {
		for i, d := range q.row(v) {
			q.base[i] = d - x.row(v)[i] + x.value(i, s, x.at[s])
		}
		if x.may(s, -1) {
			x.reach(x.root(), 1, hop{v, x.root(), s, -1}, -1, true)
		}
		for a := x.net.First[s]; a < x.net.First[s+1]; a++ {
			if to := x.net.Target[a]; x.may(s, a) {
				x.reach(to, 1, hop{v, to, s, a}, a, x.settles(to))
			}
		}
	}
}

// backward moves one student's worth to a node from the nearest that has too
// many, or from the root. Prices of the nodes nearer than that fall.
func (x *lexicographic) backward(target int32) bool {
	x.transpose()
	q := &x.search
	q.begin(target)
	for len(q.heap) > 0 {
		v := q.pop()
		if v == q.end {
			break
		}
		x.expandBack(v)
	}
	if q.end < 0 {
		return false
	}
	for v := q.end; v != target; v = q.hops[v].to {
		x.take(q.hops[v])
	}
	x.balance[target]++
	x.balance[q.end]--
	x.reprice(-1)
	return true
}

// gives reports whether a search backward may end at a node.
func (x *lexicographic) gives(v int32) bool { return v == x.root() || x.balance[v] > 0 }

// expandBack reaches where students can come from to a node.
func (x *lexicographic) expandBack(v int32) {
	q := &x.search
	for i, d := range q.row(v) {
		q.base[i] = d + x.row(v)[i]
	}
	if up := x.parent[v]; x.flow[v] > x.low[v] {
		x.reach(up, -1, hop{up, v, -1, -1}, -1, x.gives(up))
	}
	for _, c := range x.child[x.childFirst[v]:x.childFirst[v+1]] {
		if x.flow[c] < x.high[c] {
			x.reach(c, -1, hop{c, v, -1, -1}, -1, x.gives(c))
		}
	}
	if int(v) >= x.opportunities {
		return
	}
	for _, from := range x.sources[x.sourceOf[v]:x.sourceOf[v+1]] {
		s, u := from.student, x.node(from.student)
		if u == v || !x.may(s, from.arc) {
			continue
		}
		for i, d := range q.row(v) {
			q.base[i] = d + x.row(v)[i] - x.value(i, s, from.arc)
		}
		x.reach(u, -1, hop{u, v, s, from.arc}, x.at[s], x.gives(u))
	}
}

// transpose lists the arcs of each opportunity, the first time that they are
// needed.
func (x *lexicographic) transpose() {
	if x.sources != nil {
		return
	}
	n := x.net
	x.sourceOf = make([]int32, x.opportunities+2)
	for _, o := range n.Target {
		x.sourceOf[o+2]++
	}
	for o := range x.opportunities {
		x.sourceOf[o+2] += x.sourceOf[o+1]
	}
	x.sources = make([]source, len(n.Target))
	for s := range int32(n.Students()) {
		for a := n.First[s]; a < n.First[s+1]; a++ {
			o := n.Target[a]
			x.sources[x.sourceOf[o+1]] = source{s, a}
			x.sourceOf[o+1]++
		}
	}
}

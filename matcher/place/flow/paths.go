package flow

// paths balances a state by one shortest path at a time (Dijkstra 1959 on
// reduced costs): forward from nodes with too many students, then backward from
// nodes with too few. It suits states that are nearly balanced: a search ends
// at the first node that settles the matter, mostly nearby.
//
// The root takes and gives whatever is wanted, so that every search that meets
// it ends there.
type paths struct {
	*state
	lowest   int64   // no price is below it
	distance []int64 // far outside a search
	hops     []hop   // by node, the last edge of the best way so far
	touched  []int32
	queue    queue
	visits   int     // how many more nodes may be visited
	limit    int64   // the distance at which the search is over
	end      int32   // where, -1: nowhere yet
	sources  []worth // the students who have an arc to a node, for the way back
	sourceOf []int32
}

// worth is a student with the value of an arc.
type worth struct{ student, value int32 }

func newPaths(s *state) *paths {
	n := len(s.head)
	b := &paths{state: s, distance: make([]int64, n), hops: make([]hop, n)}
	for v := range b.distance {
		b.distance[v] = far
	}
	return b
}

// balanceSome takes paths until all balances are 0, which it reports, or until
// so many nodes have been visited.
func (b *paths) balanceSome(visits int) bool {
	b.lowest = b.lowestPrice()
	b.visits = visits
	for v := range b.root() {
		for b.balance[v] > 0 {
			if b.visits <= 0 || !b.forward(v) {
				return false
			}
		}
	}
	for v := range b.root() {
		for b.balance[v] < 0 {
			if b.visits <= 0 || !b.backward(v) {
				return false
			}
		}
	}
	return true
}

func (b *paths) begin(v int32) {
	b.queue = b.queue[:0]
	b.touched = b.touched[:0]
	b.limit, b.end = far, -1
	b.reach(v, 0, hop{from: -1})
}

// reach notes a way to a node that is shorter than those before.
func (b *paths) reach(v int32, d int64, h hop) {
	if d >= b.distance[v] || d >= b.limit {
		return
	}
	if b.distance[v] == far {
		b.touched = append(b.touched, v)
	}
	b.distance[v], b.hops[v] = d, h
	if v == b.root() {
		b.limit, b.end = d, v
		return
	}
	b.queue.push(queued{d, v})
}

// forward moves one student's worth from a node to the nearest that has too few,
// or to the root. Prices of the nodes nearer than that rise.
func (b *paths) forward(source int32) bool {
	b.begin(source)
	for len(b.queue) > 0 {
		q := b.queue.pop()
		if q.distance >= b.limit {
			break
		}
		if q.distance > b.distance[q.node] {
			continue
		}
		if b.balance[q.node] < 0 {
			b.limit, b.end = q.distance, q.node
			break
		}
		b.visits--
		b.expand(q.node, q.distance)
	}
	if b.end < 0 {
		b.forget()
		return false
	}
	for v := b.end; v != source; v = b.hops[v].from {
		b.take(b.hops[v])
	}
	b.balance[source]--
	b.balance[b.end]++
	for _, v := range b.touched {
		b.price[v] += max(0, b.limit-b.distance[v])
	}
	b.forget()
	return true
}

func (b *paths) forget() {
	for _, v := range b.touched {
		b.distance[v] = far
	}
}

func (b *paths) expand(v int32, d int64) {
	if up := b.parent[v]; b.flow[v] < b.high[v] {
		b.reach(up, d+b.price[up]-b.price[v], hop{v, up, -1, -1})
	}
	for _, c := range b.child[b.childFirst[v]:b.childFirst[v+1]] {
		if b.flow[c] > b.low[c] {
			b.reach(c, d+b.price[c]-b.price[v], hop{v, c, -1, -1})
		}
	}
	root := b.root()
	for s := b.head[v]; s >= 0; s = b.next[s] {
		from := d + int64(b.arcs[b.at[s]].value) - b.price[v]
		if !b.must[s] {
			b.reach(root, from, hop{v, root, s, -1})
		}
		for a := b.first[s]; a < b.first[s+1]; a++ {
			to := b.arcs[a]
			way := from - int64(to.value)
			if way+b.lowest >= b.limit {
				break
			}
			if way += b.price[to.to]; way < b.distance[to.to] {
				b.reach(to.to, way, hop{v, to.to, s, a})
			}
		}
	}
}

// take sends one student's worth along an edge.
func (b *paths) take(h hop) {
	switch {
	case h.student >= 0:
		b.move(h.student, h.arc)
	case h.from < h.to:
		b.flow[h.from]++
	default:
		b.flow[h.to]--
	}
}

// backward moves one student's worth to a node from the nearest that has too
// many, or from the root. Prices of the nodes nearer than that fall.
func (b *paths) backward(target int32) bool {
	b.transpose()
	b.begin(target)
	for len(b.queue) > 0 {
		q := b.queue.pop()
		if q.distance >= b.limit {
			break
		}
		if q.distance > b.distance[q.node] {
			continue
		}
		if b.balance[q.node] > 0 {
			b.limit, b.end = q.distance, q.node
			break
		}
		b.visits--
		b.expandBack(q.node, q.distance)
	}
	if b.end < 0 {
		b.forget()
		return false
	}
	for v := b.end; v != target; v = b.hops[v].to {
		b.take(b.hops[v])
	}
	b.balance[target]++
	b.balance[b.end]--
	for _, v := range b.touched {
		b.price[v] -= max(0, b.limit-b.distance[v])
		b.lowest = min(b.lowest, b.price[v])
	}
	b.forget()
	return true
}

func (b *paths) expandBack(v int32, d int64) {
	if up := b.parent[v]; b.flow[v] > b.low[v] {
		b.reach(up, d+b.price[v]-b.price[up], hop{up, v, -1, -1})
	}
	for _, c := range b.child[b.childFirst[v]:b.childFirst[v+1]] {
		if b.flow[c] < b.high[c] {
			b.reach(c, d+b.price[v]-b.price[c], hop{c, v, -1, -1})
		}
	}
	if int(v) >= b.opportunities {
		return
	}
	base := d + b.price[v]
	for _, from := range b.sources[b.sourceOf[v]:b.sourceOf[v+1]] {
		s := from.student
		u := b.node(s)
		if u == v || b.distance[u] <= d {
			continue
		}
		way := base + b.utility(s) - int64(from.value)
		if way >= b.distance[u] || way >= b.limit {
			continue
		}
		a := b.first[s]
		for b.arcs[a].to != v {
			a++
		}
		b.reach(u, way, hop{u, v, s, a})
	}
}

// transpose lists the students of each opportunity's arcs, the first time that
// they are needed.
func (b *paths) transpose() {
	if b.sourceOf != nil {
		return
	}
	b.sourceOf = make([]int32, b.opportunities+2)
	for _, a := range b.arcs {
		b.sourceOf[a.to+2]++
	}
	for o := range b.opportunities {
		b.sourceOf[o+2] += b.sourceOf[o+1]
	}
	b.sources = make([]worth, len(b.arcs))
	for s := range int32(b.students()) {
		for _, a := range b.arcs[b.first[s]:b.first[s+1]] {
			b.sources[b.sourceOf[a.to+1]] = worth{s, a.value}
			b.sourceOf[a.to+1]++
		}
	}
}

package flow

// state is a pseudo-flow with prices for which it is optimal: every student is
// at a node where its value less the price is the highest, each node's flow to
// its parent suits their prices, and what is still wrong is the balance of
// nodes. When all balances are 0 the placement is optimal.
type state struct {
	*program
	at      []int32 // by student, the arc in use, or -1: at the root
	price   []int64 // by node
	flow    []int32 // by node, to its parent
	balance []int32 // by node, what comes in less what goes out
	// The students at a node, as lists linked both ways; -1 ends them.
	head, next, prev []int32
}

// newState takes prices (one per node, the root's 0) and a placement that is
// best for every student at these prices.
func newState(p *program, at []int32, price []int64) *state {
	nodes := len(p.parent) + 1
	s := &state{
		program: p, at: at, price: price,
		flow:    make([]int32, nodes-1),
		balance: make([]int32, nodes),
		head:    make([]int32, nodes),
		next:    make([]int32, p.students()),
		prev:    make([]int32, p.students()),
	}
	for v := range s.head {
		s.head[v] = -1
	}
	for i := p.students() - 1; i >= 0; i-- {
		s.link(int32(i), s.node(int32(i)))
		s.balance[s.node(int32(i))]++
	}
	// Children have smaller numbers than their parents.
	for v, up := range p.parent {
		f := min(max(s.balance[v], p.low[v]), p.high[v])
		switch {
		case price[v] > price[up]:
			f = p.high[v]
		case price[v] < price[up]:
			f = p.low[v]
		}
		s.flow[v] = f
		s.balance[v] -= f
		s.balance[up] += f
	}
	// The root takes in every student and gives none away.
	s.balance[p.root()] -= int32(p.students())
	return s
}

// node returns where a student is.
func (s *state) node(student int32) int32 {
	if a := s.at[student]; a >= 0 {
		return s.arcs[a].to
	}
	return s.root()
}

// utility returns a student's value less the price of where it is.
func (s *state) utility(student int32) int64 {
	if a := s.at[student]; a >= 0 {
		return int64(s.arcs[a].value) - s.price[s.arcs[a].to]
	}
	return -s.price[s.root()]
}

func (s *state) link(student, v int32) {
	h := s.head[v]
	s.next[student], s.prev[student] = h, -1
	if h >= 0 {
		s.prev[h] = student
	}
	s.head[v] = student
}

// move places a student by another arc, or at the root by -1.
func (s *state) move(student, a int32) {
	next, prev := s.next[student], s.prev[student]
	if prev >= 0 {
		s.next[prev] = next
	} else {
		s.head[s.node(student)] = next
	}
	if next >= 0 {
		s.prev[next] = prev
	}
	s.at[student] = a
	s.link(student, s.node(student))
}

// lowestPrice bounds how far down a row of arcs has to be read.
func (s *state) lowestPrice() int64 {
	lowest := s.price[0]
	for _, p := range s.price {
		lowest = min(lowest, p)
	}
	return lowest
}

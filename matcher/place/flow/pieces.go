package flow

import (
	"context"
	"errors"
	"runtime"
	"sync"
)

// piece is a part of a network that nothing links to the rest, with its solver.
// The numbers of its students, arcs, opportunities and partners ascend with
// those of the whole; nil stands for all of them.
type piece struct {
	*solver
	students, arcNumbers, opportunities, partners []int32
}

// small is up to how many arcs components share a piece.
const small = 1 << 15

// cut makes the pieces of a network: its components, small ones together. It is
// one piece where a component has most of the arcs. The pieces depend on the
// content alone, never on who solves them.
func cut(n *Network, obj Objective) []*piece {
	of, count := components(n)
	if count < 2 {
		return []*piece{{solver: newSolver(n, obj)}}
	}
	pieces := make([]*piece, count)
	for i := range pieces {
		pieces[i] = &piece{}
	}
	local := make([]int32, len(n.Seats)+len(n.Cap)) // a node's number in its piece
	for v := range local {
		p := pieces[of[v]]
		if v < len(n.Seats) {
			local[v] = int32(len(p.opportunities))
			p.opportunities = append(p.opportunities, int32(v))
		} else {
			local[v] = int32(len(p.partners))
			p.partners = append(p.partners, int32(v-len(n.Seats)))
		}
	}
	for s := range n.Students() {
		i := int32(0) // who has no arc may be anywhere
		if n.First[s] < n.First[s+1] {
			i = of[n.Target[n.First[s]]]
		}
		p := pieces[i]
		p.students = append(p.students, int32(s))
		for a := n.First[s]; a < n.First[s+1]; a++ {
			p.arcNumbers = append(p.arcNumbers, a)
		}
	}
	for _, p := range pieces {
		p.build(n, obj, local)
	}
	return pieces
}

// components numbers the piece of every opportunity and partner, and counts them.
func components(n *Network) ([]int32, int32) {
	m := len(n.Seats)
	up := make([]int32, m+len(n.Cap))
	for v := range up {
		up[v] = int32(v)
	}
	find := func(v int32) int32 {
		for up[v] != v {
			up[v] = up[up[v]]
			v = up[v]
		}
		return v
	}
	join := func(a, b int32) {
		a, b = find(a), find(b)
		up[max(a, b)] = min(a, b)
	}
	for o := range m {
		if k := n.partner(o); k >= 0 {
			join(int32(o), int32(m)+k)
		}
	}
	for k := range n.Cap {
		if up := n.above(k); up >= 0 {
			join(int32(m+k), int32(m)+up)
		}
	}
	for s := range n.Students() {
		row := n.Target[n.First[s]:n.First[s+1]]
		for _, o := range row {
			join(row[0], o)
		}
	}
	size := make([]int, len(up)) // arcs, by the first node of a component
	for _, o := range n.Target {
		size[find(o)]++
	}
	of := make([]int32, len(up))
	var count int32
	filled := 0
	for v := range up {
		root := find(int32(v))
		if size[root] > len(n.Target)*3/4 {
			return nil, 1
		}
		if root != int32(v) {
			of[v] = of[root]
			continue
		}
		if count == 0 || filled > 0 && filled+size[v] > small {
			count++
			filled = 0
		}
		of[v] = count - 1
		filled += size[v]
	}
	return of, count
}

// build makes the network of a piece.
func (p *piece) build(n *Network, obj Objective, local []int32) {
	sub := &Network{First: []int32{0}, Seats: choose(n.Seats, p.opportunities)}
	sub.Minimum, sub.Partner = choose(n.Minimum, p.opportunities), choose(n.Partner, p.opportunities)
	for o, k := range sub.Partner {
		if k >= 0 {
			sub.Partner[o] = local[len(n.Seats)+int(k)]
		}
	}
	sub.Cap, sub.Least, sub.Above = choose(n.Cap, p.partners), choose(n.Least, p.partners), choose(n.Above, p.partners)
	for k, up := range sub.Above {
		if up >= 0 {
			sub.Above[k] = local[len(n.Seats)+int(up)]
		}
	}
	sub.Must, sub.Uncounted = choose(n.Must, p.students), choose(n.Uncounted, p.students)
	for _, s := range p.students {
		for a := n.First[s]; a < n.First[s+1]; a++ {
			sub.Target = append(sub.Target, local[n.Target[a]])
		}
		sub.First = append(sub.First, int32(len(sub.Target)))
	}
	obj.Weights, obj.Ranks = choose(obj.Weights, p.arcNumbers), choose(obj.Ranks, p.arcNumbers)
	obj.Standing = choose(obj.Standing, p.arcNumbers)
	p.solver = newSolver(sub, obj)
}

// choose picks entries; of nil it makes nil.
func choose[T any](from []T, which []int32) []T {
	if from == nil {
		return nil
	}
	picked := make([]T, len(which))
	for i, w := range which {
		picked[i] = from[w]
	}
	return picked
}

// put writes a piece's entries where the whole has them.
func put[T any](to, entries []T, which []int32) {
	if which == nil {
		copy(to, entries)
		return
	}
	for i, w := range which {
		to[w] = entries[i]
	}
}

// each solves a step for all pieces, by so many goroutines. Of several errors
// it returns that of the first piece.
func each(pieces []*piece, workers int, f func(i int, p *piece) error) error {
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	failed := make([]error, len(pieces))
	next := make(chan int)
	var group sync.WaitGroup
	for range min(workers, len(pieces)) {
		group.Go(func() {
			for i := range next {
				failed[i] = pieces[i].whole(f(i, pieces[i]))
			}
		})
	}
	for i := range pieces {
		next <- i
	}
	close(next)
	group.Wait()
	for _, err := range failed {
		if err != nil {
			return err
		}
	}
	return nil
}

// whole gives an InfeasibleError the numbers of the whole network.
func (p *piece) whole(err error) error {
	var e *InfeasibleError
	if !errors.As(err, &e) || p.opportunities == nil {
		return err
	}
	there := *e
	there.Opportunities = choose(p.opportunities, e.Opportunities)
	if e.Partner >= 0 {
		there.Partner = p.partners[e.Partner]
	}
	return &there
}

// stageOf takes one step in all pieces and puts the outcomes together.
func stageOf(ctx context.Context, n *Network, pieces []*piece, st step, workers int) (*Stage, error) {
	lowest := make([]int32, len(pieces))
	if st.measure == Lowest {
		err := each(pieces, workers, func(i int, p *piece) (err error) {
			lowest[i], err = p.lowest(ctx)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	limit := commonLowest(lowest)
	parts := make([]*Stage, len(pieces))
	err := each(pieces, workers, func(i int, p *piece) (err error) {
		if st.measure == Lowest {
			parts[i], err = p.above(ctx, limit)
		} else {
			parts[i], err = p.run(ctx, st)
		}
		return err
	})
	if err != nil || len(pieces) == 1 {
		return parts[0], err
	}
	whole := &Stage{
		Measure: st.measure, Rank: st.rank, Students: make([]int64, n.Students()),
		Opportunities: make([]int64, len(n.Seats)), Partners: make([]int64, len(n.Cap)),
	}
	for i, p := range pieces {
		whole.Value += parts[i].Value
		whole.Above += parts[i].Above
		put(whole.Students, parts[i].Students, p.students)
		put(whole.Opportunities, parts[i].Opportunities, p.opportunities)
		put(whole.Partners, parts[i].Partners, p.partners)
	}
	if st.measure == Lowest {
		whole.Value = int64(limit)
	}
	return whole, nil
}

// commonLowest returns the least of the pieces' lowest weights; none is -1.
func commonLowest(lowest []int32) int32 {
	limit := int32(-1)
	for _, w := range lowest {
		if w >= 0 && (limit < 0 || w < limit) {
			limit = w
		}
	}
	return max(0, limit)
}

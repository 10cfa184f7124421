package flow

// violation says why the nodes with too many students reach none with too few.
// What they don't reach has students who can be nowhere else, and needs more; its
// nodes that they reach are full. Where it doesn't, there are too many who must be
// placed.
func (b *phases) violation() error {
	root := b.root()
	short := make([]bool, root+1) // not reached, and part of what needs more
	within := make([]bool, root+1)
	need := make([]int64, root+1) // with what the children need
	e := &InfeasibleError{Partner: -1}
	for v := root - 1; v >= 0; v-- {
		up := b.parent[v]
		within[v] = within[up] || b.distance[v] == far && b.low[v] > 0
		short[v] = within[v] && b.distance[v] == far && (short[up] || !within[up])
		if within[v] && !short[v] && short[up] {
			e.Eligible += int64(b.high[v])
		}
	}
	for v := range root {
		if !within[v] {
			continue
		}
		if int(v) < b.opportunities {
			e.Opportunities = append(e.Opportunities, v)
		}
		need[v] = max(need[v], int64(b.low[v]))
		if up := b.parent[v]; within[up] {
			need[up] += need[v]
		} else {
			e.Need += need[v]
		}
	}
	for s := range b.students() {
		for _, a := range b.arcs[b.first[s]:b.first[s+1]] {
			if short[a.to] {
				e.Eligible++
				break
			}
		}
	}
	if e.Need <= e.Eligible {
		return &InfeasibleError{Partner: -1}
	}
	return e
}

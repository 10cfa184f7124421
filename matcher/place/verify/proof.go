package verify

import "context"

// prove checks that a placement is optimal, stage by stage.
//
// With prices p of the nodes and q of what is above them, a student is worth at
// most u, the largest worth - p - q of the arcs that are left to it, and at least
// 0 if it may stay without a placement. Then no placement is worth more than
//
//	sum of u + sum of p times seats + sum of q times seats
//
// where a price below 0 counts with the least that there must be. A placement
// that only uses arcs worth exactly u + p + q, places everybody with u above 0,
// and has the most where prices are above 0 and the least where they are below,
// is worth just that: it is optimal, and so is every other one like it, among
// which alone the next stage looks.
func (n *network) prove(ctx context.Context, at []int32) error {
	c := &n.m.run.certificate
	if err := c.checkSteps(&n.m.run.summary, n.ranks()); err != nil {
		return err
	}
	chosen, err := n.used(at)
	if err != nil {
		return err
	}
	for i := range c.Stages {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := n.stage(&c.Stages[i], at, chosen); err != nil {
			return err
		}
	}
	return n.seat(at)
}

// ranks says which ranks the arcs have. It is as long as ranks may have been high
// before opportunities were cancelled, which is what the stages were made for: what
// a student stood at and doesn't list comes after its list.
func (n *network) ranks() []bool {
	highest := int32(0)
	for s, arcs := range n.arcs {
		for _, a := range arcs {
			highest = max(highest, a.rank)
		}
		for _, e := range n.m.lists[s] {
			highest = max(highest, e.rank+1)
		}
	}
	has := make([]bool, highest+1)
	for _, arcs := range n.arcs {
		for _, a := range arcs {
			has[a.rank] = true
		}
	}
	return has
}

// used has by student an arc to where it is; all of them are worth the same.
func (n *network) used(at []int32) ([]*arc, error) {
	chosen := make([]*arc, len(at))
	for s, o := range at {
		if o < 0 || n.outside(int32(s)) {
			continue
		}
		for _, a := range n.arcs[s] {
			if n.nodes[a.node].offer == o {
				chosen[s] = &a
				break
			}
		}
		if chosen[s] == nil {
			return nil, n.m.wrong(int32(s), "the student can't be placed there")
		}
	}
	return chosen, nil
}

// worth is what an arc counts in a stage.
func (t *stage) worth(a *arc) int64 {
	if a.seat {
		return 0
	}
	yes := false
	switch t.Measure {
	case measureWeights:
		return int64(a.weight)
	case measureRanks:
		return -int64(a.rank)
	case measureNotRank:
		if a.rank == t.Rank {
			return -1
		}
	case measureAtRank:
		yes = a.rank == t.Rank
	case measureLowest:
		yes = int64(a.weight) > t.Value
	case measureKept:
		yes = a.stands
	default:
		yes = true
	}
	if yes {
		return 1
	}
	return 0
}

// stage checks a stage and leaves to the next what it has to.
func (n *network) stage(t *stage, at []int32, chosen []*arc) error {
	if err := n.readPrices(t); err != nil {
		return err
	}
	if t.Measure == measureLowest {
		return n.lowest(t, chosen)
	}
	if t.Above != 0 {
		return violation(certificateFile, 0, "the stage %s has a figure that only %s has", t.Measure, measureLowest)
	}
	value := int64(0)
	for s := range n.arcs {
		if n.outside(int32(s)) {
			continue
		}
		if chosen[s] != nil {
			value += t.worth(chosen[s])
		}
		u := n.price(t, s)
		left := n.arcs[s][:0]
		there := at[s] < 0
		for _, a := range n.arcs[s] {
			if t.worth(&a)-n.cost(a.node) == u {
				left = append(left, a)
				there = there || n.nodes[a.node].offer == at[s]
			}
		}
		n.arcs[s] = left
		n.must[s] = n.must[s] || u > 0
		if !there || n.must[s] && at[s] < 0 {
			return n.m.wrong(int32(s), "the prices of the stage %s of %s don't prove this placement optimal", t.Measure, certificateFile)
		}
	}
	if value != t.Value {
		return violation(certificateFile, 0, "the stage %s says %d, the placement has %d", t.Measure, t.Value, value)
	}
	for i := range n.nodes {
		n.nodes[i].narrow()
	}
	for i := range n.above {
		n.above[i].narrow()
	}
	return nil
}

// price is u.
func (n *network) price(t *stage, s int) int64 {
	u := int64(0)
	for i := range n.arcs[s] {
		a := &n.arcs[s][i]
		net := t.worth(a) - n.cost(a.node)
		if net > u || i == 0 && n.must[s] {
			u = net
		}
	}
	return u
}

// cost is what the node and what is above it cost in the stage.
func (n *network) cost(at int32) int64 {
	cost := n.nodes[at].price
	for up := n.nodes[at].above; up >= 0; up = n.above[up].above {
		cost += n.above[up].price
	}
	return cost
}

// narrow leaves what a price proves to be needed.
func (b *bounds) narrow() {
	switch {
	case b.price > 0:
		b.least = b.most
	case b.price < 0:
		b.most = b.least
	}
}

// part is what a price adds to the bound of a stage.
func (b *bounds) part() int64 {
	if b.price > 0 {
		return b.price * b.most
	}
	return b.price * b.least
}

// lowest checks the stage of the lowest weight: the prices prove that fewer than
// are placed can have more, and somebody has just that.
func (n *network) lowest(t *stage, chosen []*arc) error {
	lowest, placed, bound := int64(0), int64(0), int64(0)
	for s, a := range chosen {
		if !n.outside(int32(s)) {
			bound += n.price(t, s)
		}
		if a == nil || a.seat {
			continue
		}
		if weight := int64(a.weight); placed == 0 || weight < lowest {
			lowest = weight
		}
		placed++
	}
	for i := range n.nodes {
		bound += n.nodes[i].part()
	}
	for i := range n.above {
		bound += n.above[i].part()
	}
	switch {
	case lowest != t.Value:
		return violation(certificateFile, 0, "the stage %s says %d, the placement has %d", t.Measure, t.Value, lowest)
	case bound != t.Above || placed > 0 && bound >= placed:
		return violation(certificateFile, 0, "the prices of the stage %s don't prove that the lowest can't be higher", t.Measure)
	}
	for s := range n.arcs {
		left := n.arcs[s][:0]
		for _, a := range n.arcs[s] {
			if int64(a.weight) >= t.Value || a.seat {
				left = append(left, a)
			}
		}
		n.arcs[s] = left
	}
	return nil
}

// Bounds of prices, so that nothing overflows. Those of the lowest weight are
// multiplied by seats.
const (
	highestPrice = 1 << 53
	lowestPrice  = 1 << 20
)

// readPrices gives nodes, and what is above them, their prices in a stage.
func (n *network) readPrices(t *stage) error {
	for i := range n.nodes {
		n.nodes[i].price = 0
	}
	for i := range n.above {
		n.above[i].price = 0
	}
	most := int64(highestPrice)
	if t.Measure == measureLowest {
		most = lowestPrice
	}
	seen := make(map[*bounds]bool)
	for side, prices := range [][]price{t.Opportunities, t.Partners} {
		for _, p := range prices {
			b := n.priced(&p, side == 1)
			if b == nil || seen[b] || p.Price > most || p.Price < -most {
				return violation(certificateFile, 0, "the stage %s has a price of nothing, a second one, or one beyond all bounds (%s)", t.Measure, p.ID)
			}
			b.price, seen[b] = p.Price, true
		}
	}
	return nil
}

// priced is what a price is of, nil if there is no such thing.
func (n *network) priced(p *price, partner bool) *bounds {
	if partner {
		if at, known := n.m.cappedAt[p.ID]; known && p.Group == "" && !p.Whole {
			return &n.above[at].bounds
		}
		return nil
	}
	o, known := n.m.offerAt[p.ID]
	if !known {
		return nil
	}
	if p.Whole {
		if at, there := n.whole[o]; there && p.Group == "" {
			return &n.above[at].bounds
		}
		return nil
	}
	for i := n.first[o]; int(i) < len(n.nodes) && n.nodes[i].offer == o; i++ {
		group := ""
		if g := n.nodes[i].group; g >= 0 {
			group = n.m.groups[g].Name + "=" + n.m.groups[g].Value
		}
		if group == p.Group {
			return &n.nodes[i].bounds
		}
	}
	return nil
}

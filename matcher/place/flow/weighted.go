package flow

import "context"

// runWeighted takes the step Sum or RankSum: an auction, and what is left of it
// by shortest paths.
//
// After Placed, the auction is held with a bonus for every placement, so that it
// fills seats; the bonus is taken out of the prices again by the duals of
// Placed, on whose face all placements have the same number of bonuses. Who
// isn't counted has a bonus too, so as to bid at all.
func (v *solver) runWeighted(ctx context.Context, st step) (*Stage, error) {
	value := v.net.valuing(&v.obj, st, 0)
	bonus, uncounted := v.bonuses(st)
	p := *v.tree
	p.first = v.first
	p.arcs = make([]arc, len(v.arcs))
	for s := range p.students() {
		row, extra := p.arcs[v.first[s]:v.first[s+1]], bonus
		if !v.net.counts(s) {
			extra = uncounted
		}
		for i, a := range v.arcs[v.first[s]:v.first[s+1]] {
			row[i] = arc{v.net.Target[a], (value(s, a) + extra) * scale}
		}
		sortRow(row)
	}
	a := newAuction(&p, p.high[:p.opportunities])
	if err := a.run(ctx.Err); err != nil {
		return nil, err
	}
	price := v.prices(a, bonus*scale)
	for s := range p.students() {
		extra := bonus * scale
		if !v.net.counts(s) {
			extra = uncounted * scale
		}
		for i := v.first[s]; i < v.first[s+1]; i++ {
			p.arcs[i].value -= extra
		}
	}
	s := newState(&p, p.settle(a.owners(), price), price)
	if err := balance(ctx, s); err != nil {
		return nil, err
	}
	for i := range s.price {
		s.price[i] = floorDivide(s.price[i]-s.price[s.root()], scale)
	}
	for i := range p.arcs {
		p.arcs[i].value /= scale
	}
	v.take(s)
	stage := v.stage(s)
	stage.Measure = st.measure
	v.narrow(stage, value)
	return stage, nil
}

// bonuses are what every placement gets in the auction, and what it is of
// students who aren't counted.
func (v *solver) bonuses(st step) (bonus, uncounted int32) {
	highest := int32(0)
	for _, a := range v.arcs {
		if st.measure == RankSum {
			highest = max(highest, 2*v.obj.Ranks[a])
		} else {
			highest = max(highest, v.obj.Weights[a])
		}
	}
	if v.placed == nil {
		return 0, highest
	}
	return highest, highest
}

// prices makes those of an auction the prices of nodes, without the bonus.
func (v *solver) prices(a *auction, bonus int32) []int64 {
	t := v.tree
	price := make([]int64, len(t.parent)+1)
	if l := a.limits; l != nil {
		for n := len(t.parent) - 1; n >= t.opportunities; n-- {
			price[n] = max(price[t.parent[n]], int64(l.price[n-t.opportunities]))
		}
	}
	for o, p := range a.price {
		switch {
		case p == closed:
			price[o] = price[t.parent[o]]
		case a.limits != nil:
			price[o] = int64(a.priceOf(int32(o)))
		default:
			price[o] = int64(p)
		}
	}
	if v.placed == nil {
		return price
	}
	for n, p := range t.prices(v.placed) {
		price[n] -= p * int64(bonus)
	}
	return price
}

// settle places everyone at a best arc at these prices: at the opportunity that
// has the student's bid if that is one, or else where there is room if there is.
func (p *program) settle(owner []int32, price []int64) []int32 {
	at := make([]int32, len(owner))
	taken := make([]int32, p.opportunities)
	var open []int32
	for s := range owner {
		a, ok := p.bestArc(s, price, func(o int32) bool { return o == owner[s] })
		at[s] = a
		switch {
		case !ok && (a >= 0 || owner[s] >= 0):
			open = append(open, int32(s))
		case a >= 0:
			taken[p.arcs[a].to]++
		}
	}
	for _, s := range open {
		a, _ := p.bestArc(int(s), price, func(o int32) bool { return o >= 0 && taken[o] < p.high[o] })
		at[s] = a
		if a >= 0 {
			taken[p.arcs[a].to]++
		}
	}
	return at
}

// bestArc returns a student's first arc of the highest utility to a target that
// is liked, and whether there is one; without one, the first of the highest
// utility. No arc is -1, with the target -1.
func (p *program) bestArc(s int, price []int64, liked func(o int32) bool) (int32, bool) {
	row := p.arcs[p.first[s]:p.first[s+1]]
	highest, choice := int64(0), int32(-1)
	if p.must[s] {
		highest = -far
	}
	for i, a := range row {
		if u := int64(a.value) - price[a.to]; u > highest {
			highest, choice = u, p.first[s]+int32(i)
		}
	}
	if !p.must[s] && highest == 0 && liked(-1) {
		return -1, true
	}
	for i, a := range row {
		if int64(a.value)-price[a.to] == highest && liked(a.to) {
			return p.first[s] + int32(i), true
		}
	}
	return choice, false
}

func floorDivide(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

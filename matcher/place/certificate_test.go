package place

import (
	"context"
	"math"
	"testing"

	"pgregory.net/rapid"
)

// The stages prove the placement: the prices of students follow from those of
// opportunities and partners, and what they bound a stage by is what the
// placement has. That it then lies in what is left to the next stage follows.
func TestStagesProveThePlacement(t *testing.T) {
	kept := wanted{students: 8, opportunities: 5, caps: true, locks: true, standing: true, minima: true}
	reserved := kept
	reserved.reserves = true
	for name, w := range map[string]wanted{"kept": kept, "reserves": reserved} {
		t.Run(name, func(t *testing.T) { checkOften(t, func(t *rapid.T) { checkProof(t, w) }) })
	}
}

func checkProof(t *rapid.T, w wanted) {
	p := drawInstance(t, w).problem(t)
	o := drawOptions(t, flowObjectives...)
	f, err := Solve(context.Background(), p, o)
	skipUnsolvable(t, err)
	m := marketOf(t, p, o)
	for _, c := range f.Cancelled {
		m.close(c)
	}
	proof := newProof(m)
	placed := int64(0)
	for i := range f.Certificate.Stages {
		stage := &f.Certificate.Stages[i]
		bound := proof.stage(stage)
		value := int64(0)
		if stage.Measure == LowestWeight {
			value = math.MaxInt64
		}
		for s, at := range f.At {
			if at < 0 || m.fixed(int32(s)) {
				continue
			}
			worth := proof.worth(stage, int32(s), at)
			switch stage.Measure {
			case LowestWeight:
				value = min(value, int64(m.weightOf(int32(s), at)))
			case CountPlaced:
				placed++
				value++
			default:
				value += worth
			}
		}
		if stage.Measure == LowestWeight {
			if placed > 0 && (value != stage.Value || bound != stage.Above || bound >= placed) {
				t.Fatalf("stage %+v: the lowest is %d, %d of %d could have more", stage, value, bound, placed)
			}
			continue
		}
		if value != stage.Value || bound != value {
			t.Fatalf("stage %+v: the placement has %d, the prices prove %d", stage, value, bound)
		}
	}
}

// proof is what the stages so far leave.
type proof struct {
	f              *flowing
	in             []bool // by arc
	low, high      []int64
	least, most    []int64 // by partner
	must           []bool
	nodes, parties []int64 // prices
}

func newProof(m *market) *proof {
	f := m.newFlowing()
	f.build()
	p := &proof{f: f, in: make([]bool, len(f.net.Target)), must: make([]bool, len(m.p.Students))}
	for a := range p.in {
		p.in[a] = true
	}
	copy(p.must, f.net.Must)
	for o, seats := range f.net.Seats {
		p.high, p.low = append(p.high, int64(seats)), append(p.low, 0)
		if f.net.Minimum != nil {
			p.low[o] = int64(f.net.Minimum[o])
		}
	}
	for k, limit := range f.net.Cap {
		p.most, p.least = append(p.most, int64(limit)), append(p.least, 0)
		if f.net.Least != nil {
			p.least[k] = int64(f.net.Least[k])
		}
	}
	return p
}

// worth is what a pair counts in a stage.
func (p *proof) worth(stage *Stage, s, o int32) int64 {
	m := p.f.m
	if m.fixed(s) {
		return 0
	}
	rank := int32(1)
	if e := m.p.Lists.find(s, o); e >= 0 {
		rank = m.p.Lists.Rank[e]
	} else if from, to := m.p.Lists.Of(s); from < to {
		rank = m.p.Lists.Rank[to-1] + 1
	}
	yes := false
	switch stage.Measure {
	case SumWeights:
		return int64(m.weightOf(s, o))
	case SumRanks:
		return -int64(rank)
	case NotRank:
		if rank == stage.Rank {
			return -1
		}
	case AtRank:
		yes = rank == stage.Rank
	case LowestWeight:
		yes = int64(m.weightOf(s, o)) > stage.Value
	case KeptStanding:
		yes = m.p.Standing[s] == o
	case CountPlaced:
		yes = true
	}
	if yes {
		return 1
	}
	return 0
}

// prices reads those of a stage.
func (p *proof) prices(stage *Stage) {
	problem := p.f.m.p
	p.nodes, p.parties = make([]int64, len(p.high)), make([]int64, len(p.most))
	for _, price := range stage.Opportunities {
		if price.Whole {
			for i, o := range p.f.whole {
				if problem.Opportunities[o] == price.ID {
					p.parties[i] = price.Price
				}
			}
			continue
		}
		for node := range p.nodes {
			group := ""
			if p.f.parts != nil && p.f.parts[node].group >= 0 {
				g := problem.Groups[p.f.parts[node].group]
				group = g.Name + "=" + g.Value
			}
			if problem.Opportunities[p.f.opportunity(int32(node))] == price.ID && group == price.Group {
				p.nodes[node] = price.Price
			}
		}
	}
	for _, price := range stage.Partners {
		p.parties[len(p.f.whole)+int(numbered(problem.Partners)[price.ID])] = price.Price
	}
}

func (p *proof) net(s, a int32, stage *Stage) int64 {
	node := p.f.net.Target[a]
	value := p.worth(stage, s, p.f.opportunity(node)) - p.nodes[node]
	if p.f.net.Partner == nil {
		return value
	}
	for k := p.f.net.Partner[node]; k >= 0; {
		value -= p.parties[k]
		if p.f.net.Above == nil {
			break
		}
		k = p.f.net.Above[k]
	}
	return value
}

// stage returns the bound that the prices prove, and narrows what is left.
func (p *proof) stage(stage *Stage) (bound int64) {
	p.prices(stage)
	for s := range p.must {
		u := int64(math.MinInt64)
		if !p.must[s] {
			u = 0
		}
		from, to := p.f.net.First[s], p.f.net.First[s+1]
		for a := from; a < to; a++ {
			if p.in[a] {
				u = max(u, p.net(int32(s), a, stage))
			}
		}
		bound += u
		for a := from; a < to; a++ {
			if stage.Measure == LowestWeight {
				weight := p.f.m.weightOf(int32(s), p.f.opportunity(p.f.net.Target[a]))
				p.in[a] = p.in[a] && (int64(weight) >= stage.Value || p.f.m.fixed(int32(s)))
			} else {
				p.in[a] = p.in[a] && p.net(int32(s), a, stage) == u
			}
		}
		if stage.Measure != LowestWeight {
			p.must[s] = p.must[s] || u > 0
		}
	}
	keep := stage.Measure == LowestWeight
	return bound + side(p.nodes, p.low, p.high, keep) + side(p.parties, p.least, p.most, keep)
}

// side is the part of the bound of opportunities or partners.
func side(prices, low, high []int64, keep bool) (sum int64) {
	for i, price := range prices {
		switch {
		case price > 0:
			sum += price * high[i]
			if !keep {
				low[i] = high[i]
			}
		case price < 0:
			sum += price * low[i]
			if !keep {
				high[i] = low[i]
			}
		}
	}
	return sum
}

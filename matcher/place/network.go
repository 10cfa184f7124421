package place

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/kindred-match/kindred/matcher/place/flow"
)

// part is what a node of a flow stands for: the open seats of an opportunity,
// or those reserved for a group.
type part struct {
	opportunity int32
	group       int32 // -1: open
}

// flowing places the students of a market by a flow. Students with no choice
// are out of it, and so are their seats. An opportunity with reserved seats is
// a node for each group, which its members alone reach, and one for its open
// seats.
type flowing struct {
	m        *market
	net      flow.Network
	parts    []part  // by node; nil where nodes are opportunities
	whole    []int32 // by partner of the net beyond those of the problem: the opportunity whose nodes it unites
	entry    []int32 // by arc its entry, -1 what a student is sure of off its list; nil where arcs are entries
	solution *flow.Solution
	counts   []int32 // by opportunity, with those who have no choice
}

func (m *market) newFlowing() *flowing { return &flowing{m: m} }

// plain reports whether nodes are opportunities and arcs entries.
func (m *market) plain() bool {
	return m.sure == nil && m.forced == nil && len(m.p.reserves.rows) == 0
}

func (f *flowing) run(ctx context.Context) error {
	if err := f.build(); err != nil {
		return err
	}
	solution, err := flow.Solve(ctx, &f.net, f.objective(), flow.Options{
		Workers: f.m.options.Workers,
		Progress: func(p flow.Progress) {
			f.m.options.Progress(fmt.Sprintf("stage %d of %d", p.Stage, p.Stages), p.Done, p.Total)
		},
	})
	var infeasible *flow.InfeasibleError
	if errors.As(err, &infeasible) {
		return f.infeasible(infeasible)
	}
	if err != nil {
		return err
	}
	f.solution = solution
	f.count()
	return nil
}

// build makes the network.
func (f *flowing) build() error {
	m, p := f.m, f.m.p
	f.net = flow.Network{Partner: p.Partner, Cap: p.Caps}
	if !m.plain() {
		if err := f.buildParts(); err != nil {
			return err
		}
	}
	if len(f.net.Cap) == 0 {
		f.net.Partner = nil
	}
	if !m.plain() {
		return nil
	}
	f.net.First, f.net.Target = p.Lists.First, p.Lists.Opportunity
	f.net.Seats = slices.Clone(p.Seats)
	for o := range f.net.Seats {
		f.net.Seats[o] = m.seats(int32(o))
		f.minimum(o, p.Minimum[o], int32(o))
	}
	return nil
}

// minimum sets the minimum of a node of an opportunity, if it must be reached.
func (f *flowing) minimum(node int, least, o int32) {
	if least <= 0 || f.m.p.Cancels[o] {
		return
	}
	if f.net.Minimum == nil {
		f.net.Minimum = make([]int32, len(f.net.Seats))
	}
	f.net.Minimum[node] = least
}

// buildParts makes the network where seats are reserved or students are sure of
// something.
func (f *flowing) buildParts() error {
	m, p := f.m, f.m.p
	fixed, fixedWith := make([]int32, len(p.Seats)), make([]int32, len(p.Caps))
	pool := m.newPool(false)
	for s := range p.Students {
		if m.fixed(int32(s)) {
			o := m.sure[s]
			pool.force(int32(s), o)
			fixed[o]++
			if with := p.Partner[o]; with >= 0 {
				fixedWith[with]++
			}
		}
	}
	f.net.Cap = slices.Clone(p.Caps)
	for with, n := range fixedWith {
		f.net.Cap[with] -= n
	}
	first, err := f.buildNodes(pool, fixed)
	if err != nil {
		return err
	}
	f.buildArcs(first, f.strangers(pool))
	return nil
}

// buildNodes makes the nodes, and returns the first of each opportunity: those
// of its groups come before that of its open seats.
func (f *flowing) buildNodes(pool *pool, fixed []int32) (first []int32, err error) {
	p := f.m.p
	first = make([]int32, len(p.Seats)+1)
	f.parts, f.whole, f.net.Seats, f.net.Partner = nil, nil, nil, nil
	for o := range p.Seats {
		o := int32(o)
		if ps := pool.parts[o]; ps != nil {
			for i, r := range p.reserves.of(o) {
				f.addNode(part{o, r.group}, ps.left[i])
			}
			f.addNode(part{o, none}, ps.left[len(ps.left)-1])
		} else {
			f.addNode(part{o, none}, pool.left[o])
		}
		first[o+1] = int32(len(f.parts))
	}
	for o, least := range p.Minimum {
		o := int32(o)
		least -= fixed[o]
		switch {
		case first[o+1]-first[o] == 1 || least <= 0 || p.Cancels[o]:
			f.minimum(int(first[o]), least, o)
		case p.Partner[o] >= 0:
			return nil, &OptionError{"objective", fmt.Sprintf(
				"%s can't have a minimum, reserves and a partner with max_seats at once (opportunity %s); use stable",
				f.m.options.Objective, p.Opportunities[o])}
		default:
			f.unite(o, first, least)
		}
	}
	return first, nil
}

func (f *flowing) addNode(of part, seats int32) {
	f.parts = append(f.parts, of)
	f.net.Seats = append(f.net.Seats, seats)
	f.net.Partner = append(f.net.Partner, f.m.p.Partner[of.opportunity])
}

// unite gives the nodes of an opportunity a minimum together.
func (f *flowing) unite(o int32, first []int32, least int32) {
	with, seats := int32(len(f.net.Cap)), int32(0)
	for node := first[o]; node < first[o+1]; node++ {
		f.net.Partner[node] = with
		seats += f.net.Seats[node]
	}
	f.whole = append(f.whole, o)
	f.net.Cap = append(f.net.Cap, seats)
	for len(f.net.Least) < len(f.net.Cap) {
		f.net.Least = append(f.net.Least, 0)
	}
	f.net.Least[with] = least
}

// strangers are the seats of groups that students are sure of who are not in
// them: by student the place of the part, or -1.
func (f *flowing) strangers(pool *pool) []int32 {
	m := f.m
	at := slices.Repeat([]int32{none}, len(m.p.Students))
	for s := range m.sure {
		if m.sure[s] >= 0 && !m.fixed(int32(s)) {
			pool.force(int32(s), m.sure[s])
		}
	}
	for _, ps := range pool.parts {
		for i, holders := range ps.holders {
			for _, s := range holders {
				if !ps.may(m.p, s, i) {
					at[s] = int32(i)
				}
			}
		}
	}
	return at
}

// buildArcs makes the arcs: of an entry those to the seats of the student's
// groups come first.
func (f *flowing) buildArcs(first, strange []int32) {
	m, p := f.m, f.m.p
	f.net.First, f.net.Target, f.entry = []int32{0}, nil, nil
	f.net.Must = make([]bool, len(p.Students))
	for _, l := range m.lost {
		f.net.Must[l.student] = true
	}
	if m.forced != nil {
		f.net.Must[m.forced.student] = true
	}
	for s := range p.Students {
		s := int32(s)
		if !m.fixed(s) {
			from, to := m.entries(s)
			for e := from; e < to; e++ {
				f.addArcs(s, p.Lists.Opportunity[e], e, first, strange[s])
			}
			if o := m.after(s); o >= 0 {
				f.addArcs(s, o, none, first, strange[s])
			}
			f.net.Must[s] = f.net.Must[s] || m.sure != nil && m.sure[s] >= 0
		}
		f.net.First = append(f.net.First, int32(len(f.net.Target)))
	}
}

func (f *flowing) addArcs(s, o, entry int32, first []int32, strange int32) {
	for node := first[o]; node < first[o+1]; node++ {
		group := f.parts[node].group
		stranger := strange == node-first[o] && f.m.isSure(s, o)
		if group < 0 || stranger || slices.Contains(f.m.p.groups.of(s), group) {
			f.net.Target = append(f.net.Target, node)
			f.entry = append(f.entry, entry)
		}
	}
}

// objective is what the flow is to be the best of.
func (f *flowing) objective() flow.Objective {
	obj := flow.Objective{Goal: map[Objective]flow.Goal{
		Welfare: flow.Welfare, MaxPlaced: flow.MaxPlaced, MinRank: flow.MinRank,
		Greedy: flow.Greedy, Generous: flow.Generous, Maximin: flow.Maximin,
	}[f.m.options.Objective]}
	switch obj.Goal {
	case flow.MinRank, flow.Greedy, flow.Generous:
		obj.Ranks = f.byArc(f.m.p.Lists.Rank, func(s int32) int32 {
			if from, to := f.m.p.Lists.Of(s); from < to {
				return f.m.p.Lists.Rank[to-1] + 1
			}
			return 1
		})
	default:
		obj.Weights = f.byArc(f.m.p.Lists.Weight, func(s int32) int32 { return f.m.p.weigh(s, f.m.sure[s]) })
	}
	if f.m.options.Keep == MinMoves {
		obj.Standing = make([]bool, len(f.net.Target))
		for s, stands := range f.m.p.Standing {
			for a := f.net.First[s]; a < f.net.First[s+1]; a++ {
				obj.Standing[a] = stands >= 0 && f.opportunity(f.net.Target[a]) == stands
			}
		}
	}
	return obj
}

// byArc turns values by entry into values by arc; beyond gives those of arcs
// without an entry.
func (f *flowing) byArc(values []int32, beyond func(student int32) int32) []int32 {
	if f.m.plain() {
		return values
	}
	by := make([]int32, len(f.entry))
	for s := range f.m.p.Students {
		for a := f.net.First[s]; a < f.net.First[s+1]; a++ {
			if e := f.entry[a]; e >= 0 {
				by[a] = values[e]
			} else {
				by[a] = beyond(int32(s))
			}
		}
	}
	return by
}

// opportunity is that of a node.
func (f *flowing) opportunity(node int32) int32 {
	if f.parts == nil {
		return node
	}
	return f.parts[node].opportunity
}

// at is where the student is, or -1.
func (f *flowing) at(s int32) int32 {
	switch {
	case f.m.fixed(s):
		return f.m.sure[s]
	case f.solution.Arc[s] < 0:
		return none
	default:
		return f.opportunity(f.net.Target[f.solution.Arc[s]])
	}
}

func (f *flowing) count() {
	f.counts = make([]int32, len(f.m.p.Seats))
	for s := range f.m.p.Students {
		if o := f.at(int32(s)); o >= 0 {
			f.counts[o]++
		}
	}
}

func (f *flowing) close(ctx context.Context, _ int32) error { return f.run(ctx) }

func (f *flowing) placed(o int32) int32 { return f.counts[o] }

func (f *flowing) placement() *Placement {
	to := f.m.placement()
	for s := range f.m.p.Students {
		if o := f.at(int32(s)); o >= 0 {
			f.m.put(to, int32(s), o)
		}
	}
	to.Certificate.Stages = f.stages()
	return to
}

// infeasible is the error for minimums that the flow can't reach.
func (f *flowing) infeasible(e *flow.InfeasibleError) error {
	m, p := f.m, f.m.p
	in := make(map[int32]bool)
	for _, node := range e.Opportunities {
		in[f.opportunity(node)] = true
	}
	var short []cancellation
	kept := make(map[int32]bool)
	if len(in) == 0 { // those who must be placed leave too few
		for _, l := range m.lost {
			kept[l.opportunity] = true
		}
	}
	for o, minimum := range p.Minimum {
		o := int32(o)
		if kept[o] || minimum > 0 && !p.Cancels[o] && (len(in) == 0 || in[o]) {
			short = append(short, cancellation{opportunity: o})
		}
	}
	bad := &MinimumError{Short: m.shortfalls(short), Needed: e.Need, Available: e.Eligible}
	for i, c := range short {
		bad.Short[i].Kept = kept[c.opportunity]
	}
	return bad
}

// stages turns the flow's stages into those of the certificate.
func (f *flowing) stages() []Stage {
	p := f.m.p
	var stages []Stage
	for i := range f.solution.Stages {
		from := &f.solution.Stages[i]
		to := Stage{Measure: measures[from.Measure], Rank: from.Rank, Value: from.Value, Above: from.Above}
		for node, price := range from.Opportunities {
			if price == 0 {
				continue
			}
			named := Price{ID: p.Opportunities[f.opportunity(int32(node))], Price: price}
			if f.parts != nil && f.parts[node].group >= 0 {
				g := p.Groups[f.parts[node].group]
				named.Group = g.Name + "=" + g.Value
			}
			to.Opportunities = append(to.Opportunities, named)
		}
		for with, price := range from.Partners {
			switch {
			case price == 0:
			case with < len(p.Partners):
				to.Partners = append(to.Partners, Price{ID: p.Partners[with], Price: price})
			default:
				o := f.whole[with-len(p.Partners)]
				to.Opportunities = append(to.Opportunities, Price{ID: p.Opportunities[o], Whole: true, Price: price})
			}
		}
		stages = append(stages, to)
	}
	return stages
}

// measures are the names of what stages count.
var measures = map[flow.Measure]Measure{
	flow.Placed: CountPlaced, flow.Sum: SumWeights, flow.RankSum: SumRanks, flow.AtRank: AtRank,
	flow.NotRank: NotRank, flow.Lowest: LowestWeight, flow.Kept: KeptStanding,
}

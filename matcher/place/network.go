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
// seats; who has no choice but such an opportunity has one of its seats, and counts
// in nothing.
type flowing struct {
	m        *market
	net      flow.Network
	obj      flow.Objective
	parts    []part  // by node; nil where nodes are opportunities
	first    []int32 // by opportunity its first node, where there are parts; those of its groups come before that of its open seats
	whole    []int32 // by partner of the net before those of the problem: the opportunity whose nodes it unites
	entry    []int32 // by arc its entry, -1 what a student is sure of off its list; nil where arcs are entries
	solution *flow.Solution
	closing  *flow.Closing // once an opportunity was cancelled
	arcs     []int32       // by student the arc that it has, or -1
	counts   []int32       // by opportunity, with those who have no choice
}

func (m *market) newFlowing() *flowing { return &flowing{m: m} }

// plain reports whether nodes are opportunities and arcs entries.
func (m *market) plain() bool {
	return m.sure == nil && m.forced == nil && len(m.p.reserves.rows) == 0
}

func (f *flowing) run(ctx context.Context) error {
	f.build()
	f.obj = f.objective()
	solution, err := flow.Solve(ctx, &f.net, f.obj, f.options())
	if err != nil {
		return f.refused(err)
	}
	f.solution, f.closing, f.arcs = solution, nil, solution.Arc
	f.count()
	return nil
}

func (f *flowing) options() flow.Options {
	return flow.Options{
		Workers: f.m.options.Workers,
		Progress: func(p flow.Progress) {
			f.m.options.Progress(fmt.Sprintf("stage %d of %d", p.Stage, p.Stages), p.Done, p.Total)
		},
	}
}

func (f *flowing) refused(err error) error {
	if infeasible, is := errors.AsType[*flow.InfeasibleError](err); is {
		return f.infeasible(infeasible)
	}
	return err
}

// close goes on from the placement before. Who had no choice and is lost isn't in
// the network, and starting again says so.
func (f *flowing) close(ctx context.Context, o int32) error {
	for _, l := range f.m.lost {
		if l.opportunity == o && f.net.First[l.student] == f.net.First[l.student+1] {
			return f.run(ctx)
		}
	}
	if f.closing == nil {
		f.closing = flow.NewClosing(&f.net, f.obj, f.solution, f.options())
	}
	nodes := []int32{o}
	if f.parts != nil {
		nodes = nodes[:0]
		for node := f.first[o]; node < f.first[o+1]; node++ {
			nodes = append(nodes, node)
		}
	}
	if err := f.closing.Close(ctx, nodes...); err != nil {
		return f.refused(err)
	}
	f.arcs = f.closing.Arcs()
	f.count()
	return nil
}

// build makes the network.
func (f *flowing) build() {
	m, p := f.m, f.m.p
	if !m.plain() {
		f.buildParts()
		return
	}
	f.net = flow.Network{First: p.Lists.First, Target: p.Lists.Opportunity, Seats: slices.Clone(p.Seats)}
	if len(p.Caps) > 0 {
		f.net.Partner, f.net.Cap = p.Partner, p.Caps
	}
	for o := range f.net.Seats {
		f.net.Seats[o] = m.seats(int32(o))
		f.minimum(o, p.Minimum[o], int32(o))
	}
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
func (f *flowing) buildParts() {
	m, p := f.m, f.m.p
	fixed, caps := make([]int32, len(p.Seats)), slices.Clone(p.Caps)
	pool := m.newPool(false)
	for s := range p.Students {
		if o := f.outside(int32(s)); o >= 0 {
			fixed[o]++
			if with := p.Partner[o]; with >= 0 {
				caps[with]--
			}
		}
	}
	f.buildNodes(pool, fixed, caps)
	f.buildArcs(f.strangers(pool))
}

// outside is what a student has who isn't in the network, or -1.
func (f *flowing) outside(s int32) int32 {
	if !f.m.fixed(s) || len(f.m.p.reserves.of(f.m.sure[s])) > 0 {
		return none
	}
	return f.m.sure[s]
}

// buildNodes makes the nodes and what is above them: opportunities of several nodes
// with a minimum, then partners.
func (f *flowing) buildNodes(pool *pool, fixed, caps []int32) {
	p := f.m.p
	f.first, f.parts, f.whole, f.net = make([]int32, len(p.Seats)+1), nil, nil, flow.Network{}
	for o := range p.Seats {
		o := int32(o)
		if ps := pool.parts[o]; ps != nil {
			for i, r := range p.reserves.of(o) {
				f.addNode(part{o, r.group}, ps.left[i])
			}
			f.addNode(part{o, none}, ps.left[len(ps.left)-1])
		} else {
			f.addNode(part{o, none}, pool.left[o]-fixed[o])
		}
		f.first[o+1] = int32(len(f.parts))
	}
	for o, least := range p.Minimum {
		o := int32(o)
		switch {
		case f.first[o+1]-f.first[o] == 1:
			f.minimum(int(f.first[o]), least-fixed[o], o)
		case least > 0 && !p.Cancels[o]:
			f.unite(o, least)
		}
	}
	f.addPartners(caps)
}

func (f *flowing) addNode(of part, seats int32) {
	f.parts = append(f.parts, of)
	f.net.Seats = append(f.net.Seats, seats)
	f.net.Partner = append(f.net.Partner, none)
}

// unite gives the nodes of an opportunity a minimum together.
func (f *flowing) unite(o, least int32) {
	seats := int32(0)
	for node := f.first[o]; node < f.first[o+1]; node++ {
		f.net.Partner[node] = int32(len(f.whole))
		seats += f.net.Seats[node]
	}
	f.whole = append(f.whole, o)
	f.net.Cap = append(f.net.Cap, seats)
	f.net.Least = append(f.net.Least, least)
}

// addPartners puts partners above what is there.
func (f *flowing) addPartners(caps []int32) {
	p, below := f.m.p, int32(len(f.whole))
	f.net.Cap = append(f.net.Cap, caps...)
	f.net.Least = append(f.net.Least, make([]int32, len(caps))...)
	f.net.Above = slices.Repeat([]int32{none}, len(f.net.Cap))
	for node, of := range f.parts {
		with := p.Partner[of.opportunity]
		switch united := f.net.Partner[node]; {
		case with < 0:
		case united >= 0:
			f.net.Above[united] = below + with
		default:
			f.net.Partner[node] = below + with
		}
	}
}

// strangers are the seats of groups that students are sure of who are not in
// them: by student the place of the part, or -1.
func (f *flowing) strangers(pool *pool) []int32 {
	m := f.m
	at := slices.Repeat([]int32{none}, len(m.p.Students))
	for _, fixed := range []bool{true, false} {
		for s := range m.sure {
			if m.sure[s] >= 0 && m.fixed(int32(s)) == fixed {
				pool.force(int32(s), m.sure[s])
			}
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
func (f *flowing) buildArcs(strange []int32) {
	m, p := f.m, f.m.p
	f.net.First, f.net.Target, f.entry = []int32{0}, nil, nil
	f.net.Must, f.net.Uncounted = make([]bool, len(p.Students)), make([]bool, len(p.Students))
	for _, l := range m.lost {
		f.net.Must[l.student] = true
	}
	if m.forced != nil {
		f.net.Must[m.forced.student] = true
	}
	for s := range p.Students {
		s := int32(s)
		if f.outside(s) < 0 {
			from, to := m.entries(s)
			for e := from; e < to; e++ {
				f.addArcs(s, p.Lists.Opportunity[e], e, strange[s])
			}
			if o := m.after(s); o >= 0 {
				f.addArcs(s, o, none, strange[s])
			}
			f.net.Must[s] = f.net.Must[s] || m.sure != nil && m.sure[s] >= 0
			f.net.Uncounted[s] = m.fixed(s)
		}
		f.net.First = append(f.net.First, int32(len(f.net.Target)))
	}
}

func (f *flowing) addArcs(s, o, entry, strange int32) {
	for node := f.first[o]; node < f.first[o+1]; node++ {
		group := f.parts[node].group
		stranger := strange == node-f.first[o] && f.m.isSure(s, o)
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
			if from, to := f.m.p.Lists.Of(s); from < to && !f.m.fixed(s) {
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
	case f.arcs[s] < 0:
		return none
	default:
		return f.opportunity(f.net.Target[f.arcs[s]])
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

func (f *flowing) placed(o int32) int32 { return f.counts[o] }

func (f *flowing) placement(ctx context.Context) (*Placement, error) {
	if f.closing != nil {
		solution, err := f.closing.Solution(ctx)
		if err != nil {
			return nil, err
		}
		f.solution = solution
	}
	to := f.m.placement()
	for s := range f.m.p.Students {
		if o := f.at(int32(s)); o >= 0 {
			f.m.put(to, int32(s), o)
		}
	}
	to.Certificate.Stages = f.stages()
	return to, nil
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
			case with < len(f.whole):
				to.Opportunities = append(to.Opportunities, Price{ID: p.Opportunities[f.whole[with]], Whole: true, Price: price})
			default:
				to.Partners = append(to.Partners, Price{ID: p.Partners[with-len(f.whole)], Price: price})
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

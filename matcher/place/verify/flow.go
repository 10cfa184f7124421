package verify

import (
	"context"
	"slices"
)

// proven is where a run of a flow's objective has students before free seats are
// filled, once the prices of the certificate have proved that it is optimal.
func (m *market) proven(ctx context.Context) ([]int32, error) {
	if err := m.cancelSaid(); err != nil {
		return nil, err
	}
	base := slices.Clone(m.said.at)
	for s, o := range base {
		s := int32(s)
		i := m.find(s, o)
		switch sure := m.sure[s] >= 0 || m.lost[s]; {
		case m.fixed[s] && o != m.sure[s]:
			return nil, m.wrong(s, "what the student has is not what is kept for it")
		case m.fixed[s], o < 0, o == m.last[s]:
		case !sure && m.options.Fill && m.said.rank[s] == 0: // filled at the end
			base[s] = none
		case i < 0:
			return nil, m.wrong(s, "%s is not on the list of the student", m.name(o))
		case i >= m.reach[s]:
			return nil, m.wrong(s, "the student has less than its standing placement")
		}
	}
	n := m.newNetwork()
	if err := n.prove(ctx, base); err != nil {
		return nil, err
	}
	if o := m.shortest(m.placed(base).counts); o >= 0 {
		return nil, violation(placementsFile, 0, "opportunity %s has some students but not its minimum, so it is to be cancelled", m.offers[o].row.ID)
	}
	return base, nil
}

// cancelSaid closes what the certificate says was cancelled. How many each had
// then is taken from it: that the optimum before would have left it short can't
// be seen from the end.
func (m *market) cancelSaid() error {
	for _, c := range m.run.certificate.Cancelled {
		o, known := m.offerAt[c.Opportunity]
		switch {
		case !known || m.closed[o]:
			return violation(certificateFile, 0, "cancelled names an opportunity twice, or one that the input lacks")
		case !m.offers[o].cancels || m.offers[o].minimum != c.Minimum || c.Placed < 1 || c.Placed >= c.Minimum || c.Placed > m.offers[o].seats:
			return violation(certificateFile, 0, "cancelled: %s is none that may be cancelled, for what it is said to have had", c.Opportunity)
		case slices.Contains(m.said.at, o):
			return violation(placementsFile, 0, "opportunity %s is cancelled and has students", c.Opportunity)
		}
		m.close(o)
	}
	return nil
}

// network is what a flow's objective is the optimum of: students with arcs to
// nodes, which are opportunities, or the seats that one of these has for a group
// and for everybody. Above nodes are partners, and opportunities of several
// nodes with a minimum. Who has no choice is not in it, but where seats are
// reserved: there the student has one of the opportunity's seats, which counts
// nothing.
type network struct {
	m     *market
	nodes []node
	first []int32 // by offer its first node; those of an offer are together, the open one last
	above []upper
	whole map[int32]int32 // by offer of several nodes with a minimum: its place in above
	arcs  [][]arc         // by student: what the stages so far leave
	must  []bool          // by student: it must be placed
}

// bounds are how many students there must and may be, and the price of a stage.
type bounds struct {
	least, most, price int64
}

// upper is a partner, or an opportunity of several nodes.
type upper struct {
	bounds
	above int32 // -1: nothing
}

type node struct {
	bounds
	offer, group int32 // -1: open
	above        int32 // -1: nothing
}

// arc is a way to place a student.
type arc struct {
	node, weight, rank int32
	stands             bool // it has it already
	seat               bool // it is a seat and nothing else: the student has no choice
}

func (m *market) newNetwork() *network {
	n := &network{m: m, whole: make(map[int32]int32), must: make([]bool, len(m.students)), arcs: make([][]arc, len(m.students))}
	l := m.newLedger(false)
	kept := make([]int32, len(m.offers))
	for i := range m.partners {
		n.above = append(n.above, upper{bounds{most: int64(l.partners[i])}, none})
	}
	for s := range m.students {
		if n.outside(int32(s)) {
			o := m.sure[s]
			kept[o]++
			if with := m.offers[o].partner; with >= 0 {
				n.above[with].most--
			}
		}
	}
	for o := range m.offers {
		n.addNodes(int32(o), l, kept[o])
	}
	n.addArcs(m.strangers(l))
	return n
}

// outside says whether a student is not in the network.
func (n *network) outside(s int32) bool {
	return n.m.fixed[s] && len(n.m.offers[n.m.sure[s]].reserves) == 0
}

// addNodes adds the nodes of an opportunity, with what those leave who are not in
// the network.
func (n *network) addNodes(o int32, l *ledger, kept int32) {
	offer := &n.m.offers[o]
	n.first = append(n.first, int32(len(n.nodes)))
	if l.parts[o] == nil {
		n.nodes = append(n.nodes, node{bounds{most: int64(l.left[o] - kept)}, o, none, offer.partner})
	}
	for _, p := range l.parts[o] {
		n.nodes = append(n.nodes, node{bounds{most: int64(p.seats)}, o, p.group, offer.partner})
	}
	nodes := n.nodes[n.first[o]:]
	switch least := int64(offer.minimum - kept); {
	case least <= 0 || offer.cancels:
	case len(nodes) == 1:
		nodes[0].least = least
	default:
		all := upper{bounds{least: least}, offer.partner}
		for i := range nodes {
			all.most += nodes[i].most
			nodes[i].above = int32(len(n.above))
		}
		n.whole[o] = int32(len(n.above))
		n.above = append(n.above, all)
	}
}

// strangers have to keep, or may not fall below, a seat that is reserved for a
// group that they are not in: by student the place of the part, or -1.
func (m *market) strangers(l *ledger) []int32 {
	at := slices.Repeat([]int32{none}, len(m.students))
	for _, fixed := range []bool{true, false} {
		for s, o := range m.sure {
			if o >= 0 && m.fixed[s] == fixed {
				l.force(int32(s), o)
			}
		}
	}
	for _, parts := range l.parts {
		for i := range parts {
			for _, s := range parts[i].holders {
				if !l.may(&parts[i], s) {
					at[s] = int32(i)
				}
			}
		}
	}
	return at
}

func (n *network) addArcs(strangers []int32) {
	m := n.m
	for at := range m.students {
		s := int32(at)
		if n.outside(s) {
			continue
		}
		n.must[s] = m.sure[s] >= 0 || m.lost[s]
		if m.fixed[s] {
			n.arcs[s] = n.appendArcs(nil, s, arc{rank: 1, seat: true}, m.sure[s], strangers[s])
			continue
		}
		made := make([]arc, 0, m.reach[s]+1)
		for _, e := range m.wishes(s) {
			made = n.appendArcs(made, s, arc{weight: e.weight(), rank: e.rank}, e.offer, strangers[s])
		}
		if o := m.last[s]; o >= 0 {
			made = n.appendArcs(made, s, arc{weight: m.weight(s, o), rank: m.rankBeyond(s)}, o, strangers[s])
		}
		n.arcs[s] = made
	}
}

// rankBeyond is the rank, for objectives of ranks, of what is off the list.
func (m *market) rankBeyond(s int32) int32 {
	if list := m.lists[s]; len(list) > 0 {
		return list[len(list)-1].rank + 1
	}
	return 1
}

// appendArcs appends arcs like one to the nodes of an opportunity that are for a
// student.
func (n *network) appendArcs(to []arc, s int32, like arc, o, stranger int32) []arc {
	m := n.m
	end := int32(len(n.nodes))
	if int(o)+1 < len(n.first) {
		end = n.first[o+1]
	}
	for i := n.first[o]; i < end; i++ {
		group := n.nodes[i].group
		if group < 0 || m.member(s, group) || stranger == i-n.first[o] && m.sure[s] == o {
			like.node, like.stands = i, m.standing[s] == o
			to = append(to, like)
		}
	}
	return to
}

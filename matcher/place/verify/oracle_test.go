package verify

import (
	"slices"
)

// exhaust is what a flow's objective is worth at its best, by trying every
// placement, and what the run has. Opportunities are closed as the run says. ok
// is false where the run has a placement that can't be.
type exhaust struct {
	m       *market
	ways    [][]way // by student with a choice, or with no other than where seats are reserved
	whose   []int32
	counts  []int32 // by offer
	with    []int32 // by partner
	sitting [][]int32
	ledger  *ledger
	strange []int32
	best    []int64 // nil: there is no placement
	chosen  []way
}

// way is a way to place a student; with offer -1 it has nothing.
type way struct{ offer, weight, rank int32 }

// optimal says whether what the run has, before free seats are filled, is the
// best that there is.
func optimal(in *Input, r *Run) bool {
	m := listed(in, r)
	if m == nil {
		return false
	}
	for _, c := range r.certificate.Cancelled {
		m.close(m.offerAt[c.Opportunity])
	}
	x := &exhaust{
		m: m, counts: make([]int32, len(m.offers)), with: make([]int32, len(m.partners)), sitting: make([][]int32, len(m.offers)),
		ledger: m.newLedger(false),
	}
	x.strange = m.strangers(m.newLedger(false))
	var own []way
	for s := range m.students {
		if m.fixed[s] && m.said.at[s] != m.sure[s] {
			return false
		}
		if m.fixed[s] && len(m.offers[m.sure[s]].reserves) == 0 {
			x.ledger.force(int32(s), m.sure[s])
			x.put(m.sure[s], 1)
			continue
		}
		ways, has := x.waysOf(int32(s))
		if !has {
			return false
		}
		x.ways, x.whose = append(x.ways, ways), append(x.whose, int32(s))
		own = append(own, x.own(int32(s)))
	}
	said, can := x.try(own)
	if !can {
		return false
	}
	x.search(0)
	return slices.Equal(said, x.best)
}

// listed is the market of a run with its lists; nil where there is none.
func listed(in *Input, r *Run) *market {
	p, err := newProblem(in, r, Options{Workers: 1})
	if err != nil {
		return nil
	}
	p.lists, p.barred = make([][]entry, len(p.students)), make([]bool, len(p.students))
	for s := range p.students {
		p.lists[s], p.barred[s] = p.bruteForce(int32(s), p.newWork())
	}
	said, err := p.readRows()
	if err != nil {
		return nil
	}
	m, err := p.newMarket(said)
	if err != nil {
		return nil
	}
	return m
}

// waysOf are the ways to place a student, and whether that of the run is one.
func (x *exhaust) waysOf(s int32) (ways []way, has bool) {
	m := x.m
	if m.fixed[s] {
		return []way{x.own(s)}, true
	}
	for _, e := range m.wishes(s) {
		ways = append(ways, way{e.offer, e.weight(), e.rank})
	}
	if o := m.last[s]; o >= 0 {
		ways = append(ways, way{o, m.weight(s, o), m.rankBeyond(s)})
	}
	if m.sure[s] < 0 && !m.lost[s] {
		ways = append(ways, way{offer: none})
	}
	return ways, slices.Contains(ways, x.own(s))
}

// own is what the run has for a student, free seats at the end apart.
func (x *exhaust) own(s int32) way {
	m, o := x.m, x.m.said.at[s]
	i := m.find(s, o)
	switch {
	case o < 0, m.options.Fill && m.said.rank[s] == 0 && m.sure[s] < 0 && !m.lost[s]:
		return way{offer: none}
	case i >= 0:
		return way{o, m.lists[s][i].weight(), m.lists[s][i].rank}
	default:
		return way{o, m.weight(s, o), m.rankBeyond(s)}
	}
}

func (x *exhaust) put(o, by int32) {
	x.counts[o] += by
	if with := x.m.offers[o].partner; with >= 0 {
		x.with[with] += by
	}
}

// try is what a placement is worth, if it can be.
func (x *exhaust) try(ways []way) (worth []int64, can bool) {
	for _, w := range ways {
		if w.offer >= 0 {
			x.put(w.offer, 1)
		}
	}
	x.chosen = ways
	if x.can() {
		worth, can = x.worth(), true
	}
	for _, w := range ways {
		if w.offer >= 0 {
			x.put(w.offer, -1)
		}
	}
	x.chosen = nil
	return worth, can
}

func (x *exhaust) search(i int) {
	if i == len(x.ways) {
		if x.can() {
			if worth := x.worth(); x.best == nil || slices.Compare(worth, x.best) > 0 {
				x.best = worth
			}
		}
		return
	}
	for _, w := range x.ways[i] {
		if w.offer >= 0 {
			if x.counts[w.offer] >= x.m.seats(w.offer) {
				continue
			}
			x.put(w.offer, 1)
		}
		x.chosen = append(x.chosen, w)
		x.search(i + 1)
		x.chosen = x.chosen[:i]
		if w.offer >= 0 {
			x.put(w.offer, -1)
		}
	}
}

// can says whether the chosen ways keep to seats, caps, minimums and reserves.
func (x *exhaust) can() bool {
	m := x.m
	for with, n := range x.with {
		if n > m.partners[with].seats {
			return false
		}
	}
	for o := range m.offers {
		offer := &m.offers[o]
		if x.counts[o] > m.seats(int32(o)) || !offer.cancels && x.counts[o] < offer.minimum {
			return false
		}
		if x.ledger.parts[o] == nil {
			continue
		}
		var students []int32
		for i, w := range x.chosen {
			if w.offer == int32(o) {
				students = append(students, x.whose[i])
			}
		}
		left := make([]int32, len(x.ledger.parts[o]))
		for i, p := range x.ledger.parts[o] {
			left[i] = p.seats
		}
		if !x.sit(int32(o), students, left) {
			return false
		}
	}
	return true
}

// sit tries all ways to share out students over the parts of an opportunity.
func (x *exhaust) sit(o int32, students, left []int32) bool {
	if len(students) == 0 {
		return true
	}
	s := students[0]
	for i := range left {
		p := &x.ledger.parts[o][i]
		stranger := x.m.sure[s] == o && x.strange[s] == int32(i)
		if left[i] == 0 || !stranger && !x.ledger.may(p, s) {
			continue
		}
		left[i]--
		can := x.sit(o, students[1:], left)
		left[i]++
		if can {
			return true
		}
	}
	return false
}

// worth is what the objective makes of the chosen ways, of those who have a
// choice: rows of numbers, the first that differs decides.
func (x *exhaust) worth() []int64 {
	placed, sum, ranks, lowest, kept := int64(0), int64(0), int64(0), int64(1<<40), int64(0)
	profile := make([]int64, 30)
	for i, w := range x.chosen {
		if w.offer < 0 || x.m.fixed[x.whose[i]] {
			continue
		}
		placed, sum, ranks, lowest = placed+1, sum+int64(w.weight), ranks+int64(w.rank), min(lowest, int64(w.weight))
		profile[w.rank]++
		if x.m.standing[x.whose[i]] == w.offer {
			kept++
		}
	}
	var row []int64
	switch x.m.run.summary.Objective {
	case welfare:
		row = []int64{sum}
	case maxPlaced:
		row = []int64{placed, sum}
	case minRank:
		row = []int64{placed, -ranks}
	case maximin:
		row = []int64{placed, lowest, sum}
	case greedy:
		row = append([]int64{placed}, profile...)
	case generous:
		slices.Reverse(profile)
		for i := range profile {
			profile[i] = -profile[i]
		}
		row = append([]int64{placed}, profile...)
	}
	if x.m.options.Keep == keepMinMoves {
		row = append(row, kept)
	}
	return row
}

package verify

import "slices"

// ledger is the seats that are left where they are given one by one. A reserved
// seat is for its group; students move between the seats of an opportunity, so
// that nobody is turned away whom there is one for.
type ledger struct {
	m        *market
	left     []int32
	partners []int32
	parts    [][]part // by offer: its reserves, in the order of groups, and the open seats; nil without reserves
}

// part are the seats that one group has, or everybody.
type part struct {
	group   int32 // -1: everybody
	seats   int32
	holders []int32
}

// newLedger has nobody seated. Seats are kept for groups unless they are for
// everybody.
func (m *market) newLedger(everybody bool) *ledger {
	l := &ledger{m: m, left: make([]int32, len(m.offers)), partners: make([]int32, len(m.partners)), parts: make([][]part, len(m.offers))}
	for i := range m.partners {
		l.partners[i] = m.partners[i].seats
	}
	for o := range m.offers {
		seats := m.seats(int32(o))
		l.left[o] = seats
		if everybody || len(m.offers[o].reserves) == 0 {
			continue
		}
		for _, r := range m.offers[o].reserves {
			n := min(r.seats, seats)
			l.parts[o] = append(l.parts[o], part{group: r.group, seats: n})
			seats -= n
		}
		l.parts[o] = append(l.parts[o], part{group: none, seats: seats})
	}
	return l
}

// take gives a student a seat if there is one.
func (l *ledger) take(s, o int32) bool {
	with := l.m.offers[o].partner
	switch {
	case l.left[o] == 0, with >= 0 && l.partners[with] == 0:
		return false
	case l.parts[o] != nil && !l.sit(l.parts[o], s, make([]bool, len(l.parts[o]))):
		return false
	}
	l.count(o, -1)
	return true
}

func (l *ledger) count(o, by int32) {
	l.left[o] += by
	if with := l.m.offers[o].partner; with >= 0 {
		l.partners[with] += by
	}
}

// sit finds a part with a free seat for a student, or one whose holder finds
// another, both in the order of parts.
func (l *ledger) sit(parts []part, s int32, seen []bool) bool {
	for i := range parts {
		if p := &parts[i]; int32(len(p.holders)) < p.seats && l.may(p, s) {
			p.holders = append(p.holders, s)
			return true
		}
	}
	for i := range parts {
		p := &parts[i]
		if seen[i] || !l.may(p, s) {
			continue
		}
		seen[i] = true
		for h, holder := range p.holders {
			if l.sit(parts, holder, seen) {
				p.holders[h] = s
				return true
			}
		}
	}
	return false
}

func (l *ledger) may(p *part, s int32) bool { return p.group < 0 || l.m.member(s, p.group) }

// force gives a student a seat that is promised to it, if need be the last that
// is free, whoever it is reserved for.
func (l *ledger) force(s, o int32) {
	if l.take(s, o) {
		return
	}
	for i := range slices.Backward(l.parts[o]) {
		if p := &l.parts[o][i]; int32(len(p.holders)) < p.seats {
			p.holders = append(p.holders, s)
			break
		}
	}
	l.count(o, -1)
}

func (l *ledger) leave(s, o int32) {
	l.count(o, 1)
	for i := range l.parts[o] {
		p := &l.parts[o][i]
		if h := slices.Index(p.holders, s); h >= 0 {
			p.holders = slices.Delete(p.holders, h, h+1)
			return
		}
	}
}

// swap gives a student another seat for its own, if there is one.
func (l *ledger) swap(s, has, wants int32) bool {
	l.leave(s, has)
	if l.take(s, wants) {
		return true
	}
	l.force(s, has)
	return false
}

// dictate is random serial dictatorship: in the order of the lottery each takes
// the best of its list that is free. What a student is sure of is kept for it
// until its turn.
func (m *market) dictate() []int32 {
	l := m.newLedger(false)
	for s, o := range m.sure {
		if o >= 0 {
			l.force(int32(s), o)
		}
	}
	at := make([]int32, len(m.students))
	for s := range at {
		at[s] = m.last[s]
		for _, e := range m.wishes(int32(s)) {
			has := m.sure[s]
			if has == e.offer || has >= 0 && l.swap(int32(s), has, e.offer) || has < 0 && l.take(int32(s), e.offer) {
				at[s] = e.offer
				break
			}
		}
	}
	return at
}

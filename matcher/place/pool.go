package place

import "slices"

// pool is the seats that are left where they are taken one by one. A reserve
// keeps its seats for the group, unless it is for everybody.
type pool struct {
	m        *market
	left     []int32 // by opportunity
	partners []int32 // by partner: what is left of the cap
	parts    map[int32]*parts
}

// parts are the seats of an opportunity that reserves some: a part for each
// group, and the open seats last. Students sit where they may; they move
// between the parts, so that nobody is turned away whom there is a seat for.
type parts struct {
	reserves []reserve
	left     []int32
	holders  [][]int32
	seen     []bool // by part, in one search
}

// newPool makes the pool of a market with nobody seated. With everybody, seats
// are for everybody.
func (m *market) newPool(everybody bool) *pool {
	l := &pool{m: m, left: make([]int32, len(m.p.Seats)), partners: slices.Clone(m.p.Caps), parts: make(map[int32]*parts)}
	for o := range l.left {
		o := int32(o)
		l.left[o] = m.seats(o)
		reserves := m.p.reserves.of(o)
		if everybody || len(reserves) == 0 {
			continue
		}
		n := len(reserves) + 1
		ps := &parts{reserves: reserves, left: make([]int32, n), holders: make([][]int32, n), seen: make([]bool, n)}
		ps.left[n-1] = l.left[o]
		for i, r := range reserves {
			ps.left[i] = min(r.seats, ps.left[n-1])
			ps.left[n-1] -= ps.left[i]
		}
		l.parts[o] = ps
	}
	return l
}

// has says whether there is a seat for somebody.
func (l *pool) has(o int32) bool {
	partner := l.m.p.Partner[o]
	return l.left[o] > 0 && (partner < 0 || l.partners[partner] > 0)
}

// take gives the student a seat, if there is one.
func (l *pool) take(s, o int32) bool {
	if !l.has(o) {
		return false
	}
	if ps := l.parts[o]; ps != nil {
		clear(ps.seen)
		if !ps.seat(l.m.p, s) {
			return false
		}
	}
	l.left[o]--
	if partner := l.m.p.Partner[o]; partner >= 0 {
		l.partners[partner]--
	}
	return true
}

// force gives the student a seat, one of a group that it isn't in if it has to
// be. There must be one.
func (l *pool) force(s, o int32) {
	if l.take(s, o) {
		return
	}
	ps := l.parts[o]
	for i := len(ps.left) - 1; i >= 0; i-- {
		if ps.left[i] > 0 {
			ps.left[i]--
			ps.holders[i] = append(ps.holders[i], s)
			break
		}
	}
	l.left[o]--
	if partner := l.m.p.Partner[o]; partner >= 0 {
		l.partners[partner]--
	}
}

// swap gives a student another seat for the one that it has, if there is one.
func (l *pool) swap(s, has, wants int32) bool {
	l.leave(s, has)
	if l.take(s, wants) {
		return true
	}
	l.force(s, has)
	return false
}

// leave gives a seat back.
func (l *pool) leave(s, o int32) {
	l.left[o]++
	if partner := l.m.p.Partner[o]; partner >= 0 {
		l.partners[partner]++
	}
	if ps := l.parts[o]; ps != nil {
		for i := range ps.holders {
			if at := slices.Index(ps.holders[i], s); at >= 0 {
				ps.holders[i] = slices.Delete(ps.holders[i], at, at+1)
				ps.left[i]++
				return
			}
		}
	}
}

// seat finds the student a part: one with seats left, or one whose holder finds
// another.
func (ps *parts) seat(p *Problem, s int32) bool {
	for i := range ps.left {
		if ps.left[i] > 0 && ps.may(p, s, i) {
			ps.left[i]--
			ps.holders[i] = append(ps.holders[i], s)
			return true
		}
	}
	for i := range ps.left {
		if ps.seen[i] || !ps.may(p, s, i) {
			continue
		}
		ps.seen[i] = true
		for at := range ps.holders[i] {
			if ps.seat(p, ps.holders[i][at]) {
				ps.holders[i][at] = s
				return true
			}
		}
	}
	return false
}

// may reports whether the student may sit in a part.
func (ps *parts) may(p *Problem, s int32, part int) bool {
	return part == len(ps.reserves) || slices.Contains(p.groups.of(s), ps.reserves[part].group)
}

package verify

import "slices"

// seating is who holds the seats: by opportunity the claims, the better first.
type seating struct {
	m     *market
	held  [][]claim
	total []int32 // by partner
}

func (m *market) newSeating() *seating {
	return &seating{m, make([][]claim, len(m.offers)), make([]int32, len(m.partners))}
}

// seated seats everybody where a placement has them.
func (m *market) seated(f *placement) *seating {
	t := m.newSeating()
	for s, o := range f.at {
		if o >= 0 {
			t.add(o, m.ownClaim(int32(s), o, f.weight(int32(s))))
		}
	}
	return t
}

func (t *seating) add(o int32, c claim) {
	i, _ := slices.BinarySearchFunc(t.held[o], c, compare)
	t.held[o] = slices.Insert(t.held[o], i, c)
	if with := t.m.offers[o].partner; with >= 0 {
		t.total[with]++
	}
}

func (t *seating) remove(o int32, i int) {
	t.held[o] = slices.Delete(t.held[o], i, i+1)
	if with := t.m.offers[o].partner; with >= 0 {
		t.total[with]--
	}
}

// offer lets a student ask for an opportunity. It returns who is turned away,
// the student itself or another, if anybody is.
func (t *seating) offer(o int32, c claim) (out int32, turned bool) {
	seats := int(t.m.seats(o))
	if seats == 0 || len(t.m.offers[o].reserves) == 0 && len(t.held[o]) == seats && compare(t.held[o][seats-1], c) < 0 {
		return c.student, true
	}
	t.add(o, c)
	if len(t.held[o]) > seats {
		worst := t.unwanted(o)
		out = t.held[o][worst].student
		t.remove(o, worst)
		return out, true
	}
	with := t.m.offers[o].partner
	if with < 0 || t.total[with] <= t.m.partners[with].seats {
		return 0, false
	}
	at, i := t.worst(with)
	out = t.held[at][i].student
	t.remove(at, i)
	return out, true
}

// unwanted is whom an opportunity that holds one too many doesn't choose.
func (t *seating) unwanted(o int32) int {
	if len(t.m.offers[o].reserves) == 0 {
		return len(t.held[o]) - 1
	}
	return slices.Index(t.m.choose(o, t.held[o]), false)
}

// choose is whom an opportunity with reserved seats chooses of claims, the better
// first: who is promised a seat; with reserves last, for the seats that nobody
// has reserved, the best; for each group's seats, in the order of groups, its
// best; then the best of the others.
func (m *market) choose(o int32, claims []claim) []bool {
	offer := &m.offers[o]
	chosen := make([]bool, len(claims))
	reserved, seats := m.reserved(o, claims)
	take := func(most int32, may func(s int32) bool) {
		for i := 0; i < len(claims) && most > 0 && seats > 0; i++ {
			if !chosen[i] && may(claims[i].student) {
				chosen[i] = true
				most--
				seats--
			}
		}
	}
	anybody := func(int32) bool { return true }
	for i, c := range claims {
		chosen[i] = c.class == promised
	}
	if m.options.Reserves == "last" {
		open := seats
		for _, n := range reserved {
			open -= n
		}
		take(open, anybody)
	}
	for g, r := range offer.reserves {
		take(reserved[g], func(s int32) bool { return m.member(s, r.group) })
	}
	take(seats, anybody)
	return chosen
}

// reserved is how many seats each group has left, and how many there are, when
// those who are promised one have it: they take one of their group's, and of what
// they leave the first groups have theirs.
func (m *market) reserved(o int32, claims []claim) (byGroup []int32, seats int32) {
	offer := &m.offers[o]
	seats = m.seats(o)
	byGroup = make([]int32, len(offer.reserves))
	for g, r := range offer.reserves {
		byGroup[g] = r.seats
	}
	for _, c := range claims {
		if c.class == promised {
			seats--
			m.takeReserved(offer, byGroup, c.student)
		}
	}
	left := seats
	for g := range byGroup {
		byGroup[g] = max(0, min(byGroup[g], left))
		left -= byGroup[g]
	}
	return byGroup, seats
}

// takeReserved takes a seat of the first of the student's groups that has one.
func (m *market) takeReserved(o *offer, reserved []int32, s int32) {
	for g, r := range o.reserves {
		if reserved[g] > 0 && m.member(s, r.group) {
			reserved[g]--
			return
		}
	}
}

// withPartner are the claims of an opportunity as they count with its partner:
// who is promised a seat, then the best of each group, up to its reserve.
func (m *market) withPartner(o int32, claims []claim) []claim {
	offer := &m.offers[o]
	if len(offer.reserves) == 0 {
		return claims
	}
	reserved, _ := m.reserved(o, claims)
	claims = slices.Clone(claims)
	for g, r := range offer.reserves {
		for i := range claims {
			if reserved[g] > 0 && claims[i].class == ordinary && m.member(claims[i].student, r.group) {
				claims[i].class = shielded
				reserved[g]--
			}
		}
	}
	return claims
}

// worst is the worst claim that a partner holds: its opportunity and its place.
func (t *seating) worst(with int32) (at int32, place int) {
	var worst claim
	at = none
	for _, o := range t.m.partners[with].offers {
		if len(t.held[o]) == 0 {
			continue
		}
		claims := t.m.withPartner(o, t.held[o])
		for i := len(claims) - 1; i >= 0; i-- {
			if at < 0 || compare(claims[i], worst) > 0 {
				at, place, worst = o, i, claims[i]
			}
			if len(t.m.offers[o].reserves) == 0 {
				break // the last is the worst
			}
		}
	}
	return at, place
}

// blocks says whether an opportunity would take a student who asks.
func (t *seating) blocks(o int32, c claim) bool {
	m, held := t.m, t.held[o]
	seats, with := int(m.seats(o)), m.offers[o].partner
	switch {
	case seats == 0:
		return false
	case len(m.offers[o].reserves) > 0:
		return t.blocksReserving(o, c)
	case len(held) >= seats:
		return compare(c, held[len(held)-1]) < 0
	case with < 0 || t.total[with] < m.partners[with].seats:
		return true
	default:
		at, i := t.worst(with)
		if at < 0 {
			return false
		}
		return compare(c, m.withPartner(at, t.held[at])[i]) < 0
	}
}

func (t *seating) blocksReserving(o int32, c claim) bool {
	m, with := t.m, t.m.offers[o].partner
	i, _ := slices.BinarySearchFunc(t.held[o], c, compare)
	claims := slices.Insert(slices.Clone(t.held[o]), i, c)
	if len(claims) > int(m.seats(o)) {
		return m.choose(o, claims)[i]
	}
	if with < 0 || t.total[with] < m.partners[with].seats {
		return true
	}
	claims = m.withPartner(o, claims)
	own := claims[i]
	for _, other := range claims {
		if compare(own, other) < 0 {
			return true
		}
	}
	for _, other := range m.partners[with].offers {
		if other == o {
			continue
		}
		for _, theirs := range m.withPartner(other, t.held[other]) {
			if compare(own, theirs) < 0 {
				return true
			}
		}
	}
	return false
}

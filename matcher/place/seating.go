package place

import "slices"

// seating is who holds which seats: by opportunity the keys of its students,
// and what follows from them for the partners.
type seating struct {
	m     *market
	seats []int32
	// cutoff is the worst key of a full opportunity whose seats go by priority
	// alone, 0 where there are no seats, and else above all keys.
	cutoff []key
	held   [][]key // heaps where all goes by priority (from when it is full), else ascending
	rule   []rule
	partners
	chooser chooser
}

// rule is how an opportunity chooses.
type rule uint8

const (
	byPriority rule = iota // alone
	capped                 // by priority, and its partner has a cap
	reserving              // it has reserved seats; its partner may have a cap
)

func (m *market) newSeating() *seating {
	n := len(m.p.Opportunities)
	t := &seating{
		m: m, seats: make([]int32, n), cutoff: make([]key, n), held: make([][]key, n), rule: make([]rule, n),
		partners: newPartners(m.p), chooser: chooser{m: m},
	}
	for o := range n {
		t.seats[o], t.cutoff[o] = m.seats(int32(o)), nobody
		switch {
		case t.seats[o] == 0:
			t.cutoff[o] = 0
		case len(m.p.reserves.of(int32(o))) > 0:
			t.rule[o] = reserving
		case m.p.Partner[o] >= 0:
			t.rule[o] = capped
		}
	}
	return t
}

// offer lets an opportunity choose between a student and those that it has. It
// returns the key of who is turned away, here or at another opportunity of the
// partner, or nobody.
func (t *seating) offer(o int32, k key) key {
	if k >= t.cutoff[o] {
		return k
	}
	switch t.rule[o] {
	case byPriority:
		return t.offerByPriority(o, k)
	case capped:
		return t.offerCapped(o, k)
	default:
		return t.offerReserving(o, k)
	}
}

func (t *seating) offerByPriority(o int32, k key) key {
	h := t.held[o]
	if len(h) == int(t.seats[o]) {
		out := h[0]
		h[0] = k
		siftDown(h, 0)
		t.cutoff[o] = h[0]
		return out
	}
	if cap(h) == 0 {
		h = make([]key, 0, min(t.seats[o], 16))
	}
	h = append(h, k)
	t.held[o] = h
	if len(h) == int(t.seats[o]) {
		heapify(h)
		t.cutoff[o] = h[0]
	}
	return nobody
}

func (t *seating) offerCapped(o int32, k key) key {
	partner := t.m.p.Partner[o]
	h := t.held[o]
	if len(h) == int(t.seats[o]) { // its cutoff is above k
		out := h[0]
		h[0] = k
		siftDown(h, 0)
		t.changed(o)
		return out
	}
	out := nobody
	if t.count[partner] == t.m.p.Caps[partner] {
		t.tight[partner] = true
		if t.count[partner] == 0 || k >= t.worst[t.root(partner)] {
			return k
		}
		out = t.evict(partner)
	}
	t.held[o] = append(t.held[o], k)
	siftUp(t.held[o], len(t.held[o])-1)
	t.count[partner]++
	t.changed(o)
	return out
}

func (t *seating) offerReserving(o int32, k key) key {
	if t.hopeless(o, k) {
		return k
	}
	c := &t.chooser
	c.keys = insert(append(c.keys[:0], t.held[o]...), k)
	if len(c.keys) > int(t.seats[o]) {
		c.choose(o, t.seats[o])
		out := slices.Index(c.taken, false)
		turned := c.keys[out]
		if turned != k {
			t.held[o] = append(t.held[o][:0], slices.Delete(c.keys, out, out+1)...)
			t.changed(o)
		}
		return turned
	}
	t.held[o] = append(t.held[o][:0], c.keys...)
	partner := t.m.p.Partner[o]
	if partner < 0 {
		return nobody
	}
	t.count[partner]++
	t.changed(o)
	if t.count[partner] > t.m.p.Caps[partner] {
		t.tight[partner] = true
		return t.evict(partner)
	}
	return nobody
}

// hopeless reports, at a glance, that an opportunity with reserves is full with
// better students and reserves nothing for this one.
func (t *seating) hopeless(o int32, k key) bool {
	held := t.held[o]
	if len(held) < int(t.seats[o]) || k < held[len(held)-1] {
		return false
	}
	groups := t.m.p.groups.of(t.m.keys.student(k))
	return !slices.ContainsFunc(t.m.p.reserves.of(o), func(r reserve) bool { return slices.Contains(groups, r.group) })
}

func insert(ascending []key, k key) []key {
	i, _ := slices.BinarySearch(ascending, k)
	return slices.Insert(ascending, i, k)
}

// changed brings up to date what follows from the keys of an opportunity that
// is not byPriority.
func (t *seating) changed(o int32) {
	worst := key(0)
	if t.rule[o] == capped {
		if h := t.held[o]; len(h) > 0 {
			worst = h[0]
		}
		t.cutoff[o] = nobody
		if len(t.held[o]) == int(t.seats[o]) {
			t.cutoff[o] = worst
		}
	} else if t.m.p.Partner[o] >= 0 {
		_, worst = t.worstReserving(o)
	}
	if partner := t.m.p.Partner[o]; partner >= 0 {
		t.set(partner, o, worst)
	}
}

// worstReserving is the worst key, with its class with the partner, and its
// place.
func (t *seating) worstReserving(o int32) (at int, worst key) {
	if len(t.held[o]) == 0 {
		return -1, 0
	}
	c := &t.chooser
	c.keys = append(c.keys[:0], t.held[o]...)
	c.classify(o)
	worst = slices.Max(c.keys)
	return slices.Index(c.keys, worst), worst
}

// evict turns away the worst of a partner's students.
func (t *seating) evict(partner int32) key {
	o := t.root(partner)
	var out key
	if t.rule[o] == capped {
		out, t.held[o] = pop(t.held[o])
	} else {
		at, _ := t.worstReserving(o)
		out = t.held[o][at]
		t.held[o] = slices.Delete(t.held[o], at, at+1)
	}
	t.count[partner]--
	t.changed(o)
	return out
}

// load seats a student for certain: there is a seat.
func (t *seating) load(o int32, k key) {
	switch t.rule[o] {
	case byPriority:
		t.offerByPriority(o, k)
		return
	case capped:
		t.held[o] = append(t.held[o], k)
		siftUp(t.held[o], len(t.held[o])-1)
	default:
		t.held[o] = insert(t.held[o], k)
	}
	if partner := t.m.p.Partner[o]; partner >= 0 {
		t.count[partner]++
		t.changed(o)
	}
}

// takes reports whether the opportunity would take the student if it asked. It
// changes nothing but c.
func (t *seating) takes(c *chooser, o int32, k key) bool {
	if k >= t.cutoff[o] {
		return false
	}
	switch partner := t.m.p.Partner[o]; {
	case t.rule[o] == reserving:
		return t.takesReserving(c, o, k)
	case t.rule[o] == byPriority || len(t.held[o]) == int(t.seats[o]):
		return true
	case t.count[partner] < t.m.p.Caps[partner]:
		return true
	default:
		return t.count[partner] > 0 && k < t.worst[t.root(partner)]
	}
}

func (t *seating) takesReserving(c *chooser, o int32, k key) bool {
	if t.hopeless(o, k) {
		return false
	}
	c.keys = insert(append(c.keys[:0], t.held[o]...), k)
	at := slices.Index(c.keys, k)
	if len(c.keys) > int(t.seats[o]) {
		c.choose(o, t.seats[o])
		return c.taken[at]
	}
	partner := t.m.p.Partner[o]
	if partner < 0 || t.count[partner] < t.m.p.Caps[partner] {
		return true
	}
	c.classify(o)
	own := c.keys[at]
	if slices.Max(c.keys) > own {
		return true
	}
	return slices.ContainsFunc(t.tree.of(partner), func(other int32) bool {
		return other != o && t.worst[other] > own
	})
}

// drop takes everyone from an opportunity and closes it. Its partner's cap must
// not have turned anybody away.
func (t *seating) drop(o int32) []key {
	out := t.held[o]
	t.held[o], t.seats[o], t.cutoff[o], t.rule[o] = nil, 0, 0, byPriority
	if partner := t.m.p.Partner[o]; partner >= 0 {
		t.count[partner] -= int32(len(out))
		t.set(partner, o, 0)
	}
	return out
}

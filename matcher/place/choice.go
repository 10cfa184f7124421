package place

import "slices"

// chooser chooses among the students of an opportunity with reserved seats. It
// is the scratch of one worker.
type chooser struct {
	m     *market
	keys  []key // to choose from, ascending
	taken []bool
	kept  []bool  // has a reserved seat
	left  []int32 // by reserve of the opportunity: seats not taken
}

// choose takes as many of c.keys as there are seats. Those who are sure come
// first and count among the reserved seats of their groups; of the seats that
// they leave the first groups have theirs. Then, with reserves
// first, the seats of each group, in the order of groups, go to its members by
// priority, and what remains to all others by priority; with reserves last the
// seats that are not reserved go by priority before that. What a group leaves
// goes, at the end, to the others.
//
// Such a choice, in fixed steps of which the last takes over what the others
// leave, is substitutable (Westkamp 2013), so that deferred acceptance gives
// the stable placement that is best for every student.
func (c *chooser) choose(o, seats int32) {
	c.taken = append(c.taken[:0], make([]bool, len(c.keys))...)
	reserves := c.m.p.reserves.of(o)
	promised := c.reserveSeats(reserves, seats)
	for i := range promised {
		c.taken[i] = true
	}
	seats -= int32(promised)
	if c.m.options.Reserves == ReservesLast {
		open := seats
		for _, left := range c.left {
			open -= left
		}
		seats -= c.takeAny(max(0, open))
	}
	for i, r := range reserves {
		seats -= c.takeMembers(r.group, min(c.left[i], seats))
	}
	c.takeAny(seats)
}

// reserveSeats sets left to what is reserved of the seats beyond those of who is
// sure, and returns how many of c.keys, the first ones, are. Were more reserved
// than can be had, a group's seats would become another's when its members come,
// and the partner would have turned somebody away for nothing.
func (c *chooser) reserveSeats(reserves []reserve, seats int32) (promised int) {
	c.left = c.left[:0]
	for _, r := range reserves {
		c.left = append(c.left, r.seats)
	}
	for promised < len(c.keys) && c.keys[promised]&classes == sure {
		if g := c.groupWithSeats(c.keys[promised], reserves); g >= 0 {
			c.left[g]--
		}
		promised++
	}
	seats -= int32(promised)
	for g, left := range c.left {
		c.left[g] = max(0, min(left, seats))
		seats -= c.left[g]
	}
	return promised
}

// groupWithSeats is the first reserve with seats left that a student can have.
func (c *chooser) groupWithSeats(of key, reserves []reserve) int {
	groups := c.m.p.groups.of(c.m.keys.student(of))
	for i, r := range reserves {
		if c.left[i] > 0 && slices.Contains(groups, r.group) {
			return i
		}
	}
	return -1
}

func (c *chooser) takeAny(seats int32) (taken int32) {
	for i := 0; i < len(c.keys) && taken < seats; i++ {
		if !c.taken[i] {
			c.taken[i] = true
			taken++
		}
	}
	return taken
}

func (c *chooser) takeMembers(group, seats int32) (taken int32) {
	for i := 0; i < len(c.keys) && taken < seats; i++ {
		if !c.taken[i] && c.member(c.keys[i], group) {
			c.taken[i] = true
			taken++
		}
	}
	return taken
}

func (c *chooser) member(of key, group int32) bool {
	return slices.Contains(c.m.p.groups.of(c.m.keys.student(of)), group)
}

// classify gives c.keys the classes that they have with a partner: of those of
// an opportunity, the members of each group that come first are protected, up to
// the seats that are reserved for it. So a seat that is reserved at an
// opportunity is not lost to the partner's cap.
func (c *chooser) classify(o int32) {
	c.kept = append(c.kept[:0], make([]bool, len(c.keys))...)
	reserves := c.m.p.reserves.of(o)
	promised := c.reserveSeats(reserves, c.m.seats(o))
	for g, r := range reserves {
		left := c.left[g]
		for i := promised; i < len(c.keys) && left > 0; i++ {
			if !c.kept[i] && c.member(c.keys[i], r.group) {
				c.kept[i] = true
				left--
			}
		}
	}
	for i, kept := range c.kept {
		if kept {
			c.keys[i] = c.keys[i]&^classes | protected
		}
	}
}

package verify

import "cmp"

// market is a problem with the promises that are kept and with what is closed.
// A lock, a standing placement that is frozen and one that nobody may fall below
// are promises: the student is sure of the seat.
type market struct {
	*problem
	said    *said
	options *options
	closed  []bool
	sure    []int32 // by student: what it is sure of, or -1
	fixed   []bool  // it gets that and nothing else
	// reach is how many entries of the list may be given to the student: those
	// above what it is sure of, with it.
	reach []int
	// last is what it gets if none of these: what it is sure of off its list.
	last []int32
	lost []bool // was sure of something that was cancelled
}

// newMarket works out what is promised to whom.
func (p *problem) newMarket(said *said) (*market, error) {
	n := len(p.students)
	m := &market{
		problem: p, said: said, options: &p.run.summary.Options, closed: make([]bool, len(p.offers)),
		sure: make([]int32, n), fixed: make([]bool, n), reach: make([]int, n), last: make([]int32, n), lost: make([]bool, n),
	}
	counts := make([]int32, len(p.offers))
	with := make([]int32, len(p.partners))
	for s := range n {
		m.sure[s], m.last[s], m.reach[s] = none, none, len(p.lists[s])
		at, free := p.locked[s], false
		if keep := m.options.Keep; at < 0 && (keep == keepFreeze || keep == keepNoWorse) {
			at, free = p.standing[s], keep == keepNoWorse
		}
		if at < 0 {
			continue
		}
		counts[at]++
		if to := p.offers[at].partner; to >= 0 {
			with[to]++
		}
		m.sure[s], m.last[s] = at, at
		switch place := p.find(int32(s), at); {
		case !free:
			m.reach[s] = 0
		case place >= 0:
			m.last[s], m.reach[s] = none, place+1
		}
		m.fixed[s] = m.last[s] >= 0 && m.reach[s] == 0
	}
	for o, n := range counts {
		if n > p.offers[o].seats {
			return nil, violation(summaryFile, 0, "keep can't be %s: more is to be kept at %s than it has seats", m.options.Keep, p.offers[o].row.ID)
		}
	}
	for i, n := range with {
		if n > p.partners[i].seats {
			return nil, violation(summaryFile, 0, "keep can't be %s: more is to be kept with partner %s than its max_seats", m.options.Keep, p.partners[i].id)
		}
	}
	return m, nil
}

// find is the place of an opportunity on a student's list, or -1.
func (p *problem) find(s, o int32) int {
	for i, e := range p.lists[s] {
		if e.offer == o {
			return i
		}
	}
	return -1
}

// seats are what an opportunity has.
func (m *market) seats(o int32) int32 {
	if m.closed[o] {
		return 0
	}
	return m.offers[o].seats
}

// close cancels an opportunity: who was sure of it no longer is.
func (m *market) close(o int32) {
	m.closed[o] = true
	for s, at := range m.sure {
		if at == o {
			m.sure[s], m.last[s], m.fixed[s], m.lost[s] = none, none, false, true
		}
	}
}

// wishes are the entries that may be given to a student.
func (m *market) wishes(s int32) []entry { return m.lists[s][:m.reach[s]] }

// weight is that of a pair on the student's list or off it.
func (m *market) weight(s, o int32) int32 {
	if i := m.find(s, o); i >= 0 {
		return m.lists[s][i].weight()
	}
	return max(1, micro(m.scoresOf(s)(o)))
}

func (p *problem) member(s, group int32) bool {
	for _, g := range p.memberOf[s] {
		if g == group {
			return true
		}
	}
	return false
}

// claim is a pair's priority; see compare.
type claim struct {
	class   class
	tier    int32 // of those not listed the largest
	weight  int32 // 0 where it doesn't count
	student int32
}

// class comes before everything else of a priority.
type class int8

const (
	promised class = iota // the student is sure of it
	shielded              // with the partner: it has a reserved seat
	ordinary
)

// compare orders priorities, the better first: by tier, then, if it counts, by
// weight, then by lottery.
func compare(a, b claim) int {
	switch {
	case a.class != b.class:
		return cmp.Compare(a.class, b.class)
	case a.tier != b.tier:
		return cmp.Compare(a.tier, b.tier)
	case a.weight != b.weight:
		return cmp.Compare(b.weight, a.weight)
	default:
		return cmp.Compare(a.student, b.student)
	}
}

const untiered = int32(1<<31 - 1)

// claim is the priority of a pair with a weight, on which it is not sure.
func (m *market) claim(s, o, weight int32) claim {
	c := claim{class: ordinary, tier: untiered, student: s}
	if len(m.tiers) > 0 {
		if tier, listed := m.tiers[pair{s, o}]; listed {
			c.tier = tier
		}
	}
	if m.options.Priority == "score" {
		c.weight = weight
	}
	return c
}

// ownClaim is the priority of a pair, in the first class if the student is sure
// of it.
func (m *market) ownClaim(s, o, weight int32) claim {
	c := m.claim(s, o, weight)
	if m.sure[s] == o {
		c.class = promised
	}
	return c
}

package verify

import (
	"context"
	"slices"
	"strconv"
)

// accept is deferred acceptance: who has no seat asks for the next entry of its
// list, and is held until somebody better comes. What comes out is the stable
// placement that is best for every student (Gale and Shapley 1962; with choices
// such as these Hatfield and Milgrom 2005), whatever the order of asking.
func (m *market) accept(ctx context.Context) ([]int32, error) {
	t := m.newSeating()
	next := make([]int, len(m.students))
	var free []int32
	for s := range slices.Backward(m.students) {
		free = append(free, int32(s))
	}
	for asked := 0; len(free) > 0; asked++ {
		if asked%checkEvery == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		s := free[len(free)-1]
		free = free[:len(free)-1]
		o, c, any := m.ask(s, next[s])
		if !any {
			continue
		}
		next[s]++
		if out, turned := t.offer(o, c); turned {
			free = append(free, out)
		}
	}
	at := slices.Repeat([]int32{none}, len(m.students))
	for o, held := range t.held {
		for _, c := range held {
			at[c.student] = int32(o)
		}
	}
	return at, nil
}

// checkEvery is how much is done between two looks at the context.
const checkEvery = 1 << 14

// ask is the i-th opportunity that a student asks for.
func (m *market) ask(s int32, i int) (o int32, c claim, any bool) {
	switch wishes := m.wishes(s); {
	case i < len(wishes):
		e := wishes[i]
		return e.offer, m.ownClaim(s, e.offer, e.weight()), true
	case i == len(wishes) && m.last[s] >= 0:
		o := m.last[s]
		return o, m.ownClaim(s, o, m.weight(s, o)), true
	default:
		return none, c, false
	}
}

// countBlocking counts the pairs that block a placement: of a student that has a
// choice with an opportunity of its list that it likes better than what it has
// and that would take it. Those that only block because a promise is kept are
// not counted.
func (m *market) countBlocking(ctx context.Context, f *placement) (count int64, first pair, err error) {
	t := m.seated(f)
	for s := range f.at {
		if s%checkEvery == 0 && ctx.Err() != nil {
			return 0, first, ctx.Err()
		}
		if m.fixed[s] {
			continue
		}
		for _, e := range m.lists[s] {
			if e.offer == f.at[s] {
				break
			}
			if t.blocks(e.offer, m.claim(int32(s), e.offer, e.weight())) {
				if count == 0 {
					first = pair{int32(s), e.offer}
				}
				count++
			}
		}
	}
	return count, first, nil
}

// cutoffs are the lowest priorities that full opportunities and partners hold.
func (m *market) cutoffs(f *placement) (offers, partners []cutoff) {
	t := m.seated(f)
	for o, held := range t.held {
		if n := len(held); n > 0 && n == int(m.seats(int32(o))) {
			offers = append(offers, m.cutoff(m.offers[o].row.ID, n, held[n-1]))
		}
	}
	for i := range m.partners {
		with := &m.partners[i]
		if with.seats == 0 || t.total[i] != with.seats {
			continue
		}
		var worst claim
		for _, o := range with.offers {
			if n := len(t.held[o]); n > 0 && (worst == claim{} || compare(t.held[o][n-1], worst) > 0) {
				worst = t.held[o][n-1]
			}
		}
		partners = append(partners, m.cutoff(with.id, int(with.seats), worst))
	}
	return offers, partners
}

func (m *market) cutoff(id string, placed int, lowest claim) cutoff {
	c := cutoff{ID: id, Placed: int32(placed)}
	if lowest.class == promised {
		c.Fixed = true
		return c
	}
	if lowest.tier != untiered {
		c.Tier = lowest.tier
	}
	c.Weight = lowest.weight
	c.Lottery = strconv.FormatUint(m.lottery[lowest.student], 10)
	return c
}

// checkCutoffs compares those of the certificate with the placement's.
func (m *market) checkCutoffs(f *placement) error {
	if m.run.summary.Objective != stable {
		return nil
	}
	offers, partners := m.cutoffs(f)
	c := &m.run.certificate
	for _, side := range []struct {
		what       string
		have, want []cutoff
	}{{"cutoffs", c.Cutoffs, offers}, {"partner_cutoffs", c.PartnerCutoffs, partners}} {
		for i := range min(len(side.have), len(side.want)) {
			if side.have[i] != side.want[i] {
				return violation(certificateFile, 0, "%s: that of %s is not the lowest priority that it holds", side.what, side.want[i].ID)
			}
		}
		if len(side.have) != len(side.want) {
			return violation(certificateFile, 0, "%s are of %d that are full, the placement has %d", side.what, len(side.have), len(side.want))
		}
	}
	return nil
}

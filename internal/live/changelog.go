package live

import (
	"slices"
	"sort"

	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/store"
)

// maxLogged is how many changes of a district are kept, so that candidate sets
// can be repaired.
const maxLogged = 1 << 15

// changeLog has what has changed in a snapshot, up to its epoch, by step from
// snapshot to snapshot. It is immutable: successors share what stands before.
type changeLog struct {
	start store.Epoch // it reaches back so far
	steps []step      // oldest first
}

// step is what changed between two snapshots.
type step struct {
	from, to store.Epoch
	// numbers are the opportunities that may be ranked in another way at the end
	// than at the beginning.
	numbers []uint32
	// blurred: in between, more may have been so for a while, because of a
	// partner. A set of another replica that holds for such an epoch can't be
	// repaired.
	blurred bool
	total   int // numbers of all steps so far
}

// with is the log after a step; the oldest ones go.
func (l changeLog) with(s step) changeLog {
	s.total = len(s.numbers)
	if n := len(l.steps); n > 0 {
		s.total += l.steps[n-1].total
	}
	// Logs come one of the other, so that nobody else has seen what is written
	// behind the steps of this one.
	l.steps = append(l.steps, s)
	for len(l.steps) > 0 && s.total-l.steps[0].total+len(l.steps[0].numbers) > maxLogged {
		l.start, l.steps = l.steps[0].to, l.steps[1:]
	}
	return l
}

// since appends to dst the numbers of what has changed since an epoch. It
// reports false if the log doesn't know.
func (l *changeLog) since(dst []uint32, epoch store.Epoch) ([]uint32, bool) {
	first := l.stepAfter(epoch)
	switch {
	case epoch < l.start:
		return dst, false
	case first == len(l.steps):
		return dst, true
	case epoch > l.steps[first].from && l.steps[first].blurred:
		return dst, false
	}
	for i := range l.steps[first:] {
		dst = append(dst, l.steps[first+i].numbers...)
	}
	return dst, true
}

func (l *changeLog) stepAfter(epoch store.Epoch) int {
	return sort.Search(len(l.steps), func(i int) bool { return l.steps[i].to > epoch })
}

// Changed appends to dst the numbers of the opportunities that may have come,
// gone or be ranked in another way at the snapshot's epoch than at an earlier
// one; some perhaps more than once. It reports false where that isn't known: the
// log doesn't reach back so far, or something changed that concerns all of them
// (tags, settings, statistics). The epoch is that of another snapshot, or any.
func (s *Snapshot) Changed(dst []uint32, since store.Epoch) ([]uint32, bool) {
	if since > s.Epoch {
		return dst, false
	}
	return s.log.since(dst, since)
}

// holdings are the numbers of the opportunities of each partner: all of them may
// become full, or free, at once. They are for the follower alone.
type holdings map[string][]uint32

func newHoldings(state *store.State) holdings {
	h := make(holdings, len(state.Partners))
	for i := range state.Opportunities {
		h.add(&state.Opportunities[i])
	}
	return h
}

func (h holdings) add(r *store.OpportunityRecord) {
	if r.Partner != "" {
		h[r.Partner] = append(h[r.Partner], r.Number)
	}
}

func (h holdings) drop(o *matcher.Opportunity) {
	numbers := h[o.Partner]
	if i := slices.Index(numbers, o.Number); i >= 0 {
		h[o.Partner] = slices.Delete(numbers, i, i+1)
	}
}

// stepOf is what a delta changes after the index of before; the holdings are
// kept up.
func (h holdings) stepOf(d *store.Delta, before *matcher.Index) step {
	s := step{from: d.From, to: d.To}
	for _, id := range d.RemovedOpportunities {
		if o, there := before.Opportunity(id); there {
			h.drop(o)
			s.numbers = append(s.numbers, o.Number)
		}
	}
	for i := range d.Opportunities {
		r := &d.Opportunities[i]
		s.numbers = append(s.numbers, r.Number)
		o, there := before.Opportunity(r.ID)
		if there && o.Number == r.Number && o.Partner == r.Partner {
			continue
		}
		if there {
			h.drop(o)
			s.numbers = append(s.numbers, o.Number)
		}
		h.add(r)
	}
	for i := range d.Partners {
		h.partner(&d.Partners[i], before, &s)
	}
	return s
}

// partner adds to the step what changes because of a partner: whether it has
// seats left, and its kind. One that came, or went, did so with its
// opportunities.
func (h holdings) partner(r *store.PartnerRecord, before *matcher.Index, s *step) {
	was, there := before.Partner(r.ID)
	if !there {
		return
	}
	now := partnerLeft(r)
	if full(was) != full(&now) || was.Kind != now.Kind {
		s.numbers = append(s.numbers, h[r.ID]...)
	}
	s.blurred = s.blurred || r.Revision > store.Revision(s.from) || now.MaxSeats != nil
}

// full reports whether a partner, whose MaxSeats are those left, has none.
func full(p *matcher.Partner) bool { return p.MaxSeats != nil && *p.MaxSeats <= 0 }

package candidates

import (
	"cmp"
	"slices"

	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/store"
)

// Repairer brings sets to newer epochs. It is the scratch of one worker: not
// for several goroutines at once.
type Repairer struct {
	changed []uint32 // in order, each once
	scored  []matcher.Member
	merged  []matcher.Member
}

// Repair brings the set to an epoch: what has changed since its own is scored
// with the ranker, whose index is the catalogue at that epoch, and leaves, moves
// or enters. A changed number may stand for an opportunity that is gone, and
// more may be given than have changed.
//
// Whatever the set never had lies below its floor, and what falls below is
// dropped; so the outcome is again all that isn't below the floor, which stays
// where it is, or rises where more than most would be members. It reports false
// where the set doesn't fit the index, and is then of no use.
func (r *Repairer) Repair(s *Set, ranker *matcher.Ranker, q *matcher.Query, changed []uint32, epoch store.Epoch, most int) bool {
	s.Epoch = epoch
	if len(changed) == 0 {
		return true
	}
	r.changed = append(r.changed[:0], changed...)
	slices.Sort(r.changed)
	r.changed = slices.Compact(r.changed)
	least := int64(1)
	if !s.Complete {
		least = s.Floor.Units
	}
	r.scored = ranker.Rescore(r.scored[:0], q, r.changed, least)
	if !r.enter(s, ranker.Index()) {
		return false
	}
	return r.merge(s, ranker.Index(), most)
}

// enter keeps of what was scored that which isn't below the floor, by rank.
func (r *Repairer) enter(s *Set, x *matcher.Index) bool {
	kept := r.scored[:0]
	for _, m := range r.scored {
		o, ok := x.OfNumber(m.Number)
		if !ok {
			return false
		}
		if s.Complete || s.Floor.reaches(m.Units, o.ID) {
			kept = append(kept, m)
		}
	}
	r.scored = kept
	slices.SortFunc(r.scored, func(a, b matcher.Member) int { return compare(x, a, b) })
	return true
}

// merge makes one ranking of the members that haven't changed and of those that
// enter.
func (r *Repairer) merge(s *Set, x *matcher.Index, most int) bool {
	entering := r.scored
	r.merged = r.merged[:0]
	for _, m := range s.Members {
		if _, gone := slices.BinarySearch(r.changed, m.Number); gone {
			continue
		}
		for len(entering) > 0 && compare(x, entering[0], m) < 0 {
			r.merged = append(r.merged, entering[0])
			entering = entering[1:]
		}
		r.merged = append(r.merged, m)
	}
	r.merged = append(r.merged, entering...)
	s.Members, r.merged = r.merged, s.Members
	if len(s.Members) <= most {
		return true
	}
	s.Members = s.Members[:most]
	last := s.Members[most-1]
	o, ok := x.OfNumber(last.Number)
	s.Complete, s.Floor = false, Floor{last.Units, []byte(idOf(o))}
	return ok
}

// compare is the order of rankings: units descending, then id ascending.
func compare(x *matcher.Index, a, b matcher.Member) int {
	if a.Units != b.Units {
		return cmp.Compare(b.Units, a.Units)
	}
	first, _ := x.OfNumber(a.Number)
	second, _ := x.OfNumber(b.Number)
	return cmp.Compare(idOf(first), idOf(second))
}

func idOf(o *matcher.Opportunity) string {
	if o == nil {
		return ""
	}
	return o.ID
}

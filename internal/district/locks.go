package district

import (
	"slices"

	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/matcher/place"
)

// checkLocks reports locks that place a student a second time, or where it is
// not eligible, or more students than there are seats at the opportunity or the
// partner.
func (d *decoder) checkLocks(rep reporter) {
	students := make(map[int32]struct{})
	seats := make(map[int32]int32)
	caps := make(map[int32]int32)
	for i, l := range d.folder.Rows.Locks {
		s, o, line := d.pairs.major[i], d.pairs.minor[i], int(d.pairs.lines[i])
		if l.Action != place.Place || s < 0 || o < 0 {
			continue
		}
		if _, again := students[s]; again {
			rep.error(line, "action", ruleLockedOnce)
			continue
		}
		students[s] = struct{}{}
		if codes := d.refusals(s, o); len(codes) > 0 {
			rep.error(line, "action", ruleLockIneligible(codes))
			continue
		}
		offer := &d.folder.Opportunities[o]
		if seats[o]++; offer.Seats >= 0 && seats[o] > offer.Seats {
			rep.error(line, "action", ruleLockSeats)
			continue
		}
		p, ok := d.partners.at[offer.Partner]
		if !ok || d.folder.Partners[p].MaxSeats == nil {
			continue
		}
		if limit := *d.folder.Partners[p].MaxSeats; limit >= 0 {
			if caps[p]++; caps[p] > limit {
				rep.error(line, "action", ruleLockCap)
			}
		}
	}
}

// refusals are the rules that keep a student from an opportunity on the day
// of the reading; without a day nothing does.
func (d *decoder) refusals(s, o int32) []matcher.Code {
	if d.asOf == 0 {
		return nil
	}
	offer := &d.folder.Opportunities[o]
	var partner *matcher.Partner
	if p, ok := d.partners.at[offer.Partner]; ok {
		partner = &d.folder.Partners[p]
	}
	codes := matcher.Failures(&matcher.Query{Student: &d.folder.Students[s], AsOf: d.asOf, Term: d.term}, offer, partner)
	// A lock on an opportunity without seats is one beyond its seats.
	return slices.DeleteFunc(codes, func(c matcher.Code) bool { return c == matcher.CodeFull })
}

package sqlstore

import (
	"unicode/utf8"

	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/matcher/place"
	"github.com/kindred-match/kindred/store"
)

// checkRows checks each row's values on its own; the ids must exist, which
// shows later.
func checkRows(r *store.Rows) error {
	var err error
	reporter := func(kind store.RowKind) func(i int, column, rule string) {
		return func(i int, column, rule string) {
			if err == nil {
				err = violation(i, string(kind)+"."+column, rule)
			}
		}
	}
	report := reporter(store.RowPreferences)
	for i, p := range r.Preferences {
		checkRank(p.Rank, func(rule string) { report(i, "rank", rule) })
	}
	report = reporter(store.RowScores)
	for i, s := range r.Scores {
		if !(s.Score > 0 && s.Score <= 1) {
			report(i, "score", "must be a number in (0, 1]")
		}
	}
	report = reporter(store.RowPriorities)
	for i, p := range r.Priorities {
		checkRank(p.Tier, func(rule string) { report(i, "tier", rule) })
	}
	report = reporter(store.RowLocks)
	for i, l := range r.Locks {
		if l.Action != place.Place && l.Action != place.Forbid {
			report(i, "action", "must be one of place, forbid")
		}
		if len(l.Reason) > matcher.MaxTextBytes || !utf8.ValidString(l.Reason) {
			report(i, "reason", "must be at most 4096 bytes of UTF-8")
		}
	}
	report = reporter(store.RowReserves)
	for i, v := range r.Reserves {
		if !matcher.ValidID(v.Group.Name) || !matcher.ValidID(v.Group.Value) {
			report(i, "group", "must be name=value, both 1 to 128 bytes of UTF-8 without control characters")
		}
		if v.Seats < 0 || v.Seats > matcher.MaxInteger {
			report(i, "seats", "must be an integer from 0 to 1,000,000")
		}
	}
	return err
}

func checkRank(n int32, report func(rule string)) {
	if n < 1 || n > place.MaxRank {
		report("must be an integer from 1 to 1,000,000")
	}
}

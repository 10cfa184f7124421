package storetest

import (
	"fmt"
	"testing"

	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/matcher/place"
	"github.com/kindred-match/kindred/store"
)

var rowKinds = []store.RowKind{
	store.RowPreferences, store.RowScores, store.RowPriorities, store.RowLocks, store.RowReserves, store.RowStanding,
}

// allRows has a row of each kind.
func allRows(student, opportunity string) store.Rows {
	return store.Rows{
		Preferences: []place.Preference{{Student: student, Opportunity: opportunity, Rank: 1}},
		Scores:      []place.Score{{Student: student, Opportunity: opportunity, Score: 0.1}},
		Priorities:  []place.Priority{{Opportunity: opportunity, Student: student, Tier: 2}},
		Locks:       []place.Lock{{Student: student, Opportunity: opportunity, Action: place.Forbid, Reason: "moved\naway"}},
		Reserves:    []place.Reserve{{Opportunity: opportunity, Group: matcher.Group{Name: student, Value: "x=y"}, Seats: 3}},
		Standing:    []place.Standing{{Student: student, Opportunity: opportunity}},
	}
}

// of returns the rows of one kind alone.
func of(r store.Rows, kind store.RowKind) store.Rows {
	switch kind {
	case store.RowPreferences:
		return store.Rows{Preferences: r.Preferences}
	case store.RowScores:
		return store.Rows{Scores: r.Scores}
	case store.RowPriorities:
		return store.Rows{Priorities: r.Priorities}
	case store.RowLocks:
		return store.Rows{Locks: r.Locks}
	case store.RowReserves:
		return store.Rows{Reserves: r.Reserves}
	default:
		return store.Rows{Standing: r.Standing}
	}
}

// rowStore has students s0 to s2 and opportunities o0 to o2.
func rowStore(t *testing.T, s *suite) store.Store {
	st := s.open(t)
	var m []store.Mutation
	for i := range 3 {
		enrol(t, st, "d", fmt.Sprintf("s%d", i))
		m = append(m, putOpportunity(opportunity(fmt.Sprintf("o%d", i), "")))
	}
	write(t, st, "d", m...)
	return st
}

func listRows(t *testing.T, st store.Store, kind store.RowKind, f store.RowFilter) store.Rows {
	t.Helper()
	rows, cursor, err := st.ListRows(t.Context(), "d", kind, f, "", 100)
	must(t, err)
	if cursor != "" {
		t.Fatalf("a cursor, and nothing to go on to")
	}
	return rows
}

func (s *suite) testRows(t *testing.T) {
	st := rowStore(t, s)
	ctx := t.Context()
	r, err := st.WriteRows(ctx, "d", at(noon), store.RowsWrite{Put: allRows("s1", "o1")})
	must(t, err)
	wantEqual(t, "receipt", r, store.Receipt{Epoch: 3, Sequence: 4})
	_, err = st.WriteRows(ctx, "d", at(noon), store.RowsWrite{Put: allRows("s2", "o2")})
	must(t, err)
	for _, kind := range rowKinds {
		wantEqual(t, string(kind), listRows(t, st, kind, store.RowFilter{Opportunity: "o1"}), of(allRows("s1", "o1"), kind))
		want := of(allRows("s2", "o2"), kind)
		if kind == store.RowReserves {
			want = store.Rows{} // they are of no student
		}
		wantEqual(t, string(kind), listRows(t, st, kind, store.RowFilter{Student: "s2"}), want)
		wantEqual(t, string(kind), listRows(t, st, kind, store.RowFilter{Student: "s2", Opportunity: "o1"}), store.Rows{})
	}

	// A row is put over the one with the same key.
	over := allRows("s1", "o1")
	over.Preferences[0].Rank, over.Scores[0].Score, over.Priorities[0].Tier = 7, 1, 1
	over.Locks[0] = place.Lock{Student: "s1", Opportunity: "o1", Action: place.Place}
	over.Reserves[0].Seats = 0
	_, err = st.WriteRows(ctx, "d", at(noon), store.RowsWrite{Put: over})
	must(t, err)
	for _, kind := range rowKinds {
		wantEqual(t, string(kind), listRows(t, st, kind, store.RowFilter{Opportunity: "o1"}), of(over, kind))
	}

	// First clear, then delete, then put.
	_, err = st.WriteRows(ctx, "d", at(noon), store.RowsWrite{
		Clear: []store.RowScope{
			{Kind: store.RowPreferences, Filter: store.RowFilter{Student: "s1"}},
			{Kind: store.RowLocks},
			{Kind: store.RowReserves, Filter: store.RowFilter{Student: "s1"}},
		},
		Delete: store.Rows{
			Standing: []place.Standing{{Student: "s2", Opportunity: "o2"}, {Student: "s0", Opportunity: "o0"}},
			Reserves: []place.Reserve{{Opportunity: "o2", Group: matcher.Group{Name: "s2", Value: "x=y"}}},
		},
		Put: store.Rows{Preferences: []place.Preference{{Student: "s1", Opportunity: "o0", Rank: 7}}},
	})
	must(t, err)
	wantEqual(t, "preferences", listRows(t, st, store.RowPreferences, store.RowFilter{}), store.Rows{Preferences: []place.Preference{
		{Student: "s1", Opportunity: "o0", Rank: 7}, {Student: "s2", Opportunity: "o2", Rank: 1},
	}})
	wantEqual(t, "locks", listRows(t, st, store.RowLocks, store.RowFilter{}), store.Rows{})
	wantEqual(t, "reserves", listRows(t, st, store.RowReserves, store.RowFilter{}), of(over, store.RowReserves))
	wantEqual(t, "standing", listRows(t, st, store.RowStanding, store.RowFilter{}), of(over, store.RowStanding))
	r, err = st.WriteRows(ctx, "d", at(noon), store.RowsWrite{Clear: []store.RowScope{{Kind: store.RowLocks}}})
	must(t, err)
	if r.Sequence != 7 {
		t.Fatalf("sequence %d, want 7: nothing was there to clear", r.Sequence)
	}
}

func (s *suite) testRowErrors(t *testing.T) {
	st := rowStore(t, s)
	ctx := t.Context()
	_, err := st.WriteRows(ctx, "d", at(noon), store.RowsWrite{Put: store.Rows{
		Preferences: []place.Preference{{Student: "s0", Opportunity: "o0", Rank: 1}, {Student: "s0", Opportunity: "o1", Rank: 2}},
	}})
	must(t, err)
	good := allRows("s1", "o1")
	for _, c := range []struct {
		name   string
		change func(*store.Rows)
		field  string
	}{
		{"rank", func(r *store.Rows) { r.Preferences[1].Rank = 0 }, "preferences.rank"},
		{"equal ranks", func(r *store.Rows) { r.Preferences[1] = place.Preference{Student: "s1", Opportunity: "o2", Rank: 1} }, "preferences.rank"},
		{"rank of another row", func(r *store.Rows) { r.Preferences[1] = place.Preference{Student: "s0", Opportunity: "o2", Rank: 2} }, "preferences.rank"},
		{"student", func(r *store.Rows) { r.Preferences[1].Student = "none" }, "preferences.student"},
		{"opportunity", func(r *store.Rows) { r.Scores[1].Opportunity = "none" }, "scores.opportunity"},
		{"score", func(r *store.Rows) { r.Scores[1].Score = 1.5 }, "scores.score"},
		{"tier", func(r *store.Rows) { r.Priorities[1].Tier = 1_000_001 }, "priorities.tier"},
		{"action", func(r *store.Rows) { r.Locks[1].Action = "keep" }, "locks.action"},
		{"reason", func(r *store.Rows) { r.Locks[1].Reason = "\xff" }, "locks.reason"},
		{"group", func(r *store.Rows) { r.Reserves[1].Group.Value = "" }, "reserves.group"},
		{"seats", func(r *store.Rows) { r.Reserves[1].Seats = -1 }, "reserves.seats"},
		{"reserve's opportunity", func(r *store.Rows) { r.Reserves[1].Opportunity = "none" }, "reserves.opportunity"},
		{"twice", func(r *store.Rows) { r.Standing[1] = r.Standing[0] }, "placements.student"},
	} {
		t.Run(c.name, func(t *testing.T) {
			rows, more := good, allRows("s2", "o2")
			rows.Preferences = append(rows.Preferences[:1:1], more.Preferences...)
			rows.Scores = append(rows.Scores[:1:1], more.Scores...)
			rows.Priorities = append(rows.Priorities[:1:1], more.Priorities...)
			rows.Locks = append(rows.Locks[:1:1], more.Locks...)
			rows.Reserves = append(rows.Reserves[:1:1], more.Reserves...)
			rows.Standing = append(rows.Standing[:1:1], more.Standing...)
			c.change(&rows)
			_, err := st.WriteRows(ctx, "d", at(noon), store.RowsWrite{Put: rows})
			wantViolation(t, err, 1, c.field)
			for _, kind := range rowKinds {
				wantEqual(t, string(kind), listRows(t, st, kind, store.RowFilter{Student: "s1"}), store.Rows{})
			}
		})
	}
	// Ranks may change places within one write.
	_, err = st.WriteRows(ctx, "d", at(noon), store.RowsWrite{Put: store.Rows{
		Preferences: []place.Preference{{Student: "s0", Opportunity: "o0", Rank: 2}, {Student: "s0", Opportunity: "o1", Rank: 1}},
	}})
	must(t, err)
	_, err = st.WriteRows(ctx, "d", at(noon), store.RowsWrite{Clear: []store.RowScope{{Kind: "letters"}}})
	wantViolation(t, err, -1, "kind")
	_, err = st.WriteRows(ctx, "nowhere", at(noon), store.RowsWrite{Put: good})
	wantError(t, err, store.ErrNotFound)
	_, _, err = st.ListRows(ctx, "d", "letters", store.RowFilter{}, "", 1)
	wantViolation(t, err, -1, "kind")
	_, _, err = st.ListRows(ctx, "d", store.RowLocks, store.RowFilter{}, "", 0)
	wantViolation(t, err, -1, "limit")
}

func (s *suite) testRowPages(t *testing.T) {
	st := rowStore(t, s)
	ctx := t.Context()
	var all store.Rows
	for i := range 3 {
		for j := range 3 {
			r := allRows(fmt.Sprintf("s%d", i), fmt.Sprintf("o%d", j))
			r.Preferences[0].Rank = int32(1 + j)
			all.Preferences = append(all.Preferences, r.Preferences...)
			all.Scores = append(all.Scores, r.Scores...)
			all.Priorities = append(all.Priorities, r.Priorities...)
			all.Locks = append(all.Locks, r.Locks...)
			all.Standing = append(all.Standing, r.Standing...)
			// Reserves are in the order of opportunities.
			all.Reserves = append(all.Reserves, allRows(fmt.Sprintf("s%d", j), fmt.Sprintf("o%d", i)).Reserves...)
		}
	}
	_, err := st.WriteRows(ctx, "d", at(noon), store.RowsWrite{Put: all})
	must(t, err)
	for _, kind := range rowKinds {
		for limit := 1; limit <= 10; limit++ {
			var got store.Rows
			pages := 0
			for cursor := ""; ; pages++ {
				rows, next, err := st.ListRows(ctx, "d", kind, store.RowFilter{}, cursor, limit)
				must(t, err)
				got = joined(got, rows)
				if cursor = next; cursor == "" {
					break
				}
			}
			wantEqual(t, string(kind), got, of(all, kind))
			if want := (9 - 1) / limit; pages != want {
				t.Fatalf("%s: %d pages follow the first, want %d", kind, pages, want)
			}
		}
	}
	first, cursor, err := st.ListRows(ctx, "d", store.RowScores, store.RowFilter{Opportunity: "o1"}, "", 2)
	must(t, err)
	rest, end, err := st.ListRows(ctx, "d", store.RowScores, store.RowFilter{Opportunity: "o1"}, cursor, 2)
	must(t, err)
	if len(first.Scores) != 2 || len(rest.Scores) != 1 || rest.Scores[0].Student != "s2" || end != "" {
		t.Fatalf("pages under a filter: %+v, then %+v", first, rest)
	}
	for _, c := range []struct {
		kind   store.RowKind
		filter store.RowFilter
		cursor string
	}{
		{store.RowLocks, store.RowFilter{Opportunity: "o1"}, cursor},
		{store.RowScores, store.RowFilter{Opportunity: "o2"}, cursor},
		{store.RowScores, store.RowFilter{Student: "s2"}, cursor},
		{store.RowScores, store.RowFilter{}, "x"},
		{store.RowScores, store.RowFilter{}, cursor + "AA"},
	} {
		_, _, err = st.ListRows(ctx, "d", c.kind, c.filter, c.cursor, 2)
		wantViolation(t, err, -1, "cursor")
	}
}

func joined(a, b store.Rows) store.Rows {
	return store.Rows{
		Preferences: append(a.Preferences, b.Preferences...), Scores: append(a.Scores, b.Scores...),
		Priorities: append(a.Priorities, b.Priorities...), Locks: append(a.Locks, b.Locks...),
		Reserves: append(a.Reserves, b.Reserves...), Standing: append(a.Standing, b.Standing...),
	}
}

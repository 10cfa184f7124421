package storetest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/store"
)

// fullOpportunity has a value in every field.
func fullOpportunity(id, partner string) *matcher.Opportunity {
	return &matcher.Opportunity{
		ID: id, Partner: partner, Title: "Web designer; \"part-time\"\n", Kind: "internship", Term: "2026-fall",
		Seats: 4, MinSeats: 2, MinPolicy: matcher.MinCancel, Grades: []string{"10", "11"}, Regions: []string{"north, east;"},
		Remote: true, Slots: []string{"mon pm", "tue"}, Requires: []string{"first=aid"}, MinAge: new(int32(16)),
		Position: &matcher.Position{Latitude: -12.25, Longitude: 99.125}, Opens: 20260901, Closes: 20261231,
		Goals: []string{"g1"}, Boost: 1.5, Status: matcher.Draft,
		Tags: []matcher.Weighted{{Tag: "zoë", Weight: 1}, {Tag: "cad design", Weight: matcher.One}, {Tag: "cad design", Weight: 5}},
	}
}

func (s *suite) testBatch(t *testing.T) {
	st := s.open(t)
	ctx := t.Context()
	_, err := st.State(ctx, "d")
	wantError(t, err, store.ErrNotFound)
	_, err = st.Head(ctx, "d")
	wantError(t, err, store.ErrNotFound)

	child := &matcher.Tag{ID: "cad", Label: "CAD", Parent: "design", Importance: 2.5, Synonyms: []string{"autocad", "draw ing"}}
	p := &matcher.Partner{ID: "p1", Name: "P, Inc.", Kind: "business", Region: "north", MaxSeats: new(int32(7)), Goals: []string{"a", "b"}}
	o := fullOpportunity("o1", "p1")
	// What is referred to comes later in the batch than what refers to it.
	r := write(t, st, "d", putOpportunity(o), putPartner(p), putTag(child), putTag(tag("design")))
	if r.Epoch != 4 || len(r.Revisions) != 4 || r.Replayed {
		t.Fatalf("receipt of a batch of four: %+v", r)
	}
	if got := slices.Sorted(slices.Values(r.Revisions)); !slices.Equal(got, []store.Revision{1, 2, 3, 4}) {
		t.Fatalf("each resource gets an epoch of its own; got %v", got)
	}
	got, err := st.Opportunity(ctx, "d", "o1")
	must(t, err)
	wantEqual(t, "opportunity", got, &store.OpportunityRecord{Opportunity: *o, Revision: r.Revisions[0], Number: 1})
	gotPartner, err := st.Partner(ctx, "d", "p1")
	must(t, err)
	wantEqual(t, "partner", gotPartner, &store.PartnerRecord{Partner: *p, Revision: r.Revisions[1]})
	gotTag, err := st.Tag(ctx, "d", "cad")
	must(t, err)
	wantEqual(t, "tag", gotTag, &store.TagRecord{Tag: *child, Revision: r.Revisions[2]})
	wantEqual(t, "state", state(t, st, "d"), &store.State{
		Epoch: 4, Settings: store.DefaultSettings(),
		Tags:          []store.TagRecord{*gotTag, {Tag: *tag("design"), Revision: r.Revisions[3]}},
		Partners:      []store.PartnerRecord{*gotPartner},
		Opportunities: []store.OpportunityRecord{*got},
	})
	districts, err := st.Districts(ctx)
	must(t, err)
	wantEqual(t, "districts", districts, []string{"d"})
	// An empty write makes a district.
	write(t, st, "c")
	districts, err = st.Districts(ctx)
	must(t, err)
	wantEqual(t, "districts", districts, []string{"c", "d"})
	if e := state(t, st, "c").Epoch; e != 0 {
		t.Fatalf("an empty district has epoch %d", e)
	}
	for _, err := range []error{
		second(st.Tag(ctx, "d", "x")), second(st.Partner(ctx, "d", "x")), second(st.Opportunity(ctx, "d", "x")),
		second(st.Tag(ctx, "x", "cad")), second(st.Opportunity(ctx, "x", "o1")),
	} {
		wantError(t, err, store.ErrNotFound)
	}
}

func second[T any](_ T, err error) error { return err }

func (s *suite) testBatchErrors(t *testing.T) {
	st := s.open(t)
	ctx := t.Context()
	write(t, st, "d", putPartner(partner("p1")), putOpportunity(opportunity("o1", "p1")), putTag(tag("t1")))
	before := state(t, st, "d")
	good := putPartner(partner("p2"))
	bad := func(change func(*matcher.Opportunity)) store.Mutation {
		o := opportunity("o2", "")
		change(o)
		return putOpportunity(o)
	}
	for _, c := range []struct {
		name     string
		mutation store.Mutation
		field    string
	}{
		{"nothing", store.Mutation{}, "mutation"},
		{"two", store.Mutation{PutTag: tag("x"), DeleteTag: "y"}, "mutation"},
		{"tag id", putTag(tag("a=b")), "tag"},
		{"importance", putTag(&matcher.Tag{ID: "x"}), "importance"},
		{"parent", putTag(&matcher.Tag{ID: "x", Importance: 1, Parent: "none"}), "parent"},
		{"partner id", putPartner(partner("")), "partner"},
		{"cap", putPartner(&matcher.Partner{ID: "x", MaxSeats: new(int32(-1))}), "max_seats"},
		{"partner", bad(func(o *matcher.Opportunity) { o.Partner = "none" }), "partner"},
		{"seats", bad(func(o *matcher.Opportunity) { o.Seats = -1 }), "seats"},
		{"weight", bad(func(o *matcher.Opportunity) { o.Tags = []matcher.Weighted{{Tag: "a"}} }), "tags"},
		{"many tags", bad(func(o *matcher.Opportunity) { o.Tags = distinctTags(65) }), "tags"},
		{"twice", putPartner(partner("p2")), "partner"},
		{"put and deleted", store.Mutation{DeletePartner: "p2"}, "partner"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := st.Write(ctx, "d", at(noon), batch(good, c.mutation))
			wantViolation(t, err, 1, c.field)
			wantEqual(t, "state", state(t, st, "d"), before)
		})
	}
	for _, c := range []struct {
		name     string
		mutation store.Mutation
		want     error
	}{
		{"no such tag", store.Mutation{DeleteTag: "x"}, store.ErrNotFound},
		{"no such partner", store.Mutation{DeletePartner: "x"}, store.ErrNotFound},
		{"no such opportunity", store.Mutation{DeleteOpportunity: "x"}, store.ErrNotFound},
		{"partner in use", store.Mutation{DeletePartner: "p1"}, store.ErrInUse},
		{"tag conflict", store.Mutation{PutTag: tag("t1"), IfRevision: 99}, store.ErrConflict},
		{"partner conflict", store.Mutation{PutPartner: partner("p1"), IfRevision: 99}, store.ErrConflict},
		{"opportunity conflict", store.Mutation{PutOpportunity: opportunity("o1", ""), IfRevision: 99}, store.ErrConflict},
		{"conflict with nothing", store.Mutation{PutTag: tag("t9"), IfRevision: 1}, store.ErrConflict},
		{"deletion conflict, tag", store.Mutation{DeleteTag: "t1", IfRevision: 99}, store.ErrConflict},
		{"deletion conflict", store.Mutation{DeleteOpportunity: "o1", IfRevision: 99}, store.ErrConflict},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := st.Write(ctx, "d", at(noon), batch(good, c.mutation))
			wantError(t, err, c.want)
			wantEqual(t, "state", state(t, st, "d"), before)
		})
	}
	_, err := st.Write(ctx, "new", at(noon), batch(store.Mutation{DeleteTag: "x"}))
	wantError(t, err, store.ErrNotFound)
	_, err = st.Head(ctx, "new")
	wantError(t, err, store.ErrNotFound) // a write that failed made no district
	_, err = st.Write(ctx, "", at(noon), batch())
	wantViolation(t, err, -1, "district")
}

func distinctTags(n int) []matcher.Weighted {
	tags := make([]matcher.Weighted, n)
	for i := range tags {
		tags[i] = matcher.Weighted{Tag: fmt.Sprintf("t%03d", i), Weight: 1}
	}
	return tags
}

func (s *suite) testTags(t *testing.T) {
	st := s.open(t)
	ctx := t.Context()
	named := func(id, parent string, synonyms ...string) store.Mutation {
		return putTag(&matcher.Tag{ID: id, Parent: parent, Importance: 1, Synonyms: synonyms})
	}
	write(t, st, "d", named("a", ""), named("b", "a", "bee"), named("c", "b"))
	for _, c := range []struct {
		name  string
		m     []store.Mutation
		index int
		field string
	}{
		{"cycle", []store.Mutation{putTag(tag("z")), named("a", "c")}, 1, "parent"},
		{"synonym of another", []store.Mutation{named("z", "", "bee")}, 0, "synonyms"},
		{"synonym equal to a tag", []store.Mutation{named("z", "", "c")}, 0, "synonyms"},
		{"tag equal to a synonym", []store.Mutation{putTag(tag("z")), putTag(tag("bee"))}, 1, "tag"},
		{"too deep", deeper(), 0, "parent"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := st.Write(ctx, "d", at(noon), batch(c.m...))
			wantViolation(t, err, c.index, c.field)
		})
	}
	_, err := st.Write(ctx, "d", at(noon), batch(store.Mutation{DeleteTag: "a"}))
	wantError(t, err, store.ErrInUse)
	// What is referred to may go together with what refers to it, in any order.
	write(t, st, "d", store.Mutation{DeleteTag: "a"}, store.Mutation{DeleteTag: "b"}, named("c", ""))
	if n := len(state(t, st, "d").Tags); n != 1 {
		t.Fatalf("%d tags are left, want 1", n)
	}
	// Synonyms count once: 65 names, 64 tags.
	write(t, st, "d", named("t000", "", "t064"))
	o := opportunity("o", "")
	o.Tags = distinctTags(65)
	pupil := student("s")
	pupil.Interests = distinctTags(65)
	write(t, st, "d", putOpportunity(o))
	_, err = st.PutStudents(ctx, "d", at(noon), []store.StudentPut{{Student: pupil}})
	must(t, err)
	pupil.Interests = distinctTags(66)
	_, err = st.PutStudents(ctx, "d", at(noon), []store.StudentPut{{Student: pupil}})
	wantViolation(t, err, 0, "interests")
}

// deeper puts a root of 15 levels above a, so that c has 17 ancestors.
func deeper() []store.Mutation {
	m := []store.Mutation{putTag(&matcher.Tag{ID: "a", Parent: "r14", Importance: 1})}
	for i := range 15 {
		r := tag(fmt.Sprintf("r%d", i))
		if i > 0 {
			r.Parent = fmt.Sprintf("r%d", i-1)
		}
		m = append(m, putTag(r))
	}
	return m
}

func (s *suite) testUnchanged(t *testing.T) {
	st := s.open(t)
	m := []store.Mutation{
		putTag(tag("t")), putPartner(partner("p")), putOpportunity(fullOpportunity("o", "p")), putOpportunity(opportunity("q", "")),
	}
	first := write(t, st, "d", m...)
	wantEqual(t, "receipt of the same again", write(t, st, "d", m...), first)
	changed := fullOpportunity("o", "")
	again := write(t, st, "d", m[0], m[1], putOpportunity(changed), m[3])
	if again.Epoch != first.Epoch+1 || again.Revisions[2] != store.Revision(again.Epoch) {
		t.Fatalf("one change of four: %+v", again)
	}
	wantEqual(t, "the other revisions", slices.Delete(slices.Clone(again.Revisions), 2, 3),
		slices.Delete(slices.Clone(first.Revisions), 2, 3))
}

func (s *suite) testDeletions(t *testing.T) {
	st := s.open(t)
	ctx := t.Context()
	write(t, st, "d", putPartner(partner("p")), putOpportunity(opportunity("o1", "p")), putOpportunity(opportunity("o2", "")))
	enrol(t, st, "d", "s")
	put := store.RowsWrite{Put: allRows("s", "o1")}
	rows, err := st.WriteRows(ctx, "d", at(noon), put)
	must(t, err)
	r := write(t, st, "d", store.Mutation{DeletePartner: "p"}, store.Mutation{DeleteOpportunity: "o1", IfRevision: 2})
	wantEqual(t, "revisions of what is gone", r.Revisions, []store.Revision{0, 0})
	if r.Sequence != rows.Sequence+1 {
		t.Fatalf("rows went with an opportunity: sequence %d after %d", r.Sequence, rows.Sequence)
	}
	for _, kind := range rowKinds {
		left, _, err := st.ListRows(ctx, "d", kind, store.RowFilter{}, "", 10)
		must(t, err)
		wantEqual(t, string(kind), left, store.Rows{})
	}
	changes, err := st.Changes(ctx, "d", 3, 10)
	must(t, err)
	wantEqual(t, "log", changes, []store.Change{
		{Epoch: 4, Kind: store.KindOpportunity, ID: "o1", Number: 1, Deleted: true},
		{Epoch: 5, Kind: store.KindPartner, ID: "p", Deleted: true},
	})
}

func (s *suite) testCloseOthers(t *testing.T) {
	st := s.open(t)
	draft, closed := opportunity("draft", ""), opportunity("closed", "")
	draft.Status, closed.Status = matcher.Draft, matcher.Closed
	write(t, st, "d", putOpportunity(draft), putOpportunity(closed), putOpportunity(opportunity("kept", "")),
		putOpportunity(opportunity("gone", "")), putOpportunity(opportunity("open", "")))
	w := batch(putOpportunity(opportunity("kept", "")), store.Mutation{DeleteOpportunity: "gone"})
	w.CloseOthers = true
	r, err := st.Write(t.Context(), "d", at(noon), w)
	must(t, err)
	if r.Epoch != 5+3 {
		t.Fatalf("epoch %d, want 8: two closed, one deleted", r.Epoch)
	}
	got := map[string]matcher.Status{}
	for _, o := range state(t, st, "d").Opportunities {
		got[o.ID] = o.Status
	}
	wantEqual(t, "statuses", got, map[string]matcher.Status{
		"draft": matcher.Closed, "closed": matcher.Closed, "kept": matcher.Published, "open": matcher.Closed,
	})
}

func (s *suite) testNumbers(t *testing.T) {
	st := s.open(t)
	owner := map[uint32]string{}
	for round := range 4 {
		for _, id := range []string{"a", "b", "c"} {
			write(t, st, "d", putOpportunity(opportunity(id, "")))
		}
		for _, o := range state(t, st, "d").Opportunities {
			if last, used := owner[o.Number]; used && last != o.ID || o.Number == 0 {
				t.Fatalf("round %d: %s has number %d, which was %s's", round, o.ID, o.Number, last)
			}
			owner[o.Number] = o.ID
		}
		write(t, st, "d", store.Mutation{DeleteOpportunity: "a"}, store.Mutation{DeleteOpportunity: "c"})
	}
}

func (s *suite) testCataloguePages(t *testing.T) {
	st := s.open(t)
	ctx := t.Context()
	ids := []string{"B", "a", "a\u00a0b", "b", "é", "日本"} // in byte order
	var m []store.Mutation
	for _, id := range ids {
		m = append(m, putTag(tag(id)), putPartner(partner(id)), putOpportunity(opportunity(id, id)))
	}
	slices.Reverse(m)
	write(t, st, "d", m...)
	for limit := 1; limit <= len(ids)+1; limit++ {
		wantPages(t, ids, limit, func(after string) ([]store.TagRecord, error) { return st.Tags(ctx, "d", after, limit) },
			func(r store.TagRecord) string { return r.ID })
		wantPages(t, ids, limit, func(after string) ([]store.PartnerRecord, error) { return st.Partners(ctx, "d", after, limit) },
			func(r store.PartnerRecord) string { return r.ID })
		wantPages(t, ids, limit, func(after string) ([]store.OpportunityRecord, error) {
			return st.Opportunities(ctx, "d", after, limit)
		}, func(r store.OpportunityRecord) string { return r.ID })
	}
	wantViolation(t, second(st.Tags(ctx, "d", "", 0)), -1, "limit")
	none, err := st.Partners(ctx, "nowhere", "", 10)
	must(t, err)
	if len(none) > 0 {
		t.Fatal("a district that isn't there has partners")
	}
}

// wantPages reads page after page and checks that they make up all ids.
func wantPages[T any](t *testing.T, ids []string, limit int, page func(after string) ([]T, error), id func(T) string) {
	t.Helper()
	var got []string
	for after := ""; ; after = got[len(got)-1] {
		records, err := page(after)
		must(t, err)
		if len(records) > limit {
			t.Fatalf("%d records on a page of %d", len(records), limit)
		}
		for _, r := range records {
			got = append(got, id(r))
		}
		if len(records) < limit {
			break
		}
	}
	wantEqual(t, "all pages", got, ids)
}

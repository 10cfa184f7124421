package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/kindred-match/kindred/matcher/place"
	"github.com/kindred-match/kindred/store"
)

func newRun(id string) store.NewRun {
	return store.NewRun{ID: id, Options: []byte(`{"seed":1}`), Created: noon}
}

// createRun makes a run, queued.
func createRun(t tb, st store.Store, district, id string) {
	t.Helper()
	must(t, second(st.CreateRun(t.Context(), district, at(noon), newRun(id))))
}

// keepSnapshot starts a run and keeps what the district has as its snapshot.
func keepSnapshot(t tb, st store.Store, district, id string) *store.RunInput {
	t.Helper()
	must(t, second(st.StartRun(t.Context(), district, id, noon)))
	in, err := st.RunInput(t.Context(), district, noon)
	must(t, err)
	must(t, st.KeepSnapshot(t.Context(), district, id, snapshotOf(in), store.StepCheck))
	return in
}

func snapshotOf(in *store.RunInput) store.Snapshot {
	var students []store.RunStudent
	for i := range in.Students {
		id := in.Students[i].ID
		students = append(students, store.RunStudent{ID: id, Content: []byte("all about " + id)})
	}
	return store.Snapshot{
		Epoch: in.Epoch, Erasures: in.Erasures, Parts: [][]byte{[]byte("tags"), []byte("opportunities")},
		Students: slices.Values(students),
	}
}

// draftOf is a draft with the rows, in their order.
func draftOf(rows ...store.RunPlacement) store.Draft {
	return store.Draft{
		Finished: noon.Add(time.Minute), Summary: []byte(`{"placed":1}`), Rows: slices.Values(rows),
		Documents: []store.Document{{Name: "certificate", Content: []byte("{}")}, {Name: "report", Content: []byte("<html>")}},
	}
}

// placedAt is a row of a student who is placed at an opportunity of the input.
func placedAt(in *store.RunInput, student, opportunity string) store.RunPlacement {
	r := store.RunPlacement{Student: student, Opportunity: opportunity, Rank: 1, Score: 812345, Reason: "LISTED"}
	for _, o := range in.Opportunities {
		if o.ID == opportunity {
			r.Number = o.Number
		}
	}
	return r
}

func unplaced(student string) store.RunPlacement {
	return store.RunPlacement{Student: student, Reason: "OUTCOMPETED"}
}

// draft makes a run that is a draft with the pairs, student and opportunity
// (empty: not placed), in byte order of students.
func draft(t tb, st store.Store, district, id string, pairs ...[2]string) *store.RunInput {
	t.Helper()
	createRun(t, st, district, id)
	in := keepSnapshot(t, st, district, id)
	finish(t, st, district, id, in, pairs...)
	return in
}

func finish(t tb, st store.Store, district, id string, in *store.RunInput, pairs ...[2]string) {
	t.Helper()
	rows := make([]store.RunPlacement, len(pairs))
	for i, p := range pairs {
		if rows[i] = unplaced(p[0]); p[1] != "" {
			rows[i] = placedAt(in, p[0], p[1])
		}
	}
	must(t, st.FinishRun(t.Context(), district, id, draftOf(rows...)))
}

func publish(t tb, st store.Store, district, id string) store.Receipt {
	t.Helper()
	r, err := st.PublishRun(t.Context(), district, at(noon), id)
	must(t, err)
	return r
}

func getRun(t tb, st store.Store, district, id string) *store.Run {
	t.Helper()
	r, err := st.Run(t.Context(), district, id)
	must(t, err)
	return r
}

func wantState(t tb, st store.Store, district, id string, want store.RunState) {
	t.Helper()
	if r := getRun(t, st, district, id); r.State != want {
		t.Fatalf("the run is %s (%s), want %s", r.State, r.Message, want)
	}
}

// testRuns takes a run from its creation to the draft.
func (s *suite) testRuns(t *testing.T) {
	st := seatStore(t, s)
	ctx := t.Context()
	must(t, second(st.CreateRun(ctx, "d", request("ab12", "made"), newRun("r1"))))
	again, err := st.CreateRun(ctx, "d", request("ab12", ""), newRun("r1"))
	must(t, err)
	if !again.Replayed || string(again.Response) != "made" {
		t.Fatalf("a retry: %+v", again)
	}
	want := store.Run{NewRun: newRun("r1"), State: store.RunQueued, Changed: noon}
	wantEqual(t, "a new run", getRun(t, st, "d", "r1"), &want)
	unfinished, err := st.UnfinishedRuns(ctx)
	must(t, err)
	wantEqual(t, "unfinished", unfinished, []store.RunKey{{District: "d", ID: "r1"}})

	later := noon.Add(time.Hour)
	started, err := st.StartRun(ctx, "d", "r1", later)
	must(t, err)
	want.State, want.Step, want.Changed, want.Starts = store.RunRunning, store.StepSnapshot, later, 1
	wantEqual(t, "started", started, &want)
	started, err = st.StartRun(ctx, "d", "r1", later.Add(time.Hour))
	must(t, err)
	want.Starts = 2
	wantEqual(t, "started again", started, &want)
	wantEqual(t, "as kept", getRun(t, st, "d", "r1"), &want)

	in, err := st.RunInput(ctx, "d", noon)
	must(t, err)
	must(t, st.KeepSnapshot(ctx, "d", "r1", snapshotOf(in), store.StepScore))
	want.Step, want.Starts, want.Epoch = store.StepScore, 0, in.Epoch
	wantEqual(t, "with a snapshot", getRun(t, st, "d", "r1"), &want)
	wantSnapshot(t, st, "r1", "a", "b", "c")

	keepShards(t, st)
	must(t, second(st.StartRun(ctx, "d", "r1", later)))
	must(t, st.KeepParts(ctx, "d", "r1", store.StepScore, nil, store.StepPlace))
	must(t, st.KeepParts(ctx, "d", "r1", store.StepPlace, []store.Part{{Number: 1, Content: []byte("the placement")}}, store.StepVerify))
	rows := []store.RunPlacement{placedAt(in, "a", "one"), unplaced("b"), placedAt(in, "c", "two")}
	must(t, st.FinishRun(ctx, "d", "r1", draftOf(rows...)))
	want.State, want.Step, want.Changed, want.Summary = store.RunDraft, "", noon.Add(time.Minute), []byte(`{"placed":1}`)
	wantEqual(t, "a draft", getRun(t, st, "d", "r1"), &want)
	wantSnapshot(t, st, "r1", "a", "b", "c")
	wantDraft(t, st, rows)
	unfinished, err = st.UnfinishedRuns(ctx)
	must(t, err)
	if len(unfinished) != 0 {
		t.Fatalf("unfinished: %v", unfinished)
	}
	if e := state(t, st, "d").Epoch; e != in.Epoch {
		t.Fatalf("epoch %d, was %d: a run changes nothing in the catalogue", e, in.Epoch)
	}
}

// keepShards keeps parts of a run at the step score, one of them twice.
func keepShards(t tb, st store.Store) {
	t.Helper()
	ctx := t.Context()
	part := func(n int, content string) store.Part { return store.Part{Number: n, Content: []byte(content)} }
	must(t, st.KeepParts(ctx, "d", "r1", store.StepScore, []store.Part{part(7, "seven"), part(2, "to be replaced")}, ""))
	must(t, st.KeepParts(ctx, "d", "r1", store.StepScore, []store.Part{part(2, "two"), part(3, "")}, ""))
	var got []string
	for after := 0; ; {
		parts, err := st.RunParts(ctx, "d", "r1", store.StepScore, after, 2)
		must(t, err)
		if len(parts) == 0 {
			break
		}
		for _, p := range parts {
			got = append(got, fmt.Sprintf("%d %s %t", p.Number, p.Content, p.Intact()))
			after = p.Number
		}
	}
	wantEqual(t, "parts", got, []string{"2 two true", "3  true", "7 seven true"})
}

func wantSnapshot(t *testing.T, st store.Store, run string, students ...string) {
	t.Helper()
	parts, err := st.RunParts(t.Context(), "d", run, store.StepSnapshot, 0, 10)
	must(t, err)
	if len(parts) != 2 || string(parts[0].Content) != "tags" || !parts[1].Intact() || parts[1].Number != 2 {
		t.Fatalf("parts of the snapshot: %s", show(parts))
	}
	for limit := 1; limit < 4; limit++ {
		wantPages(t, students, limit, func(after string) ([]store.RunStudent, error) {
			return st.RunStudents(t.Context(), "d", run, after, limit)
		}, func(r store.RunStudent) string {
			if string(r.Content) != "all about "+r.ID {
				t.Fatalf("the snapshot has %q of a student", r.Content)
			}
			return r.ID
		})
	}
}

func wantDraft(t tb, st store.Store, rows []store.RunPlacement) {
	t.Helper()
	ctx := t.Context()
	got, err := st.RunPlacements(ctx, "d", "r1", "", 10)
	must(t, err)
	wantEqual(t, "rows", got, rows)
	got, err = st.RunPlacements(ctx, "d", "r1", rows[0].Student, 1)
	must(t, err)
	wantEqual(t, "a page of rows", got, rows[1:2])
	one, err := st.RunPlacement(ctx, "d", "r1", rows[1].Student)
	must(t, err)
	wantEqual(t, "a row", one, &rows[1])
	wantError(t, second(st.RunPlacement(ctx, "d", "r1", "z")), store.ErrNotFound)
	report, err := st.RunDocument(ctx, "d", "r1", "report")
	must(t, err)
	if !bytes.Equal(report, []byte("<html>")) {
		t.Fatalf("the report is %q", report)
	}
	wantError(t, second(st.RunDocument(ctx, "d", "r1", "other")), store.ErrNotFound)
	for _, step := range []store.Step{store.StepScore, store.StepPlace} {
		if parts, err := st.RunParts(ctx, "d", "r1", step, 0, 10); err != nil || len(parts) != 0 {
			t.Fatalf("%d parts of %s are left, %v", len(parts), step, err)
		}
	}
}

// testRunInput compares what a run starts from with what is read one by one.
func (s *suite) testRunInput(t *testing.T) {
	st := seatStore(t, s)
	ctx := t.Context()
	in, err := st.RunInput(ctx, "d", noon)
	must(t, err)
	wantEqual(t, "what is reserved", in.Reserved, map[string]int32{})
	must(t, second(st.WriteRows(ctx, "d", at(noon), store.RowsWrite{Put: allRows("a", "two")})))
	must(t, second(st.WriteRows(ctx, "d", at(noon), store.RowsWrite{Put: store.Rows{
		Preferences: []place.Preference{{Student: "b", Opportunity: "two", Rank: 2}, {Student: "b", Opportunity: "one", Rank: 1}},
	}})))
	reserve(t, st, "d", "r1", "c", "two")
	must(t, second(st.Confirm(ctx, "d", at(noon), "r1")))
	reserve(t, st, "d", "r2", "b", "one")
	short := reservation("r3", "a", "two")
	short.Expires = noon.Add(time.Second)
	must(t, second(st.Reserve(ctx, "d", at(noon), short)))
	enrol(t, st, "e", "other")

	in, err = st.RunInput(ctx, "d", short.Expires)
	must(t, err)
	wantEqual(t, "the state", &in.State, state(t, st, "d"))
	students, err := st.ListStudents(ctx, "d", "", 10)
	must(t, err)
	wantEqual(t, "students", in.Students, students)
	for _, kind := range rowKinds {
		wantEqual(t, string(kind), of(in.Rows, kind), listRows(t, st, kind, store.RowFilter{}))
	}
	entry, err := st.Entry(ctx, "d", "r1", noon)
	must(t, err)
	wantEqual(t, "placed", in.Placed, []store.Entry{*entry})
	wantEqual(t, "reserved", in.Reserved, map[string]int32{"one": 1})
	must(t, second(st.DeleteStudent(ctx, "d", at(noon), "a", 0)))
	after, err := st.RunInput(ctx, "d", noon)
	must(t, err)
	if after.Erasures != in.Erasures+1 {
		t.Fatalf("%d erasures after %d", after.Erasures, in.Erasures)
	}
	wantError(t, second(st.RunInput(ctx, "nowhere", noon)), store.ErrNotFound)
}

func (s *suite) testRunLists(t *testing.T) {
	st := s.open(t)
	ctx := t.Context()
	wantError(t, second(st.ListRuns(ctx, "d", "", 1)), store.ErrNotFound)
	enrol(t, st, "d", "a")
	enrol(t, st, "e", "a")
	ids := []string{"r9", "r1", "r5", "r4"}
	for _, id := range ids {
		createRun(t, st, "d", id)
		createRun(t, st, "e", id)
	}
	slices.Reverse(ids)
	for limit := 1; limit < 6; limit++ {
		wantPages(t, ids, limit, func(before string) ([]store.Run, error) {
			return st.ListRuns(ctx, "d", before, limit)
		}, func(r store.Run) string { return r.ID })
	}
	wantError(t, second(st.ListRuns(ctx, "d", "none", 1)), store.ErrNotFound)
	must(t, second(st.CancelRun(ctx, "d", at(noon), "r9")))
	unfinished, err := st.UnfinishedRuns(ctx)
	must(t, err)
	wantEqual(t, "unfinished", unfinished[:2], []store.RunKey{{District: "e", ID: "r9"}, {District: "d", ID: "r1"}})
}

// testRunErrors calls each method on runs that it isn't for.
func (s *suite) testRunErrors(t *testing.T) {
	st := seatStore(t, s)
	ctx := t.Context()
	wantError(t, second(st.CreateRun(ctx, "nowhere", at(noon), newRun("r"))), store.ErrNotFound)
	wantViolation(t, second(st.CreateRun(ctx, "d", at(noon), newRun(""))), -1, "run")
	long := newRun("r")
	long.Options = make([]byte, store.MaxPartBytes+1)
	wantViolation(t, second(st.CreateRun(ctx, "d", at(noon), long)), -1, "options")
	createRun(t, st, "d", "queued")
	wantError(t, second(st.CreateRun(ctx, "d", at(noon), newRun("queued"))), store.ErrConflict)
	createRun(t, st, "d", "snapshot")
	must(t, second(st.StartRun(ctx, "d", "snapshot", noon)))
	createRun(t, st, "d", "check")
	in := keepSnapshot(t, st, "d", "check")
	draft(t, st, "d", "draft")
	draft(t, st, "d", "published")
	publish(t, st, "d", "published")
	for _, id := range []string{"failed", "cancelled", "discarded"} {
		createRun(t, st, "d", id)
		keepSnapshot(t, st, "d", id)
	}
	must(t, st.FailRun(ctx, "d", "failed", "out of luck", noon))
	must(t, second(st.CancelRun(ctx, "d", at(noon), "cancelled")))
	must(t, st.FailRun(ctx, "d", "discarded", "out of luck", noon))
	must(t, second(st.DiscardRun(ctx, "d", at(noon), "discarded")))
	all := []string{"queued", "snapshot", "check", "draft", "published", "failed", "cancelled", "discarded"}

	part := []store.Part{{Number: 1, Content: []byte("x")}}
	for _, m := range []struct {
		name string
		call func(id string) error
		good []string // runs that are not tried
	}{
		{"StartRun", func(id string) error { return second(st.StartRun(ctx, "d", id, noon)) }, all[:3]},
		{"KeepSnapshot", func(id string) error { return st.KeepSnapshot(ctx, "d", id, snapshotOf(in), store.StepCheck) }, all[1:2]},
		{"KeepParts", func(id string) error { return st.KeepParts(ctx, "d", id, store.StepCheck, part, "") }, all[2:3]},
		{"KeepParts of another step", func(id string) error { return st.KeepParts(ctx, "d", id, store.StepScore, part, "") }, nil},
		{"FinishRun", func(id string) error { return st.FinishRun(ctx, "d", id, draftOf()) }, all[2:3]},
		{"FailRun", func(id string) error { return st.FailRun(ctx, "d", id, "", noon) }, all[:3]},
		{"CancelRun", func(id string) error { return second(st.CancelRun(ctx, "d", at(noon), id)) }, []string{"queued", "snapshot", "check", "cancelled"}},
		{"DiscardRun", func(id string) error { return second(st.DiscardRun(ctx, "d", at(noon), id)) }, []string{"draft", "failed", "cancelled", "discarded"}},
		{"PublishRun", func(id string) error { return second(st.PublishRun(ctx, "d", at(noon), id)) }, []string{"draft"}},
	} {
		if err := m.call("none"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s of no run: %v", m.name, err)
		}
		for _, id := range all {
			before := getRun(t, st, "d", id)
			if slices.Contains(m.good, id) {
				continue
			}
			if err := m.call(id); !errors.Is(err, store.ErrConflict) {
				t.Errorf("%s of a run that is %s: %v", m.name, id, err)
			}
			wantEqual(t, "the run", getRun(t, st, "d", id), before)
		}
	}
	s.wantRunViolations(t, st, in)
}

func (s *suite) wantRunViolations(t *testing.T, st store.Store, in *store.RunInput) {
	ctx := t.Context()
	check := func(step, next store.Step, part store.Part) error {
		return st.KeepParts(ctx, "d", "check", step, []store.Part{part}, next)
	}
	wantViolation(t, check(store.StepSnapshot, "", store.Part{Number: 1}), -1, "step")
	wantViolation(t, check("other", "", store.Part{Number: 1}), -1, "step")
	wantViolation(t, check(store.StepCheck, store.StepCheck, store.Part{Number: 1}), -1, "next")
	wantViolation(t, check(store.StepCheck, "", store.Part{}), 0, "number")
	wantViolation(t, check(store.StepCheck, "", store.Part{Number: 1, Content: make([]byte, store.MaxPartBytes+1)}), 0, "content")
	keep := func(next store.Step, change func(*store.Snapshot)) error {
		snapshot := snapshotOf(in)
		change(&snapshot)
		return st.KeepSnapshot(ctx, "d", "snapshot", snapshot, next)
	}
	wantViolation(t, keep(store.StepSnapshot, func(*store.Snapshot) {}), -1, "next")
	wantViolation(t, keep(store.StepCheck, func(s *store.Snapshot) { s.Parts[1] = make([]byte, store.MaxPartBytes+1) }), 1, "parts")
	wantViolation(t, keep(store.StepCheck, func(s *store.Snapshot) {
		s.Students = slices.Values([]store.RunStudent{{ID: "b"}, {ID: "a"}})
	}), 1, "student")
	wantState(t, st, "d", "snapshot", store.RunRunning)
	if students, err := st.RunStudents(ctx, "d", "snapshot", "", 10); err != nil || len(students) != 0 {
		t.Fatalf("a snapshot that isn't there has %d students, %v", len(students), err)
	}
	for name, d := range map[string]store.Draft{
		"student": draftOf(unplaced("a"), unplaced("a")),
		"number":  draftOf(store.RunPlacement{Student: "a", Opportunity: "one"}),
	} {
		var v *store.Violation
		if err := st.FinishRun(ctx, "d", "check", d); !errors.As(err, &v) || v.Field != name {
			t.Errorf("a draft with a bad %s: %v", name, err)
		}
	}
	double := draftOf()
	double.Documents[1].Name = "certificate"
	wantViolation(t, st.FinishRun(ctx, "d", "check", double), 1, "name")
	wantViolation(t, st.FailRun(ctx, "d", "check", string([]byte{0xff}), noon), -1, "message")
	wantState(t, st, "d", "check", store.RunRunning)
	// What was written in vain is gone with the next attempt.
	finish(t, st, "d", "check", in, [2]string{"c", "one"})
	rows, err := st.RunPlacements(ctx, "d", "check", "", 10)
	must(t, err)
	wantEqual(t, "rows", rows, []store.RunPlacement{placedAt(in, "c", "one")})
}

// testRunEnds looks for what a run that has ended still has.
func (s *suite) testRunEnds(t *testing.T) {
	st := seatStore(t, s)
	ctx := t.Context()
	for name, end := range map[string]func() error{
		"failed":    func() error { return st.FailRun(ctx, "d", "failed", "out of luck", noon.Add(time.Hour)) },
		"cancelled": func() error { return second(st.CancelRun(ctx, "d", at(noon.Add(time.Hour)), "cancelled")) },
		"discarded": func() error { return second(st.DiscardRun(ctx, "d", at(noon.Add(time.Hour)), "discarded")) },
	} {
		createRun(t, st, "d", name)
		in := keepSnapshot(t, st, "d", name)
		must(t, st.KeepParts(ctx, "d", name, store.StepCheck, []store.Part{{Number: 1, Content: []byte("x")}}, store.StepScore))
		if name == "discarded" {
			finish(t, st, "d", name, in, [2]string{"a", "one"})
		}
		must(t, end())
		r := getRun(t, st, "d", name)
		if string(r.State) != name || r.Step != "" || !r.Changed.Equal(noon.Add(time.Hour)) || r.Epoch != in.Epoch ||
			(r.Message != "") != (name == "failed") || r.Summary != nil {
			t.Errorf("%s: %s", name, show(r))
		}
		students, err := st.RunStudents(ctx, "d", name, "", 10)
		must(t, err)
		parts, err := st.RunParts(ctx, "d", name, store.StepSnapshot, 0, 10)
		must(t, err)
		rows, err := st.RunPlacements(ctx, "d", name, "", 10)
		must(t, err)
		if len(students)+len(parts)+len(rows) > 0 {
			t.Errorf("%s: %d students, %d parts and %d rows are left", name, len(students), len(parts), len(rows))
		}
		wantError(t, second(st.RunDocument(ctx, "d", name, "report")), store.ErrNotFound)
	}
}

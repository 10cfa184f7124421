package storetest

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/matcher/place"
	"github.com/kindred-match/kindred/store"
)

func fullStudent(id string) *matcher.Student {
	return &matcher.Student{
		ID: id, Grade: "10", School: "Lincoln", Region: "north", Age: new(int32(16)), Slots: []string{"mon pm"},
		Credentials: []string{"first=aid", "b;c"}, Position: &matcher.Position{Latitude: 0, Longitude: -0.5},
		MaxKm: new(0.0), Groups: []matcher.Group{{Name: "lunch=", Value: "fr=ee"}, {Name: "a", Value: "b"}},
		Interests: []matcher.Weighted{{Tag: "b", Weight: 1}, {Tag: "a", Weight: 2}},
	}
}

func (s *suite) testStudents(t *testing.T) {
	st := s.open(t)
	ctx := t.Context()
	req := store.Request{Now: noon.Add(123 * time.Nanosecond).In(time.FixedZone("east", 3600))}
	r, err := st.PutStudents(ctx, "d", req, []store.StudentPut{{Student: fullStudent("s2")}, {Student: student("s1")}})
	must(t, err)
	wantEqual(t, "receipt", r, store.Receipt{Sequence: 2, Revisions: []store.Revision{1, 2}})
	got, err := st.Student(ctx, "d", "s2")
	must(t, err)
	wantEqual(t, "student", got, &store.StudentRecord{Student: *fullStudent("s2"), Revision: 1, Written: req.Now.UTC()})

	// A student is written whether it changes or not.
	r, err = st.PutStudents(ctx, "d", store.Request{}, []store.StudentPut{{Student: fullStudent("s2"), IfRevision: 1}})
	must(t, err)
	wantEqual(t, "receipt", r, store.Receipt{Sequence: 3, Revisions: []store.Revision{3}})
	enrol(t, st, "d", "s0", "é")
	ids := []string{"s0", "s1", "s2", "é"}
	for limit := 1; limit < 6; limit++ {
		wantPages(t, ids, limit, func(after string) ([]store.StudentRecord, error) {
			return st.ListStudents(ctx, "d", after, limit)
		}, func(r store.StudentRecord) string { return r.ID })
	}
	r, err = st.DeleteStudent(ctx, "d", at(noon), "s2", 3)
	must(t, err)
	wantEqual(t, "receipt", r, store.Receipt{Sequence: 6, Revisions: []store.Revision{0}})
	_, err = st.Student(ctx, "d", "s2")
	wantError(t, err, store.ErrNotFound)
}

// canary is in the id of a student; no error may show it.
const canary = "canary-4711"

func (s *suite) testStudentErrors(t *testing.T) {
	st := s.open(t)
	ctx := t.Context()
	enrol(t, st, "d", canary)
	bad := student(canary + "-2")
	bad.Region = canary + "\n"
	put := func(puts ...store.StudentPut) error {
		return second(st.PutStudents(ctx, "d", at(noon), append([]store.StudentPut{{Student: student("new")}}, puts...)))
	}
	var errs []error
	violated := func(err error, index int, field string) {
		t.Helper()
		wantViolation(t, err, index, field)
		errs = append(errs, err)
	}
	failed := func(err, want error) {
		t.Helper()
		wantError(t, err, want)
		errs = append(errs, err)
	}
	violated(put(store.StudentPut{}), 1, "student")
	violated(put(store.StudentPut{Student: bad}), 1, "region")
	violated(put(store.StudentPut{Student: student(canary + "\t")}), 1, "student")
	violated(put(store.StudentPut{Student: student(canary)}, store.StudentPut{Student: student(canary)}), 2, "student")
	failed(put(store.StudentPut{Student: student(canary), IfRevision: 7}), store.ErrConflict)
	failed(put(store.StudentPut{Student: student(canary + "-3"), IfRevision: 7}), store.ErrConflict)
	failed(second(st.Student(ctx, "d", canary+"-2")), store.ErrNotFound)
	failed(second(st.Student(ctx, "d", "new")), store.ErrNotFound) // none of the batches was kept in part
	failed(second(st.DeleteStudent(ctx, "d", at(noon), canary, 9)), store.ErrConflict)
	failed(second(st.DeleteStudent(ctx, "d", at(noon), canary+"-2", 0)), store.ErrNotFound)
	failed(second(st.DeleteStudent(ctx, "nowhere", at(noon), canary, 0)), store.ErrNotFound)
	failed(second(st.Reserve(ctx, "d", at(noon), reservation(canary, canary, "o"))), store.ErrNotFound)
	failed(second(st.Confirm(ctx, "d", at(noon), canary)), store.ErrNotFound)
	violated(second(st.WriteRows(ctx, "d", at(noon), store.RowsWrite{Put: store.Rows{
		Preferences: []place.Preference{{Student: canary, Opportunity: "o", Rank: 1}},
	}})), 0, "preferences.opportunity")
	for _, err := range errs {
		if strings.Contains(err.Error(), "canary") {
			t.Errorf("the error names a student: %v", err)
		}
	}
}

// erasureRequests are the writes before an erasure: four about the student,
// with an answer that names it, and one that isn't.
func erasureRequests() (named []store.Request, innocent store.Request) {
	for _, id := range []string{"11aa", "33cc", "44dd", "55ee"} {
		named = append(named, request(id, "the answer names "+canary))
	}
	return named, request("22bb", "the answer names other")
}

// erasureStore has a student, the canary, wherever one can be.
func erasureStore(t *testing.T, s *suite) store.Store {
	st := s.open(t)
	ctx := t.Context()
	o := opportunity("o1", "p")
	o.Seats = 9
	write(t, st, "d", putPartner(partner("p")), putOpportunity(o), putOpportunity(opportunity("o2", "")))
	named, innocent := erasureRequests()
	must(t, second(st.PutStudents(ctx, "d", named[0], []store.StudentPut{{Student: student("other")}, {Student: student(canary)}})))
	must(t, second(st.PutStudents(ctx, "d", innocent, []store.StudentPut{{Student: student("other")}})))
	rows := allRows(canary, "o1")
	rows.Reserves = nil // they are of a group
	must(t, second(st.WriteRows(ctx, "d", named[1], store.RowsWrite{Put: rows})))
	must(t, second(st.WriteRows(ctx, "d", at(noon), store.RowsWrite{Put: allRows("other", "o1")})))
	must(t, second(st.Reserve(ctx, "d", named[2], reservation("r1", canary, "o1"))))
	must(t, second(st.Confirm(ctx, "d", named[3], "r1")))
	reserve(t, st, "d", "r2", canary, "o2")
	reserve(t, st, "d", "r3", "other", "o1")
	return st
}

// testErasure looks for an erased student wherever the store can be asked.
func (s *suite) testErasure(t *testing.T) {
	st := erasureStore(t, s)
	ctx := t.Context()
	before := state(t, st, "d")
	r, err := st.DeleteStudent(ctx, "d", request("66ff", ""), canary, 0)
	must(t, err)
	if r.Epoch != before.Epoch+2 {
		t.Fatalf("epoch %d after %d: two seats became free", r.Epoch, before.Epoch)
	}
	wantError(t, second(st.Student(ctx, "d", canary)), store.ErrNotFound)
	for _, id := range []string{"r1", "r2"} {
		wantError(t, second(st.Entry(ctx, "d", id, noon)), store.ErrNotFound)
	}
	for _, kind := range rowKinds {
		left := listRows(t, st, kind, store.RowFilter{})
		if strings.Contains(show(left), canary) || !strings.Contains(show(left), "other") {
			t.Errorf("%s after the erasure: %s", kind, show(left))
		}
	}
	after := state(t, st, "d")
	wantEqual(t, "seats taken", []int32{after.Opportunities[0].Taken, after.Opportunities[1].Taken, after.Partners[0].Taken},
		[]int32{1, 0, 1})

	// Retries are still harmless, and say nothing of the student any more.
	named, innocent := erasureRequests()
	for _, req := range named {
		r, err := st.PutStudents(ctx, "d", req, []store.StudentPut{{Student: student("other")}, {Student: student(canary)}})
		must(t, err)
		if !r.Replayed || bytes.Contains(r.Response, []byte(canary)) {
			t.Errorf("request %s after the erasure: %+v", req.ID, r)
		}
	}
	wantError(t, second(st.Student(ctx, "d", canary)), store.ErrNotFound)
	kept, err := st.PutStudents(ctx, "d", innocent, nil)
	must(t, err)
	if string(kept.Response) != "the answer names other" {
		t.Errorf("the answer to another student's request is gone: %q", kept.Response)
	}
}

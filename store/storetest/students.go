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

// testErasure looks for an erased student wherever the store can be asked.
func (s *suite) testErasure(t *testing.T) {
	st := s.open(t)
	ctx := t.Context()
	o := opportunity("o1", "p")
	o.Seats = 9
	write(t, st, "d", putPartner(partner("p")), putOpportunity(o), putOpportunity(opportunity("o2", "")))
	named := request("11aa", "the answer names "+canary)
	_, err := st.PutStudents(ctx, "d", named, []store.StudentPut{{Student: student("other")}, {Student: student(canary)}})
	must(t, err)
	innocent := request("22bb", "the answer names other")
	_, err = st.PutStudents(ctx, "d", innocent, []store.StudentPut{{Student: student("other")}})
	must(t, err)
	rows := request("33cc", canary)
	put := allRows(canary, "o1")
	put.Reserves = nil // they are of a group
	_, err = st.WriteRows(ctx, "d", rows, store.RowsWrite{Put: put})
	must(t, err)
	_, err = st.WriteRows(ctx, "d", at(noon), store.RowsWrite{Put: allRows("other", "o1")})
	must(t, err)
	seat := request("44dd", canary)
	_, err = st.Reserve(ctx, "d", seat, reservation("r1", canary, "o1"))
	must(t, err)
	confirm := request("55ee", canary)
	_, err = st.Confirm(ctx, "d", confirm, "r1")
	must(t, err)
	reserve(t, st, "d", "r2", canary, "o2")
	reserve(t, st, "d", "r3", "other", "o1")
	before := state(t, st, "d")

	r, err := st.DeleteStudent(ctx, "d", request("66ff", ""), canary, 0)
	must(t, err)
	if r.Epoch != before.Epoch+2 {
		t.Fatalf("epoch %d after %d: two seats became free", r.Epoch, before.Epoch)
	}
	for _, id := range []string{"r1", "r2"} {
		_, err = st.Entry(ctx, "d", id, noon)
		wantError(t, err, store.ErrNotFound)
	}
	for _, kind := range rowKinds {
		left, _, err := st.ListRows(ctx, "d", kind, store.RowFilter{}, "", 10)
		must(t, err)
		if strings.Contains(show(left), canary) {
			t.Errorf("%s still names the student", kind)
		}
	}
	after := state(t, st, "d")
	wantEqual(t, "seats taken", []int32{after.Opportunities[0].Taken, after.Opportunities[1].Taken, after.Partners[0].Taken},
		[]int32{1, 0, 1})

	// Retries are still harmless, and say nothing of the student any more.
	for _, req := range []store.Request{named, rows, seat, confirm} {
		var r store.Receipt
		if req.ID == named.ID {
			r, err = st.PutStudents(ctx, "d", req, []store.StudentPut{{Student: student("other")}, {Student: student(canary)}})
		} else {
			r, err = st.Confirm(ctx, "d", req, "r1")
		}
		must(t, err)
		if !r.Replayed || bytes.Contains(r.Response, []byte(canary)) {
			t.Errorf("request %s after the erasure: %+v", req.ID, r)
		}
	}
	_, err = st.Student(ctx, "d", canary)
	wantError(t, err, store.ErrNotFound)
	kept, err := st.PutStudents(ctx, "d", innocent, nil)
	must(t, err)
	if string(kept.Response) != "the answer names other" {
		t.Errorf("the answer to another student's request is gone: %q", kept.Response)
	}
}

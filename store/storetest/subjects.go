package storetest

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/matcher/place"
	"github.com/kindred-match/kindred/store"
)

// testSubjects holds after random writes that a subject is the student and its
// locks as they are read on their own, however often it was asked for before.
func (s *suite) testSubjects(t *testing.T) {
	st := s.open(t)
	run := 0
	rapid.Check(t, func(t *rapid.T) {
		run++
		d := []string{fmt.Sprintf("d%d", run), fmt.Sprintf("e%d", run)}
		for _, d := range d {
			enrol(t, st, d, "s0", "s1", "s2")
			write(t, st, d, putOpportunity(opportunity("o0", "")), putOpportunity(opportunity("o1", "")))
		}
		id := func(prefix string, n int) string {
			return fmt.Sprintf("%s%d", prefix, rapid.IntRange(0, n-1).Draw(t, prefix))
		}
		for range rapid.IntRange(1, 12).Draw(t, "writes") {
			where := rapid.SampledFrom(d).Draw(t, "district")
			before, mark := revisions(t, st, where), touched(t, st, where, 0)
			changeSubjects(t, st, where, id("s", 3), id("o", 2))
			tellsTouched(t, st, where, before, mark)
			for _, d := range d {
				for i := range 3 {
					sameSubject(t, st, d, fmt.Sprintf("s%d", i))
				}
			}
		}
	})
}

// revisions are those of all students of a district.
func revisions(t *rapid.T, st store.Store, d string) map[string]store.Revision {
	list, err := st.ListStudents(t.Context(), d, "", 1000)
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string]store.Revision)
	for i := range list {
		all[list[i].ID] = list[i].Revision
	}
	return all
}

// touched is the mark of now; of no mark nothing is known.
func touched(t *rapid.T, st store.Store, d string, since store.Mark) store.Mark {
	ids, now, known := st.Touched(d, since)
	if known || ids != nil || now == 0 {
		t.Fatalf("since no mark: got %d students and the mark %d, known: %v", len(ids), now, known)
	}
	return now
}

// tellsTouched holds that all students who are not as they were are told.
func tellsTouched(t *rapid.T, st store.Store, d string, before map[string]store.Revision, mark store.Mark) {
	ids, now, known := st.Touched(d, mark)
	if !known || now < mark || !slices.IsSorted(ids) || len(slices.Compact(slices.Clone(ids))) != len(ids) {
		t.Fatalf("since mark %d: got %q and the mark %d, known: %v", mark, ids, now, known)
	}
	after := revisions(t, st, d)
	for id, revision := range before {
		if after[id] != revision && !slices.Contains(ids, id) {
			t.Fatalf("student %s was written, but only %q are told", id, ids)
		}
	}
	for id := range after {
		if _, ok := before[id]; !ok && !slices.Contains(ids, id) {
			t.Fatalf("student %s is new, but only %q are told", id, ids)
		}
	}
	if ids, _, known := st.Touched(d, now); !known || len(ids) > 0 {
		t.Fatalf("since the newest mark: got %q, known: %v", ids, known)
	}
}

// changeSubjects does something after which a subject may be another; that
// what it needs is gone already is no failure.
func changeSubjects(t *rapid.T, st store.Store, d, student, opp string) {
	ctx := t.Context()
	lock := func(a place.Action) store.Rows {
		return store.Rows{Locks: []place.Lock{{Student: student, Opportunity: opp, Action: a}}}
	}
	rows := func(w store.RowsWrite) error { return second(st.WriteRows(ctx, d, at(noon), w)) }
	scope := func(f store.RowFilter) store.RowsWrite {
		return store.RowsWrite{Clear: []store.RowScope{{Kind: store.RowLocks, Filter: f}}}
	}
	var err error
	switch what := rapid.IntRange(0, 10).Draw(t, "what"); what {
	case 0:
		err = second(st.DeleteStudent(ctx, d, at(noon), student, 0))
	case 1, 2:
		p := fullStudent(student)
		p.Grade = fmt.Sprint(rapid.IntRange(9, 12).Draw(t, "grade"))
		err = second(st.PutStudents(ctx, d, at(noon), []store.StudentPut{{Student: p}}))
	case 3, 4, 5:
		err = rows(store.RowsWrite{Put: lock(place.Forbid)})
	case 6:
		err = rows(store.RowsWrite{Put: lock(place.Place)})
	case 7:
		err = rows(store.RowsWrite{Delete: lock(place.Forbid)})
	case 8:
		err = rows(scope(rapid.SampledFrom([]store.RowFilter{
			{}, {Student: student}, {Opportunity: opp}, {Student: student, Opportunity: opp},
		}).Draw(t, "scope")))
	case 9:
		err = second(st.Write(ctx, d, at(noon), batch(store.Mutation{DeleteOpportunity: opp})))
	case 10:
		write(t, st, d, putOpportunity(opportunity(opp, "")))
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) && !errors.Is(err, store.ErrInvalid) {
		t.Fatal(err)
	}
}

func sameSubject(t tb, st store.Store, d, student string) {
	t.Helper()
	ctx := t.Context()
	got, err := st.Subject(ctx, d, student)
	record, recordErr := st.Student(ctx, d, student)
	if recordErr != nil {
		wantError(t, recordErr, store.ErrNotFound)
		wantError(t, err, store.ErrNotFound)
		return
	}
	must(t, err)
	wantEqual(t, "student", got.Student, &record.Student)
	locks, _, err := st.ListRows(ctx, d, store.RowLocks, store.RowFilter{Student: student}, "", 100)
	must(t, err)
	var forbidden map[string]bool
	for _, l := range locks.Locks {
		if l.Action == place.Forbid {
			if forbidden == nil {
				forbidden = make(map[string]bool)
			}
			forbidden[l.Opportunity] = true
		}
	}
	wantEqual(t, "forbidden", got.Forbidden, forbidden)
}

// testSubjectRace reads a subject while it is written: no read may say what an
// acknowledged write has replaced, and none may keep it for later reads.
func (s *suite) testSubjectRace(t *testing.T) {
	st := s.open(t)
	ctx := t.Context()
	enrol(t, st, "d", "s")
	done := make(chan struct{})
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				if _, err := st.Subject(ctx, "d", "s"); err != nil && !errors.Is(err, store.ErrNotFound) {
					t.Error(err)
					return
				}
			}
		})
	}
	for i := range 100 {
		region := fmt.Sprint(i)
		must(t, second(st.PutStudents(ctx, "d", at(noon), []store.StudentPut{{Student: &matcher.Student{ID: "s", Region: region}}})))
		got, err := st.Subject(ctx, "d", "s")
		must(t, err)
		if got.Student.Region != region {
			t.Fatalf("after write %d the student is still of write %s", i, got.Student.Region)
		}
		if i%10 != 9 {
			continue
		}
		must(t, second(st.DeleteStudent(ctx, "d", at(noon), "s", 0)))
		wantError(t, second(st.Subject(ctx, "d", "s")), store.ErrNotFound)
	}
	close(done)
	readers.Wait()
}

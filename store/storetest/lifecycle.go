package storetest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/store"
)

// testIsolation does everything in one district, and another sees nothing.
func (s *suite) testIsolation(t *testing.T) {
	st := s.open(t)
	ctx := t.Context()
	for _, d := range []string{"d", "e"} {
		write(t, st, d, putTag(tag("cad")), putPartner(partner("p")), putOpportunity(opportunity("o", "p")))
		enrol(t, st, d, "s")
		_, err := st.WriteRows(ctx, d, at(noon), store.RowsWrite{Put: allRows("s", "o")})
		must(t, err)
		reserve(t, st, d, "r", "s", "o")
		draft(t, st, d, "run", [2]string{"s", "o"})
	}
	before := state(t, st, "e")
	write(t, st, "d", putTag(tag("other")), putOpportunity(fullOpportunity("o2", "")))
	must(t, second(st.Confirm(ctx, "d", at(noon), "r")))
	must(t, second(st.WriteRows(ctx, "d", at(noon), store.RowsWrite{Clear: []store.RowScope{{Kind: store.RowPreferences}}})))
	must(t, second(st.CancelRun(ctx, "d", at(noon), cancelled(t, st))))
	must(t, second(st.DeleteStudent(ctx, "d", at(noon), "s", 0)))
	must(t, second(st.DiscardRun(ctx, "d", at(noon), "run")))
	write(t, st, "d", store.Mutation{DeleteOpportunity: "o"}, store.Mutation{DeletePartner: "p"}, store.Mutation{DeleteTag: "cad"})

	wantEqual(t, "the other district", state(t, st, "e"), before)
	must(t, second(st.Student(ctx, "e", "s")))
	must(t, second(st.Entry(ctx, "e", "r", noon)))
	must(t, second(st.RunPlacement(ctx, "e", "run", "s")))
	must(t, second(st.RunDocument(ctx, "e", "run", "report")))
	wantError(t, second(st.Run(ctx, "e", "to cancel")), store.ErrNotFound)
	wantSnapshotOf(t, st, "e", "run", 1)
	for _, kind := range rowKinds {
		rows, _, err := st.ListRows(ctx, "e", kind, store.RowFilter{}, "", 10)
		must(t, err)
		wantEqual(t, string(kind), rows, of(allRows("s", "o"), kind))
	}
	students, err := st.ListStudents(ctx, "d", "", 10)
	must(t, err)
	if len(students) > 0 {
		t.Fatal("the student is still there")
	}
}

// cancelled makes a run of the district d that can be cancelled.
func cancelled(t tb, st store.Store) string {
	t.Helper()
	createRun(t, st, "d", "to cancel")
	keepSnapshot(t, st, "d", "to cancel")
	return "to cancel"
}

func wantSnapshotOf(t tb, st store.Store, district, run string, students int) {
	t.Helper()
	list, err := st.RunStudents(t.Context(), district, run, "", 100)
	must(t, err)
	if len(list) != students {
		t.Fatalf("the snapshot has %d students, want %d", len(list), students)
	}
}

// every calls every method that can fail, and returns the errors by name.
func every(ctx context.Context, st store.Store) map[string]error {
	_, _, rowsErr := st.ListRows(ctx, "d", store.RowLocks, store.RowFilter{}, "", 1)
	_, _, expireErr := st.Expire(ctx, noon)
	return map[string]error{
		"Districts":     second(st.Districts(ctx)),
		"State":         second(st.State(ctx, "d")),
		"Head":          second(st.Head(ctx, "d")),
		"Delta":         second(st.Delta(ctx, "d", 0)),
		"Changes":       second(st.Changes(ctx, "d", 0, 1)),
		"Wait":          st.Wait(ctx, "d", 0),
		"Write":         second(st.Write(ctx, "d", at(noon), batch(putTag(tag("never"))))),
		"Tag":           second(st.Tag(ctx, "d", "cad")),
		"Partner":       second(st.Partner(ctx, "d", "p")),
		"Opportunity":   second(st.Opportunity(ctx, "d", "o")),
		"Tags":          second(st.Tags(ctx, "d", "", 1)),
		"Partners":      second(st.Partners(ctx, "d", "", 1)),
		"Opportunities": second(st.Opportunities(ctx, "d", "", 1)),
		"PutStudents":   second(st.PutStudents(ctx, "d", at(noon), []store.StudentPut{{Student: student("never")}})),
		"Student":       second(st.Student(ctx, "d", "s")),
		"ListStudents":  second(st.ListStudents(ctx, "d", "", 1)),
		"DeleteStudent": second(st.DeleteStudent(ctx, "d", at(noon), "s", 0)),
		"WriteRows":     second(st.WriteRows(ctx, "d", at(noon), store.RowsWrite{Clear: []store.RowScope{{Kind: store.RowLocks}}})),
		"ListRows":      rowsErr,
		"Reserve":       second(st.Reserve(ctx, "d", at(noon), reservation("never", "s", "o"))),
		"Confirm":       second(st.Confirm(ctx, "d", at(noon), "r")),
		"Release":       second(st.Release(ctx, "d", at(noon), "r")),
		"Entry":         second(st.Entry(ctx, "d", "r", noon)),
		"Expire":        expireErr,

		"CreatePlacement":   second(st.CreatePlacement(ctx, "d", at(noon), placement("never", "s", "o"))),
		"WithdrawPlacement": second(st.WithdrawPlacement(ctx, "d", at(noon), "s", "")),
		"Placement":         second(st.Placement(ctx, "d", "s")),
		"Placements":        second(st.Placements(ctx, "d", "", 1)),
		"Withdrawals":       second(st.Withdrawals(ctx, "d", "s")),
		"CreateRun":         second(st.CreateRun(ctx, "d", at(noon), newRun("never"))),
		"Run":               second(st.Run(ctx, "d", "run")),
		"ListRuns":          second(st.ListRuns(ctx, "d", "", 1)),
		"UnfinishedRuns":    second(st.UnfinishedRuns(ctx)),
		"RunInput":          second(st.RunInput(ctx, "d", noon)),
		"StartRun":          second(st.StartRun(ctx, "d", "to start", noon)),
		"KeepSnapshot":      st.KeepSnapshot(ctx, "d", "to start", snapshotOf(&store.RunInput{}), store.StepCheck),
		"KeepParts":         st.KeepParts(ctx, "d", "to start", store.StepCheck, nil, ""),
		"RunParts":          second(st.RunParts(ctx, "d", "run", store.StepSnapshot, 0, 1)),
		"RunStudents":       second(st.RunStudents(ctx, "d", "run", "", 1)),
		"FinishRun":         st.FinishRun(ctx, "d", "to start", draftOf()),
		"FailRun":           st.FailRun(ctx, "d", "to start", "", noon),
		"CancelRun":         second(st.CancelRun(ctx, "d", at(noon), "to start")),
		"DiscardRun":        second(st.DiscardRun(ctx, "d", at(noon), "run")),
		"RunDocument":       second(st.RunDocument(ctx, "d", "run", "report")),
		"RunPlacements":     second(st.RunPlacements(ctx, "d", "run", "", 1)),
		"RunPlacement":      second(st.RunPlacement(ctx, "d", "run", "s")),
		"PublishRun":        second(st.PublishRun(ctx, "d", at(noon), "run")),
	}
}

func filled(t *testing.T, s *suite) store.Store {
	st := s.open(t)
	write(t, st, "d", putTag(tag("cad")), putPartner(partner("p")), putOpportunity(opportunity("o", "p")))
	enrol(t, st, "d", "s", "s2")
	reserve(t, st, "d", "r", "s2", "o")
	draft(t, st, "d", "run", [2]string{"s"}, [2]string{"s2", "o"})
	createRun(t, st, "d", "to start")
	return st
}

func (s *suite) testCancelled(t *testing.T) {
	st := filled(t, s)
	before := state(t, st, "d")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, err := range every(ctx, st) {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
	}
	wantEqual(t, "state", state(t, st, "d"), before)
	wantState(t, st, "d", "run", store.RunDraft)
	wantState(t, st, "d", "to start", store.RunQueued)

	// A write whose context ends in its course is undone.
	ctx, cancel = context.WithCancel(t.Context())
	w := batch(putTag(tag("never")))
	w.Refresh = func(*store.State) (matcher.Statistics, error) {
		cancel()
		return matcher.Statistics{Published: 99}, nil
	}
	_, err := st.Write(ctx, "d", at(noon), w)
	wantError(t, err, context.Canceled)
	wantEqual(t, "state", state(t, st, "d"), before)

	// One that waits for another write gives up waiting.
	ctx, cancel = context.WithTimeout(t.Context(), time.Hour)
	w = batch(putTag(tag("slow")))
	started, goOn := make(chan struct{}), make(chan struct{})
	w.Refresh = func(*store.State) (matcher.Statistics, error) {
		close(started)
		<-goOn
		return matcher.Statistics{}, nil
	}
	done := make(chan error)
	go func() { done <- second(st.Write(t.Context(), "d", at(noon), w)) }()
	<-started
	waiting := make(chan error)
	go func() { waiting <- second(st.Write(ctx, "d", at(noon), batch(putTag(tag("never"))))) }()
	cancel()
	wantError(t, <-waiting, context.Canceled)
	close(goOn)
	must(t, <-done)
	wantError(t, second(st.Tag(t.Context(), "d", "never")), store.ErrNotFound)
}

func (s *suite) testClosed(t *testing.T) {
	st := filled(t, s)
	if st.Identity() == "" || st.Identity() == s.open(t).Identity() {
		t.Fatal("two stores have one identity")
	}
	// Whatever is under way when the store is closed ends, one way or the other.
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for {
				_, err := st.Write(t.Context(), "d", at(noon), batch(putTag(tag("cad"))))
				_, readErr := st.State(t.Context(), "d")
				for _, err := range slices.DeleteFunc([]error{err, readErr}, func(err error) bool { return err == nil }) {
					if !errors.Is(err, store.ErrClosed) {
						t.Errorf("closing: %v", err)
					}
					return
				}
			}
		})
	}
	must(t, st.Close())
	wg.Wait()
	must(t, st.Close())
	for name, err := range every(t.Context(), st) {
		if !errors.Is(err, store.ErrClosed) {
			t.Errorf("%s of a closed store: %v", name, err)
		}
	}
}

// testPanics shows that a function that a write is given may panic: its caller
// sees it, nothing is written, and the store goes on.
func (s *suite) testPanics(t *testing.T) {
	st := s.open(t)
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the caller saw no panic")
			}
		}()
		req := request("aa", "")
		req.Respond = func(store.Receipt) ([]byte, error) { panic("in the caller's function") }
		_, err := st.Write(t.Context(), "d", req, batch(putTag(tag("a"))))
		t.Errorf("returned %v", err)
	}()
	write(t, st, "d", putTag(tag("b")))
	if st := state(t, st, "d"); st.Epoch != 1 || st.Tags[0].ID != "b" {
		t.Fatalf("after a panic: %+v", st)
	}
}

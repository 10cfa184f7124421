package storetest

import (
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kindred-match/kindred/store"
)

// testErasureFromRuns erases a student while there are runs of all states: none
// has it afterwards, and those that were on their way with it have failed.
func (s *suite) testErasureFromRuns(t *testing.T) {
	st := s.open(t)
	ctx := t.Context()
	o := opportunity("o", "")
	o.Seats = 3
	write(t, st, "d", putOpportunity(o))
	enrol(t, st, "d", "other")
	createRun(t, st, "d", "without") // its snapshot is from before the student
	keepSnapshot(t, st, "d", "without")
	enrol(t, st, "d", canary)
	all := [][2]string{{canary, "o"}, {"other", "o"}}
	draft(t, st, "d", "published", all...)
	publish(t, st, "d", "published")
	must(t, second(st.WithdrawPlacement(ctx, "d", request("cc", "about "+canary), canary, "a reason about "+canary)))
	must(t, second(st.CreatePlacement(ctx, "d", request("dd", "about "+canary), placement("p1", canary, "o"))))
	draft(t, st, "d", "draft", all...)
	for _, id := range []string{"queued", "running", "discarded"} {
		createRun(t, st, "d", id)
	}
	keepSnapshot(t, st, "d", "running")
	must(t, st.KeepParts(ctx, "d", "running", store.StepCheck, []store.Part{{Number: 1, Content: []byte("x")}}, store.StepScore))
	finish(t, st, "d", "discarded", keepSnapshot(t, st, "d", "discarded"), all...)
	must(t, second(st.DiscardRun(ctx, "d", at(noon), "discarded")))

	later := noon.Add(time.Hour)
	must(t, second(st.DeleteStudent(ctx, "d", at(later), canary, 0)))
	for id, want := range map[string]store.RunState{
		"without": store.RunRunning, "published": store.RunPublished, "draft": store.RunDraft,
		"queued": store.RunQueued, "running": store.RunFailed, "discarded": store.RunDiscarded,
	} {
		wantState(t, st, "d", id, want)
		wantNobody(t, st, id)
	}
	failed := getRun(t, st, "d", "running")
	if !strings.Contains(failed.Message, "erased") || !failed.Changed.Equal(later) {
		t.Errorf("the failed run: %s", show(failed))
	}
	wantError(t, st.KeepParts(ctx, "d", "running", store.StepScore, nil, ""), store.ErrConflict)
	withdrawals, err := st.Withdrawals(ctx, "d", canary)
	must(t, err)
	if len(withdrawals) > 0 {
		t.Errorf("withdrawals are left: %s", show(withdrawals))
	}
	wantEqual(t, "placements", pairs(t, st, "d"), map[string]string{"other": "o"})
	if n := taken(t, st, "o"); n != 1 {
		t.Errorf("%d taken, want 1", n)
	}
	r, err := st.WithdrawPlacement(ctx, "d", request("cc", ""), canary, "")
	must(t, err)
	if !r.Replayed || len(r.Response) > 0 {
		t.Errorf("a retry after the erasure: %+v", r)
	}
	// The draft is as good as it was, for the others.
	publish(t, st, "d", "draft")
}

// wantNobody looks for the canary in a run.
func wantNobody(t *testing.T, st store.Store, id string) {
	t.Helper()
	ctx := t.Context()
	students, err := st.RunStudents(ctx, "d", id, "", 10)
	must(t, err)
	rows, err := st.RunPlacements(ctx, "d", id, "", 10)
	must(t, err)
	if left := show(students) + show(rows); strings.Contains(left, canary) {
		t.Errorf("the run %s still has the student: %s", id, left)
	}
	wantError(t, second(st.RunPlacement(ctx, "d", id, canary)), store.ErrNotFound)
}

// testErasedMeanwhile erases a student between a run's input and its snapshot,
// and in the middle of keeping it, and of keeping the draft.
func (s *suite) testErasedMeanwhile(t *testing.T) {
	st := s.open(t)
	ctx := t.Context()
	write(t, st, "d", putOpportunity(opportunity("o", "")))
	createRun(t, st, "d", "run")
	must(t, second(st.StartRun(ctx, "d", "run", noon)))
	ids := []string{"a", canary, "d", "e"}
	enrol(t, st, "d", ids...)
	in, err := st.RunInput(ctx, "d", noon)
	must(t, err)
	erase := func() { must(t, second(st.DeleteStudent(ctx, "d", at(noon), canary, 0))) }
	erase()
	wantError(t, st.KeepSnapshot(ctx, "d", "run", snapshotOf(in), store.StepCheck), store.ErrErased)
	wantState(t, st, "d", "run", store.RunRunning)

	// The values are large, so that some are written before the erasure.
	enrol(t, st, "d", canary)
	in, err = st.RunInput(ctx, "d", noon)
	must(t, err)
	snapshot := snapshotOf(in)
	snapshot.Students = halfway(func(yield func(store.RunStudent) bool) {
		for _, id := range ids {
			if !yield(store.RunStudent{ID: id, Content: make([]byte, store.MaxPartBytes)}) {
				return
			}
		}
	}, erase)
	wantError(t, st.KeepSnapshot(ctx, "d", "run", snapshot, store.StepCheck), store.ErrErased)
	enrol(t, st, "d", canary)
	in, err = st.RunInput(ctx, "d", noon)
	must(t, err)
	must(t, st.KeepSnapshot(ctx, "d", "run", snapshotOf(in), store.StepCheck))
	wantSnapshotOf(t, st, "d", "run", 4)

	end := draftOf()
	end.Rows = halfway(func(yield func(store.RunPlacement) bool) {
		for i := range 5000 {
			id := string([]byte{'a' + byte(i/500), 'a' + byte(i/20%25), 'a' + byte(i%20)})
			if !yield(unplaced(id)) {
				return
			}
		}
	}, erase)
	wantError(t, st.FinishRun(ctx, "d", "run", end), store.ErrConflict)
	wantState(t, st, "d", "run", store.RunFailed)
	wantNobody(t, st, "run")
}

// halfway yields what seq does, and calls f in the middle of it.
func halfway[T any](seq iter.Seq[T], f func()) iter.Seq[T] {
	all := slices.Collect(seq)
	return func(yield func(T) bool) {
		for i, x := range all {
			if i == len(all)*3/4 {
				f()
			}
			if !yield(x) {
				return
			}
		}
	}
}

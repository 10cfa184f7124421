package sqlstore_test

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/store"
	"github.com/kindred-match/kindred/store/sqlstore"
)

// startRun makes a run of all students of the district d that has a snapshot,
// in which each has the content, if that isn't nil, or the id.
func startRun(t *testing.T, s *sqlstore.Store, id string, content []byte) (*store.RunInput, error) {
	t.Helper()
	ctx := t.Context()
	_, err := s.CreateRun(ctx, "d", store.Request{}, store.NewRun{ID: id, Created: now})
	must(t, err)
	_, err = s.StartRun(ctx, "d", id, now)
	must(t, err)
	in, err := s.RunInput(ctx, "d", now)
	must(t, err)
	students := make([]store.RunStudent, len(in.Students))
	for i := range in.Students {
		students[i] = store.RunStudent{ID: in.Students[i].ID, Content: bytes.Clone(content)}
		if content == nil {
			students[i].Content = []byte("what is known about " + in.Students[i].ID)
		}
	}
	return in, s.KeepSnapshot(ctx, "d", id, store.Snapshot{
		Epoch: in.Epoch, Erasures: in.Erasures, Students: slices.Values(students),
	}, store.StepCheck)
}

// nobodyPlaced is a draft in which nobody is placed, for want of a reason.
func nobodyPlaced(in *store.RunInput, reason string) store.Draft {
	rows := make([]store.RunPlacement, len(in.Students))
	for i := range in.Students {
		rows[i] = store.RunPlacement{Student: in.Students[i].ID, Reason: reason}
	}
	return store.Draft{Finished: now, Rows: slices.Values(rows)}
}

func wantRun(t *testing.T, s *sqlstore.Store, id string, want store.RunState, step store.Step) {
	t.Helper()
	r, err := s.Run(t.Context(), "d", id)
	must(t, err)
	if r.State != want || r.Step != step {
		t.Fatalf("the run is %s at the step %q, want %s at %q", r.State, r.Step, want, step)
	}
}

// TestFullOfRuns fills the store with a run's contents: the run stays where it
// was, others can write, and once the run is failed there is room again.
func TestFullOfRuns(t *testing.T) {
	s := openStore(t, sqlstore.Options{MaxBytes: 4 << 20})
	ctx := t.Context()
	_, err := s.PutStudents(ctx, "d", store.Request{}, inventedStudents(1000))
	must(t, err)
	if _, err := startRun(t, s, "huge", make([]byte, 4<<10)); err == nil || errors.Is(err, store.ErrConflict) {
		t.Fatalf("more than fits: %v", err)
	}
	wantRun(t, s, "huge", store.RunRunning, store.StepSnapshot)
	must(t, s.FailRun(ctx, "d", "huge", "the disk is full", now))
	if left := sqlstore.AwaitRemoval(t, s); left != 0 {
		t.Fatalf("%d students of the failed run are left", left)
	}

	in, err := startRun(t, s, "run", make([]byte, 100))
	must(t, err)
	if err := s.FinishRun(ctx, "d", "run", nobodyPlaced(in, strings.Repeat("x", 4<<10))); err == nil || errors.Is(err, store.ErrConflict) {
		t.Fatalf("more than fits: %v", err)
	}
	wantRun(t, s, "run", store.RunRunning, store.StepCheck)
	must(t, s.FinishRun(ctx, "d", "run", nobodyPlaced(in, "OUTCOMPETED")))
	wantRun(t, s, "run", store.RunDraft, "")
	rows, err := s.RunPlacements(ctx, "d", "run", "", 2000)
	must(t, err)
	if len(rows) != 1000 || rows[0].Reason != "OUTCOMPETED" {
		t.Fatalf("%d rows", len(rows))
	}
}

// TestErasureFromRunFiles looks for an erased student, whom runs had, in the
// bytes of the folder.
func TestErasureFromRunFiles(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, sqlstore.Options{Dir: dir})
	ctx := t.Context()
	const canary = "student-0000250-is-a-canary"
	puts := inventedStudents(500)
	puts[250].Student.ID = canary
	_, err := s.PutStudents(ctx, "d", store.Request{}, puts)
	must(t, err)
	in, err := startRun(t, s, "draft", nil)
	must(t, err)
	must(t, s.FinishRun(ctx, "d", "draft", nobodyPlaced(in, "OUTCOMPETED")))
	_, err = startRun(t, s, "running", nil)
	must(t, err)
	secret := []byte("the canary's list") // which has no ids
	must(t, s.KeepParts(ctx, "d", "running", store.StepCheck, []store.Part{{Number: 1, Content: secret}}, ""))
	if _, err := s.DiscardRun(ctx, "d", store.Request{}, "draft"); err != nil {
		t.Fatal(err)
	}
	in, err = startRun(t, s, "published", nil)
	must(t, err)
	must(t, s.FinishRun(ctx, "d", "published", nobodyPlaced(in, "OUTCOMPETED")))
	if _, err := s.PublishRun(ctx, "d", store.Request{Now: now}, "published"); err != nil {
		t.Fatal(err)
	}
	if len(holding(t, dir, canary)) == 0 {
		t.Fatal("the student is nowhere, before the erasure: the test looks in the wrong place")
	}
	_, err = s.DeleteStudent(ctx, "d", store.Request{Now: now}, canary, 0)
	must(t, err)
	wantRun(t, s, "running", store.RunFailed, "")
	for _, text := range []string{canary, string(secret)} {
		if files := holding(t, dir, text); len(files) > 0 {
			t.Errorf("%q is still in %v", text, files)
		}
	}
}

// TestLeftovers opens a store whose process ended while it removed what runs no
// longer keep: the rest is removed.
func TestLeftovers(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, sqlstore.Options{Dir: dir})
	_, err := s.PutStudents(t.Context(), "d", store.Request{}, inventedStudents(3000))
	must(t, err)
	for _, id := range []string{"cancelled", "draft", "running"} {
		in, err := startRun(t, s, id, nil)
		must(t, err)
		part := []store.Part{{Number: 1, Content: []byte("lists of " + id)}}
		must(t, s.KeepParts(t.Context(), "d", id, store.StepCheck, part, store.StepScore))
		if id == "draft" {
			must(t, s.FinishRun(t.Context(), "d", id, nobodyPlaced(in, "OUTCOMPETED")))
		}
	}
	sqlstore.AwaitRemoval(t, s)
	must(t, s.Close())
	editDatabase(t, dir, `
		UPDATE runs SET state = 'cancelled', leftover = 1 WHERE id = 'cancelled';
		UPDATE runs SET leftover = 1 WHERE id = 'draft';
		INSERT INTO run_parts (run, step, number, sum, content) SELECT run, 'score', 1, x'', CAST('lists of draft' AS BLOB) FROM runs WHERE id = 'draft'`)

	s = openStore(t, sqlstore.Options{Dir: dir})
	if students := sqlstore.AwaitRemoval(t, s); students != 2*3000 {
		t.Errorf("%d students of runs are left, want those of the draft and of the running one", students)
	}
	must(t, s.Close())
	for _, id := range []string{"cancelled", "draft"} {
		if files := holding(t, dir, "lists of "+id); len(files) > 0 {
			t.Errorf("%v still has parts of the run that is %s", files, id)
		}
	}
	if len(holding(t, dir, "lists of running")) == 0 {
		t.Error("the parts of the running run are gone")
	}
}

// TestFullWhenPublishing publishes where there is no room for the placements:
// nothing is changed, and once there is room the same draft is published.
func TestFullWhenPublishing(t *testing.T) {
	s := openStore(t, sqlstore.Options{MaxBytes: 4 << 20})
	ctx := t.Context()
	_, err := s.Write(ctx, "d", store.Request{}, store.Write{Mutations: []store.Mutation{{PutOpportunity: &matcher.Opportunity{
		ID: "o", Seats: 1000, MinPolicy: matcher.MinHard, Boost: 1, Status: matcher.Published,
	}}}})
	must(t, err)
	_, err = s.PutStudents(ctx, "d", store.Request{}, inventedStudents(1000))
	must(t, err)
	in, err := startRun(t, s, "other", make([]byte, 800))
	must(t, err)
	_, err = startRun(t, s, "run", nil)
	must(t, err)
	rows := make([]store.RunPlacement, len(in.Students))
	for i := range rows {
		rows[i] = store.RunPlacement{Student: in.Students[i].ID, Opportunity: "o", Number: in.Opportunities[0].Number}
	}
	must(t, s.FinishRun(ctx, "d", "run", store.Draft{Finished: now, Rows: slices.Values(rows)}))
	for n, size := 0, 1<<20; size > 16<<10; n++ { // which leaves a few pages
		if _, err := s.CreateRun(ctx, "d", store.Request{}, store.NewRun{ID: fmt.Sprint("fill", n), Options: make([]byte, size)}); err != nil {
			size /= 2
		}
	}

	before := readEverything(t, s)
	if _, err := s.PublishRun(ctx, "d", request("ab"), "run"); err == nil ||
		errors.Is(err, store.ErrConflict) || errors.Is(err, store.ErrOutOfDate) {
		t.Fatalf("more than fits: %v", err)
	}
	if !reflect.DeepEqual(readEverything(t, s), before) {
		t.Fatal("a publication that failed has left something")
	}
	if _, err := s.CancelRun(ctx, "d", store.Request{Now: now}, "other"); err != nil {
		t.Fatal(err)
	}
	sqlstore.AwaitRemoval(t, s)
	r, err := s.PublishRun(ctx, "d", request("ab"), "run")
	must(t, err)
	if o, err := s.Opportunity(ctx, "d", "o"); err != nil || o.Taken != 1000 || r.Replayed {
		t.Fatalf("after the publication: %+v, %v", o, err)
	}
}

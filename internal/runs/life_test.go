package runs_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/kindred-match/kindred/internal/placement"
	"github.com/kindred-match/kindred/internal/runs"
	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/matcher/place"
	"github.com/kindred-match/kindred/store"
)

// held is a run that is held up at a step.
type held struct {
	*engine
	id      string
	reached chan struct{}
	release chan struct{}
}

// hold starts an engine and a run that is held up once something of the step was
// kept, until it is released or ended.
func hold(t *testing.T, s store.Store, step store.Step) *held {
	t.Helper()
	h := &held{reached: make(chan struct{}), release: make(chan struct{})}
	first := true
	h.engine = start(t, s, func(d *runs.Deps) {
		d.Kept = func(ctx context.Context, _ string, at store.Step) error {
			if at != step || !first {
				return nil
			}
			first = false
			close(h.reached)
			select {
			case <-h.release:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	})
	h.id = h.create(t, options(t, place.Stable))
	<-h.reached
	return h
}

func TestCancelledRunsEndAtOnce(t *testing.T) {
	s := open(t)
	fill(t, s, invented(t, 60, 20, 3))
	for _, step := range []store.Step{store.StepSnapshot, store.StepScore, store.StepPlace} {
		h := hold(t, s, step)
		waiting := h.create(t, options(t, place.Stable)) // of a district one at a time
		for _, id := range []string{waiting, h.id} {
			if _, err := h.Cancel(t.Context(), home, store.Request{Now: now}, id); err != nil {
				t.Fatal(err)
			}
			if r := h.ended(t, id); r.State != store.RunCancelled {
				t.Errorf("at %s the run is %s", step, r.State)
			}
		}
		next := h.create(t, options(t, place.Stable))
		if r := h.ended(t, next); r.State != store.RunDraft {
			t.Errorf("the next run is %s: %s", r.State, r.Message)
		}
		h.Stop()
	}
}

// TestARunThatCouldNotBeCancelledGoesOn: a refused request changes nothing.
func TestARunThatCouldNotBeCancelledGoesOn(t *testing.T) {
	s := open(t)
	fill(t, s, invented(t, 60, 20, 3))
	used := store.Request{ID: "123e4567-e89b-12d3-a456-426614174000", Now: now, Digest: [32]byte{1}}
	if _, err := s.PutStudents(t.Context(), home, used, []store.StudentPut{{Student: &matcher.Student{ID: "x"}}}); err != nil {
		t.Fatal(err)
	}
	h := hold(t, s, store.StepScore)
	used.Digest[0]++
	if _, err := h.Cancel(t.Context(), home, used, h.id); !errors.Is(err, store.ErrRequestReused) {
		t.Fatalf("cancelled with %v", err)
	}
	if r := h.ended(t, h.id); r.State != store.RunDraft {
		t.Errorf("the run is %s: %s", r.State, r.Message)
	}
}

// TestErasingAStudentFailsItsRun: and says so, and another one can be made.
func TestErasingAStudentFailsItsRun(t *testing.T) {
	s := open(t)
	f := invented(t, 60, 20, 3)
	fill(t, s, f)
	h := hold(t, s, store.StepScore)
	if _, err := s.DeleteStudent(t.Context(), home, store.Request{Now: now}, f.Students[7].ID, 0); err != nil {
		t.Fatal(err)
	}
	h.Erased(t.Context(), home)
	r := h.ended(t, h.id)
	if r.State != store.RunFailed || !strings.Contains(r.Message, "erased") || strings.Contains(r.Message, f.Students[7].ID) {
		t.Errorf("the run is %s: %s", r.State, r.Message)
	}
	if r := h.ended(t, h.create(t, options(t, place.Stable))); r.State != store.RunDraft {
		t.Errorf("the next run is %s: %s", r.State, r.Message)
	}
}

// TestAStudentIsErasedWhileTheInputIsRead: it is read anew.
func TestAStudentIsErasedWhileTheInputIsRead(t *testing.T) {
	s := open(t)
	f := invented(t, 60, 20, 3)
	fill(t, s, f)
	e := start(t, &erasing{Store: s, student: f.Students[7].ID}, nil)
	r := e.ended(t, e.create(t, options(t, place.Stable)))
	if got := rows(t, s, r.ID); r.State != store.RunDraft || len(got) != 59 {
		t.Errorf("the run is %s (%s) with %d rows", r.State, r.Message, len(got))
	}
}

// erasing erases a student as soon as an input was read.
type erasing struct {
	store.Store
	student string
}

func (e *erasing) KeepSnapshot(ctx context.Context, district, id string, s store.Snapshot, next store.Step) error {
	if e.student != "" {
		if _, err := e.DeleteStudent(ctx, district, store.Request{Now: now}, e.student, 0); err != nil {
			return err
		}
		e.student = ""
	}
	return e.Store.KeepSnapshot(ctx, district, id, s, next)
}

// failing fails, or panics, where students of a run are read.
type failing struct {
	store.Store
	panics bool
}

func (f *failing) RunStudents(context.Context, string, string, string, int) ([]store.RunStudent, error) {
	if f.panics {
		panic("a defect")
	}
	return nil, errors.New("the disk is gone")
}

func TestARunThatTheServerCanNotCarryOutFails(t *testing.T) {
	s := open(t)
	fill(t, s, invented(t, 20, 10, 3))
	for _, panics := range []bool{false, true} {
		e := start(t, &failing{s, panics}, nil)
		r := e.ended(t, e.create(t, options(t, place.Stable)))
		if r.State != store.RunFailed || !strings.Contains(r.Message, "server failed") {
			t.Errorf("the run is %s: %s", r.State, r.Message)
		}
		e.Stop()
	}
	id := func() string { // one that is begun and begun again
		e := runs.New(runs.Deps{Store: s})
		e.Stop()
		return (&engine{e, s}).create(t, options(t, place.Stable))
	}()
	for range 11 {
		if _, err := s.StartRun(t.Context(), home, id, now); err != nil {
			t.Fatal(err)
		}
	}
	e := start(t, s, nil)
	if r := e.ended(t, id); r.State != store.RunFailed || !strings.Contains(r.Message, "begun") {
		t.Errorf("the run is %s: %s", r.State, r.Message)
	}
}

// TestWatchersSeeTheSteps: in their order, with the progress of each.
func TestWatchersSeeTheSteps(t *testing.T) {
	s := open(t)
	fill(t, s, invented(t, 60, 20, 3))
	h := hold(t, s, store.StepCheck)
	if p, working := h.Progress(home, h.id); !working || p.Step != store.StepScore {
		t.Errorf("the progress is %v, %t", p, working)
	}
	var steps []store.Step
	begun := make(chan struct{})
	ended := make(chan error)
	go func() {
		ended <- h.Watch(t.Context(), home, h.id, func(r *store.Run) error {
			if len(steps) == 0 {
				close(begun)
			}
			steps = append(steps, r.Step)
			return nil
		})
	}()
	gone, leave := context.WithCancel(t.Context())
	leave()
	if err := h.Watch(gone, home, h.id, func(*store.Run) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("one who leaves gets %v", err)
	}
	<-begun
	close(h.release)
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	order := append(slices.Clone(store.Steps), "")
	last := 0
	for _, step := range steps {
		at := slices.Index(order, step)
		if at < last {
			t.Fatalf("the steps are %v", steps)
		}
		last = at
	}
	if steps[len(steps)-1] != "" || steps[0] != store.StepScore {
		t.Errorf("the steps are %v", steps)
	}
	if _, working := h.Progress(home, h.id); working {
		t.Error("a run that is complete has progress")
	}
}

// TestRunsOfDistrictsTakeTurns: of each one at a time, in the order of their
// creation, and others beside it.
func TestRunsOfDistrictsTakeTurns(t *testing.T) {
	s := open(t)
	fill(t, s, invented(t, 20, 10, 3))
	var order []string
	e := start(t, s, func(d *runs.Deps) {
		d.AtOnce = 3
		d.Kept = func(_ context.Context, run string, step store.Step) error {
			if step == store.StepSnapshot {
				order = append(order, run) // there is one district, so one goroutine at a time
			}
			return nil
		}
	})
	var made []string
	for range 4 {
		made = append(made, e.create(t, options(t, place.Stable)))
	}
	for _, id := range made {
		e.ended(t, id)
	}
	if !slices.Equal(order, made) {
		t.Errorf("the order is %v, want %v", order, made)
	}
}

// TestExplanationsAreThoseOfFolders: of each student, as 'kindred explain' gives
// them.
func TestExplanationsAreThoseOfFolders(t *testing.T) {
	s := open(t)
	f := invented(t, 60, 20, 3)
	fill(t, s, f)
	e := start(t, s, nil)
	for _, objective := range []place.Objective{place.Stable, place.Welfare} {
		o := options(t, objective)
		o.Fill = true
		r := e.ended(t, e.create(t, o))
		c, err := placement.New(t.Context(), f, asPlace(&o, false))
		if err != nil {
			t.Fatal(err)
		}
		placed, err := c.Solve(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for i := range f.Students {
			id := f.Students[i].ID
			want, err := c.Explain(t.Context(), placed, id, "")
			if err != nil {
				t.Fatal(err)
			}
			got, err := e.Explain(t.Context(), home, r.ID, id, "")
			if err != nil {
				t.Fatal(err)
			}
			if text(got) != text(want) {
				t.Fatalf("%s is explained by\n%s\nwant\n%s", id, text(got), text(want))
			}
		}
		if _, err := e.Explain(t.Context(), home, r.ID, "nobody", ""); !errors.Is(err, runs.ErrNoStudent) {
			t.Errorf("who isn't there is explained by %v", err)
		}
	}
}

// text is an explanation in full.
func text(e *placement.Explanation) string {
	all := fmt.Sprintf("%s %s %s %s %s %d\n", e.Reason, e.Opportunity, e.Title, e.How, e.Text, e.Lottery)
	for i := range e.List {
		a := e.List[i]
		all += fmt.Sprintf("%s %d %v %s %v %v %v %v %s\n", a.Opportunity, a.Rank, a.Score, a.Reason, a.Failures, a.Own == nil, a.Cutoff == nil, a.Losses, a.Text)
	}
	return all
}

// TestDiffsCountEachStudentOnce: against what stands, in the ledger or as a row,
// and against another run.
func TestDiffsCountEachStudentOnce(t *testing.T) {
	s := open(t)
	f := invented(t, 150, 40, 3)
	fill(t, s, f)
	e := start(t, s, nil)
	first := e.ended(t, e.create(t, options(t, place.Stable)))
	other := e.ended(t, e.create(t, options(t, place.Welfare)))
	before := make(map[string]string)
	for _, r := range f.Rows.Standing {
		before[r.Student] = r.Opportunity
	}
	compare(t, e, first.ID, "", before)
	compare(t, e, first.ID, other.ID, has(t, s, other.ID))
	if _, err := e.Publish(t.Context(), home, store.Request{Now: now}, other.ID); err != nil {
		t.Fatal(err)
	}
	compare(t, e, first.ID, "", has(t, s, other.ID))
	if _, err := e.Discard(t.Context(), home, store.Request{Now: now}, first.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Diff(t.Context(), home, first.ID, ""); !errors.Is(err, runs.ErrNoDraft) {
		t.Errorf("a discarded run is compared with %v", err)
	}
}

// has is what a run gives, by student.
func has(t *testing.T, s store.Store, id string) map[string]string {
	t.Helper()
	all := make(map[string]string)
	for _, r := range rows(t, s, id) {
		all[r.Student] = r.Opportunity
	}
	return all
}

func compare(t *testing.T, e *engine, id, base string, before map[string]string) {
	t.Helper()
	d, err := e.Diff(t.Context(), home, id, base)
	if err != nil {
		t.Fatal(err)
	}
	want := make(map[string]int64)
	for student, to := range has(t, e.store, id) {
		want[before[student]+">"+to]++
	}
	stay := int64(0)
	for way, n := range want {
		if from, to, _ := strings.Cut(way, ">"); from == to {
			stay += n
			delete(want, way)
		}
	}
	for _, f := range d.Flows {
		if want[f.From+">"+f.To] != f.Students {
			t.Errorf("%d go from %s to %s, want %d", f.Students, f.From, f.To, want[f.From+">"+f.To])
		}
		delete(want, f.From+">"+f.To)
	}
	if len(want) > 0 || d.Stay+d.Without != stay || d.Stay+d.Without+d.Move+d.Gain+d.Lose != 150 {
		t.Errorf("not told: %v; stay %d and without %d, want %d", want, d.Stay, d.Without, stay)
	}
	for _, o := range d.Opportunities {
		if o.After-o.Before != o.Arrive-o.Depart {
			t.Errorf("%+v", o)
		}
	}
}

// TestWhoIsLeftIsExplainedAfterAnErasure: also by objectives whose prices were
// those of everybody.
func TestWhoIsLeftIsExplainedAfterAnErasure(t *testing.T) {
	s := open(t)
	f := invented(t, 60, 20, 3)
	fill(t, s, f)
	e := start(t, s, nil)
	var made []string
	objectives := place.Objectives
	if testing.Short() {
		objectives = []place.Objective{place.Stable, place.Welfare}
	}
	for _, objective := range objectives {
		made = append(made, e.ended(t, e.create(t, options(t, objective))).ID)
	}
	for i := range f.Students {
		if i%3 > 0 {
			continue
		}
		if _, err := s.DeleteStudent(t.Context(), home, store.Request{Now: now}, f.Students[i].ID, 0); err != nil {
			t.Fatal(err)
		}
	}
	e.Erased(t.Context(), home)
	for _, id := range made {
		for i := range f.Students {
			got, err := e.Explain(t.Context(), home, id, f.Students[i].ID, "")
			if i%3 == 0 {
				if !errors.Is(err, runs.ErrNoStudent) {
					t.Errorf("who was erased is explained by %v, %v", got, err)
				}
				continue
			}
			if err != nil || got.Text == "" {
				t.Fatalf("who is left is explained by %v, %v", got, err)
			}
		}
	}
}

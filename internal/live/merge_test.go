package live_test

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"go.uber.org/zap/zaptest"

	"github.com/kindred-match/kindred/internal/clock"
	"github.com/kindred-match/kindred/internal/generate"
	"github.com/kindred-match/kindred/internal/live"
	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/store"
	"github.com/kindred-match/kindred/store/sqlstore"
)

// attempt is a merge that waits for the test to say how it goes on.
type attempt struct {
	x      *matcher.Index
	answer chan error
}

// world is a store whose catalogues merge when the test says so.
type world struct {
	invented   *generate.Invented
	students   []matcher.Student
	store      *sqlstore.Store
	catalogues *live.Catalogues
	attempts   chan attempt
	merged     chan time.Duration
	epoch      store.Epoch
}

const few = 120 // opportunities

// newWorld has one measure, so that there is one index to be merged.
func newWorld(t *testing.T, c clock.Clock) *world {
	t.Helper()
	w := &world{
		invented: invent(t, generate.Options{Students: 5, Opportunities: few, Seed: 9}),
		store:    openStore(t, sqlstore.Options{}),
		attempts: make(chan attempt),
		merged:   make(chan time.Duration, 1),
	}
	w.students = slices.Collect(w.invented.Students())
	first := puts(w.invented)
	settings := store.DefaultSettings()
	settings.Measures = []matcher.Measure{matcher.Cosine}
	first.Settings = &settings
	w.epoch = write(t, w.store, first)
	var err error
	w.catalogues, err = live.OpenMerging(t.Context(), live.Options{
		Store: w.store, Clock: c, Log: zaptest.NewLogger(t),
		Merged: func(d time.Duration) { w.merged <- d },
	}, func(ctx context.Context, x *matcher.Index) (*matcher.Index, error) {
		a := attempt{x, make(chan error)}
		select {
		case w.attempts <- a:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		select {
		case err := <-a.answer:
			if err != nil {
				return nil, err
			}
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		return x.Merge(ctx)
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.catalogues.Close)
	if _, err := w.catalogues.At(t.Context(), district, w.epoch); err != nil {
		t.Fatal(err)
	}
	return w
}

// next turns the clock until a merge is tried.
func (w *world) next(c *clock.Manual) attempt {
	for {
		select {
		case a := <-w.attempts:
			return a
		default:
			c.Advance(time.Second)
		}
	}
}

// retag gives all opportunities the tags of the one that stands so much later.
func (w *world) retag(t *testing.T, by int) {
	t.Helper()
	var all store.Write
	for i := range few {
		o := w.invented.Opportunity(i)
		o.Tags = w.invented.Opportunity((i + by) % few).Tags
		all.Mutations = append(all.Mutations, store.Mutation{PutOpportunity: &o})
	}
	w.epoch = write(t, w.store, all)
}

// check compares the newest snapshot with indexes built of the store's state.
func (w *world) check(t *testing.T) *live.Snapshot {
	t.Helper()
	s, err := w.catalogues.At(t.Context(), district, w.epoch)
	if err != nil {
		t.Fatal(err)
	}
	epoch, want := afresh(t, w.store, w.students)
	if got := ranked(t, s, w.students); s.Epoch != epoch || !reflect.DeepEqual(got, want) {
		t.Fatalf("at epoch %d, the store at %d\ngot  %v\nwant %v", s.Epoch, epoch, got, want)
	}
	return s
}

func beside(t *testing.T, s *live.Snapshot) matcher.Load {
	t.Helper()
	r, ok := s.Ranking("")
	if !ok {
		t.Fatal("a snapshot without a ranking")
	}
	return r.Index.Load()
}

// What changes while a merge is under way is in the merged index; who still
// holds an older snapshot ranks as it says.
func TestMergeEndsAfterFurtherChanges(t *testing.T) {
	w := newWorld(t, clock.NewManual(start))
	w.retag(t, 1)
	a := <-w.attempts
	old := w.check(t)
	before := ranked(t, old, w.students)

	gone := w.invented.Opportunity(3).ID
	w.epoch = write(t, w.store, store.Write{Mutations: []store.Mutation{{DeleteOpportunity: gone}}})
	w.check(t)
	o, p := w.invented.Opportunity(4), matcher.Partner{ID: "came later"}
	o.Partner, o.Seats = p.ID, 0
	o.Tags = append(slices.Clone(o.Tags), matcher.Weighted{Tag: "came later too", Weight: 5000})
	w.epoch = write(t, w.store, store.Write{Mutations: []store.Mutation{{PutPartner: &p}, {PutOpportunity: &o}}})
	w.check(t)
	if l := beside(t, w.check(t)); l.Late <= few || l.Partners != 1 {
		t.Fatalf("before the merge: %+v", l)
	}

	a.answer <- nil
	<-w.merged
	s := w.check(t)
	if l := beside(t, s); l.Late > 1 || l.Partners != 1 {
		t.Fatalf("beside the merged segment: %+v", l)
	}
	if got := ranked(t, old, w.students); !reflect.DeepEqual(got, before) {
		t.Errorf("the snapshot at epoch %d ranks otherwise after the merge", old.Epoch)
	}
	o.Seats = 2
	w.epoch = write(t, w.store, store.Write{Mutations: []store.Mutation{{PutOpportunity: &o}}})
	w.check(t)
}

func TestFailedMergeIsTriedAgain(t *testing.T) {
	manual := clock.NewManual(start)
	w := newWorld(t, manual)
	w.retag(t, 1)
	for i := range 3 {
		a := w.next(manual)
		a.answer <- errors.New("out of luck")
		w.retag(t, 2+i) // readers keep going
		w.check(t)
	}
	w.next(manual).answer <- nil
	<-w.merged
	if l := beside(t, w.check(t)); l != (matcher.Load{}) {
		t.Fatalf("after the merge: %+v", l)
	}
}

// A whole build makes a merge that is under way pointless.
func TestMergeIsOvertakenByABuild(t *testing.T) {
	w := newWorld(t, clock.NewManual(start))
	w.retag(t, 1)
	a := <-w.attempts
	tag := w.invented.Tags()[0]
	tag.Importance = 3
	w.epoch = write(t, w.store, store.Write{Mutations: []store.Mutation{{PutTag: &tag}}})
	w.check(t)
	a.answer <- nil
	w.retag(t, 2)
	(<-w.attempts).answer <- nil
	<-w.merged
	if l := beside(t, w.check(t)); l != (matcher.Load{}) {
		t.Fatalf("after the merge: %+v", l)
	}
}

func TestCloseEndsAMerge(t *testing.T) {
	w := newWorld(t, clock.NewManual(start))
	w.retag(t, 1)
	<-w.attempts
	w.catalogues.Close()
	w.check(t) // what is there can still be ranked
}

package live_test

import (
	"context"
	"errors"
	"sync/atomic"
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

func TestWhatIsNotThere(t *testing.T) {
	s := openStore(t, sqlstore.Options{})
	c := follow(t, s, clock.System{})
	<-c.Ready() // a store without districts is ready at once
	if _, err := c.Get(t.Context(), district); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("Get of no district: %v", err)
	}
	if _, err := c.At(t.Context(), district, 1); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("At of no district: %v", err)
	}
	if n := c.Len(); n != 0 {
		t.Errorf("asking for no district left %d followers", n)
	}
	epoch := write(t, s, puts(invent(t, generate.Options{Opportunities: 10, Seed: 1})))
	snapshot, err := c.At(t.Context(), district, epoch)
	if err != nil {
		t.Fatalf("a district that came later: %v", err)
	}
	if snapshot.Epoch != epoch {
		t.Errorf("at epoch %d, want %d", snapshot.Epoch, epoch)
	}
	if _, err := c.At(t.Context(), district, epoch+1); !errors.Is(err, store.ErrEpoch) {
		t.Errorf("an epoch that was never issued: %v", err)
	}
	c.Close()
	if _, err := c.Get(t.Context(), district); err != nil {
		t.Errorf("a snapshot that is there, after Close: %v", err)
	}
	o := invent(t, generate.Options{Opportunities: 11, Seed: 1}).Opportunity(10)
	epoch = write(t, s, store.Write{Mutations: []store.Mutation{{PutOpportunity: &o}}})
	if _, err := c.At(t.Context(), district, epoch); !errors.Is(err, live.ErrClosed) {
		t.Errorf("an epoch after Close: %v", err)
	}
}

// faulty is a store whose reads of changes or states fail while they are told
// to, and say that they did.
type faulty struct {
	store.Catalogue
	failing atomic.Bool
	failed  chan struct{}
}

var errDisk = errors.New("the disk is on fire")

func (f *faulty) fail() error {
	if !f.failing.Load() {
		return nil
	}
	f.failed <- struct{}{}
	return errDisk
}

func (f *faulty) Delta(ctx context.Context, district string, after store.Epoch) (*store.Delta, error) {
	if err := f.fail(); err != nil {
		return nil, err
	}
	return f.Catalogue.Delta(ctx, district, after)
}

func (f *faulty) State(ctx context.Context, district string) (*store.State, error) {
	if err := f.fail(); err != nil {
		return nil, err
	}
	return f.Catalogue.State(ctx, district)
}

func TestServesOnWhileTheStoreFails(t *testing.T) {
	v := invent(t, generate.Options{Opportunities: 10, Seed: 1})
	s := &faulty{Catalogue: openStore(t, sqlstore.Options{}), failed: make(chan struct{})}
	first := write(t, s, puts(v))
	manual := clock.NewManual(start)
	c := follow(t, s, manual)
	if _, err := c.At(t.Context(), district, first); err != nil {
		t.Fatal(err)
	}
	s.failing.Store(true)
	o := v.Opportunity(0)
	o.Seats++
	second := write(t, s, store.Write{Mutations: []store.Mutation{{PutOpportunity: &o}}})
	<-s.failed
	snapshot, err := c.Get(t.Context(), district)
	if err != nil || snapshot.Epoch != first {
		t.Fatalf("while the store fails: %+v, %v; want the snapshot at %d", snapshot, err, first)
	}
	s.failing.Store(false)
	got := make(chan error, 1)
	go func() {
		// Whether it began to wait before or after the failure was published,
		// either the failure or the epoch comes.
		for {
			snapshot, err := c.At(context.Background(), district, second)
			if errors.Is(err, errDisk) {
				continue
			}
			if err == nil && snapshot.Epoch < second {
				err = errors.New("an older snapshot")
			}
			got <- err
			return
		}
	}()
	for {
		manual.Advance(time.Second) // lets the next try come
		select {
		case err := <-got:
			if err != nil {
				t.Fatal(err)
			}
			return
		default:
		}
	}
}

func TestReadyOnlyOnceBuilt(t *testing.T) {
	s := &faulty{Catalogue: openStore(t, sqlstore.Options{}), failed: make(chan struct{})}
	write(t, s, puts(invent(t, generate.Options{Opportunities: 10, Seed: 1})))
	s.failing.Store(true)
	manual := clock.NewManual(start)
	c := follow(t, s, manual)
	<-s.failed
	select {
	case <-c.Ready():
		t.Fatal("ready without a snapshot")
	default:
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Get(ctx, district); !errors.Is(err, context.Canceled) && !errors.Is(err, errDisk) {
		t.Fatalf("Get before the first snapshot: %v", err)
	}
	s.failing.Store(false)
	for {
		manual.Advance(time.Second)
		select {
		case <-c.Ready():
			return
		default:
		}
	}
}

func TestExpiryFreesSeatsInTime(t *testing.T) {
	v := invent(t, generate.Options{Students: 2, Opportunities: 10, Seed: 1})
	s := openStore(t, sqlstore.Options{})
	o := v.Opportunity(0)
	o.Status, o.Seats, o.Partner = "published", 1, ""
	write(t, s, store.Write{Mutations: []store.Mutation{{PutOpportunity: &o}}})
	student := v.Student(0)
	other := v.Student(1)
	putStudents(t, s, []matcher.Student{student, other})
	manual := clock.NewManual(start)
	c := follow(t, s, manual)
	e := live.NewExpiry(s, manual, zaptest.NewLogger(t))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		e.Run(ctx)
	}()
	defer func() {
		cancel()
		<-ended
	}()
	seats := func(epoch store.Epoch) int32 {
		snapshot, err := c.At(t.Context(), district, epoch)
		if err != nil {
			t.Fatal(err)
		}
		r, _ := snapshot.Ranking("")
		kept, ok := r.Index.Opportunity(o.ID)
		if !ok {
			t.Fatal("the opportunity is gone")
		}
		return kept.Seats
	}
	for i, who := range []string{student.ID, other.ID} { // the second by another sleep than the first
		expires := manual.Now().Add(10 * time.Second)
		r, err := s.Reserve(t.Context(), district, store.Request{Now: manual.Now()}, store.Reservation{
			ID: who + "-seat", Student: who, Opportunity: o.ID, Expires: expires,
		})
		if err != nil {
			t.Fatalf("reservation %d: %v", i, err)
		}
		e.Due(expires)
		if n := seats(r.Epoch); n != 0 {
			t.Fatalf("%d seats left of 1 that is reserved", n)
		}
		manual.Advance(10 * time.Second)
		// Expire logs the next epoch.
		if err := s.Wait(t.Context(), district, r.Epoch); err != nil {
			t.Fatal(err)
		}
		if n := seats(r.Epoch + 1); n != 1 {
			t.Fatalf("%d seats left of 1 whose reservation has expired", n)
		}
	}
}

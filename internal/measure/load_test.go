package measure

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"
	"time"
)

func TestUnderLoadCountsAnswersAndLatencies(t *testing.T) {
	clock := time.Unix(0, 0)
	took := func(d time.Duration, every uint64) Call {
		return func(_ context.Context, n uint64) error {
			if n%every == 0 {
				clock = clock.Add(d)
			}
			clock = clock.Add(d)
			return nil
		}
	}
	var done, total int64
	loads, err := UnderLoad(t.Context(), LoadOptions{
		Calls:       []Call{took(time.Millisecond, math.MaxUint64), took(2*time.Millisecond, math.MaxUint64), took(time.Millisecond, 10)},
		Concurrency: 1, Rounds: 5, Slice: 110 * time.Millisecond,
		Now:      func() time.Time { return clock },
		Progress: func(d, of int64) { done, total = d, of },
	})
	if err != nil {
		t.Fatal(err)
	}
	if done != 18 || total != 18 { // a round to warm up
		t.Errorf("%d of %d slices are done, want 18 of 18", done, total)
	}
	for i, want := range []struct {
		perSecond, p50, p99 float64
		calls               uint64
	}{{1000, 1000, 1000, 550}, {500, 2000, 2000, 275}, {1000 / 1.1, 1000, 2000, 500}} {
		got := &loads[i]
		if got.Calls != want.calls || got.Rounds() != 5 || !near(got.PerSecond, want.perSecond, .001) ||
			!near(got.P50US, want.p50, .02) || !near(got.P99US, want.p99, .02) {
			t.Errorf("call %d: %+v, want %+v", i, got, want)
		}
	}
	if r := loads[1].RatioTo(&loads[0]); !near(r, .5, .001) {
		t.Errorf("ratio %v, want 0.5", r)
	}
}

func near(got, want, within float64) bool { return math.Abs(got-want) <= within*want }

func TestUnderLoadKeepsSoManyCallsUnderWay(t *testing.T) {
	const workers = 4
	arrived := make(chan struct{}, workers)
	all := make(chan struct{})
	enough := errors.New("all have come")
	go func() {
		for range workers {
			<-arrived
		}
		close(all)
	}()
	_, err := UnderLoad(t.Context(), LoadOptions{
		Calls: []Call{func(context.Context, uint64) error {
			arrived <- struct{}{}
			<-all // no call ends before all have begun
			return enough
		}},
		Concurrency: workers, Rounds: 1, Slice: time.Hour, Now: time.Now, Progress: func(int64, int64) {},
	})
	if !errors.Is(err, enough) {
		t.Errorf("error %v, want that of the calls", err)
	}
}

func TestUnderLoadEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	_, err := UnderLoad(ctx, LoadOptions{
		Calls:       []Call{func(ctx context.Context, _ uint64) error { cancel(); return ctx.Err() }},
		Concurrency: 2, Rounds: 1, Slice: time.Hour, Now: time.Now, Progress: func(int64, int64) {},
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want %v", err, context.Canceled)
	}
}

func TestLatenciesStayWithinTheirBuckets(t *testing.T) {
	for ns := int64(1); ns < 1<<38; ns += ns/7 + 1 {
		var l latencies
		l.record(time.Duration(ns))
		want := float64(max(ns, 64)) / 1000
		if got := l.quantile(.5); !near(got, want, .02) {
			t.Fatalf("%d ns is counted as %v us", ns, got)
		}
	}
	var l latencies
	l.record(-1)
	l.record(math.MaxInt64)
	if l.quantile(0) > .07 || l.quantile(.99) < 1e8 {
		t.Errorf("the ends are counted as %v and %v us", l.quantile(0), l.quantile(.99))
	}
}

func TestUnderLoadIsWarm(t *testing.T) {
	clock := time.Unix(0, 0)
	var calls []uint64
	loads, err := UnderLoad(t.Context(), LoadOptions{
		Calls: []Call{func(_ context.Context, n uint64) error {
			calls = append(calls, n)
			clock = clock.Add(time.Millisecond)
			return nil
		}},
		Concurrency: 1, Warm: 3, Rounds: 1, Slice: 2 * time.Millisecond,
		Now: func() time.Time { return clock }, Progress: func(int64, int64) {},
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := []uint64{0, 1, 2, 0, 1, 2, 3}; !slices.Equal(calls, want) || loads[0].Calls != 2 {
		t.Errorf("calls %v, of which %d count; want %v, and 2", calls, loads[0].Calls, want)
	}
	failure := errors.New("no answer")
	if _, err := UnderLoad(t.Context(), LoadOptions{
		Calls:       []Call{func(context.Context, uint64) error { return failure }},
		Concurrency: 2, Warm: 3, Rounds: 1, Slice: time.Hour, Now: time.Now, Progress: func(int64, int64) {},
	}); !errors.Is(err, failure) {
		t.Errorf("error %v, want that of the call", err)
	}
}

package measure

import (
	"context"
	"math/bits"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Call makes the n-th call of a kind. Several goroutines do so at once.
type Call func(ctx context.Context, n uint64) error

// LoadOptions say how calls are measured. Concurrency is how many are under way
// at once; Slice is for how long one kind of call is made before the next has
// its turn, Rounds how often each has. Before anything is timed each call is
// made Warm times, so that what a server keeps for the next time is there.
type LoadOptions struct {
	Calls       []Call
	Concurrency int
	Warm        uint64
	Rounds      int
	Slice       time.Duration
	Now         func() time.Time
	Progress    func(done, total int64)
}

// Load is what was measured of a call: answers a second, the median over the
// rounds, and latencies as the caller sees them, over all calls, within 2 %.
type Load struct {
	PerSecond    float64
	P50US, P99US float64
	Calls        uint64
	rates        []float64 // by round
}

// Rounds is how many there were.
func (l *Load) Rounds() int { return len(l.rates) }

// RatioTo is the median over the rounds of how many times as many answers a
// second there were as of another call in the same round.
func (l *Load) RatioTo(other *Load) float64 {
	ratios := make([]float64, len(l.rates))
	for i := range ratios {
		ratios[i] = l.rates[i] / other.rates[i]
	}
	return median(ratios)
}

// UnderLoad keeps a server busy with one kind of call after the other, in
// slices so short that what else the machine does falls on all alike; whoever
// comes first changes from round to round. A round to warm up doesn't count. The
// first error of a call ends it.
func UnderLoad(ctx context.Context, o LoadOptions) ([]Load, error) {
	loads := make([]Load, len(o.Calls))
	seen := make([]latencies, len(o.Calls))
	for _, call := range o.Calls {
		if err := warm(ctx, &o, call); err != nil {
			return nil, err
		}
	}
	var n atomic.Uint64
	total := int64(o.Rounds+1) * int64(len(o.Calls))
	for round := range o.Rounds + 1 {
		for turn := range o.Calls {
			i := (round + turn) % len(o.Calls)
			s, err := slice(ctx, &o, o.Calls[i], &n)
			if err != nil {
				return nil, err
			}
			if round > 0 {
				loads[i].rates = append(loads[i].rates, float64(s.latencies.count)/s.elapsed.Seconds())
				seen[i].add(&s.latencies)
			}
			o.Progress(int64(round*len(o.Calls)+turn+1), total)
		}
	}
	for i := range loads {
		l, t := &loads[i], &seen[i]
		l.PerSecond = median(slices.Clone(l.rates))
		l.P50US, l.P99US, l.Calls = t.quantile(.5), t.quantile(.99), t.count
	}
	return loads, nil
}

// warm makes a call without timing it.
func warm(ctx context.Context, o *LoadOptions, call Call) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var workers sync.WaitGroup
	var next atomic.Uint64
	for range o.Concurrency {
		workers.Go(func() {
			for n := next.Add(1) - 1; n < o.Warm && ctx.Err() == nil; n = next.Add(1) - 1 {
				if err := call(ctx, n); err != nil {
					cancel(err)
				}
			}
		})
	}
	workers.Wait()
	return context.Cause(ctx)
}

// sliced is what happened in one slice.
type sliced struct {
	latencies latencies
	elapsed   time.Duration
}

// slice makes calls of one kind until its time is over, and waits for those
// that are under way.
func slice(ctx context.Context, o *LoadOptions, call Call, n *atomic.Uint64) (*sliced, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var (
		workers sync.WaitGroup
		mu      sync.Mutex
		all     sliced
	)
	start := o.Now()
	end := start.Add(o.Slice)
	for range o.Concurrency {
		workers.Go(func() {
			var mine latencies
			for now := start; now.Before(end) && ctx.Err() == nil; {
				if err := call(ctx, n.Add(1)-1); err != nil {
					cancel(err)
					return
				}
				after := o.Now()
				mine.record(after.Sub(now))
				now = after
			}
			mu.Lock()
			defer mu.Unlock()
			all.latencies.add(&mine)
		})
	}
	workers.Wait()
	all.elapsed = o.Now().Sub(start)
	return &all, context.Cause(ctx)
}

// latencies counts durations in buckets whose bounds are less than 2 % apart.
type latencies struct {
	count   uint64
	buckets [buckets]uint32
}

const (
	fine    = 6                   // bits of a duration that a bucket tells apart
	buckets = (40 - fine) << fine // up to 2^39 ns, nine minutes
)

func (l *latencies) record(d time.Duration) {
	ns := uint64(max(d, 1<<fine))
	shift := bits.Len64(ns) - 1 - fine
	l.count++
	l.buckets[min(shift<<fine+int(ns>>shift)-1<<fine, buckets-1)]++
}

func (l *latencies) add(other *latencies) {
	l.count += other.count
	for i, n := range other.buckets {
		l.buckets[i] += n
	}
}

// quantile is the middle of the bucket that holds it, in microseconds.
func (l *latencies) quantile(q float64) float64 {
	rank, below := uint64(q*float64(l.count)), uint64(0)
	for i, n := range l.buckets {
		if below += uint64(n); below > rank {
			shift := i >> fine
			low := uint64(1<<fine+i&(1<<fine-1)) << shift
			return microseconds(time.Duration(low + 1<<shift/2))
		}
	}
	return 0
}

// median sorts x.
func median(x []float64) float64 {
	if len(x) == 0 {
		return 0
	}
	slices.Sort(x)
	return x[len(x)/2]
}

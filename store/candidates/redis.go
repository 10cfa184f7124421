package candidates

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

// RedisOptions say how sets are kept in Redis. Only URL is required.
type RedisOptions struct {
	// URL is redis://, rediss:// (TLS) or unix:// for a single server, with
	// +cluster or +sentinel behind the scheme for those (and then addr=HOST:PORT
	// for more of them, master_name=NAME for Sentinel), user and password before
	// the host.
	URL string
	// Budget is how long a read may take; 0 is 5 ms.
	Budget time.Duration
	// Retry is for how long Redis is left alone after it has failed; 0 is 1 s.
	Retry time.Duration
	// Life is about how long a student's sets are kept from the first one on; 0 is
	// an hour. BriefLife is the same for profiles in line; 0 is a minute.
	Life, BriefLife time.Duration
	// Changed, unless nil, is told when Redis begins to work, and why when it no
	// longer does.
	Changed func(working bool, why error)
	// Refused, unless nil, is told why Redis doesn't take a write, once until it
	// takes one again.
	Refused func(why error)
}

func (o RedisOptions) withDefaults() RedisOptions {
	for _, d := range []struct {
		value    *time.Duration
		fallback time.Duration
	}{
		{&o.Budget, 5 * time.Millisecond}, {&o.Retry, time.Second}, {&o.Life, time.Hour}, {&o.BriefLife, time.Minute},
	} {
		if *d.value == 0 {
			*d.value = d.fallback
		}
	}
	if o.Changed == nil {
		o.Changed = func(bool, error) {}
	}
	if o.Refused == nil {
		o.Refused = func(error) {}
	}
	return o
}

// Redis keeps values in Redis: a hash for each student. Nothing waits for it but
// a read, and that for no longer than the budget: after a failure it is left
// alone until it answers again to a goroutine that asks now and then. Writes are
// carried out behind the callers, in their order, or dropped. It is safe for
// concurrent use.
type Redis struct {
	o        RedisOptions
	client   redis.UniversalClient
	writes   chan write
	ctx      context.Context // ends with Close
	cancel   context.CancelFunc
	tasks    sync.WaitGroup
	working  atomic.Bool
	failing  atomic.Bool  // since the last time that Changed was told
	refusing atomic.Bool  // the same of Refused
	trip     atomic.Int64 // nanoseconds, smoothed
	owed     owed
	Counts   RedisCounts
}

// RedisCounts count what became of reads and writes.
type RedisCounts struct {
	Found, Missed, Failed   atomic.Uint64 // reads
	Written, Refused, Shed  atomic.Uint64 // writes; refused by Redis, or dropped before
	Erased, EraseLater      atomic.Uint64 // erasures, and those that had to be put off
	TripsSkipped            atomic.Uint64 // reads that weren't tried, since Redis had failed
	Probes, ProbesSucceeded atomic.Uint64
}

// OpenRedis returns at once, whether Redis is there or not. An error says what is
// wrong with the URL.
func OpenRedis(o RedisOptions) (*Redis, error) {
	r := &Redis{o: o.withDefaults(), writes: make(chan write, queued)}
	var err error
	if r.client, err = dial(&r.o); err != nil {
		return nil, err
	}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	r.tasks.Go(r.tend)
	r.tasks.Go(r.write)
	return r, nil
}

// Close lets go of Redis; writes that still wait are dropped.
func (r *Redis) Close() error {
	r.cancel()
	r.tasks.Wait()
	return r.client.Close()
}

// Working reports whether Redis answered when it was asked last.
func (r *Redis) Working() bool { return r.working.Load() }

// Trip is about how long a question to Redis takes.
func (r *Redis) Trip() time.Duration { return time.Duration(r.trip.Load()) }

// Get returns the value of a key, or nil.
func (r *Redis) Get(ctx context.Context, k Key) []byte {
	if !r.working.Load() {
		r.Counts.TripsSkipped.Add(1)
		return nil
	}
	within, cancel := context.WithTimeout(ctx, r.o.Budget)
	defer cancel()
	start := time.Now()
	value, err := r.client.HGet(within, k.hash(), k.field()).Bytes()
	r.outcome(ctx, err)
	if err != nil {
		return nil
	}
	r.measured(time.Since(start))
	return value
}

// GetMany returns the values of keys, nil where there is none, in one trip.
func (r *Redis) GetMany(ctx context.Context, keys []Key) [][]byte {
	values := make([][]byte, len(keys))
	if !r.working.Load() {
		r.Counts.TripsSkipped.Add(1)
		return values
	}
	// A value takes microseconds on its way, so that many take more than one.
	within, cancel := context.WithTimeout(ctx, r.o.Budget+time.Duration(len(keys))*20*time.Microsecond)
	defer cancel()
	replies := make([]*redis.StringCmd, len(keys))
	pipe := r.client.Pipeline()
	for i, k := range keys {
		replies[i] = pipe.HGet(within, k.hash(), k.field())
	}
	_, _ = pipe.Exec(within) // each reply has its own error
	for i, reply := range replies {
		value, err := reply.Bytes()
		r.outcome(ctx, err)
		if err == nil {
			values[i] = value
		}
	}
	return values
}

// outcome counts a read, and leaves Redis alone if it failed.
func (r *Redis) outcome(ctx context.Context, err error) {
	switch {
	case err == nil:
		r.Counts.Found.Add(1)
	case errors.Is(err, redis.Nil), redis.HasErrorPrefix(err, "WRONGTYPE"):
		r.Counts.Missed.Add(1)
	case ctx.Err() != nil: // the caller has gone
	default:
		r.Counts.Failed.Add(1)
		r.failed(err)
	}
}

// failed has Redis left alone.
func (r *Redis) failed(err error) {
	r.working.Store(false)
	if !r.failing.Swap(true) {
		r.o.Changed(false, err)
	}
}

func (r *Redis) measured(d time.Duration) {
	before := r.trip.Load()
	r.trip.Store(before + (int64(d)-before)/8)
}

// tend asks Redis now and then whether it works, until Close. The first trip of
// a connection takes longer, so that the second one counts.
func (r *Redis) tend() {
	const connect = time.Second
	for first := true; r.ctx.Err() == nil; first = false {
		r.Counts.Probes.Add(1)
		err := r.ping(connect)
		start := time.Now()
		if err == nil {
			err = r.ping(r.o.Budget)
		}
		switch {
		case r.ctx.Err() != nil:
			return
		case err != nil && first:
			r.failed(fmt.Errorf("not reached yet: %w", err))
		case err != nil:
			r.failed(err)
		default:
			r.Counts.ProbesSucceeded.Add(1)
			if r.trip.Load() == 0 {
				r.trip.Store(int64(time.Since(start)))
			}
			r.measured(time.Since(start))
			r.works()
		}
		timer := time.NewTimer(r.o.Retry/2 + rand.N(r.o.Retry))
		select {
		case <-timer.C:
		case <-r.ctx.Done():
			timer.Stop()
		}
	}
}

func (r *Redis) works() {
	if !r.working.Swap(true) {
		r.failing.Store(false)
		r.o.Changed(true, nil)
	}
	r.settle()
}

func (r *Redis) ping(within time.Duration) error {
	ctx, cancel := context.WithTimeout(r.ctx, within)
	defer cancel()
	return r.client.Ping(ctx).Err()
}

package candidates

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
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
	// the host. For Sentinel these are Sentinel's own; those of Redis are
	// username=NAME and password=WORD.
	URL string
	// Budget is how long a read may take; 0 is 5 ms.
	Budget time.Duration
	// Retry is for how long Redis is left alone after it has failed; 0 is 1 s. As
	// long as it goes on failing, it is left alone for longer and longer, up to 16
	// times that.
	Retry time.Duration
	// TLS, unless nil, is what servers are trusted by, and our certificate, where
	// the URL asks for TLS; else the machine's authorities are.
	TLS *tls.Config
	// Life is about how long a student's sets are kept from the first one on; 0 is
	// an hour. BriefLife is the same for profiles in line; 0 is a minute.
	Life, BriefLife time.Duration
	// Changed, unless nil, is told when Redis begins to work, and why when it no
	// longer does.
	Changed func(working bool, why error)
	// Refused, unless nil, is told why Redis doesn't take a write, once until none
	// was refused for 16 times Retry.
	Refused func(why error)
}

func (o RedisOptions) withDefaults() RedisOptions {
	o.Budget = cmp.Or(o.Budget, 5*time.Millisecond)
	o.Retry = cmp.Or(o.Retry, time.Second)
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
// alone until it answers again to a goroutine that asks now and then. No read
// waits for a connection to be made, either. Writes are carried out behind the
// callers, in their order, or dropped. It is safe for concurrent use.
type Redis struct {
	o      RedisOptions
	client redis.UniversalClient
	// reading has one for each read that is under way. There are as many as there
	// are connections for them.
	reading chan struct{}
	writes  chan write
	ctx     context.Context // ends with Close
	cancel  context.CancelFunc
	tasks   sync.WaitGroup
	state
	trip    atomic.Int64 // nanoseconds, smoothed
	warm    sync.Map     // *redis.Client, those whose connections were made
	refused time.Time    // when a write was refused last; for the one who writes
	owed    owed
	Counts  RedisCounts
}

// RedisCounts count what became of reads and writes.
type RedisCounts struct {
	Found, Missed, Failed  atomic.Uint64 // reads
	Skipped                atomic.Uint64 // reads that weren't tried, since Redis had failed
	Crowded                atomic.Uint64 // the same, since too many were under way
	Written, Refused, Shed atomic.Uint64 // writes; refused by Redis, or dropped before
	Erased, EraseLater     atomic.Uint64 // erasures, and those that had to be put off
}

// OpenRedis returns at once, whether Redis is there or not. An error says what is
// wrong with the URL.
func OpenRedis(o RedisOptions) (*Redis, error) {
	r := &Redis{o: o.withDefaults(), writes: make(chan write, queued), reading: make(chan struct{}, readers())}
	r.changed = r.o.Changed
	var err error
	if r.client, err = dial(&r.o); err != nil {
		return nil, err
	}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	r.tasks.Go(r.tend)
	r.tasks.Go(r.write)
	return r, nil
}

// Close lets go of Redis. Erasures that still wait are carried out if Redis
// works; all else that waits to be written is dropped.
func (r *Redis) Close() error {
	r.cancel()
	r.tasks.Wait()
	return r.client.Close()
}

// Trip is about how long a question to Redis takes.
func (r *Redis) Trip() time.Duration { return time.Duration(r.trip.Load()) }

// Get returns the value of a key, or nil.
func (r *Redis) Get(ctx context.Context, k Key) []byte {
	if !r.begin() {
		return nil
	}
	defer r.end()
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
	if !r.begin() {
		return values
	}
	defer r.end()
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

// begin reports whether a read may ask Redis, until end.
func (r *Redis) begin() bool {
	if !r.Working() {
		r.Counts.Skipped.Add(1)
		return false
	}
	select {
	case r.reading <- struct{}{}:
		return true
	default:
		r.Counts.Crowded.Add(1)
		return false
	}
}

func (r *Redis) end() { <-r.reading }

// outcome counts a read, and leaves Redis alone if it failed.
func (r *Redis) outcome(ctx context.Context, err error) {
	switch {
	case err == nil:
		r.Counts.Found.Add(1)
	case absent(err):
		r.Counts.Missed.Add(1)
	case ctx.Err() != nil: // the caller has gone
	default:
		r.Counts.Failed.Add(1)
		r.failed(err)
	}
}

// absent reports whether an error says that there is no such value.
func absent(err error) bool {
	return errors.Is(err, redis.Nil) || redis.HasErrorPrefix(err, "WRONGTYPE")
}

func (r *Redis) measured(d time.Duration) {
	before := r.trip.Load()
	if before == 0 {
		before = int64(d)
	}
	r.trip.Store(before + (int64(d)-before)/8)
}

package measure

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kindred-match/kindred/internal/sets"
	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/store/candidates"
)

// CandidatesInRedis is what was found of sets in Redis. A plain read is a GET of
// a value of the same size on the same connections; they take turns.
type CandidatesInRedis struct {
	HitP50US   float64 `json:"hit_p50_us"`
	HitP99US   float64 `json:"hit_p99_us"`
	PlainP50US float64 `json:"plain_get_p50_us"`
	PlainP99US float64 `json:"plain_get_p99_us"`
	HitToPlain float64 `json:"hit_to_plain_get"` // of the medians
	MissP50US  float64 `json:"miss_p50_us"`
	// RepairP50US is of Changes changes, with a trip; BatchUS of a set where those of
	// all students are fetched in one trip.
	RepairP50US float64 `json:"repair_p50_us"`
	BatchUS     float64 `json:"batch_us"`
	ValueBytes  float64 `json:"value_bytes"` // mean

	Filled *CandidatesMemory `json:"memory,omitempty"`
}

// CandidatesMemory is what sets take in Redis, by what the server says of its
// memory before and after. All is counted: values, keys, lives.
type CandidatesMemory struct {
	Sets        int     `json:"sets"`
	MembersMean float64 `json:"members_mean"`
	ValueBytes  float64 `json:"value_bytes"` // mean
	Bytes       int64   `json:"bytes"`
	BytesPerSet float64 `json:"bytes_per_set"`
	Seconds     float64 `json:"seconds"` // that the writing took
}

// inRedis measures sets in Redis, if there is one.
func (r *candidatesRun) inRedis(ctx context.Context) error {
	if r.Redis == nil {
		return nil
	}
	if err := r.reach(ctx); err != nil {
		return err
	}
	asks, err := r.asks(ctx)
	if err != nil {
		return err
	}
	c := &CandidatesInRedis{}
	r.result.Redis = c
	if r.shared, err = r.Shared(); err != nil {
		return err
	}
	c.MissP50US = quantile(r.timed(asks, 1, r.outOf(ctx, r.shared)), .5)
	if err := r.await(ctx, uint64(len(asks))); err != nil {
		return err
	}
	if err := r.besidePlain(ctx, asks); err != nil {
		return err
	}
	if r.shared, err = r.Shared(); err != nil {
		return err
	}
	times, err := r.changedBy(ctx, r.Changes, r.shared)
	if err != nil {
		return err
	}
	c.RepairP50US = quantile(times, .5)
	return r.fill(ctx, asks)
}

// reach waits until Redis works.
func (r *candidatesRun) reach(ctx context.Context) error {
	for deadline := r.Now().Add(10 * time.Second); !r.Redis.Working(); {
		if ctx.Err() != nil || r.Now().After(deadline) {
			return errors.New("no answer from Redis")
		}
		time.Sleep(time.Millisecond)
	}
	return nil
}

// await waits until Redis has taken that many values, all told.
func (r *candidatesRun) await(ctx context.Context, values uint64) error {
	for {
		counts := &r.Redis.Counts
		switch written := counts.Written.Load(); {
		case counts.Refused.Load()+counts.Shed.Load() > 0:
			return errors.New("candidate sets were refused by Redis, or not taken in time")
		case written >= values:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		}
		time.Sleep(100 * time.Microsecond)
	}
}

// besidePlain times hits in turn with plain reads of the same values, then all
// in one trip.
func (r *candidatesRun) besidePlain(ctx context.Context, asks []*sets.Ask) error {
	const rounds = 3
	c := r.result.Redis
	var plain, hits []time.Duration
	found := r.Redis.Counts.Found.Load()
	for round := range rounds {
		var err error
		if r.shared, err = r.Shared(); err != nil {
			return err
		}
		answer := r.outOf(ctx, r.shared)
		for i, a := range asks {
			value := r.valueOf(a, r.shared.Reserve(r.K, 0))
			key := fmt.Sprintf("kindred:bench:%d", i)
			if round == 0 {
				c.ValueBytes += float64(len(value)) / float64(len(asks))
			}
			if err := r.Redis.PutPlain(ctx, key, value, time.Minute); err != nil {
				return fmt.Errorf("measure plain reads: %w", err)
			}
			start := r.Now()
			got, err := r.Redis.GetPlain(ctx, key)
			between := r.Now()
			answer(a)
			end := r.Now()
			if err != nil || len(got) != len(value) {
				return errors.New("measure plain reads: what was put isn't there")
			}
			plain, hits = append(plain, between.Sub(start)), append(hits, end.Sub(between))
		}
	}
	if n := r.Redis.Counts.Found.Load() - found; n != uint64(len(hits)) {
		return fmt.Errorf("of %d answers %d came out of Redis", len(hits), n)
	}
	slices.Sort(plain)
	slices.Sort(hits)
	c.HitP50US, c.HitP99US = quantile(hits, .5), quantile(hits, .99)
	c.PlainP50US, c.PlainP99US = quantile(plain, .5), quantile(plain, .99)
	c.HitToPlain = c.HitP50US / c.PlainP50US
	return r.batch(ctx, asks)
}

// batch times the fetching of all sets together.
func (r *candidatesRun) batch(ctx context.Context, asks []*sets.Ask) error {
	const rounds = 9
	times := make([]time.Duration, rounds)
	for i := range times {
		none, err := r.Shared()
		if err != nil {
			return err
		}
		start := r.Now()
		none.Prefetch(ctx, asks)
		times[i] = r.Now().Sub(start)
	}
	slices.Sort(times)
	r.result.Redis.BatchUS = quantile(times, .5) / float64(len(asks))
	return nil
}

// valueOf is the value of the set of a fresh ranking.
func (r *candidatesRun) valueOf(a *sets.Ask, members int) []byte {
	q := *a.Query
	q.K = members
	ranker := a.Ranking.Acquire()
	defer a.Ranking.Release(ranker)
	r.dst = ranker.Rank(r.dst[:0], &q)
	var set candidates.Set
	set.Of(a.Snapshot.Epoch, r.dst, q.K, ranker.Denominator())
	return set.Append(nil)
}

// fill puts many sets into Redis: those of the students, over and over under
// other ids.
func (r *candidatesRun) fill(ctx context.Context, asks []*sets.Ask) error {
	if r.FillSets == 0 {
		return nil
	}
	m := &CandidatesMemory{Sets: r.FillSets}
	r.result.Redis.Filled = m
	before, err := r.Redis.Used(ctx)
	if err != nil {
		return err
	}
	values := make([][]byte, len(asks))
	for i, a := range asks {
		values[i] = r.valueOf(a, r.FillMembers)
		m.MembersMean += float64(len(r.dst)) / float64(len(asks))
		m.ValueBytes += float64(len(values[i])) / float64(len(asks))
	}
	start := r.Now()
	written := r.Redis.Counts.Written.Load()
	keys := candidates.NewKeys(r.Store.Identity(), "filled")
	for n := range r.FillSets {
		const together = 1000 // fewer than are taken at once
		if n%together == 0 {
			if err := r.await(ctx, written+uint64(n)); err != nil {
				return err
			}
		}
		a := asks[n%len(asks)]
		id := fmt.Sprintf("%s/%d", a.Subject.Student.ID, n/len(asks))
		r.Redis.Put(keys.Key(r.District, id, a.Subject, &candidates.Question{Measure: matcher.Cosine}), values[n%len(asks)])
	}
	if err := r.await(ctx, written+uint64(r.FillSets)); err != nil {
		return err
	}
	m.Seconds = r.Now().Sub(start).Seconds()
	after, err := r.Redis.Used(ctx)
	m.Bytes, m.BytesPerSet = after-before, float64(after-before)/float64(r.FillSets)
	return err
}

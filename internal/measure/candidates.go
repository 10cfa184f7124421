package measure

import (
	"cmp"
	"context"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/kindred-match/kindred/internal/live"
	"github.com/kindred-match/kindred/internal/sets"
	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/store"
)

// Candidates is what a measurement of candidate sets in process found. Times are
// of one answer each, in microseconds, on one thread.
type Candidates struct {
	Opportunities int `json:"opportunities"`
	Students      int `json:"students"`
	K             int `json:"k"`

	FreshP50US  float64 `json:"fresh_p50_us"` // ranked, without sets
	MissP50US   float64 `json:"miss_p50_us"`  // ranked with a reserve, and kept
	MissP99US   float64 `json:"miss_p99_us"`
	HitP50US    float64 `json:"hit_p50_us"`
	HitP99US    float64 `json:"hit_p99_us"`
	RepairP50US float64 `json:"repair_p50_us"` // of Changes changes
	RepairP99US float64 `json:"repair_p99_us"`
	Changes     int     `json:"changes"`
	BytesPerSet float64 `json:"bytes_per_set"` // in process, all told

	// While that many changes a second were written, answers came out of sets that
	// held, or were repaired, or were ranked.
	ChangesPerSecond float64 `json:"changes_per_second"`
	Answers          uint64  `json:"answers"`
	Cached           uint64  `json:"cached"`
	Repaired         uint64  `json:"repaired"`
	HitRate          float64 `json:"hit_rate"`

	CPU    string `json:"cpu"`
	Cores  int    `json:"cores"`
	Kernel string `json:"kernel"`
}

// CandidatesOptions say what is measured.
type CandidatesOptions struct {
	Store      store.Store
	District   string
	Catalogues *live.Catalogues
	Sets       *sets.Sets
	Students   []string // of the store
	K          int
	Changes    int
	Change     func(n int) *matcher.Opportunity // the n-th change
	Rate       int                              // changes a second
	Seconds    int
	AsOf       matcher.Date
	Now        func() time.Time
}

// CandidateSets measures candidate sets.
func CandidateSets(ctx context.Context, o CandidatesOptions) (*Candidates, error) {
	c := &Candidates{Students: len(o.Students), K: o.K, Changes: o.Changes, CPU: cpu(), Cores: runtime.GOMAXPROCS(0), Kernel: matcher.Kernel()}
	answer := func(s *live.Snapshot, id string) (*sets.Ask, error) {
		ranking, _ := s.Ranking("")
		subject, err := o.Store.Subject(ctx, o.District, id)
		if err != nil {
			return nil, err
		}
		return &sets.Ask{District: o.District, Snapshot: s, Ranking: ranking, Subject: subject, Query: &matcher.Query{
			Student: subject.Student, Forbidden: subject.Forbidden, AsOf: o.AsOf, K: o.K,
		}}, nil
	}
	var dst []matcher.Candidate
	timed := func(s *live.Snapshot, answerOne func(*sets.Ask)) ([]time.Duration, error) {
		times := make([]time.Duration, len(o.Students))
		for i, id := range o.Students {
			a, err := answer(s, id)
			if err != nil {
				return nil, err
			}
			start := o.Now()
			answerOne(a)
			times[i] = o.Now().Sub(start)
		}
		slices.Sort(times)
		return times, nil
	}
	out := func(a *sets.Ask) { dst, _ = o.Sets.Rank(ctx, dst[:0], a) }
	fresh := func(a *sets.Ask) {
		ranker := a.Ranking.Acquire()
		dst = ranker.Rank(dst[:0], a.Query)
		a.Ranking.Release(ranker)
	}
	s, err := o.Catalogues.Newest(ctx, o.District)
	if err != nil {
		return nil, err
	}
	ranking, _ := s.Ranking("")
	c.Opportunities = ranking.Index.Len()
	for _, stage := range []struct {
		one      func(*sets.Ask)
		p50, p99 *float64
	}{
		{fresh, &c.FreshP50US, nil}, // warms up
		{fresh, &c.FreshP50US, nil},
		{out, &c.MissP50US, &c.MissP99US},
		{out, &c.HitP50US, &c.HitP99US},
	} {
		times, err := timed(s, stage.one)
		if err != nil {
			return nil, err
		}
		*stage.p50 = quantile(times, .5)
		if stage.p99 != nil {
			*stage.p99 = quantile(times, .99)
		}
	}
	c.BytesPerSet = float64(o.Sets.Bytes()) / float64(len(o.Students))
	if err := o.write(ctx, 0, o.Changes); err != nil {
		return nil, err
	}
	if s, err = o.Catalogues.Newest(ctx, o.District); err != nil {
		return nil, err
	}
	times, err := timed(s, out)
	if err != nil {
		return nil, err
	}
	c.RepairP50US, c.RepairP99US = quantile(times, .5), quantile(times, .99)
	return c, o.underChange(ctx, c, answer)
}

// quantile is in microseconds, of times in order.
func quantile(times []time.Duration, q float64) float64 {
	return microseconds(times[min(len(times)-1, int(q*float64(len(times))))])
}

// write writes changes from the n-th on, together.
func (o *CandidatesOptions) write(ctx context.Context, n, changes int) error {
	var w store.Write
	named := map[string]bool{}
	for i := range changes {
		if change := o.Change(n + i); !named[change.ID] {
			named[change.ID] = true
			w.Mutations = append(w.Mutations, store.Mutation{PutOpportunity: change})
		}
	}
	_, err := o.Store.Write(ctx, o.District, store.Request{Now: o.Now()}, w)
	return err
}

// underChange reads for the students in turn while changes are written.
func (o *CandidatesOptions) underChange(
	ctx context.Context, c *Candidates, answer func(*live.Snapshot, string) (*sets.Ask, error),
) error {
	const together = 20 // changes
	var writer sync.WaitGroup
	var failed error
	written := 0
	start := o.Now()
	end := start.Add(time.Duration(o.Seconds) * time.Second)
	done := make(chan struct{})
	writer.Go(func() {
		defer close(done)
		for now := start; now.Before(end) && failed == nil && ctx.Err() == nil; now = o.Now() {
			if due := int(now.Sub(start).Seconds() * float64(o.Rate)); written >= due {
				time.Sleep(time.Millisecond)
				continue
			}
			failed = o.write(ctx, o.Changes+written, together)
			written += together
		}
	})
	cached, repaired, ranked := o.Sets.Counts.Cached.Load(), o.Sets.Counts.Repaired.Load(), o.Sets.Counts.Ranked.Load()
	var dst []matcher.Candidate
	var err error
reading:
	for i := 0; err == nil; i++ {
		// Each student is read again after a second.
		for due := start.Add(time.Duration(i) * time.Second / time.Duration(len(o.Students))); o.Now().Before(due); {
			time.Sleep(100 * time.Microsecond)
		}
		select {
		case <-done:
			break reading
		default:
		}
		var s *live.Snapshot
		var a *sets.Ask
		if s, err = o.Catalogues.Get(ctx, o.District); err != nil {
			break
		}
		if a, err = answer(s, o.Students[i%len(o.Students)]); err == nil {
			dst, _ = o.Sets.Rank(ctx, dst[:0], a)
		}
	}
	writer.Wait()
	c.Cached = o.Sets.Counts.Cached.Load() - cached
	c.Repaired = o.Sets.Counts.Repaired.Load() - repaired
	c.Answers = c.Cached + c.Repaired + o.Sets.Counts.Ranked.Load() - ranked
	c.HitRate = float64(c.Cached+c.Repaired) / float64(max(1, c.Answers))
	c.ChangesPerSecond = float64(written) / o.Now().Sub(start).Seconds()
	return cmp.Or(err, failed)
}

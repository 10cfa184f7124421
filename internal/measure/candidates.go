package measure

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"time"

	"github.com/kindred-match/kindred/internal/live"
	"github.com/kindred-match/kindred/internal/sets"
	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/store"
	"github.com/kindred-match/kindred/store/candidates"
)

// Candidates is what a measurement of candidate sets found. Times are of one
// answer each, in microseconds, on one thread, and have the reading of the clock
// in them.
type Candidates struct {
	Opportunities int `json:"opportunities"`
	Students      int `json:"students"`
	K             int `json:"k"`

	ClockUS     float64 `json:"clock_us"`     // reading the clock
	ForecastUS  float64 `json:"forecast_us"`  // what a ranking was thought to take; median
	FreshP50US  float64 `json:"fresh_p50_us"` // ranked, without sets
	MissP50US   float64 `json:"miss_p50_us"`  // ranked with a reserve, and kept
	MissP99US   float64 `json:"miss_p99_us"`
	FirstP50US  float64 `json:"first_hit_p50_us"` // out of a set that is read the first time
	FirstP99US  float64 `json:"first_hit_p99_us"`
	HitP50US    float64 `json:"hit_p50_us"` // and again
	HitP99US    float64 `json:"hit_p99_us"`
	BytesPerSet float64 `json:"bytes_per_set"` // in process, all told

	// Of Changes changes; Repairs has others too.
	RepairP50US float64  `json:"repair_p50_us"`
	RepairP99US float64  `json:"repair_p99_us"`
	Changes     int      `json:"changes"`
	Repairs     []Repair `json:"repairs"`

	// While that many changes a second were written, answers came out of sets that
	// held, or were repaired, or were ranked.
	ChangesPerSecond float64 `json:"changes_per_second"`
	Answers          uint64  `json:"answers"`
	Cached           uint64  `json:"cached"`
	Repaired         uint64  `json:"repaired"`
	HitRate          float64 `json:"hit_rate"`

	Redis *CandidatesInRedis `json:"redis,omitempty"`

	CPU    string `json:"cpu"`
	Cores  int    `json:"cores"`
	Kernel string `json:"kernel"`
}

// Repair is what it takes to read out of sets that are that many changes old;
// Repaired is how many didn't have to be ranked anew.
type Repair struct {
	Changes  int     `json:"changes"`
	P50US    float64 `json:"p50_us"`
	P99US    float64 `json:"p99_us"`
	Repaired uint64  `json:"repaired"`
}

// CandidatesOptions say what is measured. All but those of Redis are required.
type CandidatesOptions struct {
	Store      store.Store
	District   string
	Catalogues *live.Catalogues
	Sets       *sets.Sets // empty, and always used
	Students   []string   // of the store
	K          int
	Changes    int
	Change     func(n int) *matcher.Opportunity // the n-th change
	Rate       int                              // changes a second
	Seconds    int
	AsOf       matcher.Date
	Now        func() time.Time

	// Redis, unless nil, has sets too. Shared makes Sets with nothing in process that
	// use it always. FillSets sets of FillMembers are put into it to see what they
	// take.
	Redis                 *candidates.Redis
	Shared                func() (*sets.Sets, error)
	FillSets, FillMembers int
}

// candidatesRun is a measurement of candidate sets under way.
type candidatesRun struct {
	CandidatesOptions
	result  Candidates
	shared  *sets.Sets
	written int // changes
	dst     []matcher.Candidate
}

// CandidateSets measures candidate sets.
func CandidateSets(ctx context.Context, o CandidatesOptions) (*Candidates, error) {
	r := &candidatesRun{CandidatesOptions: o, result: Candidates{
		Students: len(o.Students), K: o.K, Changes: o.Changes, CPU: cpu(), Cores: runtime.GOMAXPROCS(0), Kernel: matcher.Kernel(),
	}}
	for _, stage := range []func(context.Context) error{r.inProcess, r.repairs, r.inRedis, r.underChange} {
		if err := stage(ctx); err != nil {
			return nil, err
		}
	}
	return &r.result, nil
}

// ask is the ranking for a student.
func (r *candidatesRun) ask(ctx context.Context, s *live.Snapshot, id string) (*sets.Ask, error) {
	ranking, _ := s.Ranking("")
	subject, err := r.Store.Subject(ctx, r.District, id)
	if err != nil {
		return nil, err
	}
	return &sets.Ask{District: r.District, Snapshot: s, Ranking: ranking, Subject: subject, Query: &matcher.Query{
		Student: subject.Student, Forbidden: subject.Forbidden, AsOf: r.AsOf, K: r.K,
	}}, nil
}

// asks are the rankings for all students.
func (r *candidatesRun) asks(ctx context.Context) ([]*sets.Ask, error) {
	s, err := r.Catalogues.Newest(ctx, r.District)
	if err != nil {
		return nil, err
	}
	asks := make([]*sets.Ask, len(r.Students))
	for i, id := range r.Students {
		if asks[i], err = r.ask(ctx, s, id); err != nil {
			return nil, err
		}
	}
	return asks, nil
}

// timed is how long each answer takes, sorted, over all rounds.
func (r *candidatesRun) timed(asks []*sets.Ask, rounds int, answer func(*sets.Ask)) []time.Duration {
	times := make([]time.Duration, 0, rounds*len(asks))
	for range rounds {
		for _, a := range asks {
			start := r.Now()
			answer(a)
			times = append(times, r.Now().Sub(start))
		}
	}
	slices.Sort(times)
	return times
}

// outOf answers out of sets.
func (r *candidatesRun) outOf(ctx context.Context, s *sets.Sets) func(*sets.Ask) {
	return func(a *sets.Ask) { r.dst, _ = s.Rank(ctx, r.dst[:0], a) }
}

func (r *candidatesRun) fresh(a *sets.Ask) {
	ranker := a.Ranking.Acquire()
	r.dst = ranker.Rank(r.dst[:0], a.Query)
	a.Ranking.Release(ranker)
}

// quantile is in microseconds, of times in order.
func quantile(times []time.Duration, q float64) float64 {
	return microseconds(times[min(len(times)-1, int(q*float64(len(times))))])
}

// inProcess measures rankings, and sets in process that hold.
func (r *candidatesRun) inProcess(ctx context.Context) error {
	const rounds = 5
	asks, err := r.asks(ctx)
	if err != nil {
		return err
	}
	c := &r.result
	c.Opportunities = asks[0].Ranking.Index.Len()
	c.ClockUS = quantile(r.timed(asks, rounds, func(*sets.Ask) {}), .5)
	c.ForecastUS = r.forecast(asks)
	r.timed(asks, 1, r.fresh) // warms up
	c.FreshP50US = quantile(r.timed(asks, 1, r.fresh), .5)
	for _, stage := range []struct {
		rounds   int
		p50, p99 *float64
	}{
		{1, &c.MissP50US, &c.MissP99US}, {1, &c.FirstP50US, &c.FirstP99US}, {rounds, &c.HitP50US, &c.HitP99US},
	} {
		times := r.timed(asks, stage.rounds, r.outOf(ctx, r.Sets))
		*stage.p50, *stage.p99 = quantile(times, .5), quantile(times, .99)
	}
	if n := r.Sets.Counts.Cached.Load(); n != uint64((1+rounds)*len(asks)) {
		return errors.New("not all hits were ones: is there enough memory for candidate sets?")
	}
	c.BytesPerSet = float64(r.Sets.Bytes()) / float64(len(r.Students))
	return nil
}

// forecast is the median of what rankings are thought to take, in microseconds.
func (r *candidatesRun) forecast(asks []*sets.Ask) float64 {
	times := make([]time.Duration, len(asks))
	for i, a := range asks {
		ranker := a.Ranking.Acquire()
		times[i] = time.Duration(ranker.Forecast(a.Query))
		a.Ranking.Release(ranker)
	}
	slices.Sort(times)
	return quantile(times, .5)
}

// repairs measures sets in process that are some changes old.
func (r *candidatesRun) repairs(ctx context.Context) error {
	steps := []int{10, 100, 1000}
	if !slices.Contains(steps, r.Changes) {
		steps = append(steps, r.Changes)
	}
	slices.Sort(steps)
	for _, changes := range steps {
		repaired := r.Sets.Counts.Repaired.Load()
		times, err := r.changedBy(ctx, changes, r.Sets)
		if err != nil {
			return err
		}
		repair := Repair{changes, quantile(times, .5), quantile(times, .99), r.Sets.Counts.Repaired.Load() - repaired}
		r.result.Repairs = append(r.result.Repairs, repair)
		if changes == r.Changes {
			r.result.RepairP50US, r.result.RepairP99US = repair.P50US, repair.P99US
		}
	}
	return nil
}

// changedBy times answers out of sets after that many changes.
func (r *candidatesRun) changedBy(ctx context.Context, changes int, s *sets.Sets) ([]time.Duration, error) {
	if err := r.write(ctx, changes); err != nil {
		return nil, err
	}
	asks, err := r.asks(ctx)
	if err != nil {
		return nil, err
	}
	return r.timed(asks, 1, r.outOf(ctx, s)), nil
}

// write writes the next changes, together.
func (r *candidatesRun) write(ctx context.Context, changes int) error {
	var w store.Write
	named := map[string]bool{}
	for i := range changes {
		if change := r.Change(r.written + i); !named[change.ID] {
			named[change.ID] = true
			w.Mutations = append(w.Mutations, store.Mutation{PutOpportunity: change})
		}
	}
	r.written += changes
	_, err := r.Store.Write(ctx, r.District, store.Request{Now: r.Now()}, w)
	return err
}

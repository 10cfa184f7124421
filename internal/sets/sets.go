// Package sets answers rankings out of candidate sets where it can: out of one
// that holds for the snapshot's epoch, or one that is brought to it; and ranks,
// and keeps what it ranked, where it can't. The answer is always that of a fresh
// ranking.
package sets

import (
	"context"
	"sync"
	"time"

	"github.com/kindred-match/kindred/internal/live"
	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/store"
	"github.com/kindred-match/kindred/store/candidates"
)

// Source says how an answer came about.
type Source int

// The sources.
const (
	Ranked Source = iota
	Cached
	Repaired
)

// Sets answers rankings. It is safe for concurrent use.
type Sets struct {
	store   store.Students
	keys    *candidates.Keys
	memory  *candidates.Memory
	redis   *candidates.Redis // nil: there is none
	always  bool
	spare   int       // a set has so many members more than are wanted, at least
	most    int       // members that a set may have
	works   sync.Pool // of *work
	flights flights
	asked   asked
	now     func() time.Time
	pace    pace
	Counts  Counts
}

// Options say what New makes.
type Options struct {
	// Store has the students.
	Store store.Store
	// Line is as of candidates.NewKeys.
	Line string
	// MemoryBytes is about how much the sets in process may take.
	MemoryBytes uint64
	// Redis, unless nil, has sets that are shared. It is the caller's to close.
	Redis *candidates.Redis
	// Always has sets kept and used whatever it costs.
	Always bool
	// Now, unless nil, says what time it is. Rankings are timed by it.
	Now func() time.Time
}

// New makes Sets without any.
func New(o Options) (*Sets, error) {
	memory, err := candidates.NewMemory(candidates.MemoryOptions{Bytes: o.MemoryBytes})
	if err != nil {
		return nil, err
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Sets{
		store: o.Store, now: o.Now, keys: candidates.NewKeys(o.Store.Identity(), o.Line), memory: memory, redis: o.Redis, always: o.Always,
		spare: 20, most: maxMembers,
	}, nil
}

// Ask is a ranking that is wanted.
type Ask struct {
	District string
	Snapshot *live.Snapshot
	Ranking  *live.Ranking
	// Query is whole, with the subject's student and what is forbidden.
	Query   *matcher.Query
	Subject *store.Subject
	// InLine: the student is not one of the store.
	InLine bool
	// Batch: it is one of many, whose sets Prefetch has fetched.
	Batch bool
}

// key is where the set of an ask is kept.
func (s *Sets) key(a *Ask) candidates.Key {
	q := candidates.Question{
		Settings:          a.Snapshot.Settings.Revision,
		StatisticsVersion: a.Snapshot.StatisticsVersion,
		Measure:           a.Ranking.Measure,
		AsOf:              a.Query.AsOf,
		Term:              a.Query.Term,
		Kinds:             a.Query.Kinds,
		PartnerKinds:      a.Query.PartnerKinds,
		Exclude:           a.Query.Exclude,
	}
	if a.InLine {
		return s.keys.InLine(a.District, a.Subject, &q)
	}
	return s.keys.Key(a.District, a.Subject.Student.ID, a.Subject, &q)
}

// work is the scratch of one answer, kept for the next one.
type work struct {
	set      candidates.Set
	repairer candidates.Repairer
	changed  []uint32
	ranked   []matcher.Candidate
	query    matcher.Query
	kept     bool    // a set, by this answer
	forecast float64 // of the ranking, in nanoseconds; 0: nobody asked
}

// flightLife is for how long an answer waits for another one that is worked out
// for the same key, before it is worked out twice.
const flightLife = 50 * time.Millisecond

// Rank appends the candidates of an ask to dst, as a fresh ranking would.
func (s *Sets) Rank(ctx context.Context, dst []matcher.Candidate, a *Ask) ([]matcher.Candidate, Source) {
	w, ok := s.works.Get().(*work)
	if !ok {
		w = new(work)
	}
	dst, source := s.rank(ctx, w, dst, a)
	if (w.kept || a.Batch) && !a.InLine {
		s.eraseGone(ctx, a)
	}
	w.kept, w.forecast = false, 0
	// Not deferred: what a panic leaves behind must not be used again.
	w.query = matcher.Query{}
	s.works.Put(w)
	s.Counts.answered(source)
	return dst, source
}

func (s *Sets) rank(ctx context.Context, w *work, dst []matcher.Candidate, a *Ask) ([]matcher.Candidate, Source) {
	k, before := s.key(a), len(dst)
	kept := s.memory.Get(k)
	if a.Query.MaxPerPartner == 0 {
		if dst, ok := kept.Head.First(dst, a.Snapshot.Epoch, a.Query.K); ok {
			return dst, Cached
		}
	}
	if dst, source, ok := s.answer(w, dst, a, k, kept.Value); ok {
		if source == Cached && a.Query.MaxPerPartner == 0 {
			// It came without a head, or with one that is too short.
			s.memory.PutHead(k, w.set.Head(dst[before:], a.Query.K))
		}
		return dst, source
	}
	// A set takes two or three times as long as the ranking alone: it is made when
	// something is asked for the second time.
	if kept.Value == nil && !s.always && !s.asked.again(k) && !s.pays(w, a) {
		return s.plain(w, dst, a), Ranked
	}
	var shared bool
	var source Source
	value, mine := s.flights.do(ctx, flightKey{k, a.Snapshot.Epoch, a.Query.K}, flightLife, func() []byte {
		pays := s.pays(w, a)
		if pays && !a.Batch {
			value := s.redis.Get(ctx, k)
			if dst, source, shared = s.answer(w, dst, a, k, value); shared {
				if source == Repaired {
					return s.memory.Get(k).Value
				}
				s.keep(w, a, k, value, dst[before:])
				return value
			}
		}
		return s.fresh(w, a, k, pays)
	})
	switch {
	case shared:
		return dst, source
	case !mine:
		if dst, _, ok := s.answer(w, dst, a, k, value); ok {
			return dst, Cached
		}
		s.fresh(w, a, k, false)
	}
	// What was ranked is in w.
	if a.Query.MaxPerPartner == 0 {
		return append(dst, w.ranked[:min(a.Query.K, len(w.ranked))]...), Ranked
	}
	if dst, ok := w.set.First(dst, a.Ranking.Index, a.Query.K, a.Query.MaxPerPartner); ok {
		return dst, Ranked
	}
	return s.plain(w, dst, a), Ranked
}

// plain ranks without sets.
func (s *Sets) plain(w *work, dst []matcher.Candidate, a *Ask) []matcher.Candidate {
	ranker := a.Ranking.Acquire()
	if w.forecast == 0 {
		dst = ranker.Rank(dst, a.Query)
	} else {
		dst = s.timed(ranker, dst, a.Query, a.Ranking.Measure, w.forecast)
	}
	a.Ranking.Release(ranker)
	return dst
}

// timed ranks, and learns from how long it takes.
func (s *Sets) timed(
	ranker *matcher.Ranker, dst []matcher.Candidate, q *matcher.Query, m matcher.Measure, forecast float64,
) []matcher.Candidate {
	start := s.now()
	dst = ranker.Rank(dst, q)
	s.pace.took(m, forecast, s.now().Sub(start))
	return dst
}

// answer reads the answer out of a value, which it brings to the snapshot's
// epoch if it must. It reports false where that can't be done.
func (s *Sets) answer(w *work, dst []matcher.Candidate, a *Ask, k candidates.Key, value []byte) ([]matcher.Candidate, Source, bool) {
	if value == nil {
		s.Counts.Absent.Add(1)
		return dst, Ranked, false
	}
	epoch := candidates.EpochOf(value)
	if epoch != a.Snapshot.Epoch {
		dst, ok := s.repair(w, dst, a, k, value)
		return dst, Repaired, ok
	}
	most := a.Query.K
	if a.Query.MaxPerPartner > 0 {
		most = maxMembers
	}
	if err := w.set.Decode(value, most); err != nil {
		s.Counts.Garbage.Add(1)
		return dst, Ranked, false
	}
	dst, ok := w.set.First(dst, a.Ranking.Index, a.Query.K, a.Query.MaxPerPartner)
	if !ok {
		s.Counts.Short.Add(1)
	}
	return dst, Cached, ok
}

// repair brings the set of a value to the snapshot's epoch, keeps it, and reads
// the answer out of it.
func (s *Sets) repair(w *work, dst []matcher.Candidate, a *Ask, k candidates.Key, value []byte) ([]matcher.Candidate, bool) {
	if err := w.set.Decode(value, maxMembers); err != nil {
		s.Counts.Garbage.Add(1)
		return dst, false
	}
	var known bool
	if w.changed, known = a.Snapshot.Changed(w.changed[:0], w.set.Epoch); !known {
		s.Counts.Unknown.Add(1)
		return dst, false
	}
	if !s.always && len(w.changed) > worthwhile(a.Ranking.Index) {
		s.Counts.Costly.Add(1)
		return dst, false
	}
	before := len(dst)
	ranker := a.Ranking.Acquire()
	ok := w.repairer.Repair(&w.set, ranker, a.Query, w.changed, a.Snapshot.Epoch, s.most)
	a.Ranking.Release(ranker)
	if ok {
		dst, ok = w.set.First(dst, a.Ranking.Index, a.Query.K, a.Query.MaxPerPartner)
	}
	if !ok {
		s.Counts.Short.Add(1)
		return dst, false
	}
	repaired := w.set.Append(nil)
	s.keep(w, a, k, repaired, dst[before:])
	if len(w.changed) >= aged && s.pays(w, a) {
		s.redis.Put(k, repaired)
	}
	return dst, true
}

// aged is after how many changes a set that was repaired replaces the one in
// Redis.
const aged = 512

// worthwhile is how many changes it may take to repair a set in less time than
// a ranking: both take about as long as so many opportunities are scored.
func worthwhile(x *matcher.Index) int { return 128 + x.Len()/128 }

// maxMembers is how many members a set may have.
const maxMembers = 1024

// Reserve is how many candidates are ranked where k are wanted.
func (s *Sets) Reserve(k, perPartner int) int {
	wanted := k
	if perPartner > 0 {
		wanted *= 3
	}
	return max(k, min(wanted+max(k/2, s.spare), s.most))
}

// keep keeps in process a value whose set the scratch has, with the head that an
// answer to the ask is.
func (s *Sets) keep(w *work, a *Ask, k candidates.Key, value []byte, answer []matcher.Candidate) {
	kept := candidates.Kept{Value: value}
	if a.Query.MaxPerPartner == 0 {
		kept.Head = w.set.Head(answer, a.Query.K)
	}
	s.memory.Put(k, kept)
	w.kept = true
}

// pays reports whether a trip to Redis is worth while: what it saves takes
// longer.
func (s *Sets) pays(w *work, a *Ask) bool {
	switch {
	case s.redis == nil:
		return false
	case !s.redis.Working():
		s.Counts.RedisDown.Add(1)
		return false
	case s.always || a.Batch:
		s.Counts.RedisPays.Add(1)
		return true
	}
	if w.forecast == 0 {
		ranker := a.Ranking.Acquire()
		w.forecast = ranker.Forecast(a.Query)
		a.Ranking.Release(ranker)
	}
	if s.pace.expected(a.Ranking.Measure, w.forecast) <= s.redis.Trip() {
		s.Counts.RedisCosts.Add(1)
		return false
	}
	s.Counts.RedisPays.Add(1)
	return true
}

// Prefetch fetches the sets of a batch out of Redis in one trip, unless they are
// in process already.
func (s *Sets) Prefetch(ctx context.Context, asks []*Ask) {
	if s.redis == nil || !s.redis.Working() {
		return
	}
	var absent []candidates.Key
	for _, a := range asks {
		if k := s.key(a); s.memory.Get(k).Value == nil {
			absent = append(absent, k)
		}
	}
	if len(absent) == 0 {
		return
	}
	for i, value := range s.redis.GetMany(ctx, absent) {
		if value != nil {
			s.memory.Put(absent[i], candidates.Kept{Value: value})
		}
	}
}

// fresh ranks with a reserve, and keeps the set, in Redis too if it shall be
// shared; w has both then.
func (s *Sets) fresh(w *work, a *Ask, k candidates.Key, share bool) []byte {
	w.query = *a.Query
	w.query.K, w.query.MaxPerPartner = s.Reserve(a.Query.K, a.Query.MaxPerPartner), 0
	ranker := a.Ranking.Acquire()
	if w.forecast == 0 {
		w.ranked = ranker.Rank(w.ranked[:0], &w.query)
	} else {
		w.ranked = s.timed(ranker, w.ranked[:0], &w.query, a.Ranking.Measure, ranker.Forecast(&w.query))
	}
	w.set.Of(a.Snapshot.Epoch, w.ranked, w.query.K, ranker.Denominator())
	a.Ranking.Release(ranker)
	value := w.set.Append(nil)
	s.keep(w, a, k, value, w.ranked[:min(a.Query.K, len(w.ranked))])
	if share {
		s.redis.Put(k, value)
	}
	return value
}

// Erase removes the sets of a student who was erased from the store.
func (s *Sets) Erase(ctx context.Context, district, student string) {
	key := s.keys.Student(district, student)
	s.memory.Erase(key)
	if s.redis != nil {
		s.redis.Erase(ctx, key)
	}
}

// eraseGone is for after a set has been kept: the student may have been erased
// meanwhile, with the sets that there were.
func (s *Sets) eraseGone(ctx context.Context, a *Ask) {
	id := a.Subject.Student.ID
	if _, err := s.store.Subject(ctx, a.District, id); err != nil {
		s.Erase(context.WithoutCancel(ctx), a.District, id)
	}
}

// Bytes is about what the sets in process take.
func (s *Sets) Bytes() uint64 {
	s.memory.CleanUp() // or what came a moment ago isn't counted yet
	return s.memory.Bytes()
}

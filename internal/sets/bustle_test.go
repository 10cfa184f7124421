package sets

import (
	"cmp"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/zap/zaptest"

	"github.com/kindred-match/kindred/internal/clock"
	"github.com/kindred-match/kindred/internal/live"
	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/store"
	"github.com/kindred-match/kindred/store/candidates"
	"github.com/kindred-match/kindred/store/candidates/redistest"
	"github.com/kindred-match/kindred/store/sqlstore"
)

var bustleReads = flag.Int64("reads", 10_000, "how many reads tests of many at once make, at least")

// bustle is a district whose catalogue changes while everybody reads. Each answer is
// compared with a fresh ranking of the snapshot that it was read at.
type bustle struct {
	st         store.Store
	catalogues []*live.Catalogues // of replicas
	sets       []*Sets            // of the same replicas
	reads      atomic.Int64
}

const (
	bustling        = "north"
	bustleStudents  = 60
	bustleChoices   = 300
	readsPerWriting = 20
)

// newBustle makes one with a replica for each of the options.
func newBustle(t *testing.T, replicas ...Options) *bustle {
	st, err := sqlstore.Open(t.Context(), sqlstore.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	b := &bustle{st: st}
	r := rand.New(rand.NewPCG(1, 2))
	var w store.Write
	for _, p := range []string{"p", "q"} {
		w.Mutations = append(w.Mutations, store.Mutation{PutPartner: &matcher.Partner{ID: p, Kind: "business"}})
	}
	for i := range bustleChoices {
		w.Mutations = append(w.Mutations, store.Mutation{PutOpportunity: b.opportunity(r, i)})
	}
	if _, err := st.Write(t.Context(), bustling, store.Request{Now: noon}, w); err != nil {
		t.Fatal(err)
	}
	for i := range bustleStudents {
		b.putStudent(t, r, i)
	}
	for _, o := range replicas {
		o.Store, o.Always = st, true
		s, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		c, err := live.Open(t.Context(), live.Options{Store: st, Clock: clock.System{}, Log: zaptest.NewLogger(t)})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(c.Close)
		b.sets, b.catalogues = append(b.sets, s), append(b.catalogues, c)
	}
	return b
}

// weighted draws a few tags.
func weighted(r *rand.Rand) []matcher.Weighted {
	var list []matcher.Weighted
	for _, i := range r.Perm(12)[:1+r.IntN(4)] {
		list = append(list, matcher.Weighted{Tag: fmt.Sprintf("t%02d", i), Weight: matcher.Weight(1 + r.IntN(10000))})
	}
	slices.SortFunc(list, func(a, b matcher.Weighted) int { return cmp.Compare(a.Tag, b.Tag) })
	return list
}

func (b *bustle) opportunity(r *rand.Rand, i int) *matcher.Opportunity {
	return &matcher.Opportunity{
		ID: fmt.Sprintf("o%03d", i), Partner: []string{"", "p", "q"}[r.IntN(3)], Kind: "internship",
		Seats: int32(r.IntN(4)), Boost: 1, Status: matcher.Published, MinPolicy: matcher.MinHard, Tags: weighted(r),
	}
}

func (b *bustle) putStudent(t *testing.T, r *rand.Rand, i int) {
	s := &matcher.Student{ID: fmt.Sprintf("s%02d", i), Interests: weighted(r)}
	if _, err := b.st.PutStudents(t.Context(), bustling, store.Request{Now: noon}, []store.StudentPut{{Student: s}}); err != nil {
		t.Error(err)
	}
}

// during keeps readers of every replica and a writer busy while f runs.
func (b *bustle) during(t *testing.T, f func()) {
	t.Helper()
	var tasks sync.WaitGroup
	done, due := make(chan struct{}), make(chan struct{}, 1)
	for i := range 2 * len(b.sets) {
		tasks.Go(func() {
			r := rand.New(rand.NewPCG(3, uint64(i)))
			for {
				select {
				case <-done:
					return
				default:
				}
				b.read(t, i%len(b.sets), r.IntN(bustleStudents), r)
				if b.reads.Add(1)%readsPerWriting == 0 {
					select {
					case due <- struct{}{}:
					default:
					}
				}
			}
		})
	}
	tasks.Go(func() {
		r := rand.New(rand.NewPCG(4, 5))
		for {
			select {
			case <-done:
				return
			case <-due:
				b.write(t, r)
			}
		}
	})
	f()
	close(done)
	tasks.Wait()
	if t.Failed() {
		t.FailNow()
	}
}

// write changes an opportunity, a student, or which seats a partner has left.
func (b *bustle) write(t *testing.T, r *rand.Rand) {
	m := store.Mutation{PutOpportunity: b.opportunity(r, r.IntN(bustleChoices))}
	switch r.IntN(20) {
	case 0:
		b.putStudent(t, r, r.IntN(bustleStudents))
		return
	case 1:
		p := &matcher.Partner{ID: []string{"p", "q"}[r.IntN(2)], Kind: "business"}
		if n := int32(r.IntN(3)); n < 2 {
			p.MaxSeats = &n
		}
		m = store.Mutation{PutPartner: p}
	}
	w := store.Write{Mutations: []store.Mutation{m}}
	if _, err := b.st.Write(t.Context(), bustling, store.Request{Now: noon}, w); err != nil {
		t.Error(err)
	}
}

// read asks a replica for a student's ranking and compares it.
func (b *bustle) read(t *testing.T, replica, student int, r *rand.Rand) Source {
	s, err := b.catalogues[replica].Get(t.Context(), bustling)
	if err != nil {
		t.Error(err)
		return Ranked
	}
	ranking, _ := s.Ranking(matcher.Cosine)
	subject, err := b.st.Subject(t.Context(), bustling, fmt.Sprintf("s%02d", student))
	if err != nil {
		t.Error(err)
		return Ranked
	}
	q := &matcher.Query{
		Student: subject.Student, Forbidden: subject.Forbidden, AsOf: s.AsOf(noon), K: 1 + r.IntN(12), MaxPerPartner: max(0, r.IntN(6)-3),
	}
	got, source := b.sets[replica].Rank(t.Context(), nil, &Ask{District: bustling, Snapshot: s, Ranking: ranking, Query: q, Subject: subject})
	ranker := ranking.Acquire()
	want := ranker.Rank(nil, q)
	ranking.Release(ranker)
	if !slices.Equal(got, want) {
		t.Errorf("epoch %d, source %d, k %d, %d a partner:\n got %+v\nwant %+v", s.Epoch, source, q.K, q.MaxPerPartner, got, want)
	}
	return source
}

// share opens a client of a Redis, of which a busy machine's answers are in
// time, and waits until it works.
func share(t *testing.T, url string) *candidates.Redis {
	t.Helper()
	working := make(chan bool, 100)
	shared, err := candidates.OpenRedis(candidates.RedisOptions{
		URL: url, Budget: time.Second, Changed: func(now bool, _ error) { working <- now },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = shared.Close() })
	for !<-working { //nolint:revive // until it works
	}
	return shared
}

// TestManyAtOnce has two replicas read while the catalogue and the students
// change, with sets in process and in a Redis that they share. With -reads
// 1000000 it takes minutes.
func TestManyAtOnce(t *testing.T) {
	manyAtOnce := func(t *testing.T, replicas ...Options) {
		b := newBustle(t, replicas...)
		r := rand.New(rand.NewPCG(8, 9))
		for until := *bustleReads; ; until += *bustleReads {
			b.during(t, func() {
				for b.reads.Load() < until {
					b.write(t, r)
				}
			})
			var cached, repaired, ranked uint64
			for _, s := range b.sets {
				cached += s.Counts.Cached.Load()
				repaired += s.Counts.Repaired.Load()
				ranked += s.Counts.Ranked.Load()
			}
			if cached > 0 && repaired > 0 && ranked > 0 {
				t.Logf("%d cached, %d repaired, %d ranked", cached, repaired, ranked)
				return
			}
			if t.Context().Err() != nil {
				t.Fatal("the test shows nothing")
			}
		}
	}
	t.Run("in process", func(t *testing.T) {
		manyAtOnce(t, Options{MemoryBytes: 1 << 20}, Options{MemoryBytes: 1 << 20})
	})
	t.Run("in Redis too", func(t *testing.T) {
		url := redistest.Start(t).URL()
		one, other := share(t, url), share(t, url)
		// Some stay in process, the others come out of Redis.
		manyAtOnce(t, Options{MemoryBytes: 20_000, Redis: one}, Options{MemoryBytes: 20_000, Redis: other})
		if one.Counts.Found.Load() == 0 || other.Counts.Found.Load() == 0 {
			t.Error("nothing came out of Redis")
		}
	})
}

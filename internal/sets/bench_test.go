package sets

import (
	"fmt"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/kindred-match/kindred/internal/clock"
	"github.com/kindred-match/kindred/internal/generate"
	"github.com/kindred-match/kindred/internal/live"
	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/store"
	"github.com/kindred-match/kindred/store/candidates"
	"github.com/kindred-match/kindred/store/candidates/redistest"
	"github.com/kindred-match/kindred/store/sqlstore"
)

// BenchmarkHit reads answers out of sets in process that hold for the epoch, for
// a thousand students in turn.
func BenchmarkHit(b *testing.B) {
	for _, opportunities := range []int{10_000, 100_000} {
		asks := benchmarkAsks(b, opportunities)
		for name, inLine := range map[string]bool{"id": false, "inline": true} {
			b.Run(fmt.Sprintf("%d/%s", opportunities, name), func(b *testing.B) { asks.hit(b, inLine) })
		}
	}
}

// rankingsAsked are rankings of a district that is invented.
type rankingsAsked struct {
	sets *Sets
	asks []Ask
}

func benchmarkAsks(b *testing.B, opportunities int) *rankingsAsked {
	const students, district = 1000, "d"
	invented, err := generate.District(generate.Options{Students: students, Opportunities: opportunities, Seed: 1})
	if err != nil {
		b.Fatal(err)
	}
	st, err := sqlstore.Open(b.Context(), sqlstore.Options{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = st.Close() })
	var w store.Write
	for _, tag := range invented.Tags() {
		w.Mutations = append(w.Mutations, store.Mutation{PutTag: &tag})
	}
	for partner := range invented.Partners() {
		w.Mutations = append(w.Mutations, store.Mutation{PutPartner: &partner})
	}
	for o := range invented.Opportunities() {
		w.Mutations = append(w.Mutations, store.Mutation{PutOpportunity: &o})
	}
	if _, err := st.Write(b.Context(), district, store.Request{Now: noon}, w); err != nil {
		b.Fatal(err)
	}
	var puts []store.StudentPut
	for s := range invented.Students() {
		puts = append(puts, store.StudentPut{Student: &s})
	}
	if _, err := st.PutStudents(b.Context(), district, store.Request{Now: noon}, puts); err != nil {
		b.Fatal(err)
	}
	catalogues, err := live.Open(b.Context(), live.Options{Store: st, Clock: clock.System{}, Log: zap.NewNop()})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(catalogues.Close)
	s, err := catalogues.Newest(b.Context(), district)
	if err != nil {
		b.Fatal(err)
	}
	all, err := New(Options{Store: st, MemoryBytes: 64 << 20, Always: true})
	if err != nil {
		b.Fatal(err)
	}
	r := &rankingsAsked{sets: all}
	ranking, _ := s.Ranking("")
	for i := range puts {
		subject, err := st.Subject(b.Context(), district, puts[i].Student.ID)
		if err != nil {
			b.Fatal(err)
		}
		r.asks = append(r.asks, Ask{
			District: district, Snapshot: s, Ranking: ranking, Subject: subject,
			Query: &matcher.Query{Student: subject.Student, AsOf: s.AsOf(noon), K: 10},
		})
	}
	return r
}

func (r *rankingsAsked) hit(b *testing.B, inLine bool) {
	var dst []matcher.Candidate
	one := func(i int) {
		a := r.asks[i%len(r.asks)]
		if a.InLine = inLine; inLine {
			a.Subject = &store.Subject{Student: a.Subject.Student} // as each request has its own
		}
		dst, _ = r.sets.Rank(b.Context(), dst[:0], &a)
	}
	for i := range 3 * len(r.asks) {
		one(i)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		one(i)
	}
}

// BenchmarkSharedHit reads answers out of sets in Redis that nobody has in process.
func BenchmarkSharedHit(b *testing.B) {
	working := make(chan bool, 100)
	shared, err := candidates.OpenRedis(candidates.RedisOptions{
		URL: redistest.Start(b).URL(), Budget: time.Second, Changed: func(now bool, _ error) { working <- now },
	})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = shared.Close() })
	for !<-working { //nolint:revive // until it works
	}
	r := benchmarkAsks(b, 10_000)
	r.sets.redis = shared
	for i := range r.asks {
		r.sets.Rank(b.Context(), nil, &r.asks[i])
	}
	keys := make([]candidates.Key, len(r.asks))
	for i := range r.asks {
		keys[i] = r.sets.key(&r.asks[i])
	}
	for shared.Get(b.Context(), keys[len(keys)-1]) == nil { //nolint:revive // until all are written, in their order
	}
	b.Run("trip", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			shared.Get(b.Context(), keys[i%len(keys)])
		}
	})
	b.Run("hit", func(b *testing.B) {
		var dst []matcher.Candidate
		for i := 0; b.Loop(); i++ {
			r.sets.memory.Erase(keys[i%len(keys)].Student)
			dst, _ = r.sets.Rank(b.Context(), dst[:0], &r.asks[i%len(keys)])
		}
	})
}

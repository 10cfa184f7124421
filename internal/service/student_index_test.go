package service

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"

	"github.com/kindred-match/kindred/internal/generate"
	"github.com/kindred-match/kindred/internal/live"
	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/store"
	"github.com/kindred-match/kindred/store/sqlstore"
)

// reverse is what the tests of indexes of students rank with.
type reverse struct {
	store store.Store
	index *matcher.Index
}

func newReverse(t testing.TB) *reverse {
	t.Helper()
	st, err := sqlstore.Open(t.Context(), sqlstore.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	x, err := matcher.NewIndex(matcher.Catalogue{Opportunities: []matcher.Opportunity{{
		ID: "o", Seats: 1, Boost: 1, Status: matcher.Published,
		Tags: []matcher.Weighted{{Tag: "cad", Weight: 5000}, {Tag: "art", Weight: 10000}},
	}}}, matcher.Settings{Measure: matcher.Cosine})
	if err != nil {
		t.Fatal(err)
	}
	return &reverse{st, x}
}

func (r *reverse) put(t rapid.TB, district, id string, cad, art matcher.Weight) {
	t.Helper()
	s := &matcher.Student{ID: id, Interests: []matcher.Weighted{{Tag: "cad", Weight: cad}, {Tag: "art", Weight: art}}}
	if _, err := r.store.PutStudents(context.Background(), district, store.Request{Now: start}, []store.StudentPut{{Student: s}}); err != nil {
		t.Fatal(err)
	}
}

func (r *reverse) erase(t rapid.TB, district, id string) {
	t.Helper()
	if _, err := r.store.DeleteStudent(context.Background(), district, store.Request{Now: start}, id, 0); err != nil {
		t.Fatal(err)
	}
}

// rank ranks by the indexes, compares with the plain loop over what the store
// has, and tells whether there was an index.
func (r *reverse) rank(t rapid.TB, s *studentIndexes, district string) bool {
	t.Helper()
	w := &where{district: district, ranking: &live.Ranking{Index: r.index, Measure: matcher.Cosine}}
	q := &matcher.StudentQuery{Opportunity: "o", AsOf: 20260901, K: 4}
	got, ok, err := s.rank(context.Background(), w, true, q)
	if err != nil {
		t.Fatal(err)
	}
	if !ok {
		return false
	}
	list, err := r.store.ListStudents(context.Background(), district, "", 1000)
	if err != nil {
		t.Fatal(err)
	}
	loop := r.index.NewRanker()
	want, _ := loop.RankStudents(q, func(yield func(*matcher.Student) bool) {
		for i := range list {
			if !yield(&list[i].Student) {
				return
			}
		}
	})
	if len(got) != len(want) {
		t.Fatalf("got %d students, want %d", len(got), len(want))
	}
	for i := range got {
		at := slices.IndexFunc(list, func(l store.StudentRecord) bool { return l.ID == want[i].Student })
		parts, _ := loop.Parts(&list[at].Student, "o")
		if got[i].StudentCandidate != want[i] || !slices.Equal(got[i].parts, parts) {
			t.Fatalf("at %d: got %+v, want %+v with the parts %+v", i, got[i], want[i], parts)
		}
	}
	return true
}

func TestStudentIndexFollowsTheStore(t *testing.T) {
	r := newReverse(t)
	run := 0
	rapid.Check(t, func(t *rapid.T) {
		run++
		district := fmt.Sprint("d", run)
		s := newStudentIndexes(r.store, 1000)
		weight := rapid.SampledFrom([]matcher.Weight{1, 5000, 10000})
		have := map[string]bool{}
		for i := range rapid.IntRange(2, 30).Draw(t, "writes") {
			id := fmt.Sprint("s", rapid.IntRange(0, 7).Draw(t, "student"))
			if have[id] && rapid.Bool().Draw(t, "erase") {
				r.erase(t, district, id)
			} else {
				r.put(t, district, id, weight.Draw(t, "cad"), weight.Draw(t, "art"))
			}
			list, err := r.store.ListStudents(context.Background(), district, "", 1000)
			if err != nil {
				t.Fatal(err)
			}
			clear(have)
			for j := range list {
				have[list[j].ID] = true
			}
			if indexed := r.rank(t, s, district); indexed != (i+1 >= worthIndexing) {
				t.Fatalf("ranking %d: there is an index: %v", i, indexed)
			}
		}
	})
}

// Who is erased is gone from every ranking that begins afterwards, whatever else
// is under way.
func TestStudentIndexForgetsTheErasedAtOnce(t *testing.T) {
	r := newReverse(t)
	s := newStudentIndexes(r.store, 1000)
	const students = 40
	for i := range students {
		r.put(t, "d", fmt.Sprint("s", i), 5000, 1)
	}
	w := &where{district: "d", ranking: &live.Ranking{Index: r.index, Measure: matcher.Cosine}}
	var erased atomic.Int32 // those of lower numbers
	var readers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			for indexed := 0; erased.Load() < students || indexed == 0; {
				before := int(erased.Load())
				got, ok, err := s.rank(t.Context(), w, false, &matcher.StudentQuery{Opportunity: "o", AsOf: 20260901, K: students})
				if err != nil {
					t.Error(err)
					return
				}
				if ok {
					indexed++
				}
				for _, c := range got {
					if i, err := strconv.Atoi(c.Student[1:]); err != nil || i < before {
						t.Errorf("student %d is ranked after %d were erased", i, before)
					}
				}
			}
		})
	}
	for i := range students {
		r.erase(t, "d", fmt.Sprint("s", i))
		erased.Add(1)
	}
	readers.Wait()
}

func TestStudentIndexIsBuiltForOtherTags(t *testing.T) {
	r := newReverse(t)
	s := newStudentIndexes(r.store, 1000)
	r.put(t, "d", "a", 5000, 1)
	for range worthIndexing {
		r.rank(t, s, "d")
	}
	var err error
	r.index, err = matcher.NewIndex(matcher.Catalogue{
		Tags: []matcher.Tag{{ID: "art", Importance: 2}, {ID: "cad", Parent: "art", Importance: 1}},
		Opportunities: []matcher.Opportunity{{
			ID: "o", Seats: 1, Boost: 1, Status: matcher.Published, Tags: []matcher.Weighted{{Tag: "cad", Weight: 5000}},
		}},
	}, matcher.Settings{Measure: matcher.Cosine, Decay: 5000})
	if err != nil {
		t.Fatal(err)
	}
	if r.rank(t, s, "d") {
		t.Error("an index of other tags is used")
	}
	if !r.rank(t, s, "d") {
		t.Error("it isn't built anew")
	}
}

func TestStudentIndexesAreBounded(t *testing.T) {
	r := newReverse(t)
	s := newStudentIndexes(r.store, 5)
	for i := range 6 {
		r.put(t, "large", fmt.Sprint("s", i), 5000, 1)
	}
	for i := range 3 {
		r.put(t, "a", fmt.Sprint("s", i), 5000, 1)
		r.put(t, "b", fmt.Sprint("s", i), 5000, 1)
	}
	indexed := func(district string) bool {
		t.Helper()
		r.rank(t, s, district)
		return r.rank(t, s, district)
	}
	for range 2 {
		if indexed("large") {
			t.Error("a district with too many students has an index")
		}
	}
	if !indexed("a") || !indexed("b") {
		t.Error("a small district has no index")
	}
	if r.rank(t, s, "a") {
		t.Error("the index that was asked for for the longest is still there")
	}
	if !r.rank(t, s, "b") {
		t.Error("the index that was built last is gone")
	}
}

// BenchmarkReverse ranks students of an invented district out of an embedded
// store, by an index and by going through them.
func BenchmarkReverse(b *testing.B) {
	for _, n := range []int{1000, 10_000, 100_000} {
		v, err := generate.District(generate.Options{Students: n, Opportunities: 100, Seed: 1})
		if err != nil {
			b.Fatal(err)
		}
		r := newReverse(b)
		r.index, err = matcher.NewIndex(matcher.Catalogue{
			Tags: v.Tags(), Partners: slices.Collect(v.Partners()), Opportunities: slices.Collect(v.Opportunities()),
		}, matcher.Settings{Measure: matcher.Cosine, Decay: matcher.DefaultDecay})
		if err != nil {
			b.Fatal(err)
		}
		for chunk := range slices.Chunk(slices.Collect(v.Students()), 1000) {
			puts := make([]store.StudentPut, len(chunk))
			for i := range chunk {
				puts[i].Student = &chunk[i]
			}
			if _, err := r.store.PutStudents(b.Context(), "d", store.Request{Now: start}, puts); err != nil {
				b.Fatal(err)
			}
		}
		w := &where{district: "d", ranking: &live.Ranking{Index: r.index, Measure: matcher.Cosine}}
		s := newStudentIndexes(r.store, maxIndexedStudents)
		m := &matchService{Service: &Service{Deps: Deps{Store: r.store}}}
		loop := r.index.NewRanker()
		query := func(i int) *matcher.StudentQuery {
			return &matcher.StudentQuery{Opportunity: v.Opportunity(i % 100).ID, AsOf: 20261001, K: 10}
		}
		b.Run(fmt.Sprint(n, "/loop"), func(b *testing.B) {
			for i := range b.N {
				if _, err := m.bestStudents(b.Context(), "d", loop, query(i)); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprint(n, "/build"), func(b *testing.B) {
			for range b.N {
				if _, err := s.build(b.Context(), s.of("d"), r.index); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprint(n, "/index"), func(b *testing.B) {
			for i := range b.N {
				if _, ok, err := s.rank(b.Context(), w, false, query(i)); !ok || err != nil {
					b.Fatal(ok, err)
				}
			}
		})
	}
}

package sqlstore_test

import (
	"context"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/store"
	"github.com/kindred-match/kindred/store/sqlstore"
)

// What a run of so many students costs the store, from its input to its
// publication, each step with the longest that another write had to wait for it
// (ms/wait: a reservation and its release, over and over), and the size of the
// write-ahead log:
//
//	go test ./store/sqlstore -run '^$' -bench Run -benchtime 1x
//
// A million students are left out with -short.
func BenchmarkRun(b *testing.B) {
	for _, students := range []int{100_000, 1_000_000} {
		if testing.Short() && students > 100_000 {
			continue
		}
		dir := b.TempDir()
		s, opportunities := benchDistrict(b, dir, students)
		var in *store.RunInput
		for i, step := range []struct {
			name string
			run  func(ctx context.Context, id string) error
		}{
			{"RunInput", func(ctx context.Context, _ string) (err error) {
				in, err = s.RunInput(ctx, "d", now)
				return err
			}},
			{"KeepSnapshot", func(ctx context.Context, id string) error {
				return s.KeepSnapshot(ctx, "d", id, store.Snapshot{
					Epoch: in.Epoch, Erasures: in.Erasures, Students: benchSnapshot(in),
				}, store.StepCheck)
			}},
			{"FinishRun", func(ctx context.Context, id string) error {
				return s.FinishRun(ctx, "d", id, store.Draft{Finished: now, Rows: benchRows(in, opportunities, 0)})
			}},
			{"PublishRun", func(ctx context.Context, id string) error {
				_, err := s.PublishRun(ctx, "d", store.Request{Now: now}, id)
				return err
			}},
		} {
			b.Run(fmt.Sprintf("%s/students=%d", step.name, students), func(b *testing.B) {
				if b.N > 1 {
					b.Skip("a step is made once: -benchtime 1x")
				}
				if i == 0 {
					benchStart(b, s, "first")
				}
				benchStep(b, s, dir, func() error { return step.run(b.Context(), "first") })
			})
		}
		// Another draft that moves one in ten, as most do that are published later.
		b.Run(fmt.Sprintf("PublishRun/students=%d/moved=%d", students, students/10), func(b *testing.B) {
			if b.N > 1 {
				b.Skip("a step is made once: -benchtime 1x")
			}
			benchStart(b, s, "second")
			head, err := s.Head(b.Context(), "d")
			must(b, err)
			must(b, s.KeepSnapshot(b.Context(), "d", "second", store.Snapshot{
				Epoch: head.Epoch, Students: slices.Values([]store.RunStudent{}), // this is about what comes after
			}, store.StepCheck))
			must(b, s.FinishRun(b.Context(), "d", "second", store.Draft{Finished: now, Rows: benchRows(in, opportunities, 10)}))
			benchStep(b, s, dir, func() error {
				_, err := s.PublishRun(b.Context(), "d", store.Request{Now: now}, "second")
				return err
			})
		})
		b.Run(fmt.Sprintf("DeleteStudent/students=%d", students), func(b *testing.B) {
			benchStep(b, s, dir, func() error {
				_, err := s.DeleteStudent(b.Context(), "d", store.Request{Now: now}, in.Students[b.N].ID, 0)
				return err
			})
		})
	}
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// benchDistrict has students and a tenth as many opportunities, of 24 seats.
func benchDistrict(b *testing.B, dir string, students int) (s *sqlstore.Store, opportunities []store.OpportunityRecord) {
	s = openStore(b, sqlstore.Options{Dir: dir})
	mutations := inventedOpportunities(students / 10)
	for _, m := range mutations {
		if m.PutOpportunity != nil {
			m.PutOpportunity.Seats = 24
		}
	}
	mutations = append(mutations, store.Mutation{PutOpportunity: &matcher.Opportunity{
		ID: "the-other-writer's", Seats: 1, MinPolicy: matcher.MinHard, Boost: 1, Status: matcher.Published,
	}})
	_, err := s.Write(b.Context(), "d", store.Request{}, store.Write{Mutations: mutations})
	must(b, err)
	puts := inventedStudents(students)
	for batch := range slices.Chunk(puts, batchSize) {
		_, err := s.PutStudents(b.Context(), "d", store.Request{}, batch)
		must(b, err)
	}
	_, err = s.PutStudents(b.Context(), "d", store.Request{}, []store.StudentPut{{Student: &matcher.Student{ID: "the-other-writer"}}})
	must(b, err)
	state, err := s.State(b.Context(), "d")
	must(b, err)
	return s, state.Opportunities[:len(state.Opportunities)-1]
}

func benchStart(b *testing.B, s *sqlstore.Store, id string) {
	must(b, second(s.CreateRun(b.Context(), "d", store.Request{}, store.NewRun{ID: id, Created: now})))
	must(b, second(s.StartRun(b.Context(), "d", id, now)))
}

func second[T any](_ T, err error) error { return err }

// benchSnapshot has a value of half a kilobyte for each student.
func benchSnapshot(in *store.RunInput) iter.Seq[store.RunStudent] {
	content := make([]byte, 512)
	r := rand.New(rand.NewPCG(5, 6))
	return func(yield func(store.RunStudent) bool) {
		for i := range in.Students {
			for k := range content {
				content[k] = byte(r.Uint32())
			}
			if !yield(store.RunStudent{ID: in.Students[i].ID, Content: slices.Clone(content)}) {
				return
			}
		}
	}
}

// benchRows places each student; with a step, every so manieth elsewhere.
func benchRows(in *store.RunInput, opportunities []store.OpportunityRecord, step int) iter.Seq[store.RunPlacement] {
	return func(yield func(store.RunPlacement) bool) {
		for i := range in.Students {
			o := i * 7 % len(opportunities)
			if step > 0 && i%step == 0 {
				o = (o + 1) % len(opportunities)
			}
			if !yield(store.RunPlacement{
				Student: in.Students[i].ID, Opportunity: opportunities[o].ID, Number: opportunities[o].Number,
				Rank: 1, Score: 812345, Reason: "LISTED",
			}) {
				return
			}
		}
	}
}

// benchStep takes the time of a step while another writer goes on.
func benchStep(b *testing.B, s *sqlstore.Store, dir string, step func() error) {
	ctx, stop := context.WithCancel(b.Context())
	longest := make(chan time.Duration)
	go func() {
		var most time.Duration
		for i := 0; ctx.Err() == nil; i++ {
			begun := time.Now()
			id := fmt.Sprintf("other-%d", i)
			if _, err := s.Reserve(b.Context(), "d", store.Request{Now: now}, store.Reservation{
				ID: id, Student: "the-other-writer", Opportunity: "the-other-writer's", Expires: now.Add(time.Hour),
			}); err != nil {
				b.Error(err)
				break
			}
			if _, err := s.Release(b.Context(), "d", store.Request{Now: now}, id); err != nil {
				b.Error(err)
				break
			}
			most = max(most, time.Since(begun))
		}
		longest <- most
	}()
	b.ResetTimer()
	must(b, step())
	b.StopTimer()
	stop()
	b.ReportMetric(float64((<-longest).Microseconds())/1e3, "ms/wait")
	log, err := os.Stat(filepath.Join(dir, sqlstore.FileName+"-wal"))
	must(b, err)
	b.ReportMetric(float64(log.Size())/(1<<20), "MiB/log")
}

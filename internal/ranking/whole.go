package ranking

import (
	"context"
	"runtime"

	"golang.org/x/sync/errgroup"

	"github.com/kindred-match/kindred/matcher"
)

// chunk is how many students a worker takes at a time.
const chunk = 64

// InOrder makes values of the numbers below n over all cores, and yields them
// in order until yield or the context gives an error. Each core has a worker of
// its own; what that makes is called from one goroutine at a time.
func InOrder[T any](ctx context.Context, n int, worker func() func(i int) T, yield func(T) error) error {
	type job struct {
		from, to int
		done     chan []T
	}
	workers := runtime.GOMAXPROCS(0)
	g, ctx := errgroup.WithContext(ctx)
	todo, order := make(chan job), make(chan job, 4*workers)
	g.Go(func() error {
		defer close(todo)
		defer close(order)
		for from := 0; from < n; from += chunk {
			j := job{from, min(from+chunk, n), make(chan []T, 1)}
			for _, to := range []chan job{order, todo} {
				select {
				case to <- j:
				case <-ctx.Done():
					return ctx.Err()
				}
			}
		}
		return nil
	})
	for range workers {
		g.Go(func() error {
			work := worker()
			for j := range todo {
				made := make([]T, j.to-j.from)
				for i := range made {
					made[i] = work(j.from + i)
				}
				j.done <- made
			}
			return nil
		})
	}
	g.Go(func() error {
		for j := range order {
			select {
			case made := <-j.done:
				for _, m := range made {
					if err := yield(m); err != nil {
						return err
					}
				}
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	return g.Wait()
}

// Each ranks for the given students over all cores. What work makes of a
// result is yielded in the order of the students, until yield or the context
// gives an error. Work is called by several goroutines at once; the result's
// candidates are the next one's when it returns.
func Each[T any](
	ctx context.Context, f *Folder, students []matcher.Student, work func(*Result) T, yield func(T) error,
) error {
	batch := f.Batch()
	return InOrder(ctx, len(students), func() func(int) T {
		w := worker{folder: f, ranker: batch.NewRanker(), explainer: f.Index.NewRanker()}
		return func(i int) T { return work(w.rank(&students[i])) }
	}, yield)
}

// Batch is the question for all students.
func (f *Folder) Batch() *matcher.Batch {
	return f.Index.NewBatch(&matcher.Query{
		AsOf: f.options.AsOf, Term: f.options.Term, K: f.options.K, MaxPerPartner: f.options.MaxPerPartner,
	})
}

// worker ranks for some of the students.
type worker struct {
	folder    *Folder
	ranker    *matcher.BatchRanker
	explainer *matcher.Ranker
	ranked    []matcher.Numbered
	result    Result
}

// rank returns what is good until the next call.
func (w *worker) rank(s *matcher.Student) *Result {
	w.ranked = w.ranker.Rank(w.ranked[:0], s, w.folder.byStudent[s.ID])
	w.result = Result{s.ID, w.result.Candidates[:0]}
	for i, c := range w.ranked {
		id := w.folder.Index.Numbered(c.Opportunity).ID
		candidate := Candidate{Candidate: matcher.Candidate{
			Opportunity: id, Rank: i + 1, Units: c.Units, Score: w.ranker.Score(c.Units),
		}}
		if w.folder.options.Explain {
			candidate.Parts, _ = w.explainer.Parts(s, id)
		}
		w.result.Candidates = append(w.result.Candidates, candidate)
	}
	return &w.result
}

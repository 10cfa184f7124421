package runs_test

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"testing"
	"time"

	"github.com/kindred-match/kindred/internal/generate"
	"github.com/kindred-match/kindred/internal/runs"
	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/matcher/place"
	"github.com/kindred-match/kindred/store"
)

var (
	benchStudents      = flag.Int("students", 20_000, "of the benchmark's district")
	benchOpportunities = flag.Int("opportunities", 2_000, "of the benchmark's district")
)

// BenchmarkRun carries a run out, from its creation to its draft, and says how
// long each step took:
//
//	go test ./internal/runs -run xxx -bench 'Run$' -benchtime 1x -students 100000 -opportunities 10000
func BenchmarkRun(b *testing.B) {
	v, err := generate.District(generate.Options{Students: *benchStudents, Opportunities: *benchOpportunities, Seed: 7})
	if err != nil {
		b.Fatal(err)
	}
	f := v.Folder()
	for i := range f.Opportunities {
		f.Opportunities[i].MinPolicy = matcher.MinCancel
	}
	s := open(b)
	fill(b, s, f)
	f, v = nil, nil
	e := start(b, s, func(d *runs.Deps) { d.PartBytes = 0 })
	var id string
	took := make(map[store.Step]time.Duration)
	for b.Loop() {
		id = e.create(b, options(b, place.Stable))
		last, since := store.StepSnapshot, time.Now()
		err := e.Watch(b.Context(), home, id, func(r *store.Run) error {
			step := r.Step
			if r.State == store.RunQueued {
				step = store.StepSnapshot
			}
			if step != last {
				took[last] += time.Since(since)
				last, since = step, time.Now()
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
		if r, err := s.Run(b.Context(), home, id); err != nil || r.State != store.RunDraft {
			b.Fatalf("the run is %v, %v", r, err)
		}
	}
	for step, d := range took {
		b.ReportMetric(d.Seconds()/float64(b.N), string(step)+"-s")
	}
	begun := time.Now()
	if _, err := e.Diff(b.Context(), home, id, ""); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(time.Since(begun).Seconds(), "diff-s")
	begun = time.Now()
	if _, err := e.Explain(b.Context(), home, id, rows(b, s, id)[0].Student, ""); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(time.Since(begun).Seconds(), "explain-s")
	begun = time.Now()
	if _, err := e.Publish(b.Context(), home, store.Request{Now: now}, id); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(time.Since(begun).Seconds(), "publish-s")
	if status, err := os.ReadFile("/proc/self/status"); err == nil {
		for line := range bytes.Lines(status) {
			if bytes.HasPrefix(line, []byte("VmHWM")) {
				b.Log(string(bytes.TrimSpace(line)))
			}
		}
	}
}

// BenchmarkCancel cancels a run as soon as it has come to a step, and says how
// long it took at most until it was cancelled and the work on it had ended:
//
//	go test ./internal/runs -run xxx -bench Cancel -benchtime 1x -students 50000 -opportunities 5000
func BenchmarkCancel(b *testing.B) {
	v, err := generate.District(generate.Options{Students: *benchStudents, Opportunities: *benchOpportunities, Seed: 7})
	if err != nil {
		b.Fatal(err)
	}
	f := v.Folder()
	for i := range f.Opportunities {
		f.Opportunities[i].MinPolicy = matcher.MinCancel
	}
	s := open(b)
	fill(b, s, f)
	longest := time.Duration(0)
	for b.Loop() {
		for _, step := range store.Steps {
			e := start(b, s, func(d *runs.Deps) { d.PartBytes = 0 })
			id := e.create(b, options(b, place.Generous))
			err := e.Watch(b.Context(), home, id, func(r *store.Run) error {
				if r.Step == step {
					return errReached
				}
				return nil
			})
			if !errors.Is(err, errReached) {
				b.Fatal(err)
			}
			begun := time.Now()
			if _, err := e.Cancel(b.Context(), home, store.Request{Now: now}, id); err != nil {
				b.Fatal(err)
			}
			e.Stop()
			longest = max(longest, time.Since(begun))
		}
	}
	b.ReportMetric(longest.Seconds(), "longest-s")
}

var errReached = errors.New("the step is reached")

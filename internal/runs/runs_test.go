package runs_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.uber.org/zap/zapcore"

	"github.com/kindred-match/kindred/internal/district"
	"github.com/kindred-match/kindred/internal/placement"
	"github.com/kindred-match/kindred/internal/runfolder"
	"github.com/kindred-match/kindred/internal/runs"
	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/matcher/place"
	"github.com/kindred-match/kindred/store"
)

const zapLevel = zapcore.ErrorLevel

// variants are options that change who is placed where.
func variants(t testing.TB) map[string]runs.Options {
	all := make(map[string]runs.Options)
	for _, objective := range place.Objectives {
		o := options(t, objective)
		all[string(objective)] = o
		o.Keep, o.Fill, o.Seed = place.NoWorse, true, 7
		all[string(objective)+" no-worse"] = o
	}
	with := func(name string, objective place.Objective, change func(*runs.Options)) {
		o := options(t, objective)
		change(&o)
		all[name] = o
	}
	with("freeze", place.Stable, func(o *runs.Options) { o.Keep = place.Freeze })
	with("min-moves", place.Welfare, func(o *runs.Options) { o.Keep = place.MinMoves })
	with("by score, reserves last, reversed", place.Stable, func(o *runs.Options) {
		o.Priority, o.Reserves, o.ReverseLottery = place.ByScore, place.ReservesLast, true
	})
	with("few candidates of a partner", place.Greedy, func(o *runs.Options) { o.Candidates, o.MaxPerPartner = 5, 1 })
	with("by overlap", place.Welfare, func(o *runs.Options) { o.Measure = matcher.Overlap })
	return all
}

// TestRunsPlaceAsFoldersAre: what a run on the server places is what 'kindred
// place' does with the same district.
func TestRunsPlaceAsFoldersAre(t *testing.T) {
	folders := map[string]*district.Folder{"invented": invented(t, 200, 60, 5)}
	if real := nyc(t); real != nil {
		folders["district-nyc"] = real
	}
	for name, f := range folders {
		for _, idf := range []bool{false, true} {
			s := open(t)
			fill(t, s, f)
			if idf {
				settings := store.DefaultSettings()
				settings.IDF = true
				if _, err := s.Write(t.Context(), home, store.Request{Now: now}, store.Write{Settings: &settings}); err != nil {
					t.Fatal(err)
				}
			}
			e := start(t, s, func(d *runs.Deps) { d.CheckedPairs = 1000 })
			for variant, o := range variants(t) {
				if idf && o.Objective != place.Welfare || testing.Short() && strings.HasSuffix(variant, " no-worse") && o.Objective.Flow() {
					continue
				}
				if name != "invented" && (testing.Short() || idf || o.Objective != place.Stable && o.Objective != place.MinRank) {
					continue
				}
				t.Run(fmt.Sprintf("%s/%s/idf=%t", name, variant, idf), func(t *testing.T) { equal(t, e, shuffled(f), o, idf) })
			}
		}
	}
}

// nyc is the real district, or nil where there is none.
func nyc(t *testing.T) *district.Folder {
	root := cmp.Or(os.Getenv("KINDRED_DATA"), filepath.Join("..", "..", "..", "shared", "data"))
	f, err := district.Read(t.Context(), filepath.Join(root, "district-nyc"), district.Options{Students: true, AsOf: day})
	if err != nil {
		t.Log("no real data: set KINDRED_DATA to the folder that has district-nyc")
		return nil
	}
	return f
}

// equal compares a run with the placement of the folder.
func equal(t *testing.T, e *engine, f *district.Folder, o runs.Options, idf bool) {
	t.Helper()
	r := e.ended(t, e.create(t, o))
	c, err := placement.New(t.Context(), f, asPlace(&o, idf))
	if err != nil {
		t.Fatal(err)
	}
	placed, err := c.Solve(t.Context())
	if err != nil {
		if r.State != store.RunFailed || r.Message != err.Error() {
			t.Fatalf("the run is %s (%s), the folder has %v", r.State, r.Message, err)
		}
		return
	}
	if r.State != store.RunDraft {
		t.Fatalf("the run is %s: %s", r.State, r.Message)
	}
	want := make(map[string]string)
	in, out, err := c.Outcome(placed)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range in {
		want[p.Student] = fmt.Sprint(p.Opportunity, " ", p.Rank, " ", int64(p.Score))
	}
	for _, u := range out {
		want[u.Student] = "  0 0" + string(u.Reason)
	}
	got := rows(t, e.store, r.ID)
	if len(got) != len(want) {
		t.Fatalf("%d rows, want %d", len(got), len(want))
	}
	for _, p := range got {
		text := fmt.Sprint(p.Opportunity, " ", p.Rank, " ", p.Score)
		if p.Opportunity == "" {
			text = "  0 0" + p.Reason
		}
		if text != want[p.Student] {
			t.Fatalf("%s has %q, want %q", p.Student, text, want[p.Student])
		}
	}
	summary, err := runs.SummaryOf(r)
	if err != nil {
		t.Fatal(err)
	}
	figures, err := summary.Figures()
	if err != nil {
		t.Fatal(err)
	}
	expect := c.Summary(placed)
	figures.InputSHA256, expect.InputSHA256 = nil, nil
	figures.Seconds, expect.Seconds = runfolder.Seconds{}, runfolder.Seconds{}
	if fmt.Sprint(*figures) != fmt.Sprint(*expect) {
		t.Errorf("figures are %+v, want %+v", *figures, *expect)
	}
	if got, want := len(summary.Cancelled), len(placed.Cancelled); got != want {
		t.Errorf("%d are cancelled, want %d", got, want)
	}
}

// TestAStoppedRunEndsWithTheSameBytes: whatever was kept last when a run was
// stopped, it goes on and ends the same.
func TestAStoppedRunEndsWithTheSameBytes(t *testing.T) {
	s := open(t)
	fill(t, s, invented(t, 150, 40, 3))
	o := options(t, place.Greedy)
	o.Keep, o.Fill, o.Compare, o.Seeds = place.NoWorse, true, true, 3
	steps := new(counter)
	e := start(t, s, func(d *runs.Deps) {
		d.PartBytes = 2048
		d.Kept = func(context.Context, string, store.Step) error {
			steps.n.Add(1)
			return nil
		}
	})
	id := e.create(t, o)
	e.ended(t, id)
	e.Stop()
	want := bytesOf(t, s, id)
	if steps.n.Load() < 6 {
		t.Fatalf("something was kept %d times only", steps.n.Load())
	}
	for at := range steps.n.Load() {
		stopped := make(chan struct{})
		c := counter{at: at + 1}
		e := start(t, s, func(d *runs.Deps) {
			d.PartBytes = 2048
			d.Kept = func(context.Context, string, store.Step) error {
				if c.reached() {
					close(stopped)
					return errors.New("stop")
				}
				return nil
			}
		})
		id := e.create(t, o)
		<-stopped
		e.Stop()
		if r, err := s.Run(t.Context(), home, id); err != nil || r.State != store.RunRunning {
			t.Fatalf("the run that was stopped is %v, %v", r, err)
		}
		again := start(t, s, func(d *runs.Deps) { d.PartBytes = 2048 })
		again.ended(t, id)
		again.Stop()
		if got := bytesOf(t, s, id); got != want {
			t.Fatalf("stopped after %d times, it ends otherwise", at+1)
		}
	}
}

// damaging gives the last of the first parts of a step back with a byte changed.
type damaging struct {
	store.Store
	step store.Step
}

func (d *damaging) RunParts(ctx context.Context, district, id string, step store.Step, after, limit int) ([]store.Part, error) {
	parts, err := d.Store.RunParts(ctx, district, id, step, after, limit)
	if step == d.step && after == 0 {
		last := &parts[len(parts)-1]
		last.Content = slices.Clone(last.Content)
		last.Content[0] ^= 1
	}
	return parts, err
}

// TestDamagedPartsAreMadeAgain: what is not what was kept is made again, and a
// run whose input is not what was kept fails.
func TestDamagedPartsAreMadeAgain(t *testing.T) {
	s := open(t)
	fill(t, s, invented(t, 150, 40, 3))
	o := options(t, place.Stable)
	kept := make(map[store.Step]int)
	e := start(t, s, func(d *runs.Deps) {
		d.Kept = func(_ context.Context, _ string, step store.Step) error {
			kept[step]++
			return nil
		}
	})
	first := e.create(t, o)
	e.ended(t, first)
	e.Stop()
	want := bytesOf(t, s, first)
	for _, damaged := range []store.Step{store.StepSnapshot, store.StepScore, store.StepPlace} {
		t.Run(string(damaged), func(t *testing.T) {
			stopped := make(chan struct{})
			left := kept[damaged] // until the step is complete
			if damaged != store.StepSnapshot && left < 2 {
				t.Fatalf("the step %s has %d parts only", damaged, left)
			}
			e := start(t, s, func(d *runs.Deps) {
				d.Kept = func(_ context.Context, _ string, step store.Step) error {
					if step == damaged {
						left--
					}
					if left > 0 {
						return nil
					}
					close(stopped)
					return errors.New("stop")
				}
			})
			id := e.create(t, o)
			<-stopped
			e.Stop()
			e = start(t, &damaging{s, damaged}, nil)
			r := e.ended(t, id)
			e.Stop()
			if damaged == store.StepSnapshot {
				if r.State != store.RunFailed || !strings.Contains(r.Message, "damaged") {
					t.Fatalf("the run is %s: %s", r.State, r.Message)
				}
				return
			}
			if bytesOf(t, s, id) != want {
				t.Error("it ends otherwise")
			}
		})
	}
}

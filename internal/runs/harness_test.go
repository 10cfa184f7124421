package runs_test

import (
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap/zaptest"

	"github.com/kindred-match/kindred/internal/clock"
	"github.com/kindred-match/kindred/internal/district"
	"github.com/kindred-match/kindred/internal/generate"
	"github.com/kindred-match/kindred/internal/placement"
	"github.com/kindred-match/kindred/internal/ranking"
	"github.com/kindred-match/kindred/internal/runs"
	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/matcher/place"
	"github.com/kindred-match/kindred/store"
	"github.com/kindred-match/kindred/store/sqlstore"
)

const (
	home              = "default"
	day  matcher.Date = 20260901
)

var now = time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)

// open opens a store in a temporary folder.
func open(t testing.TB) store.Store {
	t.Helper()
	s, err := sqlstore.Open(t.Context(), sqlstore.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// fill writes a folder into a store.
func fill(t testing.TB, s store.Store, f *district.Folder) {
	t.Helper()
	var w store.Write
	for i := range f.Tags {
		w.Mutations = append(w.Mutations, store.Mutation{PutTag: &f.Tags[i]})
	}
	for i := range f.Partners {
		w.Mutations = append(w.Mutations, store.Mutation{PutPartner: &f.Partners[i]})
	}
	for i := range f.Opportunities {
		w.Mutations = append(w.Mutations, store.Mutation{PutOpportunity: &f.Opportunities[i]})
	}
	w.Refresh = func(state *store.State) (matcher.Statistics, error) {
		v, err := matcher.NewVocabulary(f.Tags)
		if err != nil {
			return matcher.Statistics{}, err
		}
		return matcher.StatisticsOf(v, f.Opportunities, state.Settings.AncestorDecay), nil
	}
	req := store.Request{Now: now}
	if _, err := s.Write(t.Context(), home, req, w); err != nil {
		t.Fatal(err)
	}
	puts := make([]store.StudentPut, len(f.Students))
	for i := range f.Students {
		puts[i].Student = &f.Students[i]
	}
	if _, err := s.PutStudents(t.Context(), home, req, puts); err != nil {
		t.Fatal(err)
	}
	if _, err := s.WriteRows(t.Context(), home, req, store.RowsWrite{Put: f.Rows}); err != nil {
		t.Fatal(err)
	}
}

// invented is a small district that has everything: caps, minimums, reserves,
// tiers, preferences, scores, locks and standing placements. More of them are
// not eligible than in a large one.
func invented(t testing.TB, students, opportunities int, seed uint64) *district.Folder {
	t.Helper()
	v, err := generate.District(generate.Options{Students: students, Opportunities: opportunities, Seed: seed})
	if err != nil {
		t.Fatal(err)
	}
	f := v.Folder()
	for i := range f.Opportunities {
		o := &f.Opportunities[i]
		o.MinPolicy = matcher.MinCancel
		o.Seats = min(o.Seats, 3)
		o.MinSeats = min(o.MinSeats, 2)
	}
	capped := make(map[string]bool)
	for i := range f.Partners {
		capped[f.Partners[i].ID] = i%3 == 0
		if i%3 == 0 {
			f.Partners[i].MaxSeats = new(int32(2 + i%5))
		}
	}
	f.Rows.Reserves = nil // some of the invented ones are with a capped partner and a minimum
	for i := range f.Opportunities {
		if o := &f.Opportunities[i]; i%7 == 0 && o.MinSeats == 0 {
			f.Rows.Reserves = append(f.Rows.Reserves, place.Reserve{Opportunity: o.ID, Group: f.Students[0].Groups[0], Seats: 1})
		}
	}
	eligible := func(s *matcher.Student, o *matcher.Opportunity) bool {
		failed := matcher.Failures(&matcher.Query{Student: s, AsOf: day}, o, nil)
		return len(failed) == 0
	}
	locked := make(map[string]bool)
	taken := make(map[string]bool)
	for i := range f.Students {
		s, o := &f.Students[i], &f.Opportunities[(i*13)%len(f.Opportunities)]
		switch {
		case i%11 == 0 && eligible(s, o) && !taken[o.ID] && !capped[o.Partner]:
			f.Rows.Locks = append(f.Rows.Locks, place.Lock{Student: s.ID, Opportunity: o.ID, Action: place.Place, Reason: "agreed"})
			locked[s.ID], taken[o.ID] = true, true
		case i%5 == 0:
			f.Rows.Locks = append(f.Rows.Locks, place.Lock{Student: s.ID, Opportunity: o.ID, Action: place.Forbid})
		case i%4 == 0 && eligible(s, o) && !taken[o.ID] && !capped[o.Partner]:
			f.Rows.Standing = append(f.Rows.Standing, place.Standing{Student: s.ID, Opportunity: o.ID})
			taken[o.ID] = true
		case i%7 == 0:
			f.Rows.Scores = append(f.Rows.Scores, place.Score{Student: s.ID, Opportunity: o.ID, Score: 0.5})
		}
	}
	return f
}

// engine works on the runs of a store.
type engine struct {
	*runs.Engine
	store store.Store
}

// start starts an engine, which stops with the test or before.
func start(t testing.TB, s store.Store, change func(*runs.Deps)) *engine {
	t.Helper()
	d := runs.Deps{Store: s, Clock: clock.System{}, Log: zaptest.NewLogger(t, zaptest.Level(zapLevel)), PartBytes: 1024}
	if change != nil {
		change(&d)
	}
	e := &engine{runs.New(d), s}
	if err := e.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Stop)
	return e
}

// create creates a run.
func (e *engine) create(t testing.TB, o runs.Options) string {
	t.Helper()
	id := uuid.NewString()
	content, err := o.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Create(t.Context(), home, store.Request{Now: now}, store.NewRun{ID: id, Options: content, Created: now}); err != nil {
		t.Fatal(err)
	}
	return id
}

// ended waits until a run is neither queued nor running.
func (e *engine) ended(t testing.TB, id string) *store.Run {
	t.Helper()
	var last *store.Run
	err := e.Watch(t.Context(), home, id, func(r *store.Run) error {
		last = r
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return last
}

// options are the defaults with an objective.
func options(t testing.TB, objective place.Objective) runs.Options {
	t.Helper()
	o := runs.Options{Objective: objective, Seed: 1, AsOf: day}
	settings := store.DefaultSettings()
	if err := o.Default(&settings, now); err != nil {
		t.Fatal(err)
	}
	return o
}

// asPlace are the options as 'kindred place' has them.
func asPlace(o *runs.Options, idf bool) placement.Options {
	return placement.Options{
		Ranking: ranking.Options{
			Settings: matcher.Settings{Decay: matcher.DefaultDecay, Measure: o.Measure, IDF: idf},
			AsOf:     o.AsOf, Term: o.Term, K: o.Candidates, MaxPerPartner: o.MaxPerPartner,
		},
		Objective: o.Objective, Lottery: place.Lottery{Seed: o.Seed, Reverse: o.ReverseLottery},
		Priority: o.Priority, Reserves: o.Reserves, Keep: o.Keep, Fill: o.Fill,
	}
}

// rows are the rows of a draft.
func rows(t testing.TB, s store.Store, id string) []store.RunPlacement {
	t.Helper()
	var all []store.RunPlacement
	for after := ""; ; after = all[len(all)-1].Student {
		page, err := s.RunPlacements(t.Context(), home, id, after, 1000)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, page...)
		if len(page) < 1000 {
			return all
		}
	}
}

// bytesOf is all that a draft is.
func bytesOf(t testing.TB, s store.Store, id string) string {
	t.Helper()
	r, err := s.Run(t.Context(), home, id)
	if err != nil {
		t.Fatal(err)
	}
	if r.State != store.RunDraft {
		t.Fatalf("the run is %s: %s", r.State, r.Message)
	}
	all := fmt.Sprintf("%s\n%v\n", r.Summary, rows(t, s, id))
	for _, name := range []string{runs.ReportDocument, runs.CertificateDocument} {
		content, err := s.RunDocument(t.Context(), home, id, name)
		if err != nil {
			t.Fatal(err)
		}
		all += string(content)
	}
	return all
}

// counter counts, and says when it has counted so far.
type counter struct {
	n  atomic.Int64
	at int64
}

func (c *counter) reached() bool { return c.n.Add(1) == c.at }

// shuffled is a folder with its rows in another order.
func shuffled(f *district.Folder) *district.Folder {
	g := *f
	g.Students, g.Opportunities = slices.Clone(f.Students), slices.Clone(f.Opportunities)
	slices.Reverse(g.Students)
	slices.Reverse(g.Opportunities)
	return &g
}

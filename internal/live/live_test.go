package live_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap/zaptest"
	"pgregory.net/rapid"

	"github.com/kindred-match/kindred/internal/clock"
	"github.com/kindred-match/kindred/internal/generate"
	"github.com/kindred-match/kindred/internal/live"
	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/store"
	"github.com/kindred-match/kindred/store/sqlstore"
)

const district = "north"

var start = time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)

func openStore(t testing.TB, o sqlstore.Options) *sqlstore.Store {
	t.Helper()
	o.Dir = t.TempDir()
	s, err := sqlstore.Open(context.Background(), o)
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

// follow opens the live catalogues of a store.
func follow(t testing.TB, s store.Catalogue, c clock.Clock) *live.Catalogues {
	t.Helper()
	catalogues, err := live.Open(context.Background(), live.Options{Store: s, Clock: c, Log: zaptest.NewLogger(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(catalogues.Close)
	return catalogues
}

func invent(t testing.TB, o generate.Options) *generate.Invented {
	t.Helper()
	v, err := generate.District(o)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// puts writes a whole invented catalogue.
func puts(v *generate.Invented) store.Write {
	var w store.Write
	for _, tag := range v.Tags() {
		w.Mutations = append(w.Mutations, store.Mutation{PutTag: &tag})
	}
	for p := range v.Partners() {
		w.Mutations = append(w.Mutations, store.Mutation{PutPartner: &p})
	}
	for o := range v.Opportunities() {
		w.Mutations = append(w.Mutations, store.Mutation{PutOpportunity: &o})
	}
	return w
}

type failer interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

func write(t failer, s store.Catalogue, w store.Write) store.Epoch {
	t.Helper()
	r, err := s.Write(context.Background(), district, store.Request{Now: start}, w)
	if err != nil {
		t.Fatal(err)
	}
	return r.Epoch
}

func putStudents(t testing.TB, s store.Students, students []matcher.Student) {
	t.Helper()
	all := make([]store.StudentPut, len(students))
	for i := range students {
		all[i] = store.StudentPut{Student: &students[i]}
	}
	if _, err := s.PutStudents(t.Context(), district, store.Request{Now: start}, all); err != nil {
		t.Fatal(err)
	}
}

// ranked is what each student's ranking is by each measure of a snapshot.
func ranked(t failer, s *live.Snapshot, students []matcher.Student) [][]matcher.Candidate {
	t.Helper()
	var all [][]matcher.Candidate
	for _, m := range s.Settings.Measures {
		r, ok := s.Ranking(m)
		if !ok {
			t.Fatalf("measure %s is in the settings but has no index", m)
		}
		ranker := r.Acquire()
		for i := range students {
			all = append(all, ranker.Rank(nil, &matcher.Query{Student: &students[i], AsOf: s.AsOf(start), K: 20}))
		}
		r.Release(ranker)
	}
	return all
}

// afresh is the same by indexes that are built of the store's state.
func afresh(t failer, s store.Catalogue, students []matcher.Student) (store.Epoch, [][]matcher.Candidate) {
	t.Helper()
	state, err := s.State(context.Background(), district)
	if err != nil {
		t.Fatal(err)
	}
	c := matcher.Catalogue{}
	for _, r := range state.Tags {
		c.Tags = append(c.Tags, r.Tag)
	}
	for _, r := range state.Partners {
		if r.MaxSeats != nil {
			left := max(0, *r.MaxSeats-r.Taken)
			r.MaxSeats = &left
		}
		c.Partners = append(c.Partners, r.Partner)
	}
	for _, r := range state.Opportunities {
		r.Opportunity.Number, r.Seats = r.Number, max(0, r.Seats-r.Taken)
		c.Opportunities = append(c.Opportunities, r.Opportunity)
	}
	zone, err := time.LoadLocation(state.Settings.TimeZone)
	if err != nil {
		t.Fatal(err)
	}
	var all [][]matcher.Candidate
	for _, m := range state.Settings.Measures {
		x, err := matcher.NewIndex(c, matcher.Settings{
			Decay: state.Settings.AncestorDecay, Measure: m, IDF: state.Settings.IDF, Statistics: &state.Statistics,
		})
		if err != nil {
			t.Fatal(err)
		}
		ranker := x.NewRanker()
		for i := range students {
			q := matcher.Query{Student: &students[i], AsOf: matcher.DateOf(start.In(zone)), K: 20}
			all = append(all, ranker.Rank(nil, &q))
		}
	}
	return state.Epoch, all
}

func statistics(st *store.State) (matcher.Statistics, error) {
	var tags []matcher.Tag
	for _, r := range st.Tags {
		tags = append(tags, r.Tag)
	}
	v, err := matcher.NewVocabulary(tags)
	if err != nil {
		return matcher.Statistics{}, err
	}
	var opportunities []matcher.Opportunity
	for _, r := range st.Opportunities {
		opportunities = append(opportunities, r.Opportunity)
	}
	return matcher.StatisticsOf(v, opportunities, st.Settings.AncestorDecay), nil
}

// TestFollowsEveryChange: after whatever writes, the snapshot at their epoch
// ranks as indexes do that are built of the store's state.
func TestFollowsEveryChange(t *testing.T) {
	v := invent(t, generate.Options{Students: 8, Opportunities: 40, Seed: 7})
	students := slices.Collect(v.Students())
	rapid.Check(t, func(rt *rapid.T) {
		s := openStore(t, sqlstore.Options{KeepChanges: rapid.SampledFrom([]int{3, 1000}).Draw(rt, "keep")})
		epoch := write(rt, s, puts(v))
		putStudents(t, s, students)
		c := follow(t, s, clock.NewManual(start))
		for range rapid.IntRange(1, 6).Draw(rt, "steps") {
			for range rapid.IntRange(1, 4).Draw(rt, "writes") {
				epoch = max(epoch, change(rt, s, v, students))
			}
			snapshot, err := c.At(t.Context(), district, epoch)
			if err != nil {
				rt.Fatal(err)
			}
			want, expected := afresh(rt, s, students)
			if snapshot.Epoch != want {
				rt.Fatalf("snapshot is at epoch %d, the store at %d", snapshot.Epoch, want)
			}
			if got := ranked(rt, snapshot, students); !reflect.DeepEqual(got, expected) {
				rt.Fatalf("at epoch %d\ngot  %v\nwant %v", want, got, expected)
			}
		}
	})
}

// change carries out a write drawn at random and returns its epoch.
func change(t *rapid.T, s store.Store, v *generate.Invented, students []matcher.Student) store.Epoch {
	any := func(n int, label string) int { return rapid.IntRange(0, n-1).Draw(t, label) }
	o := v.Opportunity(any(40, "opportunity"))
	p := v.Partner(any(v.PartnerCount(), "partner"))
	id := fmt.Sprintf("r%d", rapid.Uint64().Draw(t, "id"))
	switch rapid.SampledFrom([]string{"close", "put", "new", "delete", "cap", "reserve", "settings", "tags", "expire"}).Draw(t, "kind") {
	case "close":
		o.Status = matcher.Closed
		return write(t, s, store.Write{Mutations: []store.Mutation{{PutOpportunity: &o}}})
	case "put":
		o.Boost, o.Seats = 2, int32(any(3, "seats"))
		o.Tags = append(slices.Clone(o.Tags[:1]), matcher.Weighted{Tag: "unlisted", Weight: 5000})
		return write(t, s, store.Write{Mutations: []store.Mutation{{PutOpportunity: &o}}})
	case "new":
		o.ID = id
		return write(t, s, store.Write{Mutations: []store.Mutation{{PutOpportunity: &o}}})
	case "delete":
		r, err := s.Write(t.Context(), district, store.Request{Now: start},
			store.Write{Mutations: []store.Mutation{{DeleteOpportunity: o.ID}}})
		if err != nil && !errors.Is(err, store.ErrNotFound) && !errors.Is(err, store.ErrInUse) {
			t.Fatal(err)
		}
		return r.Epoch
	case "cap":
		seats := int32(any(3, "cap"))
		p.MaxSeats = &seats
		return write(t, s, store.Write{Mutations: []store.Mutation{{PutPartner: &p}}})
	case "reserve":
		r, err := s.Reserve(t.Context(), district, store.Request{Now: start}, store.Reservation{
			ID: id, Student: students[any(len(students), "student")].ID, Opportunity: o.ID,
			Expires: start.Add(time.Duration(1+any(100, "minutes")) * time.Minute),
		})
		if err != nil && !refusal(err) {
			t.Fatal(err)
		}
		return r.Epoch
	case "expire":
		if _, _, err := s.Expire(t.Context(), start.Add(time.Duration(any(100, "minutes"))*time.Minute)); err != nil {
			t.Fatal(err)
		}
		h, err := s.Head(t.Context(), district)
		if err != nil {
			t.Fatal(err)
		}
		return h.Epoch
	case "settings":
		settings := store.DefaultSettings()
		settings.IDF = rapid.Bool().Draw(t, "idf")
		settings.Measures = rapid.SampledFrom([][]matcher.Measure{{matcher.Dot}, {matcher.Overlap, matcher.Cosine}}).Draw(t, "measures")
		settings.TimeZone = rapid.SampledFrom([]string{"UTC", "Pacific/Kiritimati"}).Draw(t, "zone")
		return write(t, s, store.Write{Settings: &settings, Refresh: statistics})
	default:
		tag := v.Tags()[any(len(v.Tags()), "tag")]
		tag.Importance = 2
		return write(t, s, store.Write{Mutations: []store.Mutation{{PutTag: &tag}}})
	}
}

func refusal(err error) bool {
	return slices.ContainsFunc([]error{
		store.ErrFull, store.ErrNotOffered, store.ErrAlreadyHeld, store.ErrNotFound, store.ErrConflict,
	}, func(e error) bool { return errors.Is(err, e) })
}

// TestReadersBesideAWriter: under a writer, every snapshot that a reader gets
// is whole: it ranks as the store's state of that very epoch does.
func TestReadersBesideAWriter(t *testing.T) {
	v := invent(t, generate.Options{Students: 4, Opportunities: 60, Seed: 3})
	students := slices.Collect(v.Students())
	s := openStore(t, sqlstore.Options{})
	write(t, s, puts(v))
	c := follow(t, s, clock.System{})
	expected := map[store.Epoch][][]matcher.Candidate{}
	note := func() {
		epoch, want := afresh(t, s, students)
		expected[epoch] = want
	}
	note()
	stop := make(chan struct{})
	var readers sync.WaitGroup
	var mu sync.Mutex
	seen := map[store.Epoch][][]matcher.Candidate{}
	for range 4 {
		readers.Go(func() {
			var last store.Epoch
			for {
				select {
				case <-stop:
					return
				default:
				}
				snapshot, err := c.Get(context.Background(), district)
				if err != nil {
					t.Error(err)
					return
				}
				if snapshot.Epoch < last {
					t.Errorf("went back from epoch %d to %d", last, snapshot.Epoch)
					return
				}
				last = snapshot.Epoch
				got := ranked(t, snapshot, students)
				mu.Lock()
				if before, ok := seen[last]; ok && !reflect.DeepEqual(before, got) {
					t.Errorf("two rankings at epoch %d", last)
				}
				seen[last] = got
				mu.Unlock()
			}
		})
	}
	for i := range 40 {
		o := v.Opportunity(i)
		if i%3 == 0 {
			o.Status = matcher.Closed
		} else {
			o.Boost = 2
		}
		epoch := write(t, s, store.Write{Mutations: []store.Mutation{{PutOpportunity: &o}}})
		note()
		if _, err := c.At(t.Context(), district, epoch); err != nil {
			t.Fatal(err)
		}
	}
	close(stop)
	readers.Wait()
	if len(seen) < 2 {
		t.Fatalf("the readers saw %d epochs; the test shows nothing", len(seen))
	}
	for epoch, got := range seen {
		if want, ok := expected[epoch]; ok && !reflect.DeepEqual(got, want) {
			t.Errorf("at epoch %d\ngot  %v\nwant %v", epoch, got, want)
		}
	}
}

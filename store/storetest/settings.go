package storetest

import (
	"errors"
	"testing"

	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/store"
)

func (s *suite) testSettings(t *testing.T) {
	st := s.open(t)
	ctx := t.Context()
	write(t, st, "d", putTag(tag("a")))
	head, err := st.Head(ctx, "d")
	must(t, err)
	wantEqual(t, "head", head, &store.Head{Epoch: 1, Settings: store.DefaultSettings()})

	set := func(change func(*store.Settings)) (store.Receipt, error) {
		n := store.DefaultSettings()
		change(&n)
		return st.Write(ctx, "d", at(noon), store.Write{Settings: &n})
	}
	for field, change := range map[string]func(*store.Settings){
		"ancestor_decay": func(n *store.Settings) { n.AncestorDecay = matcher.One + 1 },
		"measures":       func(n *store.Settings) { n.Measures = nil },
		"time_zone":      func(n *store.Settings) { n.TimeZone = "Nowhere/Else" },
		"retention_days": func(n *store.Settings) { n.RetentionDays = -1 },
	} {
		wantViolation(t, second(set(change)), -1, field)
	}
	for _, measures := range [][]matcher.Measure{{"jaccard"}, {matcher.Dot, matcher.Dot}} {
		wantViolation(t, second(set(func(n *store.Settings) { n.Measures = measures })), -1, "measures")
	}
	for _, zone := range []string{"", "Local"} {
		wantViolation(t, second(set(func(n *store.Settings) { n.TimeZone = zone })), -1, "time_zone")
	}

	want := store.Settings{IDF: true, Measures: []matcher.Measure{matcher.Overlap, matcher.Dot}, TimeZone: "UTC", RetentionDays: 30}
	r, err := st.Write(ctx, "d", at(noon), store.Write{Settings: &want})
	must(t, err)
	again, err := st.Write(ctx, "d", at(noon), store.Write{Settings: &want})
	must(t, err)
	if r.Epoch != 2 || again.Epoch != 2 {
		t.Fatalf("epochs %d, %d: the second time nothing changed", r.Epoch, again.Epoch)
	}
	want.Revision = 2
	wantEqual(t, "settings", state(t, st, "d").Settings, want)

	_, err = set(func(n *store.Settings) { n.Revision = 1 })
	wantError(t, err, store.ErrConflict)
	_, err = set(func(n *store.Settings) { n.Revision = 2 })
	must(t, err)
	changes, err := st.Changes(ctx, "d", 1, 10)
	must(t, err)
	wantEqual(t, "log", changes, []store.Change{{Epoch: 2, Kind: store.KindSettings}, {Epoch: 3, Kind: store.KindSettings}})
}

func (s *suite) testStatistics(t *testing.T) {
	st := s.open(t)
	ctx := t.Context()
	count := func(state *store.State) (matcher.Statistics, error) {
		n := matcher.Statistics{Frequency: map[string]int64{}}
		for _, o := range state.Opportunities {
			n.Published++
			for _, w := range o.Tags {
				n.Frequency[w.Tag]++
			}
		}
		state.Statistics.Frequency = nil // it belongs to this function
		return n, nil
	}
	w := batch(putOpportunity(opportunity("o1", "")), putOpportunity(opportunity("o2", "")))
	w.Refresh = count
	r, err := st.Write(ctx, "d", at(noon), w)
	must(t, err)
	got := state(t, st, "d")
	if r.Epoch != 3 || got.StatisticsVersion != 1 {
		t.Fatalf("epoch %d, version %d", r.Epoch, got.StatisticsVersion)
	}
	wantEqual(t, "statistics", got.Statistics, matcher.Statistics{Published: 2, Frequency: map[string]int64{"cad": 2}})

	r, err = st.Write(ctx, "d", at(noon), store.Write{Refresh: count})
	must(t, err)
	if r.Epoch != 3 {
		t.Fatal("statistics that did not change got an epoch")
	}
	_, err = st.Write(ctx, "d", at(noon), store.Write{
		Mutations: []store.Mutation{{DeleteOpportunity: "o1"}}, Refresh: count,
	})
	must(t, err)
	head, err := st.Head(ctx, "d")
	must(t, err)
	if head.StatisticsVersion != 2 {
		t.Fatalf("version %d, want 2", head.StatisticsVersion)
	}
	failure := errors.New("no statistics today")
	_, err = st.Write(ctx, "d", at(noon), store.Write{
		Mutations: []store.Mutation{{DeleteOpportunity: "o2"}},
		Refresh:   func(*store.State) (matcher.Statistics, error) { return matcher.Statistics{}, failure },
	})
	wantError(t, err, failure)
	if _, err := st.Opportunity(ctx, "d", "o2"); err != nil {
		t.Fatalf("the write failed, and yet: %v", err)
	}
}

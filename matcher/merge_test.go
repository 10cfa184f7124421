package matcher_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/kindred-match/kindred/matcher"
)

// merge is one that was begun while changes go on.
type merge struct{ from, merged *matcher.Index }

// Whatever is changed and merged in whatever order, also by merges that end
// after further changes: each index ranks as one that is built anew, and stays
// as it is.
func TestMergesAtAnyMoment(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		names := append(tagNames(w.Tags), "tag that came later")
		x := w.index(t)
		c := catalogue{w.Catalogue}
		s := w.settings
		if s.IDF && s.Statistics == nil {
			v, err := matcher.NewVocabulary(w.Tags)
			if err != nil {
				t.Fatal(err)
			}
			s.Statistics = new(matcher.StatisticsOf(v, w.Opportunities, s.Decay))
		}
		q := w.query(t)
		q.Student = &w.students[0]
		steps := []*matcher.Index{x}
		ranker := x.NewRanker() // moves along
		ranked := [][]entry{forward(ranker.Rank(nil, &q))}
		var under *merge
		for range rapid.IntRange(1, 12).Draw(t, "times") {
			var err error
			switch step := rapid.SampledFrom([]string{"change", "change", "begin", "rebase", "end"}).Draw(t, "step"); {
			case step == "change":
				var changes []matcher.Change
				for range rapid.IntRange(0, 6).Draw(t, "changes") {
					changes = append(changes, c.drawChange(t, names))
				}
				x, err = x.Apply(changes...)
			case step == "begin":
				under = &merge{from: x}
				under.merged, err = x.Merge(t.Context())
			case under != nil:
				under.merged, err = under.merged.Rebase(under.from, x)
				under.from = x
				if step == "end" {
					x, under = under.merged, nil
				}
			}
			if err != nil {
				t.Fatal(err)
			}
			ranker.Move(x)
			steps, ranked = append(steps, x), append(ranked, forward(ranker.Rank(nil, &q)))
		}
		anew := index(t, c.Catalogue, s)
		if x.Len() != anew.Len() {
			t.Fatalf("Len is %d, of an index built anew %d", x.Len(), anew.Len())
		}
		sameIndex(t, x, anew, w.students, q)
		for i, step := range steps {
			ranker.Move(step)
			same(t, forward(ranker.Rank(nil, &q)), ranked[i])
		}
	})
}

// A partner whose opportunities were patched, moved, merged or removed can be
// removed exactly when it has none left.
func TestPartnersWithoutOpportunities(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		c, x := catalogue{w.Catalogue}, w.index(t)
		for range rapid.IntRange(1, 8).Draw(t, "times") {
			y, err := x.Apply(c.drawChange(t, tagNames(w.Tags)))
			if err == nil && rapid.Bool().Draw(t, "merged") {
				y, err = y.Merge(t.Context())
			}
			if err != nil {
				t.Fatal(err)
			}
			x = y
		}
		for _, p := range c.Partners {
			has := slices.ContainsFunc(c.Opportunities, func(o matcher.Opportunity) bool { return o.Partner == p.ID })
			_, err := x.Apply(matcher.Change{RemovedPartner: p.ID})
			if has != errors.Is(err, matcher.ErrCatalogue) || !has && err != nil {
				t.Fatalf("removing a partner that has opportunities (%v): %v", has, err)
			}
		}
	})
}

func TestMergeEndsWithItsContext(t *testing.T) {
	c, _ := manyOpportunities(5000, 1)
	x := index(t, c, matcher.Settings{Measure: matcher.Cosine})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := x.Merge(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v, want the context's error", err)
	}
}

func TestRebaseOfAnotherIndex(t *testing.T) {
	c, _ := manyOpportunities(10, 1)
	x := index(t, c, matcher.Settings{Measure: matcher.Cosine})
	y := index(t, c, matcher.Settings{Measure: matcher.Cosine})
	if _, err := x.Rebase(x, y); !errors.Is(err, matcher.ErrUnrelated) {
		t.Fatalf("got %v, want ErrUnrelated", err)
	}
}

// Changes over several windows, with a merge behind them that ends later; in
// the end nothing stands beside the segment.
func TestManyChanges(t *testing.T) {
	all, students := manyOpportunities(10_000, 2)
	late, _ := manyOpportunities(10_000, 3)
	for _, s := range []matcher.Settings{
		{Decay: 5000, Measure: matcher.Cosine, IDF: true},
		{Decay: 5000, Measure: matcher.Overlap},
	} {
		t.Run(string(s.Measure), func(t *testing.T) {
			c := catalogue{all}
			c.Opportunities = slices.Clone(all.Opportunities[:9000])
			v, err := matcher.NewVocabulary(c.Tags)
			if err != nil {
				t.Fatal(err)
			}
			s.Statistics = new(matcher.StatisticsOf(v, c.Opportunities, s.Decay))
			x := index(t, c.Catalogue, s)
			ranker := x.NewRanker()
			rng := rand.New(rand.NewPCG(4, 0))
			var under merge
			for round := range 12 {
				var changes []matcher.Change
				for range 60 {
					changes = append(changes, c.change(rng, all, late))
				}
				if x, err = x.Apply(changes...); err != nil {
					t.Fatal(err)
				}
				switch round % 4 {
				case 1:
					under.from = x
					under.merged, err = x.Merge(t.Context())
				case 3:
					x, err = under.merged.Rebase(under.from, x)
				}
				if err != nil {
					t.Fatal(err)
				}
				anew := index(t, c.Catalogue, s)
				if x.Len() != anew.Len() {
					t.Fatalf("Len is %d, want %d", x.Len(), anew.Len())
				}
				ranker.Move(x)
				again := anew.NewRanker()
				for i := range students {
					q := matcher.Query{Student: &students[i], K: []int{1, 10, 100, math.MaxInt}[i%4], MaxPerPartner: i % 3}
					same(t, forward(ranker.Rank(nil, &q)), forward(again.Rank(nil, &q)))
				}
			}
			if x, err = x.Merge(t.Context()); err != nil || x.Load() != (matcher.Load{}) {
				t.Fatalf("after a merge: %+v, %v", x.Load(), err)
			}
		})
	}
}

// change makes one of the changes that a day brings.
func (c *catalogue) change(rng *rand.Rand, all, late matcher.Catalogue) matcher.Change {
	switch i := rng.IntN(10_000); rng.IntN(3) {
	case 0: // new, or another under its id
		return c.write(late.Opportunities[i])
	case 1: // a seat is gone
		o := c.Opportunities[i%len(c.Opportunities)]
		o.Seats = max(0, o.Seats-1)
		return c.write(o)
	default:
		id := all.Opportunities[i].ID
		c.remove(id)
		return matcher.Change{RemovedOpportunity: id}
	}
}

// When everything has left or nothing is to be had any more, what is left is
// ranked.
func TestEverythingIsPatched(t *testing.T) {
	c, students := manyOpportunities(9000, 5)
	x := index(t, c, matcher.Settings{Decay: 5000, Measure: matcher.Cosine})
	c.Opportunities = slices.Clone(c.Opportunities) // the index keeps what it was given
	var changes []matcher.Change
	for i := range c.Opportunities {
		o := &c.Opportunities[i]
		switch {
		case i%100 == 0: // stays
		case i%3 == 0:
			o.Seats = 0
			changes = append(changes, matcher.Change{Opportunity: o})
		default:
			o.Status = matcher.Closed
			changes = append(changes, matcher.Change{Opportunity: o})
		}
	}
	x, err := x.Apply(changes...)
	if err != nil {
		t.Fatal(err)
	}
	if !x.Due() {
		t.Errorf("with %+v of %d no merge is due", x.Load(), x.Len())
	}
	r, again := x.NewRanker(), index(t, c, x.Settings()).NewRanker()
	for i := range students {
		q := matcher.Query{Student: &students[i], K: 20}
		same(t, forward(r.Rank(nil, &q)), forward(again.Rank(nil, &q)))
	}
}

package matcher_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/kindred-match/kindred/matcher"
)

func TestScorerScoresAsExplained(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		x := w.index(t)
		// One that has other tags now stands beside the segment.
		if len(w.Opportunities) > 1 {
			late := w.Opportunities[0]
			late.Tags = w.Opportunities[1].Tags
			var err error
			if x, err = x.Apply(matcher.Change{Opportunity: &late}); err != nil {
				t.Fatal(err)
			}
		}
		c, r := x.NewScorer(), x.NewRanker()
		for i := range w.students {
			c.Begin(&w.students[i])
			for j := range w.Opportunities {
				id := w.Opportunities[j].ID
				number, there := x.Number(id)
				want, _ := r.Explain(&matcher.Query{Student: &w.students[i]}, id)
				if got := c.Score(number); !there || got != want.Score {
					t.Fatalf("%s scores %v, want %v", id, got, want.Score)
				}
			}
		}
	})
}

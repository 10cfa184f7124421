package placement_test

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/kindred-match/kindred/internal/district"
	"github.com/kindred-match/kindred/internal/generate"
	"github.com/kindred-match/kindred/internal/placement"
	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/matcher/place"
)

// plainFill looks at every pair.
func plainFill(c *placement.Case) func(int32, []int32) iter.Seq2[int32, float64] {
	at := make([]int32, len(c.Opportunities)) // by number its row
	copy(at, c.Problem.OpportunityRows)
	return func(s int32, open []int32) iter.Seq2[int32, float64] {
		row := c.Problem.StudentRows[s]
		scores := make(map[int32]float64)
		for _, o := range open {
			offer := &c.Opportunities[at[o]]
			with, _ := c.Index.Partner(offer.Partner)
			if len(matcher.Failures(c.Query(&c.Students[row]), offer, with)) == 0 {
				scores[o] = c.Score(row, o)
			}
		}
		return func(yield func(int32, float64) bool) {
			ordered := slices.DeleteFunc(slices.Clone(open), func(o int32) bool { _, eligible := scores[o]; return !eligible })
			slices.SortFunc(ordered, func(a, b int32) int { return cmp.Or(cmp.Compare(scores[b], scores[a]), cmp.Compare(a, b)) })
			for _, o := range ordered {
				if !yield(o, scores[o]) {
					return
				}
			}
		}
	}
}

// crowd is an invented district with locks, scores and reserves, in which only
// the first candidates are lists, so that there is much to fill.
func crowd(t *rapid.T) *district.Folder {
	students, opportunities := rapid.IntRange(20, 90).Draw(t, "students"), rapid.IntRange(15, 60).Draw(t, "opportunities")
	v, err := generate.District(generate.Options{
		Students: students, Opportunities: opportunities, Seed: uint64(rapid.IntRange(0, 1000).Draw(t, "seed")),
	})
	if err != nil {
		t.Fatal(err)
	}
	f := v.Folder()
	step := rapid.IntRange(1, 7).Draw(t, "step")
	pair := func(i, j int) (student, opportunity string) {
		return f.Students[i].ID, f.Opportunities[(step*i+j)%opportunities].ID
	}
	group := matcher.Group{Name: "kept", Value: "yes"}
	for i := range f.Students {
		s := &f.Students[i]
		switch i % 4 {
		case 0:
			for j := range 3 {
				student, opportunity := pair(i, j)
				f.Rows.Scores = append(f.Rows.Scores, place.Score{Student: student, Opportunity: opportunity, Score: float64(1+j) / 4})
			}
		case 1:
			student, opportunity := pair(i, 5)
			f.Rows.Locks = append(f.Rows.Locks, place.Lock{Student: student, Opportunity: opportunity, Action: place.Forbid})
		case 2:
			s.Interests = nil
		}
		if i%3 == 0 {
			s.Groups = append(s.Groups, group)
		}
	}
	for i := range f.Opportunities {
		if i%5 == 0 {
			f.Rows.Reserves = append(f.Rows.Reserves, place.Reserve{Opportunity: f.Opportunities[i].ID, Group: group, Seats: 1})
		}
	}
	return f
}

// Free seats go where they go when every pair is looked at.
func TestFillIsThatOfEveryPair(t *testing.T) {
	filled := 0
	rapid.Check(t, func(t *rapid.T) {
		f := crowd(t)
		o := defaults(rapid.SampledFrom([]place.Objective{place.Stable, place.Welfare, place.Serial}).Draw(t, "objective"))
		o.Ranking.K, o.Fill = 1, true
		o.Ranking.Settings.IDF = rapid.Bool().Draw(t, "idf")
		o.Ranking.Settings.Measure = rapid.SampledFrom(matcher.Measures).Draw(t, "measure")
		c, err := placement.New(t.Context(), f, o)
		if err != nil {
			t.Fatal(err)
		}
		got, err := c.Solve(t.Context())
		if err != nil {
			t.Skip(fmt.Sprint("it can't be placed: ", err))
		}
		plain := c.Options(c.Problem)
		plain.Fill = plainFill(c)
		want, err := place.Solve(t.Context(), c.Problem, plain)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got.At, want.At) || !slices.Equal(got.Weight, want.Weight) {
			t.Fatalf("placed %v, want %v", got.At, want.At)
		}
		for _, how := range got.How {
			if how == place.Filled {
				filled++
			}
		}
	})
	if filled == 0 {
		t.Error("nobody was filled in")
	}
}

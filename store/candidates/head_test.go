package candidates_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/store/candidates"
)

// TestHeadsReadAsTheirSets holds that a head gives what its set gives, or nothing.
func TestHeadsReadAsTheirSets(t *testing.T) {
	const opportunities = 30
	var c matcher.Catalogue
	for i := range uint32(opportunities) {
		c.Opportunities = append(c.Opportunities, matcher.Opportunity{
			ID: fmt.Sprintf("o%d", i), Number: i + 1, Status: matcher.Published, Seats: 1, Boost: 1,
			Tags: []matcher.Weighted{{Tag: "a", Weight: 1}},
		})
	}
	x, err := matcher.NewIndex(c, matcher.Settings{Decay: 5000, Measure: matcher.Cosine})
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		s := candidates.Set{Epoch: 7, Complete: rapid.Bool().Draw(t, "complete"), Denominator: 3}
		numbers := rapid.SliceOfNDistinct(rapid.Uint32Range(1, opportunities), 0, opportunities, rapid.ID).Draw(t, "numbers")
		for i, n := range numbers {
			s.Members = append(s.Members, matcher.Member{Number: n, Units: int64(1000 - i)})
		}
		k := rapid.IntRange(1, opportunities+5).Draw(t, "k")
		first, ok := s.First(nil, x, k, 0)
		if !ok {
			return
		}
		head := s.Head(first, k)
		if _, ok := head.First(nil, 8, 1); ok {
			t.Fatal("it was read at another epoch")
		}
		k = rapid.IntRange(1, opportunities+5).Draw(t, "again")
		got, ok := head.First(nil, 7, k)
		if !ok {
			if k <= len(first) {
				t.Fatalf("%d of %d can't be read", k, len(first))
			}
			return
		}
		if want, ok := s.First(nil, x, k, 0); !ok || !slices.Equal(got, want) {
			t.Fatalf("got %+v, want %+v", got, want)
		}
	})
}

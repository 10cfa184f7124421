package ranking_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/kindred-match/kindred/internal/generate"
	"github.com/kindred-match/kindred/internal/ranking"
	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/matcher/place"
)

func invented(t *testing.T, o ranking.Options) *ranking.Folder {
	t.Helper()
	v, err := generate.District(generate.Options{Students: 150, Opportunities: 5000, Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	folder := v.Folder()
	for i := range folder.Students {
		folder.Rows.Locks = append(folder.Rows.Locks, place.Lock{
			Student: folder.Students[i].ID, Opportunity: folder.Opportunities[7*i%5000].ID, Action: place.Forbid,
		})
	}
	o.AsOf = 20261001
	f, err := ranking.New(folder, o)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestEachIsOneByOneInOrder(t *testing.T) {
	for _, m := range matcher.Measures {
		for _, most := range []int{0, 2} {
			f := invented(t, ranking.Options{
				Settings: matcher.Settings{Decay: 5000, Measure: m}, K: 20, MaxPerPartner: most, Explain: true,
			})
			r, i := f.Index.NewRanker(), 0
			made := func(result *ranking.Result) ranking.Result {
				return ranking.Result{Student: result.Student, Candidates: slices.Clone(result.Candidates)}
			}
			err := ranking.Each(t.Context(), f, f.Students, made, func(got ranking.Result) error {
				s := &f.Students[i]
				i++
				want := r.Rank(nil, f.Query(s))
				if got.Student != s.ID || len(got.Candidates) != len(want) {
					return fmt.Errorf("%s has %d candidates, want %s with %d", got.Student, len(got.Candidates), s.ID, len(want))
				}
				for j, c := range got.Candidates {
					parts, _ := r.Parts(s, c.Opportunity)
					if c.Candidate != want[j] || !slices.Equal(c.Parts, parts) {
						return fmt.Errorf("%s: got %+v, want %+v", s.ID, c, want[j])
					}
				}
				return nil
			})
			if err != nil || i != len(f.Students) {
				t.Fatalf("%s, at most %d of a partner: %d students, %v", m, most, i, err)
			}
		}
	}
}

func TestEachEnds(t *testing.T) {
	f := invented(t, ranking.Options{Settings: matcher.Settings{Measure: matcher.Cosine}, K: 5})
	student := func(r *ranking.Result) string { return r.Student }
	enough := errors.New("enough")
	n := 0
	if err := ranking.Each(t.Context(), f, f.Students, student, func(string) error {
		if n++; n == 3 {
			return enough
		}
		return nil
	}); !errors.Is(err, enough) || n != 3 {
		t.Errorf("after %d students: %v, want what yield gave", n, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := ranking.Each(ctx, f, f.Students, student, func(string) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want that of the context", err)
	}
}

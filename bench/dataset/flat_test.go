package dataset_test

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/kindred-match/kindred/bench/dataset"
	"github.com/kindred-match/kindred/bench/rivals"
	"github.com/kindred-match/kindred/matcher"
)

// TestFlatten: sums over the flat postings are the units of the plain loop.
func TestFlatten(t *testing.T) {
	data := cmp.Or(os.Getenv("KINDRED_DATA"), filepath.Join("..", "..", "..", "shared", "data"))
	for _, name := range []string{"3000", "district-nyc"} {
		t.Run(name, func(t *testing.T) {
			if _, err := os.Stat(data); err != nil && name == "district-nyc" {
				t.Skipf("no data sets: set KINDRED_DATA (%v)", err)
			}
			s, err := dataset.Load(t.Context(), name, data, 40)
			if err != nil {
				t.Fatal(err)
			}
			s.TagsOnly()
			flat, err := s.Flatten()
			if err != nil {
				t.Fatal(err)
			}
			x, err := matcher.NewIndex(s.Catalogue, dataset.Settings())
			if err != nil {
				t.Fatal(err)
			}
			loop := matcher.NewPlain(x)
			for q := range s.Students {
				got := bruteForce(flat, flat.Queries[q])
				want := loop.Rank(nil, &matcher.Query{Student: &s.Students[q], K: len(flat.IDs)})
				if !slices.EqualFunc(got, want, func(g ranked, w matcher.Candidate) bool {
					return g.id == w.Opportunity && g.units == w.Units
				}) {
					t.Fatalf("query %d: %d opportunities ranked, want %d; the first %v and %v", q, len(got), len(want), got[:1], want[:1])
				}
			}
		})
	}
}

type ranked struct {
	id    string
	units int64
}

func bruteForce(f *dataset.Flat, query []dataset.Posting) []ranked {
	var all []ranked
	for d, list := range f.Documents {
		if units := rivals.Units(query, list); units > 0 {
			all = append(all, ranked{f.IDs[d], units})
		}
	}
	slices.SortFunc(all, func(a, b ranked) int {
		return cmp.Or(cmp.Compare(b.units, a.units), cmp.Compare(a.id, b.id))
	})
	return all
}

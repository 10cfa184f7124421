package rivals_test

import (
	"cmp"
	"os/exec"
	"slices"
	"testing"

	"github.com/kindred-match/kindred/bench/dataset"
	"github.com/kindred-match/kindred/bench/rivals"
	"github.com/kindred-match/kindred/matcher"
)

// TestRivals: each rival that is installed gives the exact rankings, in all of
// its ways.
func TestRivals(t *testing.T) {
	needs := map[string]string{"lucene": "javac", "redis": "redis-server", "postgresql": "psql"}
	s, err := dataset.Load(t.Context(), "2000", "", 10)
	if err != nil {
		t.Fatal(err)
	}
	flat, err := s.Flatten()
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir("..") // where Lucene's harness is looked for
	for _, kind := range rivals.Kinds() {
		t.Run(kind.Name, func(t *testing.T) {
			if program := needs[kind.Name]; program != "" {
				if _, err := exec.LookPath(program); err != nil {
					t.Skipf("%s is not installed (bench/install.sh does it): %v", kind.Name, err)
				}
			}
			folder := t.TempDir()
			for range 2 { // the second time it may find its index
				check(t, &kind, folder, flat)
			}
		})
	}
}

func check(t *testing.T, kind *rivals.Kind, folder string, flat *dataset.Flat) {
	t.Helper()
	rival, err := kind.Open(t.Context(), folder, flat.Digest(), flat)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := rival.Close(); err != nil {
			t.Error(err)
		}
	}()
	for _, mode := range rival.Modes() {
		for _, k := range []int{1, 10, 100} {
			answers, err := rival.Answers(t.Context(), mode, k)
			if err != nil {
				t.Fatal(err)
			}
			a, err := rivals.Check(kind, flat, exact(flat, k), answers)
			if err != nil {
				t.Errorf("%s, k = %d: %v", mode, k, err)
			}
			if a.Identical+a.Rounded != len(flat.Queries) {
				t.Errorf("%s, k = %d: %+v", mode, k, a)
			}
		}
		if times, err := rival.Pass(t.Context(), mode, 10); err != nil || len(times) != len(flat.Queries) || slices.Min(times) <= 0 {
			t.Errorf("%s: times %v, %v", mode, times, err)
		}
	}
}

// exact ranks by brute force.
func exact(f *dataset.Flat, k int) [][]matcher.Candidate {
	all := make([][]matcher.Candidate, len(f.Queries))
	for q, query := range f.Queries {
		for d, list := range f.Documents {
			if units := rivals.Units(query, list); units > 0 {
				all[q] = append(all[q], matcher.Candidate{Opportunity: f.IDs[d], Units: units})
			}
		}
		slices.SortFunc(all[q], func(a, b matcher.Candidate) int {
			return cmp.Or(cmp.Compare(b.Units, a.Units), cmp.Compare(a.Opportunity, b.Opportunity))
		})
		all[q] = all[q][:min(k, len(all[q]))]
	}
	return all
}

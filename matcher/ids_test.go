package matcher

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// drawID draws ids that share much: the beginning, or all but the end.
func drawID(t *rapid.T) string {
	part := rapid.SampledFrom([]string{"a", "b", "0", "ö", "district-", "opportunity-0000", "~"})
	return "x" + strings.Join(rapid.SliceOfN(part, 0, 9).Draw(t, "parts"), "")
}

func TestSortIDs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ids := make(map[string]bool)
		var opportunities []*Opportunity
		for range rapid.IntRange(0, 200).Draw(t, "ids") {
			if id := drawID(t); !ids[id] {
				ids[id] = true
				opportunities = append(opportunities, &Opportunity{ID: id})
			}
		}
		got, err := sortIDs(opportunities)
		if err != nil {
			t.Fatal(err)
		}
		want := make([]uint32, len(opportunities))
		for i := range want {
			want[i] = uint32(i)
		}
		slices.SortFunc(want, func(a, b uint32) int { return cmp.Compare(opportunities[a].ID, opportunities[b].ID) })
		if !slices.Equal(got, want) {
			t.Fatalf("the order is %d, want %d", got, want)
		}

		if len(opportunities) == 0 {
			return
		}
		twice := rapid.SampledFrom(opportunities).Draw(t, "twice")
		again := rapid.Permutation(append(opportunities, twice)).Draw(t, "again")
		if _, err := sortIDs(again); !errors.Is(err, ErrCatalogue) || !strings.Contains(err.Error(), `"`+twice.ID+`"`) {
			t.Fatalf("an id given twice: %v", err)
		}
	})
}

func TestRadixSort(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shift := rapid.SampledFrom([]int{0, 8, 40, 56}).Draw(t, "shift")
		var list []keyed
		for i, key := range rapid.SliceOfN(rapid.Uint64Range(0, 300), 0, 100).Draw(t, "keys") {
			list = append(list, keyed{key << shift, uint32(i)})
		}
		want := slices.Clone(list)
		slices.SortStableFunc(want, func(a, b keyed) int { return cmp.Compare(a.key, b.key) })
		if got := radixSort(list, make([]keyed, len(list))); !slices.Equal(got, want) {
			t.Fatalf("the order is %v, want %v", got, want)
		}
	})
}

package matcher

import (
	"cmp"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Whatever comes, in whatever ranges of units and places, some of them unknown, and
// whenever the threshold is raised: the list has what sorting has.
func TestScoredListIsSorted(t *testing.T) {
	id := func(doc uint32) string { return fmt.Sprintf("%010d", doc) } // in the order of places
	rapid.Check(t, func(t *rapid.T) {
		k := rapid.SampledFrom([]int{1, 3, 10, 50, 200, 600}).Draw(t, "k")
		base := rapid.Int64Range(1, 1<<53).Draw(t, "least units")
		span := int64(1) << rapid.IntRange(0, 53).Draw(t, "bits of units")
		places := rapid.Uint32Range(0, uint32(1)<<rapid.IntRange(0, 31).Draw(t, "bits of places")+1)
		unknown := rapid.Bool().Draw(t, "some places are unknown")
		docs := rapid.SliceOfNDistinct(places, 0, 3*k+70, rapid.ID[uint32]).Draw(t, "documents")

		l := scoredList{id: id}
		l.reset(k)
		all := make([]scored, len(docs))
		for i, doc := range docs {
			all[i] = scored{base + rapid.Int64Range(0, span-1).Draw(t, "units"), doc, doc}
			if unknown && i%3 == 0 {
				all[i].place = unknownPlace
			}
			if all[i].units >= l.threshold() {
				l.add(all[i])
			}
			if rapid.IntRange(0, 20).Draw(t, "raise the threshold") == 0 {
				l.tighten()
			}
		}
		l.settle()
		slices.SortFunc(all, func(a, b scored) int {
			return cmp.Or(cmp.Compare(b.units, a.units), cmp.Compare(id(a.doc), id(b.doc)))
		})
		if want := all[:min(k, len(all))]; !slices.Equal(l.list, want) {
			t.Fatalf("%v, want %v", l.list, want)
		}
	})
}

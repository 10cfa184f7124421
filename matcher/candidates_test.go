package matcher_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/kindred-match/kindred/matcher"
)

// TestRescoreIsRankingOfSome holds that what is rescored has the units that
// ranking gives, whether it stands in the segment, is patched, came later or
// came anew under another number.
func TestRescoreIsRankingOfSome(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		n := uint32(0)
		for i := range w.Opportunities {
			n++
			w.Opportunities[i].Number = n
		}
		x := w.index(t)
		names := tagNames(w.Tags)
		for range rapid.IntRange(0, 8).Draw(t, "changes") {
			n++
			o := drawOpportunity(t, opportunityID(t, rapid.IntRange(0, 30).Draw(t, "which")), names, w.Partners)
			if before, ok := x.Opportunity(o.ID); ok && rapid.Bool().Draw(t, "alike") {
				o = *before
				o.Seats = rapid.Int32Range(0, 2).Draw(t, "seats")
			}
			if rapid.Bool().Draw(t, "another number") || o.Number == 0 {
				o.Number = n
			}
			change := matcher.Change{Opportunity: &o}
			if rarely(t, "remove") {
				change = matcher.Change{RemovedOpportunity: o.ID}
			}
			next, err := x.Apply(change)
			if err != nil {
				t.Fatal(err)
			}
			if x = next; rarely(t, "merge") {
				if x, err = x.Merge(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
		}
		rescored(t, w, x, n)
	})
}

// rescored compares the rescoring of all numbers up to n with ranking.
func rescored(t *rapid.T, w *world, x *matcher.Index, n uint32) {
	q := w.query(t)
	q.Student, q.K, q.MaxPerPartner = &w.students[0], math.MaxInt, 0
	ranker := x.NewRanker()
	want := map[uint32]int64{}
	for _, c := range ranker.Rank(nil, &q) {
		o, ok := x.OfNumber(c.Number)
		if !ok || o.ID != c.Opportunity {
			t.Fatalf("number %d is %v, not %q", c.Number, o, c.Opportunity)
		}
		want[c.Number] = c.Units
		if c.Score != float64(c.Units)/ranker.Denominator() {
			t.Fatalf("units %d are shown as %v", c.Units, c.Score)
		}
	}
	numbers := make([]uint32, n+1)
	for i := range numbers {
		numbers[i] = uint32(i) + 1
	}
	least := rapid.SampledFrom([]int64{0, 1, 1 << 36}).Draw(t, "least")
	got := ranker.Rescore(nil, &q, numbers, least)
	below := 0
	for _, units := range want {
		if units < least {
			below++
		}
	}
	if len(got) != len(want)-below {
		t.Fatalf("%d of %d with at least %d units were given", len(got), len(want)-below, least)
	}
	for _, m := range got {
		if want[m.Number] != m.Units {
			t.Fatalf("number %d has %d units, want %d", m.Number, m.Units, want[m.Number])
		}
	}
}

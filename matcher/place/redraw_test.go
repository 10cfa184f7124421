package place

import (
	"context"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// A problem that is drawn anew is the one made of the rows with that lottery.
func TestRedrawIsANewProblem(t *testing.T) {
	w := wanted{students: 8, opportunities: 5, caps: true, tiers: true, reserves: true, locks: true, standing: true}
	checkOften(t, func(t *rapid.T) {
		x := drawInstance(t, w)
		p := x.problem(t)
		x.in.Lottery = Lottery{Seed: 77, Reverse: rapid.Bool().Draw(t, "reversed")}
		want, got := x.problem(t), p.Redraw(x.in.Lottery)
		o := drawOptions(t, Objectives...)
		o.Priority = ByLottery // Weigh goes by the student's number here
		f, err := Solve(context.Background(), want, o)
		g, err2 := Solve(context.Background(), got, o)
		if err != nil || err2 != nil {
			if err == nil || err2 == nil || err.Error() != err2.Error() {
				t.Fatalf("%v, drawn anew %v", err, err2)
			}
			return
		}
		same := slices.Equal(want.Students, got.Students) && slices.Equal(want.Numbers, got.Numbers) &&
			slices.Equal(want.StudentRows, got.StudentRows) && slices.Equal(want.Lists.Rank, got.Lists.Rank) &&
			slices.Equal(want.Lists.Ineligible, got.Lists.Ineligible)
		if o.Objective != Welfare && o.Objective != MaxPlaced && o.Objective != Maximin { // whose weights off the lists differ
			same = same && slices.Equal(f.At, g.At)
		}
		if !same {
			t.Fatalf("%v, drawn anew %v", f.At, g.At)
		}
	})
}

// What a run folder keeps of a placement is enough to explain it.
func TestRestoredPlacementsAreTheSame(t *testing.T) {
	w := wanted{students: 8, opportunities: 5, caps: true, tiers: true, reserves: true, locks: true, standing: true, minima: true}
	checkOften(t, func(t *rapid.T) {
		p := drawInstance(t, w).problem(t)
		o := drawOptions(t, Objectives...)
		if rapid.Bool().Draw(t, "fill") {
			o.Fill = everything(p)
		}
		f, err := Solve(context.Background(), p, o)
		skipUnsolvable(t, err)
		ranks := make([]int32, len(f.At))
		for s, e := range f.Entry {
			if e >= 0 {
				ranks[s] = p.Lists.Rank[e]
			}
		}
		g, err := Restore(p, o, f.At, ranks, f.Weight, f.Certificate)
		if err != nil {
			t.Fatal(err)
		}
		for name, same := range map[string]bool{
			"at": slices.Equal(f.At, g.At), "entry": slices.Equal(f.Entry, g.Entry), "how": slices.Equal(f.How, g.How),
			"weight": slices.Equal(f.Weight, g.Weight), "placed": slices.Equal(f.Placed, g.Placed),
			"cancelled": slices.Equal(f.Cancelled, g.Cancelled),
		} {
			if !same {
				t.Fatalf("%s: %+v, restored %+v", name, f, g)
			}
		}
	})
}

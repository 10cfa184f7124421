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

package place

import (
	"context"
	"errors"
	"testing"

	"pgregory.net/rapid"
)

// FuzzSolve places all kinds of small problems: what comes out keeps seats,
// caps, minimums, locks and what is kept, or is an error that has a name.
func FuzzSolve(f *testing.F) {
	w := wanted{
		students: 10, opportunities: 6,
		caps: true, tiers: true, reserves: true, locks: true, standing: true, minima: true,
	}
	f.Fuzz(rapid.MakeFuzz(func(t *rapid.T) {
		p := drawInstance(t, w).problem(t)
		o := drawOptions(t, Objectives...)
		if o.Objective.Flow() && rapid.Bool().Draw(t, "min moves") {
			o.Keep = MinMoves
		}
		if rapid.Bool().Draw(t, "fill") {
			o.Fill = everything(p)
		}
		placed, err := Solve(context.Background(), p, o)
		if err != nil {
			var option *OptionError
			if !errors.As(err, &option) && !errors.Is(err, ErrMinimums) {
				t.Fatal(err)
			}
			return
		}
		checkFeasible(t, p, o, placed)
		x, err := NewExplainer(p, o, placed)
		if err != nil {
			t.Fatal(err)
		}
		for s := range p.Students {
			for at := range p.Opportunities {
				checkReason(t, x, int32(s), int32(at))
			}
		}
	}))
}

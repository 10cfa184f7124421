package flow_test

import (
	"context"
	"errors"
	"reflect"
	"testing"

	"github.com/kindred-match/kindred/matcher/place/flow"
)

// patience is a context that is cancelled once it has been asked so often.
type patience struct {
	context.Context
	left int
}

func (p *patience) Err() error {
	if p.left == 0 {
		return context.Canceled
	}
	p.left--
	return nil
}

// TestCancel cancels at every moment that is asked about. Who asks once more
// than a solver needs gets the solution.
func TestCancel(t *testing.T) {
	in := invent(shape{"all", 400, 40, 1.2, 1000, 0.8, true, true})
	for goal := flow.Welfare; goal <= flow.Maximin; goal++ {
		obj := in.obj
		obj.Goal = goal
		want, err := flow.Solve(t.Context(), &in.net, obj, flow.Options{Workers: 1})
		if err != nil {
			t.Fatal(err)
		}
		cancelled := 0
		for ; ; cancelled++ {
			got, err := flow.Solve(&patience{t.Context(), cancelled}, &in.net, obj, flow.Options{Workers: 1})
			if err == nil {
				if !reflect.DeepEqual(got, want) {
					t.Errorf("goal %d: asked %d times, another solution", goal, cancelled)
				}
				break
			}
			if got != nil || !errors.Is(err, context.Canceled) {
				t.Fatalf("goal %d: cancelled after %d questions: %v, %v", goal, cancelled, got, err)
			}
		}
		if cancelled == 0 {
			t.Errorf("goal %d: nobody asked", goal)
		}
	}
}

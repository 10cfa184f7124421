package flow

import (
	"context"
	"slices"
)

// runLowest takes the step Lowest: by halving it finds the highest weight such
// that everyone whom the stages before place can be placed by arcs that have at
// least that.
func (v *solver) runLowest(ctx context.Context) (*Stage, error) {
	weights := make([]int32, 0, len(v.arcs))
	for _, a := range v.arcs {
		weights = append(weights, v.obj.Weights[a])
	}
	slices.Sort(weights)
	weights = slices.Compact(weights)
	placed := int64(0)
	for _, a := range v.used {
		if a >= 0 {
			placed++
		}
	}
	if placed == 0 {
		return v.above(ctx, 0)
	}
	// Everyone can have weights[low]; not all can have weights[high].
	low, high := 0, len(weights)
	for high-low > 1 {
		middle := (low + high) / 2
		s := v.state(v.value(step{measure: Lowest}, weights[middle]))
		if err := newPhases(s).balanceAll(ctx); err != nil {
			return nil, err
		}
		if v.stage(s).Value == placed {
			low = middle
		} else {
			high = middle
		}
	}
	return v.above(ctx, weights[low])
}

// above makes the stage for a lowest weight, with the proof that not everyone
// can have more, and narrows the face to arcs of at least that weight.
func (v *solver) above(ctx context.Context, lowest int32) (*Stage, error) {
	s := v.state(v.value(step{measure: Lowest}, lowest+1))
	if err := newPhases(s).balanceAll(ctx); err != nil {
		return nil, err
	}
	st := v.stage(s)
	st.Measure, st.Above, st.Value = Lowest, st.Value, int64(lowest)
	v.filter(func(_ int, a int32) bool { return v.obj.Weights[a] >= lowest })
	return st, nil
}

package flow

import (
	"context"
	"slices"
)

// lowest finds, by halving, the highest weight such that everyone whom the stages
// before place can be placed by arcs that have at least that; -1 if they place
// nobody.
func (v *solver) lowest(ctx context.Context) (int32, error) {
	weights := make([]int32, 0, len(v.arcs))
	placed := int64(0)
	for s, used := range v.used {
		if !v.net.counts(s) {
			continue
		}
		for _, a := range v.arcs[v.first[s]:v.first[s+1]] {
			weights = append(weights, v.obj.Weights[a])
		}
		if used >= 0 {
			placed++
		}
	}
	slices.Sort(weights)
	weights = slices.Compact(weights)
	if placed == 0 {
		return -1, nil
	}
	// Everyone can have weights[low]; not all can have weights[high].
	low, high := 0, len(weights)
	for high-low > 1 {
		middle := (low + high) / 2
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		if v.reaches(weights[middle]) {
			low = middle
		} else {
			high = middle
		}
	}
	return weights[low], nil
}

// reaches reports whether everyone can have at least a weight, and if so takes such
// a placement to go on from.
func (v *solver) reaches(weight int32) bool {
	s := v.state(v.net.valuing(&v.obj, step{measure: Lowest}, weight))
	for _, a := range s.at {
		if a >= 0 && s.arcs[a].value < 0 {
			return false
		}
	}
	b := newPhases(s)
	for b.layer() {
		b.block()
	}
	if b.unbalanced() {
		return false
	}
	v.take(s)
	return true
}

// above takes the step Lowest for a lowest weight, with the proof that not everyone
// can have more, and narrows the face to arcs of at least that weight.
func (v *solver) above(ctx context.Context, lowest int32) (*Stage, error) {
	s := v.state(v.net.valuing(&v.obj, step{measure: Lowest}, lowest+1))
	if err := newPhases(s).balanceAll(ctx); err != nil {
		return nil, err
	}
	st := v.stage(s)
	// The duals of Placed count everyone who is placed.
	for i, u := range v.placed.Students {
		st.Students[i] += u
	}
	for o, p := range v.placed.Opportunities {
		st.Opportunities[o] += p
	}
	for k, p := range v.placed.Partners {
		st.Partners[k] += p
	}
	st.Measure, st.Above, st.Value = Lowest, v.placed.Value+st.Value, int64(lowest)
	v.filter(func(s int, a int32) bool { return v.obj.Weights[a] >= lowest || !v.net.counts(s) })
	return st, nil
}

package place

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// merit is what an objective compares, the first difference decides; students
// without a choice count in nothing.
func merit(m *market, at []int32) []int64 {
	p := m.p
	var placed, sum, ranks, kept int64
	lowest := int64(1 << 40)
	profile := make([]int64, 16)
	for s, o := range at {
		s := int32(s)
		if o < 0 || m.fixed(s) {
			continue
		}
		placed++
		weight := int64(m.weightOf(s, o))
		rank := int64(1)
		if e := p.Lists.find(s, o); e >= 0 {
			rank = int64(p.Lists.Rank[e])
		} else if from, to := p.Lists.Of(s); from < to {
			rank = int64(p.Lists.Rank[to-1]) + 1
		}
		sum += weight
		lowest = min(lowest, weight)
		ranks += rank
		profile[rank]++
		if p.Standing[s] == o {
			kept++
		}
	}
	merit := []int64{placed}
	switch m.options.Objective {
	case Welfare:
		merit = []int64{sum}
	case MaxPlaced:
		merit = append(merit, sum)
	case MinRank:
		merit = append(merit, -ranks)
	case Greedy:
		merit = append(merit, profile...)
	case Generous:
		for _, n := range slices.Backward(profile) {
			merit = append(merit, -n)
		}
	case Maximin:
		merit = append(merit, lowest, sum)
	case Stable, Serial:
	}
	if m.options.Keep == MinMoves {
		merit = append(merit, kept)
	}
	return merit
}

// reaches reports whether the minimums that must be reached are.
func reaches(p *Problem, at []int32) bool {
	for o, minimum := range p.Minimum {
		n := int32(0)
		for _, has := range at {
			if has == int32(o) {
				n++
			}
		}
		if !p.Cancels[o] && n < minimum {
			return false
		}
	}
	return true
}

// keepsReserves reports whether reserved seats have members only, and those who
// are sure of one that nobody else could be given.
func keepsReserves(m *market, at []int32) bool {
	p := *m.p
	strange := (&flowing{m: m}).strangers(m.newPool(false))
	var groups []owned[int32]
	for s, i := range strange {
		for _, g := range p.groups.of(int32(s)) {
			groups = append(groups, owned[int32]{int32(s), g})
		}
		if i >= 0 && at[s] == m.sure[s] {
			groups = append(groups, owned[int32]{int32(s), p.reserves.of(at[s])[i].group})
		}
	}
	p.groups = spansOf(len(at), groups, cmp.Compare[int32])
	for o := range p.Seats {
		var here []int32
		for s, has := range at {
			if has == int32(o) {
				here = append(here, int32(s))
			}
		}
		if !canSit(&p, int32(o), here) {
			return false
		}
	}
	return true
}

var flowObjectives = []Objective{Welfare, MaxPlaced, MinRank, Greedy, Generous, Maximin}

func TestFlowObjectivesAreTheBest(t *testing.T) {
	kept := anything
	kept.minima = true
	reserved := kept
	reserved.reserves = true
	for name, w := range map[string]wanted{"kept": kept, "reserves": reserved} {
		t.Run(name, func(t *testing.T) {
			checkOften(t, func(t *rapid.T) { checkFlow(t, w) })
		})
	}
}

func checkFlow(t *rapid.T, w wanted) {
	p := drawInstance(t, w).problem(t)
	o := drawOptions(t, flowObjectives...)
	if o.Keep == Full && rapid.Bool().Draw(t, "min moves") {
		o.Keep = MinMoves
	}
	m := marketOf(t, p, o)
	f, err := Solve(context.Background(), p, o)
	short, isShort := errors.AsType[*MinimumError](err)
	if err != nil && !isShort {
		t.Fatal(err)
	}
	if isShort && slices.ContainsFunc(short.Short, func(s Shortfall) bool { return s.Kept }) {
		t.Skip(err)
	}
	if f != nil {
		for _, o := range f.Cancelled {
			m.close(o)
		}
		if len(m.lost) > 0 {
			t.Skip("those who lost what they were sure of must be placed")
		}
	} else if slices.Contains(p.Cancels, true) {
		t.Skip("what was cancelled isn't known")
	}
	var best []int64
	for at := range placements(m) {
		if reaches(p, at) && keepsReserves(m, at) {
			if got := merit(m, at); best == nil || slices.Compare(got, best) > 0 {
				best = got
			}
		}
	}
	switch {
	case f == nil && best != nil:
		t.Fatalf("%v, but %v is possible", err, best)
	case f == nil:
		return
	case !reaches(p, f.At) || !keepsReserves(m, f.At):
		t.Fatalf("%v doesn't keep minimums and reserves", f.At)
	}
	if got := merit(m, f.At); !slices.Equal(got, best) {
		t.Fatalf("merit %v of %v, the best is %v", got, f.At, best)
	}
	checkFeasible(t, p, o, f)
}

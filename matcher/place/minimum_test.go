package place

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/kindred-match/kindred/matcher"
)

// Cancelling one after the other is what solving anew without them is.
func TestCancelledOpportunitiesAreThoseShortOfTheMost(t *testing.T) {
	w := wanted{students: 8, opportunities: 6, caps: true, tiers: true, reserves: true, minima: true}
	checkOften(t, func(t *rapid.T) {
		p := drawCancelling(t, w)
		o := drawOptions(t, Stable, Serial)
		f, err := Solve(context.Background(), p, o)
		if err != nil {
			t.Fatal(err)
		}
		for i := range f.Cancelled {
			q := without(p, f.Cancelled[:i])
			before, err := Solve(context.Background(), q, o)
			if err != nil {
				t.Fatal(err)
			}
			if got := shortest(p, before.Placed); got != f.Cancelled[i] {
				t.Fatalf("%d was cancelled, %d is short of the most", f.Cancelled[i], got)
			}
			if c := f.Certificate.Cancelled[i]; c.Placed != before.Placed[f.Cancelled[i]] || c.Opportunity != p.Opportunities[f.Cancelled[i]] {
				t.Fatalf("the certificate says %+v", c)
			}
		}
		last, err := Solve(context.Background(), without(p, f.Cancelled), o)
		if err != nil || !slices.Equal(last.At, f.At) || shortest(p, f.Placed) >= 0 {
			t.Fatalf("%v with %v cancelled, anew %v", f.At, f.Cancelled, last.At)
		}
	})
}

func drawCancelling(t *rapid.T, w wanted) *Problem {
	x := drawInstance(t, w)
	for i := range x.in.Opportunities {
		x.in.Opportunities[i].MinPolicy = matcher.MinCancel
	}
	return x.problem(t)
}

// With a flow, where several placements are optimal, the one that an opportunity
// was cancelled in is one of them.
func TestFlowsCancelInOptimalPlacements(t *testing.T) {
	w := wanted{students: 6, opportunities: 4, caps: true, reserves: true, standing: true, minima: true}
	checkOften(t, func(t *rapid.T) {
		p := drawCancelling(t, w)
		o := drawOptions(t, flowObjectives...)
		m := marketOf(t, p, o)
		f, err := Solve(context.Background(), p, o)
		skipUnsolvable(t, err)
		for i, c := range f.Cancelled {
			said := f.Certificate.Cancelled[i].Placed
			if !slices.ContainsFunc(optimal(m), func(placed []int32) bool { return placed[c] == said && shortest(p, placed) == c }) {
				t.Fatalf("no optimal placement has %d first to be cancelled, with %d students", c, said)
			}
			m.close(c)
		}
		if !slices.ContainsFunc(optimal(m), func(placed []int32) bool { return slices.Equal(placed, f.Placed) }) || shortest(p, f.Placed) >= 0 {
			t.Fatalf("%v with %v cancelled is not what it should be", f.At, f.Cancelled)
		}
	})
}

// optimal has by placement of the best merit how many students each opportunity
// has.
func optimal(m *market) [][]int32 {
	var best []int64
	var counts [][]int32
	for at := range placements(m) {
		if slices.ContainsFunc(m.lost, func(l lost) bool { return at[l.student] < 0 }) || !keepsReserves(m, at) {
			continue
		}
		got := merit(m, at)
		if c := slices.Compare(got, best); best == nil || c > 0 {
			best, counts = got, nil
		} else if c < 0 {
			continue
		}
		placed := make([]int32, len(m.p.Seats))
		for _, o := range at {
			if o >= 0 {
				placed[o]++
			}
		}
		counts = append(counts, placed)
	}
	return counts
}

// without is a problem without minimums and where some have no seats.
func without(p *Problem, cancelled []int32) *Problem {
	q := *p
	q.Minimum = make([]int32, len(p.Minimum))
	q.Seats = slices.Clone(p.Seats)
	for _, o := range cancelled {
		q.Seats[o] = 0
	}
	return &q
}

func shortest(p *Problem, placed []int32) int32 {
	at, most := none, int32(0)
	for o, n := range placed {
		if lacks := p.Minimum[o] - n; n > 0 && lacks > most {
			at, most = int32(o), lacks
		}
	}
	return at
}

// district is a problem of students s0, s1, ... with lists of opportunities
// given as their places in the input.
func district(t *testing.T, in Input, lists ...[]int32) *Problem {
	t.Helper()
	for i := range lists {
		in.Students = append(in.Students, matcher.Student{ID: fmt.Sprintf("s%d", i)})
	}
	p, err := NewProblem(in)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range p.StudentRows {
		var entries []Entry
		for i, o := range lists[row] {
			entries = append(entries, Entry{o, int32(i + 1), 1000})
		}
		p.Lists.Append(entries, false)
	}
	return p
}

func offer(id string, seats, minimum int32, policy matcher.MinPolicy) matcher.Opportunity {
	return matcher.Opportunity{ID: id, Seats: seats, MinSeats: minimum, MinPolicy: policy, Status: matcher.Published}
}

func TestMinimumsThatCannotBeReachedAreNamed(t *testing.T) {
	in := Input{Opportunities: []matcher.Opportunity{offer("a", 3, 2, matcher.MinHard), offer("b", 3, 3, matcher.MinHard), offer("c", 3, 0, matcher.MinHard)}}
	for _, o := range Objectives {
		_, err := Solve(t.Context(), district(t, in, []int32{0, 1}, []int32{0, 1}, []int32{1, 0, 2}), Options{Objective: o})
		short, ok := errors.AsType[*MinimumError](err)
		if !ok || !errors.Is(err, ErrMinimums) {
			t.Errorf("%s: %v", o, err)
			continue
		}
		if o.Flow() && (len(short.Short) != 2 || short.Needed != 5 || short.Available != 3) {
			t.Errorf("%s: %v", o, err)
		}
		want := map[Objective]string{
			Stable:  "the minimums can't be reached: b needs 3, has 1, is on the lists of 3",
			Welfare: "the minimums can't be reached: 2 opportunities need 5 students together, and 3 can be placed there: a needs 2, is on the lists of 3; b needs 3, is on the lists of 3",
		}[o]
		if want != "" && err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func TestMinimumsOfWhatIsNotOfferedDoNotCount(t *testing.T) {
	draft := offer("b", 3, 3, matcher.MinHard)
	draft.Status = matcher.Draft
	in := Input{Opportunities: []matcher.Opportunity{offer("a", 3, 1, matcher.MinHard), draft}}
	for _, o := range Objectives {
		f, err := Solve(t.Context(), district(t, in, []int32{0}), Options{Objective: o})
		if err != nil || f.Placed[0] != 1 {
			t.Errorf("%s: %v", o, err)
		}
	}
}

// A lock at an opportunity that would have to be cancelled is a promise that
// can't be kept.
func TestCancellingALockedPlacementIsRefused(t *testing.T) {
	in := Input{
		Opportunities: []matcher.Opportunity{offer("a", 3, 2, matcher.MinCancel), offer("b", 3, 0, matcher.MinHard)},
		Locks:         []Lock{{Student: "s0", Opportunity: "a", Action: Place}},
	}
	for _, o := range Objectives {
		_, err := Solve(t.Context(), district(t, in, []int32{0}, []int32{1}), Options{Objective: o})
		if short, ok := errors.AsType[*MinimumError](err); !ok || len(short.Short) != 1 || !short.Short[0].Kept {
			t.Errorf("%s: %v", o, err)
		}
	}
}

func TestFillOpensNothingUnderItsMinimum(t *testing.T) {
	in := Input{Opportunities: []matcher.Opportunity{offer("a", 3, 2, matcher.MinCancel), offer("b", 3, 0, matcher.MinHard)}}
	p := district(t, in, []int32{0}, nil)
	f, err := Solve(t.Context(), p, Options{Fill: everything(p)})
	if err != nil || !slices.Equal(f.At, []int32{1, 1}) || f.How[0] != Filled || f.Entry[0] != none {
		t.Errorf("%+v, %v", f, err)
	}
}

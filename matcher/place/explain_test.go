package place

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"github.com/kindred-match/kindred/matcher"
)

// The losses are those that exhaustive search finds.
func TestLossesAreExact(t *testing.T) {
	kept := anything
	kept.minima, kept.students = true, 4
	reserved := kept
	reserved.reserves = true
	for name, w := range map[string]wanted{"kept": kept, "reserves": reserved} {
		t.Run(name, func(t *testing.T) { checkOften(t, func(t *rapid.T) { checkLosses(t, w) }) })
	}
}

func checkLosses(t *rapid.T, w wanted) {
	p := drawInstance(t, w).problem(t)
	o := drawOptions(t, flowObjectives...)
	f, err := Solve(context.Background(), p, o)
	skipUnsolvable(t, err)
	x, err := NewExplainer(p, o, f)
	if err != nil {
		t.Fatal(err)
	}
	if len(x.m.lost) > 0 {
		t.Skip("those who lost what they were sure of must be placed")
	}
	have := merit(x.m, f.At)
	for s := range p.Students {
		s := int32(s)
		from, to := x.m.entries(s)
		for _, o := range p.Lists.Opportunity[from:to] {
			var best []int64
			for at := range placements(x.m) {
				if at[s] == o && reaches(p, at) && keepsReserves(x.m, at) {
					if got := merit(x.m, at); best == nil || slices.Compare(got, best) > 0 {
						best = got
					}
				}
			}
			losses, err := x.Losses(context.Background(), s, o)
			if best == nil {
				if !errors.Is(err, ErrNoSuchPlacement) {
					t.Fatalf("no placement has (%d, %d), but %v, %v", s, o, losses, err)
				}
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			if got, want := first(losses), firstDifference(have, best); got != want {
				t.Fatalf("(%d, %d) costs %+v, first %d, want %d", s, o, losses, got, want)
			}
		}
	}
}

// One search finds what placing everybody anew does.
func TestLossesOfLargerProblems(t *testing.T) {
	p := generated(t, 300, 30, 8, true)
	p.Partner, p.Caps, p.Partners = slices.Clone(p.Partner), make([]int32, 10), make([]string, 10)
	for o := range p.Partner {
		p.Partner[o] = int32(o % 10)
	}
	for k := range p.Caps {
		p.Caps[k], p.Partners[k] = 31, strconv.Itoa(k)
	}
	p.Minimum[7] = 10
	for _, o := range flowObjectives {
		f, err := Solve(t.Context(), p, Options{Objective: o})
		if err != nil {
			t.Fatal(err)
		}
		x, err := NewExplainer(p, Options{Objective: o}, f)
		if err != nil {
			t.Fatal(err)
		}
		for s := int32(0); s < 300; s += 149 {
			from, to := p.Lists.Of(s)
			for e := from; e < to; e++ {
				got, err := x.Losses(t.Context(), s, p.Lists.Opportunity[e])
				if err != nil {
					t.Fatal(err)
				}
				want, err := x.lossesAnew(t.Context(), s, e)
				if err != nil || !slices.Equal(got, want) {
					t.Fatalf("%s: entry %d of %d costs %+v, anew %+v, %v", o, e-from, s, got, want, err)
				}
			}
		}
	}
}

func first(losses []Loss) int64 {
	if len(losses) == 0 {
		return 0
	}
	return losses[0].Loss
}

func firstDifference(have, other []int64) int64 {
	for i := range have {
		if have[i] != other[i] {
			return have[i] - other[i]
		}
	}
	return 0
}

// Every student and every entry of a list has a reason that holds.
func TestReasonsHold(t *testing.T) {
	w := wanted{students: 7, opportunities: 4, caps: true, tiers: true, reserves: true, locks: true, standing: true}
	checkOften(t, func(t *rapid.T) {
		p := drawInstance(t, w).problem(t)
		o := drawOptions(t, Objectives...)
		f := solved(t, p, o)
		x, err := NewExplainer(p, o, f)
		if err != nil {
			t.Fatal(err)
		}
		for s := range p.Students {
			s := int32(s)
			reason := x.Student(s)
			from, to := p.Lists.Of(s)
			if (reason == Placed) != (f.At[s] >= 0) || (reason == NoCandidates) != (f.At[s] < 0 && from == to) {
				t.Fatalf("student %d at %d: %s", s, f.At[s], reason)
			}
			for o := range p.Opportunities {
				checkReason(t, x, s, int32(o))
			}
		}
	})
}

func checkReason(t *rapid.T, x *Explainer, s, o int32) {
	m, f, p := x.m, x.f, x.m.p
	answer := x.Pair(s, o)
	e := p.Lists.find(s, o)
	fail := func() { t.Fatalf("(%d, %d) in %v: %+v", s, o, f.At, answer) }
	here, full := len(x.seating.held[o]), f.Placed[o] == m.seats(o)
	switch answer.Reason {
	case Placed:
		if f.At[s] != o {
			fail()
		}
	case NotListed:
		if e >= 0 {
			fail()
		}
	case PlacedHigher:
		if has := p.Lists.find(s, f.At[s]); has < 0 || has > e {
			fail()
		}
	case LockedOut:
		if m.sure == nil {
			fail()
		}
	case BelowCutoff:
		if !full || here > 0 && !above(p, answer.Cutoff, answer.Own) {
			fail()
		}
	case PartnerFull:
		if full || p.Partner[o] < 0 {
			fail()
		}
	case ReserveFull:
		if len(p.reserves.of(o)) == 0 {
			fail()
		}
	case Tradeoff:
		if !m.options.Objective.Flow() {
			fail()
		}
	default:
		fail()
	}
	if answer.Reason != Placed && answer.Reason != NotListed && f.At[s] == o {
		fail()
	}
}

// above reports whether a has the higher priority.
func above(p *Problem, a, b *Cutoff) bool {
	tier := func(c *Cutoff) int32 {
		if c.Tier == 0 {
			return unlisted
		}
		return c.Tier
	}
	number := func(c *Cutoff) uint64 {
		n, err := strconv.ParseUint(c.Lottery, 10, 64)
		if err != nil {
			panic(err)
		}
		if p.Lottery.Reverse {
			return ^n
		}
		return n
	}
	switch {
	case tier(a) != tier(b):
		return tier(a) < tier(b)
	case a.Weight != b.Weight:
		return a.Weight > b.Weight
	default:
		return number(a) < number(b)
	}
}

func TestReasonsByName(t *testing.T) {
	one := int32(1)
	in := Input{
		Partners: []matcher.Partner{{ID: "p", MaxSeats: &one}},
		Opportunities: []matcher.Opportunity{
			offer("a", 1, 0, ""), offer("b", 2, 0, ""), offer("c", 2, 0, ""), offer("d", 1, 0, ""), offer("e", 5, 4, matcher.MinCancel),
		},
		Locks: []Lock{{Student: "s3", Opportunity: "d", Action: Place}},
		Priorities: []Priority{
			{"a", "s0", 1}, {"a", "s1", 2}, {"b", "s0", 1}, {"b", "s1", 1}, {"c", "s1", 2},
		},
	}
	in.Opportunities[1].Partner, in.Opportunities[2].Partner = "p", "p"
	p := district(t, in, []int32{0, 1}, []int32{4, 0, 2}, []int32{3, 2, 0}, []int32{0}, nil)
	f, err := Solve(t.Context(), p, Options{})
	if err != nil {
		t.Fatal(err)
	}
	x, err := NewExplainer(p, Options{}, f)
	if err != nil {
		t.Fatal(err)
	}
	at := numbered(p.Students)
	for _, c := range []struct {
		student     string
		opportunity int32
		want        Reason
	}{
		{"s0", 0, Placed},
		{"s0", 1, PlacedHigher},
		{"s0", 2, NotListed},
		{"s1", 4, CancelledMin},
		{"s1", 0, BelowCutoff},
		{"s1", 2, Placed},
		{"s2", 3, LockedOut},
		{"s2", 2, PartnerFull},
		{"s2", 0, BelowCutoff},
		{"s3", 0, LockedOut},
		{"s3", 3, Placed},
	} {
		if got := x.Pair(at[c.student], c.opportunity); got.Reason != c.want {
			t.Errorf("%s at %s: %+v, want %s", c.student, p.Opportunities[c.opportunity], got, c.want)
		}
	}
	for student, want := range map[string]Reason{"s0": Placed, "s2": Outcompeted, "s4": NoCandidates} {
		if got := x.Student(at[student]); got != want {
			t.Errorf("%s: %s, want %s", student, got, want)
		}
	}
	if a := x.Pair(at["s1"], 0); a.Own.Tier != 2 || a.Cutoff.Tier != 1 || a.Rank != 2 {
		t.Errorf("own %+v, cutoff %+v", a.Own, a.Cutoff)
	}
	more, err := x.OneMoreSeat(t.Context(), 0)
	if err != nil || p.Totals(more).Placed != p.Totals(f).Placed+1 {
		t.Errorf("one more seat: %+v, %v", p.Totals(more), err)
	}
}

package place

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/kindred-match/kindred/matcher"
)

// checkOften checks a property of small instances, of which many are needed.
func checkOften(t *testing.T, property func(*rapid.T)) {
	t.Helper()
	for range 5 {
		rapid.Check(t, property)
	}
}

// instance is a small problem, by ids, in the order of its rows.
type instance struct {
	in    Input
	lists map[string][]listed // by student
}

// listed is an entry of a list, by id.
type listed struct {
	opportunity  string
	rank, weight int32
}

// wanted says what an instance is to have.
type wanted struct {
	students, opportunities                        int
	caps, tiers, reserves, locks, standing, minima bool
}

var anything = wanted{students: 5, opportunities: 4, caps: true, tiers: true, locks: true, standing: true}

func drawInstance(t *rapid.T, w wanted) *instance {
	x := &instance{lists: make(map[string][]listed)}
	number := func(low, high int, name string) int { return rapid.IntRange(low, high).Draw(t, name) }
	yes := func(wanted bool, name string) bool { return wanted && number(0, 2, name) == 0 }
	x.in.Lottery = Lottery{Seed: uint64(number(0, 9, "seed")), Reverse: number(0, 5, "reverse") == 0}
	for i := range number(0, 2, "partners") {
		partner := matcher.Partner{ID: fmt.Sprintf("p%d", i)}
		if w.caps && number(0, 3, "has cap") > 0 {
			limit := int32(number(0, 3, "cap"))
			partner.MaxSeats = &limit
		}
		x.in.Partners = append(x.in.Partners, partner)
	}
	for i := range number(1, w.opportunities, "opportunities") {
		o := matcher.Opportunity{ID: fmt.Sprintf("o%d", i), Seats: int32(number(0, 3, "seats")), Status: matcher.Published, MinPolicy: matcher.MinHard}
		if n := len(x.in.Partners); n > 0 {
			if at := number(0, n, "partner"); at < n {
				o.Partner = x.in.Partners[at].ID
			}
		}
		if yes(w.minima, "minimum") {
			o.MinSeats = int32(number(1, 3, "min seats"))
			o.MinPolicy = rapid.SampledFrom(matcher.MinPolicies).Draw(t, "policy")
		}
		x.in.Opportunities = append(x.in.Opportunities, o)
		for g := range 2 {
			if yes(w.reserves, "reserve") {
				x.in.Reserves = append(x.in.Reserves, Reserve{o.ID, group(g), int32(number(1, 2, "reserved"))})
			}
		}
	}
	for i := range number(1, w.students, "students") {
		s := matcher.Student{ID: fmt.Sprintf("s%d", i)}
		for g := range 2 {
			if w.reserves && number(0, 1, "member") == 0 {
				s.Groups = append(s.Groups, group(g))
			}
		}
		x.in.Students = append(x.in.Students, s)
		x.drawRows(w, s.ID, number)
	}
	return x
}

func group(g int) matcher.Group { return matcher.Group{Name: "g", Value: fmt.Sprint(g)} }

// drawRows draws a student's list and what else refers to it.
func (x *instance) drawRows(w wanted, s string, number func(int, int, string) int) {
	rank := int32(0)
	order := rand.New(rand.NewPCG(uint64(number(0, 1000, "order")), 0)).Perm(len(x.in.Opportunities))
	for _, i := range order {
		o := x.in.Opportunities[i].ID
		if w.tiers && number(0, 2, "has tier") == 0 {
			x.in.Priorities = append(x.in.Priorities, Priority{o, s, int32(number(1, 3, "tier"))})
		}
		rank += int32(number(1, 2, "rank step"))
		if number(0, 3, "listed") > 0 {
			x.lists[s] = append(x.lists[s], listed{o, rank, int32(number(1, 4, "weight"))})
		}
	}
	o := x.in.Opportunities[number(0, len(x.in.Opportunities)-1, "kept")].ID
	if w.locks && number(0, 5, "lock") == 0 {
		x.in.Locks = append(x.in.Locks, Lock{Student: s, Opportunity: o, Action: Place})
	}
	if w.standing && number(0, 2, "standing") == 0 {
		x.in.Standing = append(x.in.Standing, Standing{s, o})
	}
}

// problem makes the problem of an instance, or skips where the locks are bad.
func (x *instance) problem(t *rapid.T) *Problem {
	p, err := NewProblem(x.in)
	if _, bad := errors.AsType[*RowError](err); bad {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	at := numbered(p.Opportunities)
	for _, s := range p.Students {
		var entries []Entry
		for _, l := range x.lists[s] {
			entries = append(entries, Entry{at[l.opportunity], l.rank, l.weight})
		}
		p.Lists.Append(entries, false)
	}
	p.Weigh = func(s, o int32) int32 { return 1 + (s+2*o)%5 }
	return p
}

// shuffled has the rows in another order.
func (x *instance) shuffled(seed uint64) *instance {
	y := *x
	r := rand.New(rand.NewPCG(seed, 1))
	y.in.Students = shuffle(r, x.in.Students)
	y.in.Opportunities = shuffle(r, x.in.Opportunities)
	y.in.Partners = shuffle(r, x.in.Partners)
	y.in.Priorities = shuffle(r, x.in.Priorities)
	y.in.Locks = shuffle(r, x.in.Locks)
	y.in.Reserves = shuffle(r, x.in.Reserves)
	y.in.Standing = shuffle(r, x.in.Standing)
	return &y
}

func shuffle[T any](r *rand.Rand, rows []T) []T {
	other := make([]T, len(rows))
	for i, at := range r.Perm(len(rows)) {
		other[i] = rows[at]
	}
	return other
}

// everything is eligible, with scores that repeat.
func everything(p *Problem) func(int32, []int32) iter.Seq2[int32, float64] {
	return func(s int32, open []int32) iter.Seq2[int32, float64] {
		return func(yield func(int32, float64) bool) {
			for _, score := range []int32{2, 1, 0} {
				for _, o := range open {
					if (s+o)%3 == score && !yield(o, float64(score)/4) {
						return
					}
				}
			}
		}
	}
}

// placements yields every way to place the students, each at an opportunity of
// its list or what it is sure of, within seats and caps. The slice is reused.
func placements(m *market) iter.Seq[[]int32] {
	p := m.p
	return func(yield func([]int32) bool) {
		at := make([]int32, len(p.Students))
		left, partners := make([]int32, len(p.Seats)), append([]int32{}, p.Caps...)
		for o := range left {
			left[o] = m.seats(int32(o))
		}
		var place func(s int32) bool
		place = func(s int32) bool {
			if int(s) == len(at) {
				return yield(at)
			}
			from, to := m.entries(s)
			choices := append([]int32{}, p.Lists.Opportunity[from:to]...)
			if m.sure == nil || m.sure[s] < 0 {
				choices = append(choices, none)
			} else if o := m.after(s); o >= 0 {
				choices = append(choices, o)
			}
			for _, o := range choices {
				at[s] = o
				if o < 0 {
					if !place(s + 1) {
						return false
					}
					continue
				}
				partner := p.Partner[o]
				if left[o] == 0 || partner >= 0 && partners[partner] == 0 {
					continue
				}
				left[o]--
				if partner >= 0 {
					partners[partner]--
				}
				more := place(s + 1)
				left[o]++
				if partner >= 0 {
					partners[partner]++
				}
				if !more {
					return false
				}
			}
			return true
		}
		place(0)
	}
}

// skipUnsolvable skips where there can be no placement, or where the options
// don't go together with the problem. Another error is a failure.
func skipUnsolvable(t *rapid.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	_, minimums := errors.AsType[*MinimumError](err)
	_, options := errors.AsType[*OptionError](err)
	if minimums || options {
		t.Skip(err)
	}
	t.Fatal(err)
}

// solved solves, and skips where the standing placements can't be kept.
func solved(t *rapid.T, p *Problem, o Options) *Placement {
	f, err := Solve(context.Background(), p, o)
	if _, bad := errors.AsType[*OptionError](err); bad {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func drawOptions(t *rapid.T, objectives ...Objective) Options {
	return Options{
		Objective: rapid.SampledFrom(objectives).Draw(t, "objective"),
		Priority:  rapid.SampledFrom([]PriorityRule{ByLottery, ByScore}).Draw(t, "priority"),
		Reserves:  rapid.SampledFrom([]ReserveOrder{ReservesFirst, ReservesLast}).Draw(t, "reserves"),
		Keep:      rapid.SampledFrom([]Keep{Full, Freeze, NoWorse}).Draw(t, "keep"),
	}
}

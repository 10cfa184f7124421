package place

import (
	"errors"
	"slices"
	"testing"

	"github.com/kindred-match/kindred/matcher"
)

// The numbers are those of openssl dgst -sha256 -hmac SEED.
func TestLotteryNumbers(t *testing.T) {
	for _, c := range []struct {
		seed    uint64
		student string
		want    uint64
	}{{1, "s1", 0xb69582d2911c6656}, {20260901, "student-042", 0xf68745ae2eb2a26e}} {
		if got := (Lottery{Seed: c.seed}).Numbers([]string{c.student})[0]; got != c.want {
			t.Errorf("seed %d gives %s the number %x, want %x", c.seed, c.student, got, c.want)
		}
	}
}

func TestLotteryOrder(t *testing.T) {
	l := Lottery{Seed: 7}
	ids := []string{"a", "b", "c", "d", "e", "f"}
	numbers := l.Numbers(ids)
	order := l.Order(ids)
	for i := range order[1:] {
		if numbers[order[i]] > numbers[order[i+1]] {
			t.Errorf("order %v of numbers %x", order, numbers)
		}
	}
	l.Reverse = true
	reversed := l.Order(ids)
	slices.Reverse(reversed)
	if !slices.Equal(order, reversed) {
		t.Errorf("order %v, reversed %v", order, reversed)
	}
	// Equal numbers go by id, whatever comes first otherwise.
	if got := l.order([]string{"b", "a"}, []uint64{5, 5}); !slices.Equal(got, []int32{1, 0}) {
		t.Errorf("equal numbers: %v", got)
	}
}

func TestBadRowsAreNamed(t *testing.T) {
	one, zero := int32(1), int32(0)
	in := Input{
		Students:      []matcher.Student{{ID: "s1"}, {ID: "s2"}, {ID: "s3"}},
		Partners:      []matcher.Partner{{ID: "p", MaxSeats: &one}, {ID: "closed", MaxSeats: &zero}},
		Opportunities: []matcher.Opportunity{{ID: "a", Seats: 1}, {ID: "b", Seats: 2, Partner: "p"}, {ID: "c", Seats: 1, Partner: "closed"}},
	}
	lock := func(s, o string) Lock { return Lock{Student: s, Opportunity: o, Action: Place} }
	for name, c := range map[string]struct {
		add  func(in *Input)
		want string
	}{
		"student":  {func(in *Input) { in.Priorities = []Priority{{"a", "s9", 1}} }, "priorities: row 1: its student is not listed in students"},
		"offer":    {func(in *Input) { in.Reserves = []Reserve{{"z", matcher.Group{}, 1}} }, "reserves: row 1: its opportunity is not listed in opportunities"},
		"twice":    {func(in *Input) { in.Locks = []Lock{lock("s1", "a"), lock("s1", "b")} }, "locks: row 2: a student has at most one lock that places it"},
		"seats":    {func(in *Input) { in.Locks = []Lock{lock("s1", "a"), lock("s2", "b"), lock("s3", "a")} }, "locks: row 3: there are more locks that place students than opportunity a has seats"},
		"cap":      {func(in *Input) { in.Locks = []Lock{lock("s1", "b"), lock("s2", "b")} }, "locks: row 2: there are more locks that place students than the max_seats of partner p"},
		"no cap":   {func(in *Input) { in.Locks = []Lock{lock("s1", "c")} }, "locks: row 1: there are more locks that place students than the max_seats of partner closed"},
		"standing": {func(in *Input) { in.Standing = []Standing{{"s1", "a"}, {"s1", "b"}} }, "placements: row 2: a student may not have two placements"},
	} {
		t.Run(name, func(t *testing.T) {
			bad := in
			c.add(&bad)
			_, err := NewProblem(bad)
			if row, ok := errors.AsType[*RowError](err); !ok || err.Error() != c.want {
				t.Errorf("%v (%v), want %s", err, row, c.want)
			}
		})
	}
}

// A lock goes before a standing placement.
func TestStandingPlacementsThatLocksAreAgainst(t *testing.T) {
	p, err := NewProblem(Input{
		Students:      []matcher.Student{{ID: "s1"}, {ID: "s2"}, {ID: "s3"}},
		Opportunities: []matcher.Opportunity{{ID: "a", Seats: 3}, {ID: "b", Seats: 3}},
		Locks:         []Lock{{Student: "s1", Opportunity: "a", Action: Place}, {Student: "s2", Opportunity: "b", Action: Forbid}},
		Standing:      []Standing{{"s1", "b"}, {"s2", "b"}, {"s3", "b"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for s, id := range p.Students {
		if want := map[string]int32{"s1": none, "s2": none, "s3": 1}[id]; p.Standing[s] != want {
			t.Errorf("%s stands at %d, want %d", id, p.Standing[s], want)
		}
	}
}

func TestOptionsThatCannotBe(t *testing.T) {
	for want, o := range map[string]Options{
		"objective": {Objective: "best"},
		"priority":  {Priority: "age"},
		"reserves":  {Reserves: "middle"},
		"keep":      {Keep: "some"},
	} {
		if bad, ok := errors.AsType[*OptionError](second(Solve(t.Context(), &Problem{}, o))); !ok || bad.Option != want {
			t.Errorf("%+v: %v", o, bad)
		}
	}
	for _, objective := range []Objective{Stable, Serial} {
		if _, err := Solve(t.Context(), &Problem{}, Options{Objective: objective, Keep: MinMoves}); err == nil {
			t.Errorf("%s makes the fewest moves", objective)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestListsThatDoNotFit(t *testing.T) {
	in := Input{Opportunities: []matcher.Opportunity{{ID: "a", Seats: 1}}, Students: []matcher.Student{{ID: "s"}}}
	for name, entries := range map[string][][]Entry{"none": nil, "beyond": {{{Opportunity: 1}}}, "too many": {nil, nil}} {
		p, err := NewProblem(in)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			p.Lists.Append(e, false)
		}
		if _, err := Solve(t.Context(), p, Options{}); !errors.Is(err, ErrLists) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNobodyAndNothing(t *testing.T) {
	for _, in := range []Input{{}, {Students: []matcher.Student{{ID: "s"}}}, {Opportunities: []matcher.Opportunity{{ID: "a", Seats: 1}}}} {
		for _, o := range Objectives {
			p, err := NewProblem(in)
			if err != nil {
				t.Fatal(err)
			}
			p.Lists.First = append(p.Lists.First, 0)
			for range p.Students {
				p.Lists.Append(nil, false)
			}
			f, err := Solve(t.Context(), p, Options{Objective: o})
			if err != nil {
				t.Errorf("%s: %v", o, err)
				continue
			}
			if totals := p.Totals(f); totals.Placed != 0 || len(totals.Profile) != 0 {
				t.Errorf("%s: %+v", o, totals)
			}
		}
	}
}

func TestTotalsAndMoves(t *testing.T) {
	p := district(t, Input{
		Opportunities: []matcher.Opportunity{offer("a", 1, 0, ""), offer("b", 2, 0, ""), offer("c", 2, 0, "")},
		Locks:         []Lock{{Student: "s3", Opportunity: "c", Action: Place}},
		Standing:      []Standing{{"s0", "a"}, {"s1", "c"}},
	}, []int32{0, 1}, []int32{0, 1}, []int32{0, 1}, []int32{0})
	p.Weigh = func(int32, int32) int32 { return 7 }
	f, err := Solve(t.Context(), p, Options{Keep: Freeze})
	if err != nil {
		t.Fatal(err)
	}
	got := p.Totals(f)
	if got.Placed != 4 || !slices.Equal(got.Profile, []int64{1, 1}) || got.TotalRank != 3 || got.TotalScore != 2014 {
		t.Errorf("totals %+v", got)
	}
	if moves := p.Moves(f); moves != 0 {
		t.Errorf("%d moves", moves)
	}
	f, err = Solve(t.Context(), p, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if moves := p.Moves(f); moves < 1 {
		t.Errorf("%d moves", moves)
	}
}

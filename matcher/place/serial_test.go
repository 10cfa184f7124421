package place

import (
	"context"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// canSit reports whether students can sit at an opportunity so that each
// reserved seat has a member of its group or nobody.
func canSit(p *Problem, o int32, students []int32) bool {
	var seats []int32 // by seat its group, or -1
	for _, r := range p.reserves.of(o) {
		seats = append(seats, slices.Repeat([]int32{r.group}, int(r.seats))...)
	}
	for int32(len(seats)) < p.Seats[o] {
		seats = append(seats, none)
	}
	used := make([]bool, len(seats))
	var sit func(i int) bool
	sit = func(i int) bool {
		if i == len(students) {
			return true
		}
		for at, g := range seats {
			if used[at] || g >= 0 && !slices.Contains(p.groups.of(students[i]), g) {
				continue
			}
			used[at] = true
			if sit(i + 1) {
				return true
			}
			used[at] = false
		}
		return false
	}
	return sit(0)
}

// dictate is serial dictatorship straight from the rules.
func dictate(m *market) []int32 {
	p := m.p
	at := make([]int32, len(p.Students))
	for s := range at {
		at[s] = none
		if m.sure != nil {
			at[s] = m.sure[s]
		}
	}
	free := func(s, o int32) bool {
		var here []int32
		with := int32(0)
		for other, has := range at {
			if int32(other) == s || has < 0 {
				continue
			}
			if has == o {
				here = append(here, int32(other))
			}
			if p.Partner[o] >= 0 && p.Partner[has] == p.Partner[o] {
				with++
			}
		}
		return canSit(p, o, append(here, s)) && (p.Partner[o] < 0 || with < p.Caps[p.Partner[o]])
	}
	for s := range at {
		from, to := m.entries(int32(s))
		for _, o := range p.Lists.Opportunity[from:to] {
			if o == at[s] || free(int32(s), o) {
				at[s] = o
				break
			}
		}
	}
	return at
}

func TestSerialIsDictatorship(t *testing.T) {
	reserves := anything
	reserves.reserves, reserves.locks, reserves.standing = true, false, false
	for name, w := range map[string]wanted{"kept": anything, "reserves": reserves} {
		t.Run(name, func(t *testing.T) {
			checkOften(t, func(t *rapid.T) {
				p := drawInstance(t, w).problem(t)
				o := drawOptions(t, Serial)
				m := marketOf(t, p, o)
				f := solved(t, p, o)
				if want := dictate(m); !slices.Equal(f.At, want) {
					t.Fatalf("placed %v, want %v", f.At, want)
				}
			})
		})
	}
}

// What is counted as blocking, and as waived, is what the definition says.
func TestBlockingPairsAreCounted(t *testing.T) {
	w := anything
	w.students = 6
	checkOften(t, func(t *rapid.T) {
		p := drawInstance(t, w).problem(t)
		o := drawOptions(t, Serial, Stable)
		if rapid.Bool().Draw(t, "fill") {
			o.Fill = everything(p)
		}
		m := marketOf(t, p, o)
		f := solved(t, p, o)
		o.Keep = Full
		plain := marketOf(t, p, o)
		plain.sure, plain.end, plain.tail = nil, nil, nil
		// A filled seat's weight is its own.
		block := func(m *market, at []int32, s, o int32) bool { return blocksFilled(m, f, s, o) }
		blocking, all := blockingPairs(m, f.At, block), blockingPairs(plain, f.At, block)
		if f.BlockingPairs != blocking || f.Waived != all-blocking {
			t.Fatalf("%d block and %d are waived, want %d and %d", f.BlockingPairs, f.Waived, blocking, all-blocking)
		}
	})
}

func blocksFilled(m *market, f *Placement, s, o int32) bool {
	q := *m.p
	q.Weigh = func(s, o int32) int32 {
		if f.How[s] == Filled && f.At[s] == o {
			return f.Weight[s]
		}
		return m.p.weigh(s, o)
	}
	n := *m
	n.p = &q
	return blocks(&n, f.At, s, o)
}

// Whatever the order of the rows and the number of workers, the placement is
// the same.
func TestRowsAndWorkersDoNotMatter(t *testing.T) {
	w := wanted{students: 8, opportunities: 5, caps: true, tiers: true, reserves: true, locks: true, standing: true, minima: true}
	checkOften(t, func(t *rapid.T) {
		x := drawInstance(t, w)
		p, q := x.problem(t), x.shuffled(7).problem(t)
		o := drawOptions(t, Objectives...)
		o.Fill, o.Workers = everything(p), 1
		f, err := Solve(context.Background(), p, o)
		o.Workers = 3
		g, err2 := Solve(context.Background(), q, o)
		if err != nil || err2 != nil {
			if err == nil || err2 == nil || err.Error() != err2.Error() {
				t.Fatalf("%v, in another order %v", err, err2)
			}
			return
		}
		if !slices.Equal(f.At, g.At) || !slices.Equal(f.How, g.How) || f.BlockingPairs != g.BlockingPairs {
			t.Fatalf("%v, in another order %v", f.At, g.At)
		}
		checkFeasible(t, p, o, f)
	})
}

// checkFeasible checks what holds for every placement.
func checkFeasible(t *rapid.T, p *Problem, o Options, f *Placement) {
	here, with := make([]int32, len(p.Seats)), make([]int32, len(p.Caps))
	for s, at := range f.At {
		if lock := p.Locked[s]; lock >= 0 && at != lock {
			t.Fatalf("student %d is locked at %d and placed at %d", s, lock, at)
		}
		switch stands := p.Standing[s]; {
		case o.Keep == Freeze && stands >= 0 && p.Locked[s] < 0 && at != stands:
			t.Fatalf("student %d stands at %d and is placed at %d", s, stands, at)
		case o.Keep == NoWorse && stands >= 0 && p.Locked[s] < 0:
			e := p.Lists.find(int32(s), stands)
			if at < 0 || at != stands && e >= 0 && (f.Entry[s] < 0 || f.Entry[s] > e) {
				t.Fatalf("student %d stands at %d and is worse off at %d", s, stands, at)
			}
		}
		if at < 0 {
			continue
		}
		here[at]++
		if k := p.Partner[at]; k >= 0 {
			with[k]++
		}
	}
	for at, n := range here {
		if n > p.Seats[at] || n != f.Placed[at] {
			t.Fatalf("opportunity %d has %d students in %d seats, and %d are said", at, n, p.Seats[at], f.Placed[at])
		}
		if !p.Cancels[at] && n < p.Minimum[at] || p.Cancels[at] && n > 0 && n < p.Minimum[at] {
			t.Fatalf("opportunity %d has %d students and needs %d", at, n, p.Minimum[at])
		}
	}
	for k, n := range with {
		if n > p.Caps[k] {
			t.Fatalf("partner %d has %d students, its cap is %d", k, n, p.Caps[k])
		}
	}
}

func TestFillTakesTheBestFreeSeat(t *testing.T) {
	w := anything
	w.locks, w.standing = false, false
	checkOften(t, func(t *rapid.T) {
		p := drawInstance(t, w).problem(t)
		o := drawOptions(t, Stable, Serial)
		before := solved(t, p, o)
		o.Fill = everything(p)
		f := solved(t, p, o)
		at := slices.Clone(before.At)
		for s := range at {
			if at[s] >= 0 {
				continue
			}
			best, most := none, -1.0
			for o := range int32(len(p.Opportunities)) {
				score := float64((int32(s)+o)%3) / 4 // as everything says
				if free(p, at, o) && (score > most || score == most && o < best) {
					best, most = o, score
				}
			}
			at[s] = best
		}
		if !slices.Equal(f.At, at) {
			t.Fatalf("filled %v, want %v", f.At, at)
		}
	})
}

func free(p *Problem, at []int32, o int32) bool {
	var here, with int32
	for _, has := range at {
		if has == o {
			here++
		}
		if has >= 0 && p.Partner[o] >= 0 && p.Partner[has] == p.Partner[o] {
			with++
		}
	}
	return here < p.Seats[o] && (p.Partner[o] < 0 || with < p.Caps[p.Partner[o]])
}

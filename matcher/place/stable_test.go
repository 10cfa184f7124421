package place

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// unlisted is the tier after all others.
const unlisted = int32(MaxRank + 1)

func tierOf(p *Problem, s, o int32) int32 {
	for _, t := range p.tiers.of(s) {
		if t.opportunity == o {
			return t.tier
		}
	}
	return unlisted
}

// before reports, straight from the rules, whether the pair (s, o) has higher
// priority than (other, at).
func before(m *market, s, o, other, at int32) bool {
	p := m.p
	if m.isSure(s, o) != m.isSure(other, at) {
		return m.isSure(s, o)
	}
	if a, b := tierOf(p, s, o), tierOf(p, other, at); a != b {
		return a < b
	}
	if m.options.Priority == ByScore {
		if a, b := m.weightOf(s, o), m.weightOf(other, at); a != b {
			return a > b
		}
	}
	if a, b := p.Numbers[s], p.Numbers[other]; a != b {
		return a < b != p.Lottery.Reverse
	}
	return p.Students[s] < p.Students[other]
}

// blocks reports, straight from the definition and without reserves, whether
// (s, o) blocks a placement.
func blocks(m *market, at []int32, s, o int32) bool {
	p := m.p
	var here, with int32
	lowerHere, lowerWith := false, false
	for other, has := range at {
		if has < 0 {
			continue
		}
		if has == o {
			here++
			lowerHere = lowerHere || before(m, s, o, int32(other), has)
		}
		if p.Partner[o] >= 0 && p.Partner[has] == p.Partner[o] {
			with++
			lowerWith = lowerWith || before(m, s, o, int32(other), has)
		}
	}
	free := here < m.seats(o)
	partnerFree := p.Partner[o] < 0 || with < p.Caps[p.Partner[o]]
	switch {
	case free && partnerFree:
		return true
	case !free && m.seats(o) > 0 && lowerHere:
		return true
	default:
		return free && !partnerFree && lowerWith
	}
}

// blockingPairs counts them over the entries that may be given to a student.
func blockingPairs(m *market, at []int32, block func(m *market, at []int32, s, o int32) bool) (count int64) {
	for s, has := range at {
		from, to := m.entries(int32(s))
		for _, o := range m.p.Lists.Opportunity[from:to] {
			if o == has {
				break
			}
			if block(m, at, int32(s), o) {
				count++
			}
		}
	}
	return count
}

// place on the list of what a student has: the smaller the better.
func likes(p *Problem, s, o int32) int32 {
	if o < 0 {
		return MaxRank
	}
	if e := p.Lists.find(s, o); e >= 0 {
		return e
	}
	return MaxRank - 1
}

func marketOf(t *rapid.T, p *Problem, o Options) *market {
	o, err := o.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	m, err := newMarket(p, o)
	skipUnsolvable(t, err)
	return m
}

// The placement is stable, and no stable one is better for any student.
func TestStableIsBestForEveryStudent(t *testing.T) {
	checkOften(t, func(t *rapid.T) { checkBest(t, anything, blocks) })
}

func checkBest(t *rapid.T, w wanted, block func(m *market, at []int32, s, o int32) bool) {
	p := drawInstance(t, w).problem(t)
	o := drawOptions(t, Stable)
	m := marketOf(t, p, o)
	f := solved(t, p, o)
	if n := blockingPairs(m, f.At, block); n != 0 || f.BlockingPairs != 0 {
		t.Fatalf("%d pairs block, counted %d", n, f.BlockingPairs)
	}
	for at := range placements(m) {
		if blockingPairs(m, at, block) > 0 {
			continue
		}
		for s := range at {
			if likes(p, int32(s), at[s]) < likes(p, int32(s), f.At[s]) {
				t.Fatalf("the stable placement %v is better for student %d than %v", at, s, f.At)
			}
		}
		for o := range p.Opportunities {
			checkRural(t, m, f, at, int32(o), w)
		}
	}
}

// The Rural Hospitals theorem (Roth 1986): without caps and reserves an
// opportunity that doesn't fill its seats has the same students in every stable
// placement.
func checkRural(t *rapid.T, m *market, f *Placement, at []int32, o int32, w wanted) {
	if w.caps || w.reserves || f.Placed[o] == m.seats(o) {
		return
	}
	for s := range at {
		if (at[s] == o) != (f.At[s] == o) {
			t.Fatalf("opportunity %d is not full and has other students in %v than in %v", o, at, f.At)
		}
	}
}

func TestOpportunitiesThatAreNotFullHaveTheSameStudents(t *testing.T) {
	w := anything
	w.caps = false
	checkOften(t, func(t *rapid.T) { checkBest(t, w, blocks) })
}

// keptFor is how many seats of an opportunity are kept for each group, once those
// of some students who are sure have theirs: what these leave goes to the first
// groups.
func keptFor(m *market, o int32, of []int32) map[int32]int32 {
	p, seats := m.p, m.seats(o)
	reserved := make(map[int32]int32)
	for _, r := range p.reserves.of(o) {
		reserved[r.group] = r.seats
	}
	for _, s := range of {
		if !m.isSure(s, o) {
			continue
		}
		seats--
		for g := range int32(len(p.Groups)) {
			if reserved[g] > 0 && slices.Contains(p.groups.of(s), g) {
				reserved[g]--
				break
			}
		}
	}
	for g := range int32(len(p.Groups)) {
		reserved[g] = max(0, min(reserved[g], seats))
		seats -= reserved[g]
	}
	return reserved
}

// chosen is, straight from the rules, whom an opportunity with reserves would
// choose of some students, sorted by priority.
func chosen(m *market, o int32, of []int32) map[int32]bool {
	p, seats := m.p, m.seats(o)
	taken := make(map[int32]bool)
	reserved := keptFor(m, o, of)
	take := func(most int32, may func(s int32) bool) {
		for _, s := range of {
			if most > 0 && seats > 0 && !taken[s] && may(s) {
				taken[s] = true
				most--
				seats--
			}
		}
	}
	in := func(g int32) func(int32) bool {
		return func(s int32) bool { return slices.Contains(p.groups.of(s), g) }
	}
	take(seats, func(s int32) bool { return m.isSure(s, o) })
	anyone := func(int32) bool { return true }
	if m.options.Reserves == ReservesLast {
		open := seats
		for _, n := range reserved {
			open -= n
		}
		take(open, anyone)
	}
	for g := range int32(len(p.Groups)) {
		take(reserved[g], in(g))
	}
	take(seats, anyone)
	return taken
}

// blocksWithReserves asks whether the opportunity, and then its partner, would
// choose the student. With a partner, members whose seats are reserved come
// before all others but those who are sure.
func blocksWithReserves(m *market, at []int32, s, o int32) bool {
	p := m.p
	offers := make(map[int32][]int32) // by opportunity, sorted by priority
	add := func(s, o int32) {
		of := offers[o]
		i := 0
		for i < len(of) && before(m, of[i], o, s, o) {
			i++
		}
		offers[o] = append(of[:i:i], append([]int32{s}, of[i:]...)...)
	}
	for other, has := range at {
		if has >= 0 {
			add(int32(other), has)
		}
	}
	add(s, o)
	here := chosen(m, o, offers[o])
	partner := p.Partner[o]
	if !here[s] || partner < 0 {
		return here[s]
	}
	ahead := int32(0) // pairs of the partner that come before (s, o)
	level := func(s, o int32, chosen []int32) int {
		if m.isSure(s, o) {
			return 0
		}
		counted := make(map[int32]bool)
		kept := keptFor(m, o, chosen)
		for g := range int32(len(p.Groups)) {
			for _, other := range chosen {
				if kept[g] > 0 && !m.isSure(other, o) && !counted[other] && slices.Contains(p.groups.of(other), g) {
					counted[other] = true
					kept[g]--
				}
			}
		}
		if counted[s] {
			return 1
		}
		return 2
	}
	remaining := func(o2 int32) (list []int32) {
		for _, x := range offers[o2] {
			if o2 != o || here[x] {
				list = append(list, x)
			}
		}
		return list
	}
	own := level(s, o, remaining(o))
	for o2 := range offers {
		if p.Partner[o2] != partner {
			continue
		}
		list := remaining(o2)
		for _, x := range list {
			l := level(x, o2, list)
			if (x != s || o2 != o) && (l < own || l == own && !before(m, s, o, x, o2)) {
				ahead++
			}
		}
	}
	return ahead < p.Caps[partner]
}

func TestStableWithReservesIsBestForEveryStudent(t *testing.T) {
	w := anything
	w.reserves, w.caps = true, false
	checkOften(t, func(t *rapid.T) { checkBest(t, w, blocksWithReserves) })
}

func TestStableWithReservesAndCapsIsBestForEveryStudent(t *testing.T) {
	w := anything
	w.reserves = true
	checkOften(t, func(t *rapid.T) { checkBest(t, w, blocksWithReserves) })
}

// One more seat at an opportunity whose partner has no cap, or one more under
// the cap of all that a partner has, is worse for nobody.
func TestMoreSeatsNeverHurt(t *testing.T) {
	w := wanted{students: 9, opportunities: 5, caps: true, tiers: true, reserves: true}
	checkOften(t, func(t *rapid.T) {
		p := drawInstance(t, w).problem(t)
		o := drawOptions(t, Stable)
		before := solved(t, p, o)
		q := *p
		q.Seats, q.Caps = slices.Clone(p.Seats), slices.Clone(p.Caps)
		if at := rapid.IntRange(0, len(p.Seats)-1).Draw(t, "more"); p.Partner[at] < 0 {
			q.Seats[at]++
		} else if len(p.reserves.rows) == 0 {
			q.Caps[p.Partner[at]]++
		}
		after := solved(t, &q, o)
		for s := range p.Students {
			if likes(p, int32(s), after.At[s]) > likes(p, int32(s), before.At[s]) {
				t.Fatalf("student %d has %d, with more seats %d", s, before.At[s], after.At[s])
			}
		}
	})
}

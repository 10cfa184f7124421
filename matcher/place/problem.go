package place

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/kindred-match/kindred/matcher"
)

const none = int32(-1)

// Input are the rows that a problem is made of, in any order. They are as a
// district folder has them after its checks: ids are unique, and what is
// referred to exists.
type Input struct {
	Lottery       Lottery
	Students      []matcher.Student // ids and groups are used
	Opportunities []matcher.Opportunity
	Partners      []matcher.Partner
	Priorities    []Priority
	Locks         []Lock
	Reserves      []Reserve
	Standing      []Standing
	// Offered says of an opportunity whether the run places students there: it
	// is published, within its window, of the term that was asked for. The
	// minimum of one that isn't doesn't count. nil: the published ones.
	Offered func(*matcher.Opportunity) bool
}

// Problem is what is to be solved, in canonical order: students by lottery,
// opportunities, partners and groups by id. The same content makes the same
// problem, whatever the order of the rows. Its fields are for reading; Lists
// and Weigh are set before it is solved.
type Problem struct {
	Lottery Lottery
	// Students are ids by lottery order; StudentRows has the row of each in the
	// input, Numbers its number in the lottery.
	Students    []string
	StudentRows []int32
	Numbers     []uint64

	// Opportunities are ids, ascending; OpportunityRows has the row of each.
	Opportunities   []string
	OpportunityRows []int32
	Seats           []int32
	Minimum         []int32
	Cancels         []bool // by opportunity: under its minimum it is cancelled

	// Partners are the ids of the partners with a cap, ascending.
	Partners []string
	Caps     []int32
	Partner  []int32 // by opportunity; -1 where there is no capped one

	// Groups are those that seats are reserved for, by name and value.
	Groups   []matcher.Group
	reserves spans[reserve] // by opportunity, by group
	groups   spans[int32]   // by student
	tiers    spans[tier]    // by student, by opportunity

	// Locked and Standing are by student the opportunity, or -1. A standing
	// placement that a lock forbids or places elsewhere is left out, as is one
	// at an opportunity that is not there.
	Locked, Standing []int32

	// Lists are the students' lists.
	Lists Lists
	// Weigh gives the weight of a pair that is on no list, for locks and standing
	// placements. nil: 1.
	Weigh func(student, opportunity int32) int32
}

// reserve keeps seats of an opportunity for a group.
type reserve struct{ group, seats int32 }

// tier is a student's tier at an opportunity.
type tier struct{ opportunity, tier int32 }

// spans are rows that belong to numbered things: those of i are
// rows[first[i]:first[i+1]].
type spans[T any] struct {
	first []int32
	rows  []T
}

func (s *spans[T]) of(i int32) []T { return s.rows[s.first[i]:s.first[i+1]] }

// owned is a row with the number of what it belongs to.
type owned[T any] struct {
	by  int32
	row T
}

// spansOf arranges rows by what they belong to, and those of one by compare.
func spansOf[T any](n int, rows []owned[T], compare func(a, b T) int) spans[T] {
	s := spans[T]{first: make([]int32, n+1), rows: make([]T, len(rows))}
	for _, r := range rows {
		s.first[r.by+1]++
	}
	for i := range n {
		s.first[i+1] += s.first[i]
	}
	next := slices.Clone(s.first)
	for _, r := range rows {
		s.rows[next[r.by]] = r.row
		next[r.by]++
	}
	for i := range n {
		slices.SortFunc(s.of(int32(i)), compare)
	}
	return s
}

// NewProblem makes a problem of the rows. Lists are still to be given, in the
// order of its students.
//
// It returns a *RowError for a row that refers to nothing, a second placing
// lock of a student, and locks beyond the seats of an opportunity or the cap of
// a partner.
func NewProblem(in Input) (*Problem, error) {
	p := &Problem{Lottery: in.Lottery}
	p.drawStudents(in.Students)
	p.numberOpportunities(&in)
	b := &rows{in: &in, p: p, students: numbered(p.Students), opportunities: numbered(p.Opportunities)}
	for _, step := range []func() error{b.priorities, b.reserves, b.locks, b.standing} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func numbered(ids []string) map[string]int32 {
	at := make(map[string]int32, len(ids))
	for i, id := range ids {
		at[id] = int32(i)
	}
	return at
}

func (p *Problem) drawStudents(students []matcher.Student) {
	ids := make([]string, len(students))
	for i := range students {
		ids[i] = students[i].ID
	}
	numbers := p.Lottery.Numbers(ids)
	p.StudentRows = p.Lottery.order(ids, numbers)
	p.Students = make([]string, len(ids))
	p.Numbers = make([]uint64, len(ids))
	for s, row := range p.StudentRows {
		p.Students[s], p.Numbers[s] = ids[row], numbers[row]
	}
}

func (p *Problem) numberOpportunities(in *Input) {
	n := len(in.Opportunities)
	p.OpportunityRows = make([]int32, n)
	for i := range n {
		p.OpportunityRows[i] = int32(i)
	}
	slices.SortFunc(p.OpportunityRows, func(a, b int32) int {
		return cmp.Compare(in.Opportunities[a].ID, in.Opportunities[b].ID)
	})
	caps := make(map[string]int32)
	for i := range in.Partners {
		if limit := in.Partners[i].MaxSeats; limit != nil {
			caps[in.Partners[i].ID] = *limit
		}
	}
	p.Partners = slices.Sorted(maps.Keys(caps))
	for _, id := range p.Partners {
		p.Caps = append(p.Caps, caps[id])
	}
	offered := in.Offered
	if offered == nil {
		offered = func(o *matcher.Opportunity) bool { return o.Status == matcher.Published || o.Status == "" }
	}
	partners := numbered(p.Partners)
	for _, row := range p.OpportunityRows {
		o := &in.Opportunities[row]
		p.Opportunities = append(p.Opportunities, o.ID)
		p.Seats = append(p.Seats, o.Seats)
		minimum, partner := o.MinSeats, none
		if !offered(o) {
			minimum = 0
		}
		if at, capped := partners[o.Partner]; capped {
			partner = at
		}
		p.Minimum = append(p.Minimum, minimum)
		p.Cancels = append(p.Cancels, o.MinPolicy == matcher.MinCancel)
		p.Partner = append(p.Partner, partner)
	}
}

// rows reads the rows that refer to students and opportunities.
type rows struct {
	in                      *Input
	p                       *Problem
	students, opportunities map[string]int32
}

func (b *rows) pair(table string, row int, student, opportunity string) (s, o int32, err error) {
	s, there := b.students[student]
	if !there {
		return 0, 0, &RowError{table, row, "its student is not listed in students"}
	}
	o, there = b.opportunities[opportunity]
	if !there {
		return 0, 0, &RowError{table, row, "its opportunity is not listed in opportunities"}
	}
	return s, o, nil
}

func (b *rows) priorities() error {
	found := make([]owned[tier], len(b.in.Priorities))
	for i, r := range b.in.Priorities {
		s, o, err := b.pair("priorities", i, r.Student, r.Opportunity)
		if err != nil {
			return err
		}
		found[i] = owned[tier]{s, tier{o, r.Tier}}
	}
	b.p.tiers = spansOf(len(b.p.Students), found, func(a, b tier) int {
		return cmp.Compare(a.opportunity, b.opportunity)
	})
	return nil
}

func compareGroups(a, b matcher.Group) int {
	return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Value, b.Value))
}

func (b *rows) reserves() error {
	at := make(map[matcher.Group]int32)
	for _, r := range b.in.Reserves {
		at[r.Group] = 0
	}
	b.p.Groups = slices.SortedFunc(maps.Keys(at), compareGroups)
	for i, g := range b.p.Groups {
		at[g] = int32(i)
	}
	var found []owned[reserve]
	for i, r := range b.in.Reserves {
		o, there := b.opportunities[r.Opportunity]
		if !there {
			return &RowError{"reserves", i, "its opportunity is not listed in opportunities"}
		}
		if r.Seats > 0 {
			found = append(found, owned[reserve]{o, reserve{at[r.Group], r.Seats}})
		}
	}
	b.p.reserves = spansOf(len(b.p.Opportunities), found, func(a, b reserve) int { return cmp.Compare(a.group, b.group) })
	b.p.clampReserves()
	var members []owned[int32]
	for s, row := range b.p.StudentRows {
		for _, g := range b.in.Students[row].Groups {
			if group, reserved := at[g]; reserved {
				members = append(members, owned[int32]{int32(s), group})
			}
		}
	}
	b.p.groups = spansOf(len(b.p.Students), members, cmp.Compare[int32])
	return nil
}

// clampReserves lets no opportunity reserve more seats than it has; the first
// groups have theirs.
func (p *Problem) clampReserves() {
	for o, left := range p.Seats {
		for i := range p.reserves.of(int32(o)) {
			r := &p.reserves.of(int32(o))[i]
			r.seats = min(r.seats, left)
			left -= r.seats
		}
	}
}

func (b *rows) locks() error {
	p := b.p
	p.Locked = slices.Repeat([]int32{none}, len(p.Students))
	held := newHolding(p)
	for i, l := range b.in.Locks {
		s, o, err := b.pair("locks", i, l.Student, l.Opportunity)
		switch {
		case err != nil:
			return err
		case l.Action != Place:
		case p.Locked[s] >= 0:
			return &RowError{"locks", i, "a student has at most one lock that places it"}
		default:
			p.Locked[s] = o
			if rule := held.add(o); rule != "" {
				return &RowError{"locks", i, "there are more locks that place students than " + rule}
			}
		}
	}
	return nil
}

// standing takes over the standing placements that no lock is against.
func (b *rows) standing() error {
	p := b.p
	type forbids struct{ student, opportunity int32 }
	forbidden := make(map[forbids]bool)
	for _, l := range b.in.Locks {
		if l.Action == Forbid {
			forbidden[forbids{b.students[l.Student], b.opportunities[l.Opportunity]}] = true
		}
	}
	p.Standing = slices.Repeat([]int32{none}, len(p.Students))
	for i, r := range b.in.Standing {
		s, o, err := b.pair("placements", i, r.Student, r.Opportunity)
		switch {
		case err != nil:
			return err
		case p.Standing[s] >= 0:
			return &RowError{"placements", i, "a student may not have two placements"}
		case forbidden[forbids{s, o}] || p.Locked[s] >= 0 && p.Locked[s] != o:
		default:
			p.Standing[s] = o
		}
	}
	return nil
}

// holding counts seats that are taken in advance.
type holding struct {
	p        *Problem
	at, with []int32 // by opportunity, by partner
}

func newHolding(p *Problem) *holding {
	return &holding{p, make([]int32, len(p.Seats)), make([]int32, len(p.Caps))}
}

// add takes a seat; it says what there are not enough of, or nothing.
func (h *holding) add(o int32) string {
	if h.at[o]++; h.at[o] > h.p.Seats[o] {
		return fmt.Sprintf("opportunity %s has seats", h.p.Opportunities[o])
	}
	if with := h.p.Partner[o]; with >= 0 {
		if h.with[with]++; h.with[with] > h.p.Caps[with] {
			return fmt.Sprintf("the max_seats of partner %s", h.p.Partners[with])
		}
	}
	return ""
}

// tierRow finds a student's tier at an opportunity among its rows.
func (p *Problem) tierRow(s, o int32) (at int, found bool) {
	return slices.BinarySearchFunc(p.tiers.of(s), o, func(t tier, o int32) int { return cmp.Compare(t.opportunity, o) })
}

// weigh is the weight of a pair that is on no list.
func (p *Problem) weigh(s, o int32) int32 {
	if p.Weigh == nil {
		return 1
	}
	return p.Weigh(s, o)
}

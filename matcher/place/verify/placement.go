package verify

import (
	"context"
	"slices"
)

// placement is where students are.
type placement struct {
	at     []int32 // by student, -1: nowhere
	counts []int32 // by offer
	filled []bool  // by student: it got a free seat at the end
	micro  []int32 // by student: the score of what it has, in millionths; see price
}

func (m *market) placed(at []int32) *placement {
	f := &placement{
		at: slices.Repeat([]int32{none}, len(at)), counts: make([]int32, len(m.offers)), filled: make([]bool, len(at)),
	}
	for s, o := range at {
		if o >= 0 {
			f.put(int32(s), o)
		}
	}
	return f
}

func (f *placement) put(s, o int32) {
	f.at[s] = o
	f.counts[o]++
}

// rank is a student's rank, 0 where what it has is not on its list or was filled.
func (m *market) rank(f *placement, s int32) int32 {
	if i := m.find(s, f.at[s]); i >= 0 && !f.filled[s] {
		return m.lists[s][i].rank
	}
	return 0
}

// price fills in the scores of what students have.
func (m *market) price(f *placement) {
	f.micro = make([]int32, len(f.at))
	for s, o := range f.at {
		if o < 0 {
			continue
		}
		if i := m.find(int32(s), o); i >= 0 && m.lists[s][i].micro > 1 { // a sample's lists have 1 for 0
			f.micro[s] = m.lists[s][i].micro
		} else {
			f.micro[s] = micro(m.scoresOf(int32(s))(o))
		}
	}
}

// weight is that of what a student has.
func (f *placement) weight(s int32) int32 { return max(1, f.micro[s]) }

// said is what the rows of a run say, by student.
type said struct {
	at    []int32 // -1: no placement
	rank  []int32 // 0: empty
	line  []int   // of the student's row
	there []bool  // in placements.csv, else in unplaced.csv
}

// readRows reads where the run has everybody.
func (p *problem) readRows() (*said, error) {
	n := len(p.students)
	to := &said{slices.Repeat([]int32{none}, n), make([]int32, n), make([]int, n), make([]bool, n)}
	for _, row := range p.run.placements {
		s, known := p.number[row.student]
		if !known {
			return nil, violation(placementsFile, row.line, "the input has no such student")
		}
		o, known := p.offerAt[row.opportunity]
		if !known {
			return nil, violation(placementsFile, row.line, "the input has no such opportunity")
		}
		to.at[s], to.rank[s], to.line[s], to.there[s] = o, row.rank, row.line, true
	}
	for _, row := range p.run.unplaced {
		s, known := p.number[row.student]
		switch {
		case !known:
			return nil, violation(unplacedFile, row.line, "the input has no such student")
		case to.there[s]:
			return nil, violation(unplacedFile, row.line, "the student has a placement in %s", placementsFile)
		}
		to.line[s] = row.line
	}
	if missing := n - len(p.run.placements) - len(p.run.unplaced); missing > 0 {
		return nil, violation(unplacedFile, 0, "%d students are neither there nor in %s", missing, placementsFile)
	}
	return to, nil
}

// wrong is a violation at a student's row.
func (m *market) wrong(s int32, format string, args ...any) error {
	file := unplacedFile
	if m.said.there[s] {
		file = placementsFile
	}
	return violation(file, m.said.line[s], format, args...)
}

// checkSeats checks what must hold whatever the objective: seats, caps, locks and
// what is kept.
func (m *market) checkSeats() error {
	counts, with := make([]int32, len(m.offers)), make([]int32, len(m.partners))
	for s, o := range m.said.at {
		if lock := m.locked[s]; lock >= 0 && o != lock {
			return m.wrong(int32(s), "a lock places the student at %s", m.offers[lock].row.ID)
		}
		if o < 0 {
			continue
		}
		if m.forbids[pair{int32(s), o}] {
			return m.wrong(int32(s), "a lock forbids the student %s", m.offers[o].row.ID)
		}
		if counts[o]++; counts[o] > m.offers[o].seats {
			return m.wrong(int32(s), "opportunity %s has more students than seats", m.offers[o].row.ID)
		}
		if p := m.offers[o].partner; p >= 0 {
			if with[p]++; with[p] > m.partners[p].seats {
				return m.wrong(int32(s), "partner %s has more students than its max_seats", m.partners[p].id)
			}
		}
	}
	return nil
}

// checkClaim checks that the placement is what the objective says, and returns
// it.
func (m *market) checkClaim(ctx context.Context) (*placement, error) {
	if err := m.run.certificate.checkShape(&m.run.summary); err != nil {
		return nil, err
	}
	base, err := m.base(ctx)
	if err != nil {
		return nil, err
	}
	for s := range base {
		if m.lost[s] && base[s] < 0 {
			return nil, m.wrong(int32(s), "a lock or a standing placement of the student was at an opportunity that is cancelled, and it got nothing better")
		}
	}
	f := m.placed(base)
	if err := m.fill(ctx, f); err != nil {
		return nil, err
	}
	for s, o := range f.at {
		if m.said.at[s] != o {
			return nil, m.wrong(int32(s), "the student should have %s", m.name(o))
		}
	}
	for o := range m.offers {
		if offer := &m.offers[o]; !offer.cancels && f.counts[o] < offer.minimum {
			return nil, violation(placementsFile, 0, "opportunity %s has %d students, its minimum is %d", offer.row.ID, f.counts[o], offer.minimum)
		}
	}
	m.price(f)
	return f, nil
}

func (m *market) name(o int32) string {
	if o < 0 {
		return "no placement"
	}
	return "opportunity " + m.offers[o].row.ID
}

// base is where students are before free seats are filled. For stable and
// lottery it is made anew; for a flow it is what the run says, if the
// certificate proves it.
func (m *market) base(ctx context.Context) ([]int32, error) {
	if flows(m.run.summary.Objective) {
		return m.proven(ctx)
	}
	made, err := m.solve(ctx)
	if err != nil {
		return nil, err
	}
	var are []cancelled
	for made != nil {
		worst := m.shortest(m.placed(made).counts)
		if worst < 0 {
			break
		}
		are = append(are, cancelled{m.offers[worst].row.ID, m.offers[worst].minimum, m.placed(made).counts[worst]})
		m.close(worst)
		if made, err = m.solve(ctx); err != nil {
			return nil, err
		}
	}
	if !slices.Equal(m.run.certificate.Cancelled, are) {
		return nil, violation(certificateFile, 0, "cancelled should be %d opportunities that did not reach their minimum, in the order in which they were cancelled", len(are))
	}
	return made, nil
}

func (m *market) solve(ctx context.Context) ([]int32, error) {
	if m.run.summary.Objective == stable {
		return m.accept(ctx)
	}
	return m.dictate(), nil
}

// shortest is the opportunity that is to be cancelled next: it has some students
// and is short of its minimum by the most, ties by id; or -1.
func (m *market) shortest(counts []int32) int32 {
	worst, most := none, int32(0)
	for o := range m.offers {
		offer := &m.offers[o]
		if short := offer.minimum - counts[o]; offer.cancels && counts[o] > 0 && short > most {
			worst, most = int32(o), short
		}
	}
	return worst
}

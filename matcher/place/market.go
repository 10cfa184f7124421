package place

import (
	"fmt"
	"math"
)

// market is a problem as a solver sees it: what is closed, and what each
// student keeps for certain.
type market struct {
	p       *Problem
	options Options
	keys    keys
	closed  []bool // by opportunity

	// sure is by student the opportunity that nothing takes from it, or -1; it
	// is nil where nobody has one, and so are the next two.
	sure []int32
	// end bounds the entries that may be given to a student: those above what it
	// is sure of, with it if it is on the list. It is the first entry for
	// those who have no choice.
	end []int32
	// tail is what the student is sure of if it is not among these, or -1.
	tail []int32
	lost []lost

	// forced, unless nil, is a student who must have an entry of its list.
	forced *pair
}

// pair is a student and an entry of its list.
type pair struct{ student, entry int32 }

func newMarket(p *Problem, o Options) (*market, error) {
	if err := p.checkLists(); err != nil {
		return nil, err
	}
	m := &market{p: p, options: o, closed: make([]bool, len(p.Opportunities))}
	if err := m.keep(); err != nil {
		return nil, err
	}
	var weights []int32
	for s, at := range m.tail {
		if at >= 0 && o.Priority == ByScore {
			weights = append(weights, m.weightOf(int32(s), at))
		}
	}
	var err error
	m.keys, err = newKeys(p, o.Priority == ByScore, weights)
	return m, err
}

// checkLists checks that each student has a list of opportunities that exist.
// That none is named twice is the caller's to see to.
func (p *Problem) checkLists() error {
	l := &p.Lists
	if l.Len() != len(p.Students) || len(l.Rank) != len(l.Opportunity) || len(l.Weight) != len(l.Opportunity) {
		return ErrLists
	}
	if len(l.Opportunity) > math.MaxInt32 {
		return ErrTooLarge
	}
	for _, o := range l.Opportunity {
		if uint(o) >= uint(len(p.Opportunities)) {
			return ErrLists
		}
	}
	return nil
}

// keep works out what each student is sure of.
func (m *market) keep() error {
	p, keep := m.p, m.options.Keep
	held := newHolding(p)
	for s := range p.Students {
		s := int32(s)
		at, free := p.Locked[s], false
		if at < 0 && (keep == Freeze || keep == NoWorse) {
			at, free = p.Standing[s], keep == NoWorse
		}
		if at < 0 {
			continue
		}
		if rule := held.add(at); rule != "" {
			return &OptionError{"keep", fmt.Sprintf("%s can't be: there are more standing placements and locks than %s", keep, rule)}
		}
		m.assure(s, at, free)
	}
	return nil
}

// assure makes a student sure of an opportunity; free to get a better one or
// not.
func (m *market) assure(s, at int32, free bool) {
	p := m.p
	if m.sure == nil {
		n := len(p.Students)
		m.sure, m.tail, m.end = make([]int32, n), make([]int32, n), make([]int32, n)
		for i := range n {
			m.sure[i], m.tail[i], m.end[i] = none, none, p.Lists.First[i+1]
		}
	}
	m.sure[s], m.tail[s] = at, at
	switch e := p.Lists.find(s, at); {
	case !free:
		m.end[s] = p.Lists.First[s]
	case e >= 0:
		m.tail[s], m.end[s] = none, e+1
	}
}

// entries bounds the entries that may be given to a student.
func (m *market) entries(s int32) (from, to int32) {
	if m.forced != nil && m.forced.student == s {
		return m.forced.entry, m.forced.entry + 1
	}
	from, to = m.p.Lists.Of(s)
	if m.end != nil {
		to = m.end[s]
	}
	return from, to
}

// after is what the student gets when none of its entries is given to it, or -1.
func (m *market) after(s int32) int32 {
	if m.tail == nil || m.forced != nil && m.forced.student == s {
		return none
	}
	return m.tail[s]
}

func (m *market) isSure(s, o int32) bool { return m.sure != nil && m.sure[s] == o }

// fixed says whether the student has no choice.
func (m *market) fixed(s int32) bool {
	return m.sure != nil && m.tail[s] >= 0 && m.end[s] == m.p.Lists.First[s]
}

// seats are what the opportunity has in this market.
func (m *market) seats(o int32) int32 {
	if m.closed[o] {
		return 0
	}
	return m.p.Seats[o]
}

// weightOf is the weight of a pair, on the student's list or not.
func (m *market) weightOf(s, o int32) int32 {
	if e := m.p.Lists.find(s, o); e >= 0 {
		return m.p.Lists.Weight[e]
	}
	return m.p.weigh(s, o)
}

// key is the key of a pair with a weight.
func (m *market) key(s, o, weight int32) key {
	class := normal
	if m.isSure(s, o) {
		class = sure
	}
	return class | m.keys.of(s, o, weight)
}

// placement starts an outcome with nobody placed.
func (m *market) placement() *Placement {
	n := len(m.p.Students)
	f := &Placement{
		At: make([]int32, n), Entry: make([]int32, n), Weight: make([]int32, n), How: make([]How, n),
		Placed: make([]int32, len(m.p.Opportunities)),
	}
	for s := range n {
		f.At[s], f.Entry[s] = none, none
	}
	f.Certificate.Objective = m.options.Objective
	return f
}

// put places a student at an opportunity that its list or its tail has.
func (m *market) put(f *Placement, s, o int32) {
	f.At[s], f.How[s] = o, Listed
	f.Placed[o]++
	if e := m.p.Lists.find(s, o); e >= 0 {
		f.Entry[s], f.Weight[s] = e, m.p.Lists.Weight[e]
	} else {
		f.Weight[s] = m.p.weigh(s, o)
	}
	switch {
	case m.p.Locked[s] == o:
		f.How[s] = Locked
	case m.after(s) == o:
		f.How[s] = Kept
	}
}

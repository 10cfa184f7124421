package place

import "context"

// acceptance is deferred acceptance under way (Gale and Shapley 1962), by
// cumulative offers: students propose down their lists, opportunities and
// partners hold the best that they have been offered. With choices that are
// greedy on the tree of opportunities and partners the order of the proposals
// doesn't matter, and the end is the stable placement that is best for every
// student.
type acceptance struct {
	m       *market
	seating *seating
	next    []int32 // by student the entry to propose to; past the end: the tail
}

func (m *market) newAcceptance() *acceptance {
	a := &acceptance{m: m, seating: m.newSeating(), next: make([]int32, len(m.p.Students))}
	for s := range a.next {
		a.next[s], _ = m.entries(int32(s))
	}
	return a
}

// checkEvery is how many students are worked on between two looks at the
// context.
const checkEvery = 1 << 14

// run lets every student propose.
func (a *acceptance) run(ctx context.Context) error {
	n := len(a.next)
	for s := range n {
		if s%checkEvery == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			a.m.options.Progress("place", int64(s), int64(n))
		}
		a.propose(int32(s))
	}
	return nil
}

// propose lets a student propose until one keeps it or its list ends, and so
// whoever is turned away for it.
func (a *acceptance) propose(s int32) {
	m, lists := a.m, &a.m.p.Lists
	for {
		e := a.next[s]
		a.next[s] = e + 1
		var o, weight int32
		switch _, end := m.entries(s); {
		case e < end:
			o, weight = lists.Opportunity[e], lists.Weight[e]
		case e == end && m.after(s) >= 0:
			o = m.after(s)
			weight = m.weightOf(s, o)
		default:
			return
		}
		out := a.seating.offer(o, m.key(s, o, weight))
		if out == nobody {
			return
		}
		s = m.keys.student(out)
	}
}

// placement is what has come out.
func (a *acceptance) placement() *Placement {
	f := a.m.placement()
	for o, held := range a.seating.held {
		for _, k := range held {
			a.m.put(f, a.m.keys.student(k), int32(o))
		}
	}
	return f
}

func (a *acceptance) placed(o int32) int32 { return int32(len(a.seating.held[o])) }

// close lets the students of a cancelled opportunity propose on. Nothing else has to be
// done anew where its partner has no cap: each offer that was made is made
// without it as well. With a cap those whom the partner turned away for it have
// to be asked again.
func (a *acceptance) close(ctx context.Context, o int32) error {
	if a.m.p.Partner[o] >= 0 {
		*a = *a.m.newAcceptance()
		return a.run(ctx)
	}
	for _, k := range a.seating.drop(o) {
		a.propose(a.m.keys.student(k))
	}
	return ctx.Err()
}

package place

import (
	"context"
	"math/bits"
)

// acceptance is deferred acceptance under way (Gale and Shapley 1962), by
// cumulative offers: students propose down their lists, opportunities and
// partners hold the best that they have been offered. With choices that are
// greedy on the tree of opportunities and partners the order of the proposals
// doesn't matter, and the end is the stable placement that is best for every
// student.
type acceptance struct {
	m       *market
	seating *seating
	next    []int32  // by student the entry to propose to; past the end: the tail
	free    []uint64 // bits of the students who are to propose
}

func (m *market) newAcceptance() *acceptance {
	n := len(m.p.Students)
	a := &acceptance{m: m, seating: m.newSeating(), next: make([]int32, n), free: make([]uint64, (n+63)/64)}
	for s := range a.next {
		a.next[s], _ = m.entries(int32(s))
		a.release(int32(s))
	}
	return a
}

// release makes a student propose again.
func (a *acceptance) release(s int32) { a.free[s/64] |= 1 << (s % 64) }

// checkEvery is how many students are worked on between two looks at the
// context.
const checkEvery = 1 << 14

// run lets students propose until nobody is free who has something to propose
// to. It goes over the students again and again, in their order, as their lists
// stand one behind the other.
func (a *acceptance) run(ctx context.Context) error {
	begin, done, n := a.m.options.Progress, int64(0), int64(len(a.next))
	for more := true; more; {
		more = false
		for i := range a.free {
			if i%(checkEvery/64) == 0 {
				if err := ctx.Err(); err != nil {
					return err
				}
				begin("place", min(done, n), n)
			}
			for a.free[i] != 0 {
				more = true
				s := int32(64*i + bits.TrailingZeros64(a.free[i]))
				a.free[i] &= a.free[i] - 1
				a.propose(s)
			}
			done += 64
		}
	}
	return nil
}

// propose lets a student propose until somebody keeps it or its list ends.
func (a *acceptance) propose(s int32) {
	m, lists, cutoff := a.m, &a.m.p.Lists, a.seating.cutoff
	_, end := m.entries(s)
	e := a.next[s]
	for ; e < end; e++ {
		o := lists.Opportunity[e]
		k := m.key(s, o, lists.Weight[e])
		if k < cutoff[o] && a.offer(o, k) {
			a.next[s] = e + 1
			return
		}
	}
	a.next[s] = end + 1
	if o := m.after(s); o >= 0 && e == end {
		a.offer(o, m.key(s, o, m.weightOf(s, o)))
	}
}

// offer reports whether the student was taken, and releases who was turned
// away for it.
func (a *acceptance) offer(o int32, k key) bool {
	out := a.seating.offer(o, k)
	if out != nobody && out != k {
		a.release(a.m.keys.student(out))
	}
	return out != k
}

// placement is what has come out.
func (a *acceptance) placement(context.Context) (*Placement, error) {
	f := a.m.placement()
	for o, held := range a.seating.held {
		for _, k := range held {
			f.At[a.m.keys.student(k)] = int32(o)
		}
	}
	for s, o := range f.At {
		if o >= 0 {
			a.m.put(f, int32(s), o)
		}
	}
	return f, nil
}

func (a *acceptance) placed(o int32) int32 { return int32(len(a.seating.held[o])) }

// close lets the students of a cancelled opportunity propose on. Nothing else
// has to be done anew: each offer that was made is made without it as well. But
// whom its partner's cap turned away has to be asked again, and then all are.
func (a *acceptance) close(ctx context.Context, o int32) error {
	if partner := a.m.p.Partner[o]; partner >= 0 && a.seating.tight[partner] {
		*a = *a.m.newAcceptance()
		return a.run(ctx)
	}
	for _, k := range a.seating.drop(o) {
		a.release(a.m.keys.student(k))
	}
	return a.run(ctx)
}

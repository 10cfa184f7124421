package matcher

import (
	"math/bits"
	"slices"

	"github.com/kindred-match/kindred/matcher/internal/kernel"
)

const unknownPlace = ^uint32(0)

// scored is a document with its units and its place in the order of ids.
type scored struct {
	units int64
	doc   uint32
	place uint32
}

// scoredList keeps the first k of what is added. Where many come at once,
// sorting them now and then takes less than a heap.
type scoredList struct {
	k    int
	list []scored
	// settled are the first ones of the list, in order.
	settled int
	least   int64                   // the threshold
	id      func(doc uint32) string // for where a place is unknown
	// Scratch of sorting.
	spare []scored
	keys  kernel.Keys
}

func (l *scoredList) reset(k int) { l.k, l.list, l.settled, l.least = k, l.list[:0], 0, 1 }

// threshold is a number of units below which nothing need be added.
func (l *scoredList) threshold() int64 { return l.least }

func (l *scoredList) add(s scored) {
	l.list = append(l.list, s)
	if len(l.list) >= 2*l.k+64 {
		l.settle()
	}
}

// tighten raises the threshold to what at least k have of those that have come, near
// to what the last of the first k has. That takes less time than to settle.
func (l *scoredList) tighten() {
	if len(l.list) < l.k {
		return
	}
	p := l.deal()
	n := 0
	for i, size := range p.sizes {
		if n += int(size); n >= l.k {
			// All piles up to this one hold units above the next one's highest.
			l.least = max(l.least, p.high-int64(i+1)<<p.shift+1)
			return
		}
	}
}

// piles tell how many of the list have units in each of so many ranges, the highest
// first.
type piles struct {
	high  int64
	shift int
	sizes [128]uint32
}

func (p *piles) of(units int64) uint64 { return uint64(p.high-units) >> p.shift }

func (l *scoredList) deal() (p piles) {
	low := l.list[0].units
	for i := range l.list {
		p.high, low = max(p.high, l.list[i].units), min(low, l.list[i].units)
	}
	p.shift = max(0, bits.Len64(uint64(p.high-low))-7)
	for i := range l.list {
		p.sizes[p.of(l.list[i].units)]++
	}
	return p
}

// settle orders what has come and drops what is not of the first k.
func (l *scoredList) settle() {
	if l.settled == len(l.list) {
		return
	}
	switch {
	case len(l.list)-l.settled <= 4:
		l.insert(max(1, l.settled))
	case len(l.list) <= kernel.MostRanked() && l.rank():
	default:
		l.distribute()
	}
	if len(l.list) >= l.k {
		l.list = l.list[:l.k]
		l.least = l.list[l.k-1].units
	}
	l.settled = len(l.list)
}

func (l *scoredList) above(a, b *scored) bool {
	if a.units != b.units {
		return a.units > b.units
	}
	if a.place != unknownPlace && b.place != unknownPlace {
		return a.place < b.place
	}
	return l.id(a.doc) < l.id(b.doc)
}

// insert puts those from a place on where they belong among those before them.
func (l *scoredList) insert(from int) {
	list := l.list
	for i := from; i < len(list); i++ {
		s := list[i]
		j := i
		for ; j > 0 && l.above(&s, &list[j-1]); j-- {
			list[j] = list[j-1]
		}
		list[j] = s
	}
}

// rank sorts by comparing each with each. It reports false, and does nothing, where
// that can't be done by one number for each.
func (l *scoredList) rank() bool {
	high, low, last := l.list[0].units, l.list[0].units, uint32(0)
	for i := range l.list {
		high, low = max(high, l.list[i].units), min(low, l.list[i].units)
		last = max(last, l.list[i].place)
	}
	width := bits.Len32(last)
	if last == unknownPlace || bits.Len64(uint64(high-low))+width > 64 {
		return false
	}
	l.keys.List = l.keys.List[:0]
	for i := range l.list {
		l.keys.List = append(l.keys.List, uint64(l.list[i].units-low)<<width|uint64(last-l.list[i].place))
	}
	l.spare = slices.Grow(l.spare[:0], len(l.list))[:len(l.list)]
	for i, rank := range l.keys.Ranks() {
		l.spare[rank] = l.list[i]
	}
	l.list, l.spare = l.spare, l.list
	return true
}

// distribute sorts: it deals the list out by units, then sorts what fell
// together.
func (l *scoredList) distribute() {
	p := l.deal()
	most, from := uint32(0), uint32(0)
	for i, size := range p.sizes {
		most = max(most, size)
		p.sizes[i] = from // where the next of the pile goes
		from += size
	}
	l.spare = slices.Grow(l.spare[:0], len(l.list))[:len(l.list)]
	for i := range l.list {
		at := &p.sizes[p.of(l.list[i].units)]
		l.spare[*at] = l.list[i]
		*at++
	}
	l.list, l.spare = l.spare, l.list
	const few = 24
	if most > few {
		slices.SortFunc(l.list, func(a, b scored) int {
			switch {
			case l.above(&a, &b):
				return -1
			case l.above(&b, &a):
				return 1
			}
			return 0
		})
		return
	}
	l.insert(1)
}

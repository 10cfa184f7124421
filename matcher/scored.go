package matcher

import (
	"math/bits"
	"slices"
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
	// settled are the first ones of the list, in order; threshold is what the
	// last of k of them has.
	settled int
	least   int64
	id      func(doc uint32) string // for where a place is unknown
	spare   []scored
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

// settle orders what has come and drops what is not of the first k.
func (l *scoredList) settle() {
	if l.settled == len(l.list) {
		return
	}
	if len(l.list) <= 16 || len(l.list)-l.settled <= 24 {
		l.insert(max(1, l.settled))
	} else {
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

// distribute sorts: it deals the list out by units, then sorts what fell
// together.
func (l *scoredList) distribute() {
	const piles = 128
	high, low := l.list[0].units, l.list[0].units
	for i := range l.list {
		high, low = max(high, l.list[i].units), min(low, l.list[i].units)
	}
	shift := max(0, bits.Len64(uint64(high-low))-7)
	var ends [piles + 1]uint32
	for i := range l.list {
		ends[uint64(high-l.list[i].units)>>shift+1]++
	}
	most := uint32(0)
	for i := range piles {
		most = max(most, ends[i+1])
		ends[i+1] += ends[i]
	}
	l.spare = slices.Grow(l.spare[:0], len(l.list))[:len(l.list)]
	for i := range l.list {
		pile := &ends[uint64(high-l.list[i].units)>>shift]
		l.spare[*pile] = l.list[i]
		*pile++
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

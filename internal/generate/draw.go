package generate

import (
	"math/bits"
	"math/rand/v2"
	"sort"
)

// stream is a kind of random decisions; each row of each stream has a
// sequence of its own, so that rows can be made in any order.
type stream uint64

const (
	drawVocabulary stream = iota + 1
	drawPartner
	drawTags // of an opportunity
	drawOpportunity
	drawInterests
	drawStudent
	drawPreferences
	drawPriorities
	drawReserves
)

// draw is a sequence of random decisions. Bounded numbers are made here and
// not by rand.Rand, whose way of making them differs between machines.
type draw struct{ source rand.PCG }

func newDraw(seed uint64, s stream, row int) draw {
	var d draw
	d.source.Seed(mix(seed^mix(uint64(s))), mix(uint64(row)+mix(seed+uint64(s))))
	return d
}

// mix is the finaliser of SplitMix64 (Steele, Lea, Flood 2014).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// below returns a number in [0, n).
func (d *draw) below(n int) int {
	high, _ := bits.Mul64(d.source.Uint64(), uint64(n))
	return int(high)
}

// between returns a number in [low, high].
func (d *draw) between(low, high int) int { return low + d.below(high-low+1) }

// chance is true in the given share of a thousand.
func (d *draw) chance(permille int) bool { return d.below(1000) < permille }

// one returns an item, all being equally likely.
func one[T any](d *draw, items []T) T { return items[d.below(len(items))] }

// tail returns a number in [1, most] that is at least n in 1/n of the cases.
func (d *draw) tail(most int) int {
	const fine = 1 << 20
	return min(most, fine/(1+d.below(fine)))
}

// sums turns weights into running sums, for pick.
func sums(n int, weight func(i int) uint64) []uint64 {
	running := make([]uint64, n)
	var total uint64
	for i := range running {
		total += weight(i)
		running[i] = total
	}
	return running
}

// pick returns a place in running sums, as likely as its weight.
func (d *draw) pick(running []uint64) int {
	x, _ := bits.Mul64(d.source.Uint64(), running[len(running)-1])
	return sort.Search(len(running), func(i int) bool { return running[i] > x })
}

// zipf weighs rank i, from 0, by 1/(i + offset), the offset in halves
// (Zipf's law with Mandelbrot's offset): integers, so that every machine has
// the same.
func zipf(halves int) func(i int) uint64 {
	return func(i int) uint64 { return (1 << 40) / uint64(2*i+halves) }
}

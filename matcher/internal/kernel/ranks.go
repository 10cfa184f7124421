package kernel

import "slices"

// MostRanked is up to how many keys Ranks is a fast way to sort.
func MostRanked() int { return active.mostRanked }

// Keys are sorted by comparing each with each, which takes no branch that would be
// hard to foresee.
type Keys struct {
	List  []uint64
	ranks []uint32
}

// Ranks says how many of the keys are above each.
func (k *Keys) Ranks() []uint32 {
	n := len(k.List)
	k.List = slices.Grow(k.List, rankedAtOnce)
	k.ranks = slices.Grow(k.ranks[:0], n+rankedAtOnce)[:n]
	active.ranks(k.ranks, k.List)
	return k.ranks
}

// rankedAtOnce is how many keys loops read and ranks they write together: there has
// to be room for some to spare.
const rankedAtOnce = 32

func ranks(ranks []uint32, keys []uint64) {
	for i, key := range keys {
		n := uint32(0)
		for _, other := range keys {
			if other > key {
				n++
			}
		}
		ranks[i] = n
	}
}

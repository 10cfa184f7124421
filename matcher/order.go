package matcher

import (
	"cmp"
	"slices"
)

// clustered orders the documents: it sorts them by their four most frequent
// tags, the most frequent first, then by id, so that those with the same
// frequent tags stand together. It gets the places in the drafts in the order
// of ids, and returns the documents' places in that.
func (b *builder) clustered(byID []uint32) []uint32 {
	frequency := make([]uint32, b.vocabulary.Len())
	for _, d := range b.drafts {
		for t, n := range d.frequency {
			frequency[t] += n
		}
	}
	ranks := frequencyRanks(frequency)
	keys := make([]uint64, len(byID))
	together(len(b.drafts), func(i int) {
		d, keys := b.drafts[i], keys[i*b.size:]
		for i := range d.opportunities {
			b.pause.after(1)
			keys[i] = mostFrequent(ranks, d.packed(i))
		}
	})
	return byKey(byID, keys)
}

// byKey sorts by key, then by place. It gets the numbers of what is sorted in
// the order of ids, and the key of each number; it returns their places.
func byKey(byID []uint32, keys []uint64) []uint32 {
	list := make([]keyed, len(byID))
	for place, i := range byID {
		list[place] = keyed{keys[i], uint32(place)}
	}
	list = radixSort(list, make([]keyed, len(list)))
	order := make([]uint32, len(list))
	for i := range list {
		order[i] = list[i].at
	}
	return order
}

// rarest is the rank of all tags from there on, and of none.
const rarest = 1<<16 - 1

// frequencyRanks gives each tag its place among all, the most frequent first.
func frequencyRanks(frequency []uint32) []uint16 {
	order := make([]TagID, len(frequency))
	for t := range order {
		order[t] = TagID(t)
	}
	slices.SortFunc(order, func(a, b TagID) int {
		return cmp.Or(cmp.Compare(frequency[b], frequency[a]), cmp.Compare(a, b))
	})
	ranks := make([]uint16, len(order))
	for i, t := range order {
		ranks[t] = uint16(min(i, rarest))
	}
	return ranks
}

// mostFrequent packs the four lowest ranks of a record's tags, the lowest
// highest.
func mostFrequent(ranks []uint16, packed []uint16) uint64 {
	a, b, c, d := uint16(rarest), uint16(rarest), uint16(rarest), uint16(rarest)
	for ; len(packed) > 0; packed = packed[wide:] {
		t, _ := wide.unpack(packed)
		r := ranks[t] // what is left of it after each step goes on to the next
		a, r = min(a, r), max(a, r)
		b, r = min(b, r), max(b, r)
		c, r = min(c, r), max(c, r)
		d = min(d, r)
	}
	return uint64(a)<<48 | uint64(b)<<32 | uint64(c)<<16 | uint64(d)
}

package matcher

import (
	"cmp"
	"slices"
)

// clustered numbers the records anew, those with the same frequent tags one
// after the other: it sorts them by their four most frequent tags, the most
// frequent first, then by id, and returns the places of the records in that
// order.
func clustered(records []record, tags int) []uint32 {
	type key struct {
		tags uint64
		at   uint32
	}
	ranks := frequencyRanks(records, tags)
	keys := make([]key, len(records))
	for i := range records {
		keys[i] = key{mostFrequent(ranks, records[i].tags), uint32(i)}
	}
	slices.SortFunc(keys, func(a, b key) int {
		if a.tags != b.tags {
			return cmp.Compare(a.tags, b.tags)
		}
		return compareIDs(records[a.at].opportunity, records[b.at].opportunity)
	})
	order := make([]uint32, len(keys))
	for i := range keys {
		order[i] = keys[i].at
	}
	return order
}

// rarest is the rank of all tags from there on, and of none.
const rarest = 1<<16 - 1

// frequencyRanks gives each tag its place among all, the most frequent first.
func frequencyRanks(records []record, tags int) []uint16 {
	frequency := make([]uint32, tags)
	for i := range records {
		for _, t := range records[i].tags {
			frequency[t]++
		}
	}
	order := make([]TagID, tags)
	for t := range order {
		order[t] = TagID(t)
	}
	slices.SortFunc(order, func(a, b TagID) int {
		return cmp.Or(cmp.Compare(frequency[b], frequency[a]), cmp.Compare(a, b))
	})
	ranks := make([]uint16, tags)
	for i, t := range order {
		ranks[t] = uint16(min(i, rarest))
	}
	return ranks
}

// mostFrequent packs the four lowest ranks of tags, the lowest highest.
func mostFrequent(ranks []uint16, tags []TagID) uint64 {
	best := [4]uint16{rarest, rarest, rarest, rarest}
	for _, t := range tags {
		r := ranks[t]
		for i := range best {
			if r < best[i] {
				best[i], r = r, best[i]
			}
		}
	}
	return uint64(best[0])<<48 | uint64(best[1])<<32 | uint64(best[2])<<16 | uint64(best[3])
}

package matcher

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// keyed is something with a key to sort it by.
type keyed struct {
	key uint64
	at  uint32
}

// radixSort sorts by key, stably: byte by byte from the lowest, but for those
// that all keys share. The other slice is as long, and is overwritten; what it
// returns is one of the two.
func radixSort(list, other []keyed) []keyed {
	var counts [8][256]uint32
	for i := range list {
		key := list[i].key
		for b := range counts {
			counts[b][uint8(key>>(8*b))]++
		}
	}
	for b := range counts {
		next := &counts[b]
		if len(list) == 0 || int(next[uint8(list[0].key>>(8*b))]) == len(list) {
			continue
		}
		var sum uint32
		for i, n := range next {
			next[i] = sum
			sum += n
		}
		for _, k := range list {
			to := &next[uint8(k.key>>(8*b))]
			other[*to] = k
			*to++
		}
		list, other = other, list
	}
	return list
}

// sortIDs returns the places of the opportunities in the order of their ids,
// and an ErrCatalogue if two are the same.
func sortIDs(opportunities []*Opportunity) ([]uint32, error) {
	s := idSort{opportunities: opportunities}
	order := make([]uint32, len(opportunities))
	for i := range order {
		order[i] = uint32(i)
	}
	sorted := true
	for i := 1; i < len(opportunities) && sorted; i++ {
		sorted = opportunities[i-1].ID < opportunities[i].ID
	}
	if sorted {
		return order, nil
	}
	list := make([]keyed, len(order))
	for i := range list {
		list[i].at = uint32(i)
	}
	s.sort(list, make([]keyed, len(list)), 0)
	for i := range list {
		order[i] = list[i].at
	}
	if s.twice != nil {
		return nil, fmt.Errorf("%w: opportunity %q is given twice", ErrCatalogue, s.twice.ID)
	}
	return order, nil
}

// idSort sorts by eight bytes of the ids after what they share, then what has
// the same eight by what follows. Few ids are looked at twice.
type idSort struct {
	opportunities []*Opportunity
	twice         *Opportunity // the first id that is there again
}

// sort sorts ids that are the same up to a depth. The other list is scratch.
func (s *idSort) sort(list, other []keyed, depth int) {
	const few = 32
	if len(list) <= few || depth > MaxIDBytes {
		s.sortFew(list)
		return
	}
	depth += s.shared(list, depth)
	for i := range list {
		list[i].key = eightBytes(s.opportunities[list[i].at].ID, depth)
	}
	copy(list, radixSort(list, other))
	for start, end := 0, 0; start < len(list); start = end {
		for end = start + 1; end < len(list) && list[end].key == list[start].key; {
			end++
		}
		if end-start > 1 {
			s.sort(list[start:end], other[start:end], depth+8)
		}
	}
}

func (s *idSort) sortFew(list []keyed) {
	slices.SortFunc(list, func(a, b keyed) int { return compareIDs(s.opportunities[a.at], s.opportunities[b.at]) })
	for i := 1; i < len(list) && s.twice == nil; i++ {
		if o := s.opportunities[list[i].at]; o.ID == s.opportunities[list[i-1].at].ID {
			s.twice = o
		}
	}
}

// shared is how many bytes from a depth on all ids have in common.
func (s *idSort) shared(list []keyed, depth int) int {
	first := s.opportunities[list[0].at].ID
	first = first[min(depth, len(first)):]
	for _, k := range list[1:] {
		id := s.opportunities[k.at].ID
		id = id[min(depth, len(id)):]
		first = first[:min(len(first), len(id))]
		for i := range first {
			if first[i] != id[i] {
				first = first[:i]
				break
			}
		}
	}
	return len(first)
}

// eightBytes are those of an id from a depth on, in the order of ids; after its
// end there are zeros.
func eightBytes(id string, depth int) uint64 {
	id = id[min(depth, len(id)):]
	if len(id) >= 8 {
		return eightOf(id)
	}
	var eight [8]byte
	copy(eight[:], id)
	return binary.BigEndian.Uint64(eight[:])
}

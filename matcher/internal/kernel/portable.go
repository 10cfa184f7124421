package kernel

import "encoding/binary"

// Without vectors, columns take far longer than postings until nearly all
// documents have the tag.
var portable = loops{name: "portable", minColumn: 3072, scatter: scatter, roundUp: roundUp, collect: collect, sieve: sieve, sift: siftBy(collect), exclude: exclude}

func scatter(sums *Sums, postings []Posting, tables []Table, lists []Ref) {
	for _, l := range lists {
		table := &tables[l.Table()]
		for _, p := range postings[l.At : l.At+uint32(l.Count)] {
			sums[p>>4] = saturated(sums[p>>4], table[p&15])
		}
	}
}

// near is how far from an integer a value has to be to be rounded up without
// doubt: far more than floating point is off up to 255.
const near = 1e-9

func roundUp(table *Table, values *[16]float64, factor float64) bool {
	for i, v := range values {
		x := v * factor
		if x >= 255 {
			table[i] = 255
			continue
		}
		n := uint8(x)
		part := x - float64(n)
		switch {
		case part > near && part < 1-near:
			n++
		case x != 0:
			return false
		}
		table[i] = n
	}
	return true
}

func collect(sums *Sums, columns []Column, threshold, keep uint8, mask *Mask) (words uint64) {
	for i := range columns {
		c := &columns[i]
		for b := range Blocks {
			block := (*[64]uint8)(sums[b*64:])
			levels := (*[32]uint8)(c.Levels[b*32:])
			for j, l := range levels {
				block[j] = saturated(block[j], c.Table[l&15])
				block[j+32] = saturated(block[j+32], c.Table[l>>4])
			}
		}
	}
	for b := range Blocks {
		var word uint64
		for j := range 8 {
			eight := sums[b*64+j*8:][:8]
			x := binary.LittleEndian.Uint64(eight)
			word |= atLeast(x, threshold) << (j * 8)
			binary.LittleEndian.PutUint64(eight, x&(ones*uint64(keep)))
		}
		mask[b] = word
		if word != 0 {
			words |= 1 << b
		}
	}
	return words
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// atLeast has a bit for each of the eight bytes of x that is the threshold or
// more. It compares the low seven bits of all bytes in one subtraction, then
// the high ones (H. S. Warren, Hacker's Delight, 2002).
func atLeast(x uint64, threshold uint8) uint64 {
	low := (x | highs) - ones*uint64(threshold&127)
	if threshold >= 128 {
		x &= low
	} else {
		x |= low
	}
	return (x & highs) >> 7 * 0x0102040810204080 >> 56
}

func saturated(a, b uint8) uint8 { return uint8(min(uint(a)+uint(b), 255)) }

package kernel

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"unsafe"
)

// Without vectors, columns take far longer than postings until nearly all
// documents have the tag.
var portable = loops{
	name: "portable", minColumn: 3072, crested: 2, scatter: scatter, roundUp: roundUp, steps: steps,
	collect: collect, bound: bound, peak: slices.Max[[]uint16], reach: reach, sieve: sieve, exclude: exclude, below: below, members: members, units: units,
	pick: pickBy(collect), countPicked: countPicked, selectPicked: selectPicked, mostRanked: mostRanked, ranks: ranks,
}

const mostRanked = 32

func scatter(sums *Sums, postings []Posting, tables []Table, lists []Ref, sections uint16) {
	for _, l := range lists {
		table := &tables[l.Table]
		for _, p := range postings[l.At : l.At+uint32(l.Count)] {
			if sections>>(p>>12)&1 == 1 {
				sums[p>>4] = saturated(sums[p>>4], table[p&15])
			}
		}
	}
}

// near is how far from an integer a value has to be to be rounded up without
// doubt: far more than floating point is off up to 255.
const near = 1e-9

func roundUp(table *Table, worth *Worth, factor float64) bool {
	for i, upper := range worth.Upper {
		x := worth.Slope * min(upper, worth.Limit) * factor
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

// manySteps is the most that steps are before one is added.
const manySteps = 65534

func steps(steps *Steps, worth *Worth, factor float64) {
	for l, upper := range worth.Upper {
		steps[l] = 0
		if w := min(upper, worth.Limit); w > 0 {
			steps[l] = uint16(min(w*worth.Slope*factor, manySteps)) + 1
		}
	}
}

func collect(sums *Sums, columns []Column, threshold, keep uint8, sections uint16, mask *Mask) (words uint64) {
	*mask = Mask{}
	for ; sections != 0; sections &= sections - 1 {
		const blocks = Blocks / Sections
		first := bits.TrailingZeros16(sections) * blocks
		for b := first; b < first+blocks; b++ {
			block := (*[64]uint8)(sums[b*64:])
			for i := range columns {
				addBlock(block, &columns[i], b)
			}
			var word uint64
			for j := range 8 {
				eight := block[j*8:][:8]
				x := binary.LittleEndian.Uint64(eight)
				word |= atLeast(x, threshold) << (j * 8)
				binary.LittleEndian.PutUint64(eight, x&(ones*uint64(keep)))
			}
			mask[b] = word
			if word != 0 {
				words |= 1 << b
			}
		}
	}
	return words
}

// addBlock adds a block of a column to its sums.
func addBlock(block *[64]uint8, c *Column, b int) {
	for j, l := range (*[32]uint8)(c.Levels[b*32:]) {
		block[j] = saturated(block[j], c.Table[l&15])
		block[j+32] = saturated(block[j+32], c.Table[l>>4])
	}
}

func bound(bounds, start []uint16, crests []Crest) {
	for i := range crests {
		c := &crests[i]
		levels := unsafe.Slice(c.Levels, len(bounds)/2)
		for at := 0; at < len(start); at += Sections {
			sums := (*[Sections]uint16)(start[at:])
			for j, l := range (*[CrestBytes]uint8)(levels[at/2:]) {
				if l != 0 {
					sums[j] = uint16(min(uint(sums[j])+uint(c.Steps[l&15]), 65535))
					sums[j+CrestBytes] = uint16(min(uint(sums[j+CrestBytes])+uint(c.Steps[l>>4]), 65535))
				}
			}
		}
	}
	copy(bounds, start)
	clear(start)
}

func reach(bounds []uint16, least uint16, reached []uint16) {
	for w := range reached {
		var sections uint16
		for s, b := range (*[Sections]uint16)(bounds[w*Sections:]) {
			if b >= least {
				sections |= 1 << s
			}
		}
		reached[w] = sections
	}
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

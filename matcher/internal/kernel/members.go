package kernel

import (
	"math/bits"
	"slices"
)

// Members appends to dst the documents of the mask that are not done, and makes
// them done. The window's first document is given.
func Members(dst []uint32, mask, done *Mask, first uint32) []uint32 {
	// Blocks are written 16 documents at a time, whatever they have.
	dst = slices.Grow(dst, Window+16)
	n := active.members(dst[len(dst):cap(dst)], mask, done, first)
	return dst[:len(dst)+n]
}

func members(dst []uint32, mask, done *Mask, first uint32) int {
	n := 0
	for b := range mask {
		word := mask[b] &^ done[b]
		done[b] |= word
		for ; word != 0; word &= word - 1 {
			dst[n] = first + uint32(b*64+bits.TrailingZeros64(word))
			n++
		}
	}
	return n
}

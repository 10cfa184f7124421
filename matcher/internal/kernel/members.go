package kernel

import (
	"math/bits"
	"slices"
)

// Members appends to dst the documents of the mask. The window's first document
// is given.
func Members(dst []uint32, mask *Mask, first uint32) []uint32 {
	dst = slices.Grow(dst, Window+spare)
	n := active.members(dst[len(dst):cap(dst)], mask, first)
	return dst[:len(dst)+n]
}

func members(dst []uint32, mask *Mask, first uint32) int {
	n := 0
	for b, word := range mask {
		for ; word != 0; word &= word - 1 {
			dst[n] = first + uint32(b*64+bits.TrailingZeros64(word))
			n++
		}
	}
	return n
}

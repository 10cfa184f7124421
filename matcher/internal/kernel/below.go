package kernel

import "math/bits"

// KeepBelow clears the bits of the documents that are not in the mask above and
// whose place is not below the lowest. Places are by document, of the window's first
// ones at least that are in the mask.
func KeepBelow(mask, above *Mask, places []uint32, lowest uint32) {
	places = places[:min(len(places), Window)]
	whole := len(places) / 64
	active.below(mask, above, places[:whole*64], lowest)
	if whole < Blocks {
		keepBelow(mask, above, whole, places, lowest)
	}
}

// below is the portable one, for whole words.
func below(mask, above *Mask, places []uint32, lowest uint32) {
	for b := range len(places) / 64 {
		keepBelow(mask, above, b, places, lowest)
	}
}

// keepBelow does it for a word.
func keepBelow(mask, above *Mask, b int, places []uint32, lowest uint32) {
	for word := mask[b] &^ above[b]; word != 0; word &= word - 1 {
		if i := bits.TrailingZeros64(word); places[b*64+i] >= lowest {
			mask[b] &^= 1 << i
		}
	}
}

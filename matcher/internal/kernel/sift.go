package kernel

import "math/bits"

// Sift adds the columns to the sums, which stay, sets the bits of the allowed
// documents whose sum is the threshold or more, and counts them.
func Sift(sums *Sums, columns []Column, allowed *Mask, threshold uint8, mask *Mask) int {
	return active.sift(sums, columns, allowed, threshold, mask)
}

// siftBy makes a sift out of a collect.
func siftBy(collect func(*Sums, []Column, uint8, uint8, uint16, *Mask) uint64) func(*Sums, []Column, *Mask, uint8, *Mask) int {
	return func(sums *Sums, columns []Column, allowed *Mask, threshold uint8, mask *Mask) int {
		collect(sums, columns, threshold, 255, All, mask)
		n := 0
		for i, word := range allowed {
			mask[i] &= word
			n += bits.OnesCount64(mask[i])
		}
		return n
	}
}

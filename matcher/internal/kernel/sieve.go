package kernel

import "math/bits"

// Buckets are a property of the documents of a window, as one of 256 buckets
// each.
type Buckets [Window]uint8

// Passing has a bit for each bucket that passes: bucket b is bit b%8 of byte
// b/8.
type Passing [32]uint8

// Pass lets a bucket pass.
func (p *Passing) Pass(bucket uint8) { p[bucket/8] |= 1 << (bucket % 8) }

// Passes reports whether a bucket passes.
func (p *Passing) Passes(bucket uint8) bool { return p[bucket/8]>>(bucket%8)&1 == 1 }

// Sieve clears the bits of the documents whose buckets don't pass.
func Sieve(buckets *Buckets, passing *Passing, mask *Mask) { active.sieve(buckets, passing, mask) }

// sieve is the portable one. It looks only at documents that are still there.
func sieve(buckets *Buckets, passing *Passing, mask *Mask) {
	for b := range mask {
		block := (*[64]uint8)(buckets[b*64:])
		var kept uint64
		for word := mask[b]; word != 0; word &= word - 1 {
			i := bits.TrailingZeros64(word) % 64
			bucket := block[i]
			kept |= uint64(passing[bucket/8]>>(bucket%8)&1) << i
		}
		mask[b] = kept
	}
}

package kernel

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

func TestSieve(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 1))
	for _, l := range available() {
		t.Run(l.name, func(t *testing.T) {
			for _, one := range []int{1, 2, 100} { // of so many buckets passes
				var buckets Buckets
				var passing Passing
				var mask Mask
				for i := range buckets {
					buckets[i] = uint8(i + i>>8)
				}
				for b := range 256 {
					if rng.IntN(one) == 0 {
						passing.Pass(uint8(b))
					}
				}
				for i := range mask {
					mask[i] = (rng.Uint64() | rng.Uint64()) * uint64(i/8%2)
				}
				got := mask
				l.sieve(&buckets, &passing, &got)
				for o := range Window {
					want := mask[o/64]>>(o%64)&1 == 1 && passing.Passes(buckets[o])
					if got[o/64]>>(o%64)&1 == 1 != want {
						t.Fatalf("one bucket of %d passes; document %d of bucket %d: %v, want %v", one, o, buckets[o], !want, want)
					}
				}
			}
		})
	}
}

func BenchmarkSieve(b *testing.B) {
	for _, l := range available() {
		b.Run(fmt.Sprint(l.name), func(b *testing.B) {
			var buckets Buckets
			var passing Passing
			var mask Mask
			for i := range buckets {
				buckets[i] = uint8(i * 7)
			}
			for i := range passing {
				passing[i] = uint8(i * 37)
			}
			for range b.N {
				for i := range mask {
					mask[i] = ^uint64(0)
				}
				l.sieve(&buckets, &passing, &mask)
			}
		})
	}
}

package kernel

import (
	"math/rand/v2"
	"testing"
)

func TestSiftIsThePortableOne(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 1))
	portable := siftBy(collect)
	for _, l := range available() {
		t.Run(l.name, func(t *testing.T) {
			for _, n := range []int{0, 1, 2, 14, 70} {
				for _, threshold := range []uint8{1, 127, 128, 200, 255} {
					sums, columns := sample(rng, n)
					var allowed, wantMask, gotMask Mask
					for i := range allowed {
						allowed[i] = rng.Uint64()
					}
					want, got := sums, sums
					wantCount := portable(&want, columns, &allowed, threshold, &wantMask)
					gotCount := l.sift(&got, columns, &allowed, threshold, &gotMask)
					if gotMask != wantMask || got != want || gotCount != wantCount || gotCount != gotMask.Count() {
						t.Fatalf("%d columns, threshold %d: another mask, other sums, or another count", n, threshold)
					}
				}
			}
		})
	}
}

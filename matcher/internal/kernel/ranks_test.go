package kernel

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func TestRanks(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 1))
	for _, l := range available() {
		t.Run(l.name, func(t *testing.T) {
			before := active
			active = l
			defer func() { active = before }()
			var k Keys
			for n := range 200 {
				keys := make([]uint64, n)
				for i := range keys {
					keys[i] = rng.Uint64() >> rng.IntN(64)
				}
				sorted := slices.Clone(keys)
				slices.Sort(sorted)
				k.List = append(k.List[:0], keys...)
				got := k.Ranks()
				if len(got) != n {
					t.Fatalf("%d ranks of %d keys", len(got), n)
				}
				for i, key := range keys {
					// How many end where those above it begin.
					after, _ := slices.BinarySearchFunc(sorted, key, func(a, b uint64) int {
						if a <= b {
							return -1
						}
						return 1
					})
					if int(got[i]) != n-after {
						t.Fatalf("%d of %d keys: rank %d, want %d", i, n, got[i], n-after)
					}
				}
			}
		})
	}
}

package kernel

import (
	"math/rand/v2"
	"testing"
)

func TestBelow(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 1))
	for _, l := range available() {
		t.Run(l.name, func(t *testing.T) {
			for range 200 {
				words := 1 + rng.IntN(Blocks)
				places := make([]uint32, words*64)
				for i := range places {
					places[i] = rng.Uint32() >> rng.IntN(32)
				}
				var mask, above Mask
				for b := range words {
					mask[b], above[b] = rng.Uint64(), rng.Uint64()&rng.Uint64()
				}
				lowest := places[rng.IntN(len(places))]
				got := mask
				l.below(&got, &above, places, lowest)
				for o, place := range places {
					bit := uint64(1) << (o % 64)
					want := mask[o/64]&bit != 0 && (above[o/64]&bit != 0 || place < lowest)
					if got[o/64]&bit != 0 != want {
						t.Fatalf("document %d with place %d, lowest %d: kept %v, want %v", o, place, lowest, !want, want)
					}
				}
			}
		})
	}
}

func TestKeepBelowInAPartOfAWindow(t *testing.T) {
	places := make([]uint32, 130)
	for i := range places {
		places[i] = uint32(i)
	}
	mask, above := Mask{1<<3 | 1<<60, 1, 3}, Mask{2: 2}
	KeepBelow(&mask, &above, places, 60)
	if want := (Mask{1 << 3, 0, 2}); mask != want {
		t.Errorf("%b, want %b", mask[:3], want[:3])
	}
}

package kernel

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func TestMembers(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 1))
	for _, l := range available() {
		t.Run(l.name, func(t *testing.T) {
			for _, share := range []float64{0, 0.01, 0.2, 0.4, 0.7, 0.9, 1} {
				var mask, done Mask
				var want []uint32
				const first = 3 * Window
				for o := range Window {
					if rng.Float64() >= share {
						continue
					}
					mask[o/64] |= 1 << (o % 64)
					if rng.IntN(3) == 0 && share < 1 {
						done[o/64] |= 1 << (o % 64)
					} else {
						want = append(want, first+uint32(o))
					}
				}
				dst := make([]uint32, Window+16)
				n := l.members(dst, &mask, &done, first)
				if !slices.Equal(dst[:n], want) || done != mask {
					t.Fatalf("share %v: %d documents, want %d; or not all are done", share, n, len(want))
				}
			}
		})
	}
}

func TestMembersAppends(t *testing.T) {
	mask, done := Mask{1: 1 << 5}, Mask{}
	got := Members([]uint32{7}, &mask, &done, Window)
	if got = Members(got, &mask, &done, Window); !slices.Equal(got, []uint32{7, Window + 69}) {
		t.Errorf("%v", got)
	}
}

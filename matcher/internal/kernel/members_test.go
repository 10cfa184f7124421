package kernel

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// drawMask draws a mask of about that share of the documents below n.
func drawMask(rng *rand.Rand, share float64, n int) *Mask {
	var mask Mask
	for o := range n {
		if rng.Float64() < share {
			mask[o/64] |= 1 << (o % 64)
		}
	}
	return &mask
}

func TestMembers(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 1))
	for _, l := range available() {
		t.Run(l.name, func(t *testing.T) {
			for _, share := range []float64{0, 0.01, 0.2, 0.4, 0.7, 0.9, 1} {
				mask := drawMask(rng, share, Window)
				var want []uint32
				const first = 3 * Window
				for o := range uint32(Window) {
					if mask[o/64]>>(o%64)&1 == 1 {
						want = append(want, first+o)
					}
				}
				dst := make([]uint32, Window+spare)
				if n := l.members(dst, mask, first); !slices.Equal(dst[:n], want) {
					t.Fatalf("share %v: %d documents, want %d", share, n, len(want))
				}
			}
		})
	}
}

func TestMembersAppends(t *testing.T) {
	mask := Mask{1: 1 << 5}
	got := Members([]uint32{7}, &mask, Window)
	if got = Members(got, &mask, 2*Window); !slices.Equal(got, []uint32{7, Window + 69, 2*Window + 69}) {
		t.Errorf("%v", got)
	}
}

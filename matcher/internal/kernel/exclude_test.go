package kernel

import (
	"math/rand/v2"
	"testing"
)

func TestExcludeIsThePortableOne(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 1))
	random := func() *Mask {
		m := new(Mask)
		for i := range m {
			m[i] = rng.Uint64() & rng.Uint64()
		}
		return m
	}
	for _, l := range available() {
		for _, n := range []int{0, 1, 2, 5} {
			want := *random()
			got := want
			others := make([]*Mask, n)
			for i := range others {
				others[i] = random()
			}
			exclude(&want, others)
			l.exclude(&got, others)
			if got != want {
				t.Fatalf("%s, %d masks: not what the portable one leaves", l.name, n)
			}
		}
	}
}

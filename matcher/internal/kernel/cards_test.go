package kernel

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func TestUnits(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 1))
	const tags, docs = 70, 500
	products := make([]int64, tags)
	for i := range products {
		if rng.IntN(3) > 0 {
			products[i] = rng.Int64N(1 << 31)
		}
	}
	at, words, all := []uint32{0}, []uint32(nil), make([]int64, docs)
	for doc := range all {
		factor := rng.Uint32N(5)
		words = append(words, rng.Uint32(), factor)
		for range 4 * rng.IntN(6) {
			tag, weight := rng.Uint32N(tags), rng.Uint32N(1<<16)
			words = append(words, tag<<16|weight)
			all[doc] += int64(factor) * products[tag] * int64(weight)
		}
		at = append(at, uint32(len(words)))
	}
	for _, l := range available() {
		t.Run(l.name, func(t *testing.T) {
			for _, n := range []int{1, 2, 300} {
				asked, want := make([]uint32, n), make([]int64, n)
				for i := range asked {
					asked[i] = rng.Uint32N(docs)
					want[i] = all[asked[i]]
				}
				got := make([]int64, n)
				if l.units(got, words, at, asked, products); !slices.Equal(got, want) {
					t.Fatalf("%d documents: %d, want %d", n, got, want)
				}
			}
		})
	}
	Units(nil, words, at, nil, products)
}

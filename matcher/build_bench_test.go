package matcher

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// BenchmarkBuild gives the time of an opportunity. With -cpu 1 it is that of
// one core, collecting garbage included.
func BenchmarkBuild(b *testing.B) {
	build := func(b *testing.B, c Catalogue) {
		b.ReportAllocs()
		for range b.N {
			if _, err := NewIndex(c, Settings{Decay: DefaultDecay, Measure: Cosine}); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(c.Opportunities)), "ns/opportunity")
	}
	for _, n := range []int{10_000, 100_000, 1_000_000} {
		c, _ := plainCatalogue(n, 0)
		b.Run(fmt.Sprint(n), func(b *testing.B) { build(b, c) })
		rng := rand.New(rand.NewPCG(3, 4))
		rng.Shuffle(n, func(i, j int) {
			c.Opportunities[i], c.Opportunities[j] = c.Opportunities[j], c.Opportunities[i]
		})
		b.Run(fmt.Sprint(n, "/shuffled"), func(b *testing.B) { build(b, c) })
	}
}

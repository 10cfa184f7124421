package matcher

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// BenchmarkRankBeside is what rankings cost with as much beside the segment as
// there is just before a merge is due, against the index that Merge makes of it.
func BenchmarkRankBeside(b *testing.B) {
	for _, n := range []int{10_000, 100_000, 1_000_000} {
		c, students := plainCatalogue(n, 256)
		x, err := NewIndex(c, Settings{Decay: DefaultDecay, Measure: Cosine})
		if err != nil {
			b.Fatal(err)
		}
		x = fill(b, x, c)
		merged, err := x.Merge(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		for range 3 { // turns, since machines have moods
			for name, x := range map[string]*Index{"beside": x, "merged": merged} {
				b.Run(fmt.Sprint(n, "/", name), func(b *testing.B) {
					r := x.NewRanker()
					var dst []Candidate
					q := Query{K: 10}
					for i := range b.N {
						q.Student = &students[i%len(students)]
						dst = r.Rank(dst[:0], &q)
					}
				})
			}
		}
	}
}

// fill changes opportunities until a merge is due: of 20, 16 get seats, 3 are
// closed, the rest gets other tags.
func fill(b *testing.B, x *Index, c Catalogue) *Index {
	b.Helper()
	rng := rand.New(rand.NewPCG(5, 6))
	for i := 0; ; i++ {
		o := c.Opportunities[rng.IntN(len(c.Opportunities))]
		switch kind := i % 20; {
		case kind == 19:
			o.Tags = c.Opportunities[rng.IntN(len(c.Opportunities))].Tags
		case kind >= 16:
			o.Status = Closed
		default:
			o.Seats = int32(1 + rng.IntN(3))
		}
		y, err := x.Apply(Change{Opportunity: &o})
		if err != nil {
			b.Fatal(err)
		}
		if y.Due() {
			return x
		}
		x = y
	}
}

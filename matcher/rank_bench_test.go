package matcher

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// plainCatalogue draws n opportunities with 3 to 16 tags by Zipf, all eligible
// for everyone, and students with 14 tags.
func plainCatalogue(n, students int) (Catalogue, []Student) {
	rng := rand.New(rand.NewPCG(1, 2))
	const tags = 4000
	names := make([]string, tags)
	cumulative := make([]float64, tags)
	sum := 0.0
	for i := range names {
		names[i] = fmt.Sprintf("tag-%04d", i)
		sum += 1 / math.Pow(float64(i)+10, 1.05)
		cumulative[i] = sum
	}
	draw := func(k int) []Weighted {
		own := make([]Weighted, 0, k)
		seen := map[int]bool{}
		for len(own) < k {
			x := rng.Float64() * sum
			lo, hi := 0, tags-1
			for lo < hi {
				if mid := (lo + hi) / 2; cumulative[mid] < x {
					lo = mid + 1
				} else {
					hi = mid
				}
			}
			if !seen[lo] {
				seen[lo] = true
				own = append(own, Weighted{names[lo], Weight(500 * (1 + rng.IntN(20)))})
			}
		}
		return own
	}
	c := Catalogue{Opportunities: make([]Opportunity, n)}
	for i := range c.Opportunities {
		c.Opportunities[i] = Opportunity{
			ID: fmt.Sprintf("o%08d", i), Seats: 1, Boost: 1, Status: Published, MinPolicy: MinHard,
			Tags: draw(3 + rng.IntN(14)),
		}
	}
	people := make([]Student, students)
	for i := range people {
		people[i] = Student{ID: fmt.Sprintf("s%d", i), Interests: draw(14)}
	}
	return c, people
}

func BenchmarkRank(b *testing.B) {
	for _, n := range []int{10_000, 100_000, 1_000_000} {
		c, students := plainCatalogue(n, 256)
		x, err := NewIndex(c, Settings{Decay: DefaultDecay, Measure: Cosine})
		if err != nil {
			b.Fatal(err)
		}
		var mass int64
		for i := range students {
			mass += x.Postings(&students[i])
		}
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			r := x.NewRanker()
			var dst []Candidate
			b.ReportAllocs()
			for i := range b.N {
				dst = r.Rank(dst[:0], &Query{Student: &students[i%len(students)], K: 10})
			}
			perQuery := float64(mass) / float64(len(students))
			b.ReportMetric(perQuery, "postings/op")
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/perQuery, "ns/posting")
		})
	}
}

// BenchmarkApply is what one change costs, published by itself.
func BenchmarkApply(b *testing.B) {
	for _, n := range []int{10_000, 1_000_000} {
		c, _ := plainCatalogue(n, 0)
		first, err := NewIndex(c, Settings{Decay: DefaultDecay, Measure: Cosine})
		if err != nil {
			b.Fatal(err)
		}
		for name, change := range map[string]func(o *Opportunity){
			"seats":  func(o *Opportunity) { o.Seats++ },
			"retags": func(o *Opportunity) { o.Tags = o.Tags[1:] },
		} {
			b.Run(fmt.Sprint(n, "/", name), func(b *testing.B) {
				x := first
				b.ReportAllocs()
				for i := range b.N {
					o := c.Opportunities[i*7919%n]
					change(&o)
					if x, err = x.Apply(Change{Opportunity: &o}); err != nil {
						b.Fatal(err)
					}
					if x.Due() {
						x = first
					}
				}
			})
		}
	}
}

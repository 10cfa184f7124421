// Package equality compares the ranker with the plain loop on random queries
// over a whole catalogue: every measure, every rule and wish, as it was built
// and after changes.
package equality

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/kindred-match/kindred/matcher"
)

// pools are the values that a catalogue has, to draw students' from.
type pools struct {
	grades, regions, slots, credentials, terms []string
	tags, ids                                  []string
	days                                       []matcher.Date
	positions                                  []matcher.Position
}

func poolsOf(c *matcher.Catalogue) *pools {
	p := &pools{days: []matcher.Date{20200101, 20991231}}
	add := func(pool *[]string, seen map[string]bool, items ...string) {
		for _, item := range items {
			if !seen[item] {
				seen[item] = true
				*pool = append(*pool, item)
			}
		}
	}
	var seen [6]map[string]bool
	for i := range seen {
		seen[i] = make(map[string]bool)
	}
	days := make(map[matcher.Date]bool)
	for i := range c.Opportunities {
		o := &c.Opportunities[i]
		add(&p.grades, seen[0], o.Grades...)
		add(&p.regions, seen[1], o.Regions...)
		add(&p.slots, seen[2], o.Slots...)
		add(&p.credentials, seen[3], o.Requires...)
		add(&p.terms, seen[4], o.Term)
		for _, t := range o.Tags {
			add(&p.tags, seen[5], t.Tag)
		}
		for _, day := range []matcher.Date{o.Opens, o.Closes} {
			if day != 0 && !days[day] {
				days[day] = true
				p.days = append(p.days, day)
			}
		}
		if o.Position != nil && len(p.positions) < 1000 {
			p.positions = append(p.positions, *o.Position)
		}
		p.ids = append(p.ids, o.ID)
	}
	return p
}

// Decorate gives opportunities that say nothing of eligibility what the rules
// look at, so that each lets anything from all of them to one in ten thousand
// pass.
func Decorate(c *matcher.Catalogue, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 1))
	const partners = 300
	for i := range partners {
		p := matcher.Partner{ID: fmt.Sprintf("partner-%d", i), Kind: matcher.PartnerKinds[min(rng.IntN(8), rng.IntN(8))]}
		if i%20 == 0 {
			p.MaxSeats = new(int32(i % 40))
		}
		c.Partners = append(c.Partners, p)
	}
	slots := []string{"mon", "tue", "wed", "thu", "fri", "sat"}
	for i := range c.Opportunities {
		o := &c.Opportunities[i]
		o.Partner = fmt.Sprintf("partner-%d", min(rng.IntN(partners), rng.IntN(partners)))
		o.Kind = matcher.OpportunityKinds[min(rng.IntN(8), rng.IntN(8))]
		o.Term = share(rng, "term")
		o.Seats = int32(rng.IntN(20))
		o.Boost = []float64{1, 1, 1, 0.5, 1.37, 2}[rng.IntN(6)]
		if rng.IntN(30) == 0 {
			o.Status = matcher.Statuses[1+rng.IntN(2)]
		}
		if rng.IntN(8) > 0 {
			o.Grades = []string{share(rng, "grade"), share(rng, "grade")}
		}
		if rng.IntN(8) > 0 {
			o.Regions = []string{share(rng, "region"), fmt.Sprint("district-", rng.IntN(900))}[:1+rng.IntN(2)]
		}
		o.Remote = rng.IntN(50) == 0
		if rng.IntN(3) == 0 {
			o.Slots = slots[rng.IntN(4):][:1+rng.IntN(2)]
		}
		if rng.IntN(5) == 0 {
			o.Requires = []string{share(rng, "credential")}
		}
		if rng.IntN(4) == 0 {
			o.MinAge = new(int32(13 + rng.IntN(8)))
		}
		if rng.IntN(5) > 0 {
			o.Position = &matcher.Position{Latitude: 40 + rng.Float64(), Longitude: -74 + 2*rng.Float64()}
		}
		if rng.IntN(3) == 0 {
			o.Opens = matcher.Date(20260101 + 100*rng.IntN(12) + rng.IntN(28))
		}
		if rng.IntN(3) == 0 {
			o.Closes = matcher.Date(20270101 + 100*rng.IntN(12) + rng.IntN(28))
		}
	}
}

// share names a value: "0" is the usual one, "4" stands at one in 10,000.
func share(rng *rand.Rand, of string) string {
	n := 0
	for x := rng.IntN(10_000); n < 4 && x < []int{1111, 111, 11, 1}[n]; {
		n++
	}
	return fmt.Sprint(of, "-", n)
}

// some draws up to n of the items, in any order.
func some[T any](rng *rand.Rand, items []T, n int) []T {
	var drawn []T
	for range n {
		if len(items) > 0 {
			drawn = append(drawn, items[rng.IntN(len(items))])
		}
	}
	return drawn
}

// one draws an item, or the zero value where there is none.
func one[T any](rng *rand.Rand, items []T) T {
	var zero T
	if len(items) == 0 {
		return zero
	}
	return items[rng.IntN(len(items))]
}

// distinct are the items, each once.
func distinct(items []string) []string {
	slices.Sort(items)
	return slices.Compact(items)
}

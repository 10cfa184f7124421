package equality

import (
	"math"
	"math/rand/v2"

	"github.com/kindred-match/kindred/matcher"
)

// drawn is a query and the names of what it filters by.
type drawn struct {
	matcher.Query
	filters []string
}

// draw draws what is asked. The best are ids that ranked high before: to leave
// them out is what hurts most.
func draw(rng *rand.Rand, p *pools, students []matcher.Student, best []string) *drawn {
	s := students[rng.IntN(len(students))]
	s.Interests = interests(rng, p, students)
	d := &drawn{Query: matcher.Query{
		Student: &s,
		AsOf:    one(rng, p.days),
		K:       []int{1, 2, 3, 10, 10, 10, 10, 50, 200, 1000}[rng.IntN(10)],
	}}
	if rng.IntN(100) == 0 {
		d.K = len(p.ids) + 5
	}
	d.drawStudent(rng, p, &s)
	d.drawWishes(rng, p, best)
	return d
}

// maybe does something to one in n queries, and names it.
func (d *drawn) maybe(rng *rand.Rand, n int, name string, do func()) {
	if rng.IntN(n) == 0 {
		do()
		d.filters = append(d.filters, name)
	}
}

// drawStudent draws what eligibility looks at of a student; what isn't drawn
// anew stays the student's own.
func (d *drawn) drawStudent(rng *rand.Rand, p *pools, s *matcher.Student) {
	d.maybe(rng, 3, "grade", func() { s.Grade = one(rng, append(p.grades, "", "no such grade")) })
	d.maybe(rng, 3, "region", func() { s.Region = one(rng, append(p.regions, "", "no such region")) })
	d.maybe(rng, 4, "slots", func() { s.Slots = distinct(some(rng, p.slots, 1+rng.IntN(6))) })
	d.maybe(rng, 3, "credentials", func() { s.Credentials = distinct(some(rng, p.credentials, rng.IntN(4))) })
	d.maybe(rng, 3, "age", func() {
		s.Age = new(int32(12 + rng.IntN(12)))
		if rng.IntN(4) == 0 {
			s.Age = nil
		}
	})
	d.maybe(rng, 4, "distance", func() {
		if s.Position == nil && len(p.positions) > 0 {
			s.Position = new(one(rng, p.positions))
		}
		s.MaxKm = new(math.Exp(12*rng.Float64() - 3))
	})
}

func (d *drawn) drawWishes(rng *rand.Rand, p *pools, best []string) {
	d.maybe(rng, 4, "term", func() { d.Term = one(rng, p.terms) })
	d.maybe(rng, 5, "kinds", func() { d.Kinds = some(rng, matcher.OpportunityKinds, 1+rng.IntN(3)) })
	d.maybe(rng, 5, "partner kinds", func() { d.PartnerKinds = some(rng, matcher.PartnerKinds, 1+rng.IntN(3)) })
	d.maybe(rng, 5, "exclude", func() { d.Exclude = set(append(some(rng, best, rng.IntN(200)), some(rng, p.ids, 20)...)) })
	d.maybe(rng, 5, "forbidden", func() { d.Forbidden = set(append(some(rng, best, rng.IntN(20)), some(rng, p.ids, 20)...)) })
	d.maybe(rng, 6, "max per partner", func() { d.MaxPerPartner = 1 + rng.IntN(3) })
}

func set(ids []string) map[string]bool {
	m := make(map[string]bool, len(ids))
	for _, id := range ids {
		m[id] = true
	}
	return m
}

// interests are a student's own, two students' together, or any tags.
func interests(rng *rand.Rand, p *pools, students []matcher.Student) []matcher.Weighted {
	own := append([]matcher.Weighted{}, students[rng.IntN(len(students))].Interests...)
	switch rng.IntN(4) {
	case 0:
		own = append(own, students[rng.IntN(len(students))].Interests...)
	case 1:
		own = own[:0]
		for range 1 + rng.IntN(1+rng.IntN(40)) {
			own = append(own, matcher.Weighted{Tag: one(rng, append(p.tags, "no such tag")), Weight: matcher.Weight(1 + rng.IntN(10_000))})
		}
	case 2:
		for i := range own { // ties
			own[i].Weight = matcher.Weight(2500 * (1 + rng.IntN(4)))
		}
	}
	return own[:min(len(own), matcher.MaxOwnTags)]
}

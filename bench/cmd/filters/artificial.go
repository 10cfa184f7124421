package main

import (
	"fmt"
	"math/rand/v2"

	"github.com/kindred-match/kindred/internal/generate"
	"github.com/kindred-match/kindred/matcher"
)

// scenario is what is asked in place of a student's own attributes.
type scenario struct {
	name   string
	change func(q *matcher.Query)
}

// shares are what values let pass: "s3" stands at one in 1,000.
var shares = []int{1, 10, 100, 1000, 10_000}

// manyRegions is how many regions there are beside those of the shares.
const manyRegions = 2000

// artificial gives invented opportunities attributes that let chosen shares
// pass, each rule by itself, independent of the others and of the tags.
func artificial(o *options) (matcher.Catalogue, []matcher.Student, []scenario, error) {
	v, err := generate.District(generate.Options{Students: o.profiles, Opportunities: o.opportunities, Seed: 1, Plain: true})
	if err != nil {
		return matcher.Catalogue{}, nil, nil, err
	}
	c := catalogueOf(v)
	rng := rand.New(rand.NewPCG(1, 2))
	slots := []string{"s", "other", "more"}
	for i := range c.Opportunities {
		a := &c.Opportunities[i]
		a.Grades = []string{share(rng)}
		a.Term = share(rng)
		a.Regions = []string{share(rng), fmt.Sprint("r", rng.IntN(manyRegions))}
		if rng.IntN(10) > 0 {
			a.Slots = slots[1+rng.IntN(2) : 3]
		}
		a.Opens = matcher.Date(20260101 + 100*rng.IntN(10) + rng.IntN(28))
		a.MinAge = new(int32(14 + rng.IntN(10)))
		a.Position = &matcher.Position{Latitude: 40 + 4*rng.Float64(), Longitude: -78 + 4*rng.Float64()}
	}
	var students []matcher.Student
	for s := range v.Students() {
		s.Region, s.Grade, s.Age = "s0", "s0", new(int32(30))
		students = append(students, s)
	}
	return c, students, scenarios(), nil
}

// share draws a value: "s0", the usual one, or one as rare as shares says.
func share(rng *rand.Rand) string {
	x := rng.IntN(10_000)
	switch {
	case x < 1:
		return "s4"
	case x < 11:
		return "s3"
	case x < 111:
		return "s2"
	case x < 1111:
		return "s1"
	default:
		return "s0"
	}
}

func scenarios() []scenario {
	const always = matcher.Date(20270101)
	on := func(change func(s *matcher.Student, q *matcher.Query)) func(q *matcher.Query) {
		return func(q *matcher.Query) {
			q.AsOf = always
			s := *q.Student
			change(&s, q)
			q.Student = &s
		}
	}
	list := []scenario{
		{"no rule bites but regions and grades, 79 %", on(func(*matcher.Student, *matcher.Query) {})},
		{"one of 2,000 regions", on(func(s *matcher.Student, _ *matcher.Query) { s.Region = "r7" })},
		{"opens, 1 %", on(func(_ *matcher.Student, q *matcher.Query) { q.AsOf = 20260103 })},
		{"age, 10 %", on(func(s *matcher.Student, _ *matcher.Query) { s.Age = new(int32(14)) })},
		{"slots, 10 %", on(func(s *matcher.Student, _ *matcher.Query) { s.Slots = []string{"s"} })},
		{"distance, 5 km", on(func(s *matcher.Student, _ *matcher.Query) {
			s.Position, s.MaxKm = &matcher.Position{Latitude: 42, Longitude: -76}, new(5.0)
		})},
		{"distance, 50 km", on(func(s *matcher.Student, _ *matcher.Query) {
			s.Position, s.MaxKm = &matcher.Position{Latitude: 42, Longitude: -76}, new(50.0)
		})},
		{"region and grade 10 % each", on(func(s *matcher.Student, _ *matcher.Query) { s.Region, s.Grade = "s1", "s1" })},
		{"region, grade and term 10 % each", on(func(s *matcher.Student, q *matcher.Query) {
			s.Region, s.Grade, q.Term = "s1", "s1", "s1"
		})},
		{"region, grade, term and slots 10 % each", on(func(s *matcher.Student, q *matcher.Query) {
			s.Region, s.Grade, q.Term, s.Slots = "s1", "s1", "s1", []string{"s"}
		})},
		{"kind that nothing has", on(func(_ *matcher.Student, q *matcher.Query) { q.Kinds = matcher.OpportunityKinds[:1] })},
	}
	for i, n := range shares[1:] {
		name := fmt.Sprint("s", i+1)
		list = append(list, scenario{fmt.Sprintf("region, one in %d", n), on(func(s *matcher.Student, _ *matcher.Query) { s.Region = name })})
	}
	return list
}

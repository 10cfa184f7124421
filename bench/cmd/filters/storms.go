package main

import (
	"fmt"
	"math/rand/v2"

	"github.com/kindred-match/kindred/matcher"
)

// storm makes opportunities of equal weights, each with some of the tags, so
// that nearly everything ties, and asks for short and long rankings, with and
// without rules.
func storm(opportunities, each, tags int) func(o *options) (matcher.Catalogue, []matcher.Student, []scenario, error) {
	return func(o *options) (matcher.Catalogue, []matcher.Student, []scenario, error) {
		rng := rand.New(rand.NewPCG(5, uint64(tags)))
		c := matcher.Catalogue{Opportunities: make([]matcher.Opportunity, opportunities)}
		for i := range c.Opportunities {
			a := &c.Opportunities[i]
			*a = matcher.Opportunity{
				ID: fmt.Sprintf("o%07d", i), Seats: 1, Boost: 1, Status: matcher.Published, MinPolicy: matcher.MinHard,
				Grades: []string{share(rng)}, Regions: []string{share(rng)},
			}
			for _, t := range rng.Perm(tags)[:each] {
				a.Tags = append(a.Tags, matcher.Weighted{Tag: fmt.Sprint("t", t), Weight: matcher.One})
			}
		}
		students := make([]matcher.Student, min(o.profiles, 10))
		for i := range students {
			for _, t := range rng.Perm(tags)[:min(5, tags)] {
				students[i].Interests = append(students[i].Interests, matcher.Weighted{Tag: fmt.Sprint("t", t), Weight: 5000})
			}
		}
		var list []scenario
		for _, k := range []int{10, 200, opportunities + 1} {
			for _, grade := range []string{"s0", "s1", "s2", "s3"} {
				name := fmt.Sprintf("storm of %d, %d of %d tags, k %d, grade %s", opportunities, each, tags, k, grade)
				list = append(list, scenario{name, func(q *matcher.Query) {
					s := *q.Student
					s.Grade, s.Region = grade, "s0"
					q.Student, q.K = &s, k
				}})
			}
		}
		return c, students, list, nil
	}
}

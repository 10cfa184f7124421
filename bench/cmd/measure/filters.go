package main

import (
	"context"
	"math/rand/v2"

	"github.com/kindred-match/kindred/bench/dataset"
	"github.com/kindred-match/kindred/bench/result"
	"github.com/kindred-match/kindred/matcher"
)

// share is a region, a grade or a term of so many of the opportunities.
type share struct {
	name string
	part float64
}

// everyone is the region and the grade that all opportunities name.
const everyone = "all"

// shares don't overlap; the rest of the opportunities is in none of them.
var shares = []share{{"10", 0.1}, {"1", 0.01}, {"0.1", 0.001}, {"0.01", 0.0001}}

// restrict gives opportunities regions, grades and terms that fall on them by
// lot, each independently of the others and of tags.
func restrict(opportunities []matcher.Opportunity) {
	lot := rand.New(rand.NewPCG(11, 12))
	draw := func() string {
		x := lot.Float64()
		for _, s := range shares {
			if x < s.part {
				return s.name
			}
			x -= s.part
		}
		return "rest"
	}
	lists := make(map[string][]string)
	list := func(name string) []string {
		if lists[name] == nil {
			lists[name] = []string{everyone, name}
		}
		return lists[name]
	}
	for i := range opportunities {
		o := &opportunities[i]
		o.Regions, o.Grades, o.Term = list(draw()), list(draw()), draw()
	}
}

// byFilter varies which part of the opportunities is eligible, and by which
// rules.
func byFilter(ctx context.Context, m *measurement, set string) ([]result.Row, error) {
	s, err := dataset.Load(ctx, set, m.data, m.queriesOr(30))
	if err != nil {
		return nil, err
	}
	restrict(s.Catalogue.Opportunities)
	p, err := newPair(s.Catalogue, dataset.Settings())
	if err != nil {
		return nil, err
	}
	restricted := func(rule string, part float64, region, grade, term string) *comparison {
		c := &comparison{variant: rule, x: part, query: matcher.Query{AsOf: s.AsOf, K: usualK, Term: term}}
		for _, student := range s.Students {
			student.Region, student.Grade = region, grade
			c.students = append(c.students, student)
		}
		return c
	}
	all := []*comparison{restricted("none", 1, everyone, everyone, "")}
	for _, s := range shares {
		all = append(all,
			restricted("region", s.part, s.name, everyone, ""),
			restricted("grade", s.part, everyone, s.name, ""),
			restricted("term", s.part, everyone, everyone, s.name))
	}
	all = append(all,
		restricted("region and grade", 0.01, "10", "10", ""),
		restricted("region, grade and term", 0.001, "10", "10", "10"),
		restricted("region, grade and term", 0.0001, "1", "10", "10"))
	return p.rows(all, m.roundsOr(3))
}

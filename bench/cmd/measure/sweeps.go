package main

import (
	"context"
	"fmt"

	"github.com/kindred-match/kindred/bench/dataset"
	"github.com/kindred-match/kindred/bench/result"
	"github.com/kindred-match/kindred/matcher"
)

// usualK is how many candidates are wanted where that isn't varied.
const usualK = 10

// rank compares the ranker with the plain loop, and looks at what is slow.
func rank(ctx context.Context, m *measurement, set string) ([]result.Row, error) {
	s, p, err := m.load(ctx, set, m.queriesOr(usualQueries))
	if err != nil {
		return nil, err
	}
	c := &comparison{students: s.Students, query: matcher.Query{AsOf: s.AsOf, K: usualK}}
	r, times, err := p.compare(c, m.roundsOr(usualRounds))
	if err != nil {
		return nil, err
	}
	r.Slowest = p.slowest(c, times, 5)
	r.Work = meanWork(p.work(c))
	r.Index = &result.Index{
		BuildSeconds: p.buildSeconds, BytesPerTag: float64(p.x.Bytes()) / float64(max(1, p.x.AllPostings())),
	}
	return []result.Row{*r}, nil
}

// rows compares for each of some comparisons.
func (p *pair) rows(comparisons []*comparison, rounds int) ([]result.Row, error) {
	var rows []result.Row
	for _, c := range comparisons {
		r, _, err := p.compare(c, rounds)
		if err != nil {
			return nil, err
		}
		rows = append(rows, *r)
	}
	return rows, nil
}

// byLength makes queries of more and more tags out of the interests of several
// students.
func byLength(ctx context.Context, m *measurement, set string) ([]result.Row, error) {
	const sources = 8 // students for one query
	queries := m.queriesOr(200)
	s, p, err := m.load(ctx, set, sources*queries)
	if err != nil {
		return nil, err
	}
	var all []*comparison
	for _, length := range []int{5, 10, 20, 35, 50} {
		c := &comparison{variant: fmt.Sprintf("%d tags", length), x: float64(length), query: matcher.Query{AsOf: s.AsOf, K: usualK}}
		for i := range queries {
			c.students = append(c.students, p.ofLength(s.Students[i*sources:][:sources], length))
		}
		all = append(all, c)
	}
	return p.rows(all, m.roundsOr(usualRounds))
}

// ofLength is a student who has the interests of others, one after the other,
// as far as they have, with what they pass up to, at most length tags.
func (p *pair) ofLength(sources []matcher.Student, length int) matcher.Student {
	s := sources[0]
	s.Interests = nil
	for i := range sources {
		for _, w := range sources[i].Interests {
			longer := s
			longer.Interests = append(s.Interests[:len(s.Interests):len(s.Interests)], w)
			if len(longer.Interests) <= matcher.MaxOwnTags && p.x.ProfileTags(&longer) <= length {
				s = longer
			}
		}
	}
	return s
}

func byK(ctx context.Context, m *measurement, set string) ([]result.Row, error) {
	s, p, err := m.load(ctx, set, m.queriesOr(200))
	if err != nil {
		return nil, err
	}
	var all []*comparison
	for _, k := range []int{1, 10, 50, 200} {
		all = append(all, &comparison{
			variant: fmt.Sprintf("k = %d", k), x: float64(k), students: s.Students,
			query: matcher.Query{AsOf: s.AsOf, K: k},
		})
	}
	return p.rows(all, m.roundsOr(usualRounds))
}

func byMeasure(ctx context.Context, m *measurement, set string) ([]result.Row, error) {
	s, err := dataset.Load(ctx, set, m.data, m.queriesOr(200))
	if err != nil {
		return nil, err
	}
	var rows []result.Row
	for _, measure := range matcher.Measures {
		for _, idf := range []bool{false, true} {
			p, err := newPair(s.Catalogue, matcher.Settings{Decay: matcher.DefaultDecay, Measure: measure, IDF: idf})
			if err != nil {
				return nil, err
			}
			c := &comparison{variant: string(measure), students: s.Students, query: matcher.Query{AsOf: s.AsOf, K: usualK}}
			if idf {
				c.variant += ", idf"
			}
			r, _, err := p.compare(c, m.roundsOr(usualRounds))
			if err != nil {
				return nil, err
			}
			rows = append(rows, *r)
		}
	}
	return rows, nil
}

// meanWork is nil if nothing was counted.
func meanWork(all []result.Work) *result.Work {
	if all == nil {
		return nil
	}
	mean := &result.Work{}
	n := float64(len(all))
	for _, w := range all {
		mean.Windows += w.Windows / n
		mean.Sections += w.Sections / n
		mean.Cells += w.Cells / n
		mean.Array += w.Array / n
		mean.Scored += w.Scored / n
	}
	return mean
}

package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"

	"github.com/kindred-match/kindred/bench/dataset"
	"github.com/kindred-match/kindred/bench/result"
	"github.com/kindred-match/kindred/matcher"
)

// stormSet is the usual number of opportunities.
const stormSet = "300000"

// storm is a catalogue where nothing tells opportunities apart, or a query
// that finds nothing or everything.
type storm struct {
	name     string
	n, k     int
	tags     func(lot *rand.Rand, i int) []matcher.Weighted
	interest []matcher.Weighted
}

func tags(names ...string) []matcher.Weighted {
	var all []matcher.Weighted
	for _, name := range names {
		all = append(all, matcher.Weighted{Tag: name, Weight: matcher.One})
	}
	return all
}

// drawn are three of a hundred tags, all of the same weight.
func drawn(lot *rand.Rand, _ int) []matcher.Weighted {
	first := lot.IntN(100)
	return tags(strconv.Itoa(first), strconv.Itoa((first+1+lot.IntN(40))%100), strconv.Itoa((first+50+lot.IntN(40))%100))
}

func one(*rand.Rand, int) []matcher.Weighted { return tags("one") }

func stormsOf(n int) []storm {
	hundred := make([]string, 50)
	for i := range hundred {
		hundred[i] = strconv.Itoa(2 * i)
	}
	everywhere := func(lot *rand.Rand, i int) []matcher.Weighted { return append(drawn(lot, i), tags("one")...) }
	const small = 6000
	return []storm{
		{"one tag, equal weights", n, 10, one, tags("one")},
		{"one tag, equal weights", n, 200, one, tags("one")},
		{"3 of 100 tags, equal weights, 5 wanted", n, 10, drawn, tags("0", "1", "2", "3", "4")},
		{"3 of 100 tags, equal weights, 50 wanted", n, 10, drawn, tags(hundred...)},
		{"3 of 100 tags, equal weights, 50 wanted", n, 200, drawn, tags(hundred...)},
		{"one tag everywhere, 5 more wanted", n, 10, everywhere, tags("one", "0", "1", "2", "3", "4")},
		{"one tag, equal weights", small, 200, one, tags("one")},
		{"k above the catalogue", small, 10_000, drawn, tags(hundred...)},
		{"k above what is found", n, 10_000, drawn, tags("0")},
		{"unknown tags", n, 10, drawn, tags("none", "such")},
	}
}

// storms compares where a ranker that rests on differences has none to rest on.
// The set is a number of opportunities.
func storms(_ context.Context, m *measurement, set string) ([]result.Row, error) {
	n, err := strconv.Atoi(set)
	if err != nil {
		return nil, fmt.Errorf("%q is no number of opportunities", set)
	}
	var rows []result.Row
	for _, s := range stormsOf(n) {
		p, err := newPair(matcher.Catalogue{Opportunities: s.opportunities()}, dataset.Settings())
		if err != nil {
			return nil, err
		}
		students := make([]matcher.Student, m.queriesOr(20))
		for i := range students {
			students[i].Interests = s.interest
		}
		r, _, err := p.compare(&comparison{variant: s.name, students: students, query: matcher.Query{K: s.k}}, m.roundsOr(5))
		if err != nil {
			return nil, err
		}
		rows = append(rows, *r)
	}
	return rows, nil
}

func (s *storm) opportunities() []matcher.Opportunity {
	lot := rand.New(rand.NewPCG(21, 22))
	all := make([]matcher.Opportunity, s.n)
	for i := range all {
		all[i] = matcher.Opportunity{
			ID: fmt.Sprintf("o%08d", i), Seats: 1, MinPolicy: matcher.MinHard, Boost: 1, Status: matcher.Published,
			Tags: s.tags(lot, i),
		}
	}
	return all
}

package main

import (
	"cmp"
	"context"
	"runtime"
	"slices"
	"time"

	"github.com/kindred-match/kindred/bench/dataset"
	"github.com/kindred-match/kindred/bench/result"
	"github.com/kindred-match/kindred/bench/turns"
	"github.com/kindred-match/kindred/matcher"
)

// The names of the two that are always there.
const (
	ours  = "kindred"
	plain = "plain"
)

// pair is an index with both of its rankers.
type pair struct {
	x            *matcher.Index
	ranker       *matcher.Ranker
	loop         *matcher.Plain
	buildSeconds float64
}

func newPair(c matcher.Catalogue, s matcher.Settings) (*pair, error) {
	runtime.GC()
	start := time.Now()
	x, err := matcher.NewIndex(c, s)
	if err != nil {
		return nil, err
	}
	took := time.Since(start).Seconds()
	p := &pair{x, x.NewRanker(), matcher.NewPlain(x), took}
	runtime.GC()
	return p, nil
}

// load makes a set and its index.
func (m *measurement) load(ctx context.Context, set string, queries int) (*dataset.Set, *pair, error) {
	s, err := dataset.Load(ctx, set, m.data, queries)
	if err != nil {
		return nil, nil, err
	}
	p, err := newPair(s.Catalogue, dataset.Settings())
	return s, p, err
}

// comparison is the queries of one row.
type comparison struct {
	variant  string
	x        float64
	students []matcher.Student
	query    matcher.Query // the student apart
}

// contenders are the ranker and the plain loop on the queries of c.
func (p *pair) contenders(c *comparison) []turns.Contender {
	query := c.query // one for all: it escapes
	var dst []matcher.Candidate
	return []turns.Contender{
		{Name: ours, Pass: turns.InProcess(len(c.students), func(q int) {
			query.Student = &c.students[q]
			dst = p.ranker.Rank(dst[:0], &query)
		})},
		{Name: plain, Pass: turns.InProcess(len(c.students), func(q int) {
			query.Student = &c.students[q]
			dst = p.loop.Rank(dst[:0], &query)
		})},
	}
}

// compare times the ranker and the plain loop, and checks that they agree.
func (p *pair) compare(c *comparison, rounds int) (*result.Row, [][]time.Duration, error) {
	if err := p.agree(c); err != nil {
		return nil, nil, err
	}
	contenders := p.contenders(c)
	times, err := turns.Run(contenders, rounds)
	if err != nil {
		return nil, nil, err
	}
	r := p.row(c)
	for i := range contenders {
		r.Contenders = append(r.Contenders, contender(contenders[i].Name, times[i], r.Postings))
	}
	return r, times, nil
}

func contender(name string, times []time.Duration, postings float64) result.Contender {
	s := turns.Summarize(times)
	c := result.Contender{Name: name, Summary: s}
	if postings > 0 {
		c.NSPerPosting = 1000 * s.MeanUS / postings
	}
	return c
}

// row describes the queries of c.
func (p *pair) row(c *comparison) *result.Row {
	r := &result.Row{
		Variant: c.variant, X: c.x, K: c.query.K, Queries: len(c.students), Measure: string(p.x.Settings().Measure),
		Opportunities:   p.x.Len(),
		OpportunityTags: float64(p.x.AllPostings()) / float64(max(1, p.x.Len())),
	}
	for i := range c.students {
		r.QueryTags += float64(p.x.ProfileTags(&c.students[i])) / float64(len(c.students))
		r.Postings += float64(p.x.Postings(&c.students[i])) / float64(len(c.students))
	}
	return r
}

// errDiffer is a ranking that isn't that of the plain loop.
type errDiffer struct{ variant string }

func (e errDiffer) Error() string { return "the rankings of the plain loop differ: " + e.variant }

func (p *pair) agree(c *comparison) error {
	query := c.query
	for i := range c.students {
		query.Student = &c.students[i]
		if !slices.Equal(p.ranker.Rank(nil, &query), p.loop.Rank(nil, &query)) {
			return errDiffer{c.variant}
		}
	}
	return nil
}

// slowest are the ranker's slowest queries.
func (p *pair) slowest(c *comparison, times [][]time.Duration, most int) []result.Slow {
	order := make([]int, len(c.students))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(times[0][b], times[0][a]) })
	var slow []result.Slow
	work := p.work(c)
	for _, q := range order[:min(most, len(order))] {
		slow = append(slow, result.Slow{
			US: turns.Microseconds(times[0][q]), PlainUS: turns.Microseconds(times[1][q]),
			Tags: p.x.ProfileTags(&c.students[q]), Postings: p.x.Postings(&c.students[q]),
		})
		if work != nil {
			slow[len(slow)-1].Work = &work[q]
		}
	}
	return slow
}

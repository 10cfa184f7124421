package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/kindred-match/kindred/bench/dataset"
	"github.com/kindred-match/kindred/bench/result"
	"github.com/kindred-match/kindred/bench/rivals"
	"github.com/kindred-match/kindred/bench/turns"
	"github.com/kindred-match/kindred/matcher"
)

// besideLucene compares the ranker and the plain loop with Lucene.
func besideLucene(ctx context.Context, m *measurement, set string) ([]result.Row, error) {
	return m.beside(ctx, set, asked{queries: 60, rounds: 5})
}

// besideOthers compares them with the programs that take up to some tenths of
// a second for a query.
func besideOthers(ctx context.Context, m *measurement, set string) ([]result.Row, error) {
	return m.beside(ctx, set, asked{slow: true, queries: 20, rounds: 3})
}

// asked is which rivals are compared, by how much.
type asked struct {
	slow            bool
	queries, rounds int
}

// beside compares the ranker and the plain loop with other programs. What
// eligibility looks at is left out, since they know nothing of it.
func (m *measurement) beside(ctx context.Context, set string, a asked) (rows []result.Row, err error) {
	s, err := dataset.Load(ctx, set, m.data, m.queriesOr(a.queries))
	if err != nil {
		return nil, err
	}
	s.TagsOnly()
	flat, err := s.Flatten()
	if err != nil {
		return nil, err
	}
	opened, err := m.open(ctx, s, flat, a.slow)
	defer func() {
		for _, r := range opened {
			err = errors.Join(err, r.rival.Close())
		}
	}()
	if err != nil || m.prepare {
		return nil, err
	}
	p, err := newPair(s.Catalogue, dataset.Settings())
	if err != nil {
		return nil, err
	}
	c := &comparison{students: s.Students, query: matcher.Query{K: usualK}}
	r, err := m.compareRivals(ctx, p, c, flat, opened, a.rounds)
	if err != nil {
		return nil, err
	}
	return []result.Row{*r}, nil
}

// openRival is a rival that is ready.
type openRival struct {
	kind  rivals.Kind
	rival rivals.Rival
}

func (m *measurement) open(ctx context.Context, s *dataset.Set, flat *dataset.Flat, slow bool) ([]openRival, error) {
	work, err := filepath.Abs(m.work)
	if err != nil {
		return nil, err
	}
	digest := flat.Digest()
	var opened []openRival
	for _, kind := range rivals.Kinds() {
		if kind.Slow != slow || len(flat.IDs) > kind.Most {
			continue
		}
		folder := filepath.Join(work, kind.Name, s.Name)
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return opened, err
		}
		start := time.Now()
		rival, err := kind.Open(ctx, folder, digest, flat)
		if err != nil {
			return opened, fmt.Errorf("%s: %w", kind.Name, err)
		}
		fmt.Fprintf(m.messages, "  %s is loaded after %.0f s\n", kind.Name, time.Since(start).Seconds())
		opened = append(opened, openRival{kind, rival})
	}
	return opened, nil
}

func (m *measurement) compareRivals(ctx context.Context, p *pair, c *comparison, flat *dataset.Flat, opened []openRival, rounds int) (*result.Row, error) {
	if err := p.agree(c); err != nil {
		return nil, err
	}
	wanted := make([][]matcher.Candidate, len(c.students))
	for i := range c.students {
		query := c.query
		query.Student = &c.students[i]
		wanted[i] = p.ranker.Rank(nil, &query)
	}
	contenders := p.contenders(c)
	agreements := make([]*rivals.Agreement, len(contenders))
	for _, r := range opened {
		for _, mode := range r.rival.Modes() {
			answers, err := r.rival.Answers(ctx, mode, c.query.K)
			if err != nil {
				return nil, err
			}
			a, err := rivals.Check(&r.kind, flat, wanted, answers)
			if err != nil {
				return nil, err
			}
			contenders = append(contenders, turns.Contender{
				Name: r.kind.Name + " " + mode, Warm: r.kind.Warm,
				Pass: func() ([]time.Duration, error) { return r.rival.Pass(ctx, mode, c.query.K) },
			})
			agreements = append(agreements, &a)
		}
	}
	if p.x.Len() <= 10_000 { // which is over soon
		rounds *= 3
	}
	times, err := turns.Run(contenders, m.roundsOr(rounds))
	if err != nil {
		return nil, err
	}
	r := p.row(c)
	for i := range contenders {
		one := contender(contenders[i].Name, times[i], r.Postings)
		one.Agreement = agreements[i]
		r.Contenders = append(r.Contenders, one)
	}
	return r, nil
}

package placement

import (
	"context"
	"slices"

	"github.com/kindred-match/kindred/internal/ranking"
	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/matcher/place"
)

// List makes the lists of the problem's students from the given one on, over all
// cores, and yields them in their order as place.Lists.Append takes them, until
// yield or the context gives an error.
func (c *Case) List(ctx context.Context, from int, yield func(entries []place.Entry, ineligible bool) error) error {
	type made struct {
		entries    []place.Entry
		ineligible bool
	}
	batch := c.Batch()
	done, total := int64(from), int64(len(c.Students))
	worker := func() func(int) made {
		l := lister{c: c, ranker: batch.NewRanker(), scorer: c.Index.NewScorer()}
		return func(i int) made {
			row := c.Problem.StudentRows[from+i]
			entries := l.list(row)
			return made{entries, len(entries) == 0 && l.couldHave(row)}
		}
	}
	return ranking.InOrder(ctx, len(c.Students)-from, worker, func(m made) error {
		done++
		c.options.Progress("ranking", done, total)
		return yield(m.entries, m.ineligible)
	})
}

// lister builds lists: the scratch of one worker.
type lister struct {
	c       *Case
	ranker  *matcher.BatchRanker
	scorer  *matcher.Scorer
	ranked  []matcher.Numbered
	entries []place.Entry
	sources place.Sources
}

// list returns the list of a student's row.
func (l *lister) list(row int32) []place.Entry {
	c := l.c
	student := &c.Students[row]
	query := c.Query(student)
	from := &l.sources
	from.Preferences = append(from.Preferences[:0], c.preferences.of(row)...)
	from.Scores = append(from.Scores[:0], c.scores.of(row)...)
	from.Candidates = from.Candidates[:0]
	from.Eligible = func(o int32) bool { return len(matcher.Failures(query, c.opportunities[o], c.partners[o])) == 0 }
	switch {
	case len(from.Preferences) > 0:
		l.scorer.Begin(student)
		from.Score = func(o int32) float64 { return l.scorer.Score(c.documents[o]) }
	case len(from.Scores) == 0:
		l.ranked = l.ranker.Rank(l.ranked[:0], student, query.Forbidden)
		for _, r := range l.ranked {
			from.Candidates = append(from.Candidates, place.Scored{
				Opportunity: c.numbers[r.Opportunity], Score: l.ranker.Score(r.Units),
			})
		}
	}
	l.entries = place.AppendList(l.entries[:0], from)
	return slices.Clone(l.entries)
}

// couldHave says whether a student without a list asked for something, or
// shares something with an opportunity: then eligibility stood in the way.
func (l *lister) couldHave(row int32) bool {
	c := l.c
	if len(c.preferences.of(row)) > 0 || len(c.scores.of(row)) > 0 {
		return true
	}
	l.scorer.Begin(&c.Students[row])
	return slices.ContainsFunc(c.documents, func(d uint32) bool { return l.scorer.Score(d) > 0 })
}

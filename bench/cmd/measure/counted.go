//go:build counted

package main

import (
	"github.com/kindred-match/kindred/bench/result"
	"github.com/kindred-match/kindred/matcher"
)

// work counts what the ranker does for each query. It takes a ranker that
// counts, which the part work builds.
func (p *pair) work(c *comparison) []result.Work {
	all := make([]result.Work, len(c.students))
	query := c.query
	for i := range c.students {
		query.Student = &c.students[i]
		before := matcher.Counted
		p.ranker.Rank(nil, &query)
		after := matcher.Counted
		all[i] = result.Work{
			Windows:  float64(after.Windows - before.Windows),
			Sections: float64(after.Sections - before.Sections),
			Cells:    float64(after.Cells - before.Cells),
			Array:    float64(after.Array - before.Array),
			Scored:   float64(after.Scored - before.Scored),
		}
	}
	return all
}

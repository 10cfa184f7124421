package placement

import (
	"cmp"
	"iter"
	"slices"

	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/matcher/place"
)

// filler finds free seats for one student after the other. It ranks in an index
// of what is open, which it makes anew when much of it no longer is.
type filler struct {
	c        *Case
	p        *place.Problem // the case's, with any lottery
	settings matcher.Settings
	scorer   *matcher.Scorer // of the case's index
	x        *matcher.Index
	numbers  []int32 // the problem's by the index's
	// rankers are for more and more opportunities, made when first asked for.
	rankers [len(depths)]*matcher.BatchRanker
	// The scratch for one student.
	ranked   []matcher.Numbered
	eligible []uint32
	rest     []place.Scored
	seen     []bool // by the problem's numbers
}

// depths are how many opportunities are ranked at first, and when they are not
// enough; 0 is all.
var depths = [...]int{8, 128, 0}

func (c *Case) newFiller(p *place.Problem) *filler {
	f := &filler{
		c: c, p: p, settings: c.Index.Settings(), scorer: c.Index.NewScorer(),
		x: c.Index, numbers: c.numbers, seen: make([]bool, len(c.opportunities)),
	}
	if f.settings.IDF && f.settings.Statistics == nil { // they are those of all, open or not
		f.settings.Statistics = new(matcher.StatisticsOf(c.Index.Vocabulary(), c.Opportunities, f.settings.Decay))
	}
	return f
}

// of yields what is eligible for a student of what is open, with the pair's
// score, by that and then by number.
func (f *filler) of(student int32, open []int32) iter.Seq2[int32, float64] {
	if 4*len(open) < 3*f.x.Len() {
		f.index(open)
	}
	row := f.p.StudentRows[student]
	s := &f.c.Students[row]
	forbidden := f.c.Query(s).Forbidden
	return func(yield func(int32, float64) bool) {
		if len(f.c.scores.of(row)) > 0 {
			f.scored(row, forbidden, yield)
			return
		}
		if f.sharing(s, forbidden, yield) {
			f.others(s, forbidden, yield)
		}
		for _, r := range f.ranked {
			f.seen[f.numbers[r.Opportunity]] = false
		}
	}
}

// index makes the index of what is open. Where none can be made, which can't be
// of opportunities that one was made of, the old one stays.
func (f *filler) index(open []int32) {
	of := matcher.Catalogue{Tags: f.c.Tags, Partners: f.c.Partners}
	for _, o := range open {
		of.Opportunities = append(of.Opportunities, *f.c.opportunities[o])
	}
	x, err := matcher.NewIndex(of, f.settings)
	if err != nil {
		return
	}
	f.x, f.numbers = x, make([]int32, len(open))
	for _, o := range open {
		number, _ := x.Number(f.p.Opportunities[o]) // it has all
		f.numbers[number] = o
	}
	clear(f.rankers[:])
}

func (f *filler) ranker(depth int) *matcher.BatchRanker {
	if f.rankers[depth] == nil {
		k := depths[depth]
		if k == 0 {
			k = max(1, f.x.Len())
		}
		r := &f.c.options.Ranking
		f.rankers[depth] = f.x.NewBatch(&matcher.Query{AsOf: r.AsOf, Term: r.Term, K: k}).NewRanker()
	}
	return f.rankers[depth]
}

// sharing yields what shares a tag with the student. It says whether more is
// wanted.
func (f *filler) sharing(s *matcher.Student, forbidden map[string]bool, yield func(int32, float64) bool) bool {
	f.ranked = f.ranked[:0]
	for depth := range depths {
		done := len(f.ranked)
		ranker := f.ranker(depth)
		f.ranked = ranker.Rank(f.ranked[:0], s, forbidden)
		for _, r := range f.ranked[done:] {
			o := f.numbers[r.Opportunity]
			f.seen[o] = true
			if !yield(o, ranker.Score(r.Units)) {
				return false
			}
		}
		if len(f.ranked) < depths[depth] {
			break
		}
	}
	return true
}

// others yields what shares nothing with the student.
func (f *filler) others(s *matcher.Student, forbidden map[string]bool, yield func(int32, float64) bool) {
	f.eligible = f.ranker(0).Eligible(f.eligible[:0], s, forbidden)
	f.rest = f.rest[:0]
	for _, number := range f.eligible {
		if o := f.numbers[number]; !f.seen[o] {
			f.rest = append(f.rest, place.Scored{Opportunity: o})
		}
	}
	f.yield(yield)
}

// scored yields all for a student's row that has scores of its own.
func (f *filler) scored(row int32, forbidden map[string]bool, yield func(int32, float64) bool) {
	s := &f.c.Students[row]
	f.eligible = f.ranker(0).Eligible(f.eligible[:0], s, forbidden)
	f.rest = f.rest[:0]
	f.scorer.Begin(s)
	for _, number := range f.eligible {
		o := f.numbers[number]
		f.rest = append(f.rest, place.Scored{Opportunity: o, Score: f.c.score(f.scorer, row, o)})
	}
	f.yield(yield)
}

// yield yields the rest in its order.
func (f *filler) yield(to func(int32, float64) bool) {
	slices.SortFunc(f.rest, func(a, b place.Scored) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Opportunity, b.Opportunity))
	})
	for _, r := range f.rest {
		if !to(r.Opportunity, r.Score) {
			return
		}
	}
}

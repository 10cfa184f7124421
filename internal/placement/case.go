package placement

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"github.com/kindred-match/kindred/internal/district"
	"github.com/kindred-match/kindred/internal/ranking"
	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/matcher/place"
)

// Case is a folder with the problem that it poses.
type Case struct {
	*ranking.Folder
	Problem *place.Problem
	options Options

	// By the problem's numbers of opportunities: rows, partners (nil: none) and
	// the index's numbers; and the other way round.
	opportunities []*matcher.Opportunity
	partners      []*matcher.Partner
	documents     []uint32
	numbers       []int32
	// By row of students, the rows about them.
	preferences spans[place.Ranked]
	scores      spans[place.Scored]

	mu     sync.Mutex // of scorer, for single pairs
	scorer *matcher.Scorer
}

// New builds the index of a folder, the problem and all lists.
//
// Errors: a *place.RowError where no problem can be made of the rows, which a
// checked folder doesn't have, and the context's.
func New(ctx context.Context, f *district.Folder, o Options) (*Case, error) {
	c, err := Prepare(f, o)
	if err != nil {
		return nil, err
	}
	return c, c.List(ctx, 0, func(entries []place.Entry, ineligible bool) error {
		c.Problem.Lists.Append(entries, ineligible)
		return nil
	})
}

// Prepare is New without the lists, which List makes: they are to be appended to
// the problem's before anything else is asked of the case.
func Prepare(f *district.Folder, o Options) (*Case, error) {
	if o.Progress == nil {
		o.Progress = func(string, int64, int64) {}
	}
	ranked, err := ranking.New(f, o.Ranking)
	if err != nil {
		return nil, err
	}
	c := &Case{Folder: ranked, options: o, scorer: ranked.Index.NewScorer()}
	c.Problem, err = place.NewProblem(place.Input{
		Lottery: o.Lottery, Students: f.Students, Opportunities: f.Opportunities, Partners: f.Partners,
		Priorities: f.Rows.Priorities, Locks: f.Rows.Locks, Reserves: f.Rows.Reserves, Standing: f.Rows.Standing,
		Offered: c.offered,
	})
	if err != nil {
		return nil, err
	}
	c.number()
	c.group()
	c.Problem.Weigh = func(s, o int32) int32 { return place.WeightOf(c.Score(c.Problem.StudentRows[s], o)) }
	return c, nil
}

// offered says whether an opportunity is one of those of the run, whoever the
// student is.
func (c *Case) offered(o *matcher.Opportunity) bool {
	r := &c.options.Ranking
	return o.Status == matcher.Published && (o.Opens == 0 || r.AsOf >= o.Opens) && (o.Closes == 0 || r.AsOf <= o.Closes) &&
		(r.Term == "" || o.Term == r.Term)
}

// number relates the problem's numbers to the folder's rows and the index.
func (c *Case) number() {
	n := len(c.Opportunities)
	c.opportunities, c.partners = make([]*matcher.Opportunity, n), make([]*matcher.Partner, n)
	c.documents, c.numbers = make([]uint32, n), make([]int32, n)
	for o, row := range c.Problem.OpportunityRows {
		c.opportunities[o] = &c.Opportunities[row]
		c.partners[o], _ = c.Index.Partner(c.Opportunities[row].Partner)
		c.documents[o], _ = c.Index.Number(c.Opportunities[row].ID) // the index has all
		c.numbers[c.documents[o]] = int32(o)
	}
}

// group arranges the rows of preferences and scores by student.
func (c *Case) group() {
	if len(c.Rows.Preferences) == 0 && len(c.Rows.Scores) == 0 {
		return
	}
	students := make(map[string]int32, len(c.Students))
	for row := range c.Students {
		students[c.Students[row].ID] = int32(row)
	}
	opportunities := make(map[string]int32, len(c.opportunities))
	for o, id := range c.Problem.Opportunities {
		opportunities[id] = int32(o)
	}
	c.preferences = spansOf(len(c.Students), c.Rows.Preferences, func(r *place.Preference) (int32, place.Ranked) {
		return students[r.Student], place.Ranked{Opportunity: opportunities[r.Opportunity], Rank: r.Rank}
	})
	c.scores = spansOf(len(c.Students), c.Rows.Scores, func(r *place.Score) (int32, place.Scored) {
		return students[r.Student], place.Scored{Opportunity: opportunities[r.Opportunity], Score: r.Score}
	})
	for row := range c.Students {
		slices.SortFunc(c.preferences.of(int32(row)), func(a, b place.Ranked) int { return cmp.Compare(a.Rank, b.Rank) })
		slices.SortFunc(c.scores.of(int32(row)), func(a, b place.Scored) int { return cmp.Compare(a.Opportunity, b.Opportunity) })
	}
}

// spans are rows that belong to students: those of s are
// rows[first[s]:first[s+1]].
type spans[T any] struct {
	first []int32
	rows  []T
}

func (s *spans[T]) of(student int32) []T {
	if len(s.first) == 0 {
		return nil
	}
	return s.rows[s.first[student]:s.first[student+1]]
}

func spansOf[R, T any](students int, rows []R, split func(*R) (int32, T)) spans[T] {
	s := spans[T]{make([]int32, students+1), make([]T, len(rows))}
	if len(rows) == 0 {
		return spans[T]{}
	}
	for i := range rows {
		student, _ := split(&rows[i])
		s.first[student+1]++
	}
	for i := range students {
		s.first[i+1] += s.first[i]
	}
	next := slices.Clone(s.first)
	for i := range rows {
		student, row := split(&rows[i])
		s.rows[next[student]] = row
		next[student]++
	}
	return s
}

// Refusals lists the rules of eligibility that a student's row and an
// opportunity fail.
func (c *Case) Refusals(row, o int32) []matcher.Code {
	return matcher.Failures(c.Query(&c.Students[row]), c.opportunities[o], c.partners[o])
}

// Score is the score of a student's row and an opportunity: that of the rows of
// scores, else the computed one.
func (c *Case) Score(row, o int32) float64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.scorer.Begin(&c.Students[row])
	return c.score(c.scorer, row, o)
}

// score is Score by a scorer that has begun with the student.
func (c *Case) score(by *matcher.Scorer, row, o int32) float64 {
	rows := c.scores.of(row)
	i, found := slices.BinarySearchFunc(rows, o, func(r place.Scored, o int32) int { return cmp.Compare(r.Opportunity, o) })
	if found {
		return rows[i].Score
	}
	return by.Score(c.documents[o])
}

// Options are those of place for the case's problem, or for that with another
// lottery.
func (c *Case) Options(p *place.Problem) place.Options {
	o := c.options.place()
	if c.options.Fill {
		o.Fill = c.newFiller(p).of
	}
	return o
}

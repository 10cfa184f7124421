package placement

import (
	"context"

	"github.com/kindred-match/kindred/internal/runfolder"
	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/matcher/place"
)

// Source is what a student's list is made of.
type Source string

// The sources, the first that a student has.
const (
	FromPreferences Source = "preferences"
	FromScores      Source = "scores"
	FromCandidates  Source = "candidates"
)

// Brief is an explanation for people who ask about one student: its list has
// only what the student didn't get, and not all of that, and nothing says what
// the objective would lose.
type Brief struct {
	Explanation
	Source Source
	AsOf   matcher.Date // of the run
	// Has is where the student is placed, nil: nowhere; Partner is its partner's
	// name, Decision why the coordinator wanted it so, if that was said.
	Has               *matcher.Opportunity
	Partner, Decision string
	Rank              int32 // of what it has; 0 where that is not on its list
	// Shared are the parts of the computed score of what it has.
	Shared []matcher.Part
	More   int // what Explanation.List leaves out
}

// Briefs explains a placement student by student. It isn't for several
// goroutines at once.
type Briefs struct {
	c         *Case
	f         *place.Placement
	x         *place.Explainer
	ranker    *matcher.Ranker
	decisions map[string]string // by student
	most      int
}

// Briefs starts briefs of a placement with at most so many opportunities that
// the student didn't get. Errors are those of place.NewExplainer.
func (c *Case) Briefs(f *place.Placement, most int) (*Briefs, error) {
	x, err := place.NewExplainer(c.Problem, c.Options(c.Problem), f)
	if err != nil {
		return nil, err
	}
	b := &Briefs{c: c, f: f, x: x, ranker: c.Index.NewRanker(), decisions: make(map[string]string), most: most}
	for _, l := range c.Rows.Locks {
		if l.Action == place.Place {
			b.decisions[l.Student] = l.Reason
		}
	}
	return b, nil
}

// ByID are the numbers of the students, by id.
func (c *Case) ByID() []int32 { return runfolder.ByID(c.Problem.Students) }

// Of explains one student, by its number in the problem. The only error is the
// context's.
func (b *Briefs) Of(ctx context.Context, s int32) (*Brief, error) {
	c := b.c
	e := &explaining{c: c, x: b.x, f: b.f, s: s, row: c.Problem.StudentRows[s], brief: true}
	at := b.f.At[s]
	var others []int32
	for _, o := range e.list() {
		if o != at {
			others = append(others, o)
		}
	}
	told := others[:min(b.most, len(others))]
	explained, err := e.explain(ctx, told)
	if err != nil {
		return nil, err
	}
	found := &Brief{Explanation: *explained, Source: c.source(e.row), AsOf: c.options.Ranking.AsOf, More: len(others) - len(told)}
	if at < 0 {
		return found, ctx.Err()
	}
	found.Has, found.Partner = c.opportunities[at], c.partnerName(at)
	if entry := b.f.Entry[s]; entry >= 0 {
		found.Rank = c.Problem.Lists.Rank[entry]
	}
	if b.f.How[s] == place.Locked {
		found.Decision = b.decisions[found.Student]
	}
	found.Shared, _ = b.ranker.Parts(&c.Students[e.row], found.Opportunity) // the index has it
	return found, ctx.Err()
}

// source says what the list of a student's row is made of.
func (c *Case) source(row int32) Source {
	switch {
	case len(c.preferences.of(row)) > 0:
		return FromPreferences
	case len(c.scores.of(row)) > 0:
		return FromScores
	default:
		return FromCandidates
	}
}

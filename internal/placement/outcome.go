package placement

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"

	"github.com/kindred-match/kindred/internal/runfolder"
	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/matcher/place"
)

// Solve places the students. Errors are those of place.Solve.
func (c *Case) Solve(ctx context.Context) (*place.Placement, error) {
	return place.Solve(ctx, c.Problem, c.Options(c.Problem))
}

// Seats are those of published opportunities.
func (c *Case) Seats() int64 {
	var seats int64
	for i := range c.Opportunities {
		if c.Opportunities[i].Status == matcher.Published {
			seats += int64(c.Opportunities[i].Seats)
		}
	}
	return seats
}

// Summary is what run.json says of a placement, the time that it took apart.
func (c *Case) Summary(f *place.Placement) *runfolder.Summary {
	t := c.Problem.Totals(f)
	return &runfolder.Summary{
		Objective: c.options.Objective, Seed: c.options.Lottery.Seed, Options: c.options.Run(),
		Students: len(c.Students), Opportunities: len(c.Opportunities), Seats: c.Seats(),
		Placed: t.Placed, Profile: append([]int64{}, t.Profile...), TotalRank: t.TotalRank, TotalScoreMicro: t.TotalScore,
		BlockingPairs: f.BlockingPairs, InputSHA256: c.Hashes,
	}
}

// Outcome is what placements.csv and unplaced.csv have of a placement.
func (c *Case) Outcome(f *place.Placement) ([]runfolder.Placed, []runfolder.Unplaced, error) {
	x, err := place.NewExplainer(c.Problem, c.Options(c.Problem), f)
	if err != nil {
		return nil, nil, err
	}
	var placed []runfolder.Placed
	var unplaced []runfolder.Unplaced
	p := c.Problem
	for _, s := range runfolder.ByID(p.Students) {
		o := f.At[s]
		if o < 0 {
			unplaced = append(unplaced, runfolder.Unplaced{Student: p.Students[s], Reason: x.Student(s)})
			continue
		}
		row := runfolder.Placed{Student: p.Students[s], Opportunity: p.Opportunities[o], Score: c.micro(s, o, f.Weight[s])}
		if e := f.Entry[s]; e >= 0 {
			row.Rank = p.Lists.Rank[e]
		}
		placed = append(placed, row)
	}
	return placed, unplaced, nil
}

// micro is the score of a pair with a weight, which is the same in millionths
// unless it is 1.
func (c *Case) micro(s, o, weight int32) runfolder.Micro {
	if weight > 1 {
		return runfolder.Micro(weight)
	}
	return runfolder.Micro(math.Round(1e6 * c.Score(c.Problem.StudentRows[s], o)))
}

// ErrNotOfInput says that a run names students, opportunities or pairs that its
// input doesn't have.
var ErrNotOfInput = errors.New("the run and its input don't fit: each student of the input must be in placements.csv or in unplaced.csv, " +
	"at an opportunity of the input and with its rank")

// Placement is the placement that a run has, as place makes it: ErrNotOfInput
// where they do not fit.
func (c *Case) Placement(r *runfolder.Folder) (*place.Placement, error) {
	p := c.Problem
	n := len(p.Students)
	if len(r.Placed)+len(r.Unplaced) != n {
		return nil, ErrNotOfInput
	}
	students := runfolder.ByID(p.Students)
	find := func(id string) (int32, bool) {
		i, found := slices.BinarySearchFunc(students, id, func(s int32, id string) int { return cmp.Compare(p.Students[s], id) })
		if !found {
			return -1, false
		}
		return students[i], true
	}
	for _, u := range r.Unplaced {
		if _, found := find(u.Student); !found {
			return nil, ErrNotOfInput
		}
	}
	at, ranks, weights := slices.Repeat([]int32{-1}, n), make([]int32, n), make([]int32, n)
	for i := range r.Placed {
		row := &r.Placed[i]
		s, known := find(row.Student)
		o, there := slices.BinarySearch(p.Opportunities, row.Opportunity)
		if !known || !there || row.Rank != 0 && row.Rank != c.rank(s, int32(o)) {
			return nil, ErrNotOfInput
		}
		at[s], ranks[s], weights[s] = int32(o), row.Rank, int32(max(1, row.Score))
	}
	f, err := place.Restore(p, c.Options(p), at, ranks, weights, r.Certificate)
	if err != nil {
		return nil, err
	}
	f.BlockingPairs = r.Summary.BlockingPairs
	return f, nil
}

// rank is that of an opportunity on the student's list, 0 where it has none.
func (c *Case) rank(s, o int32) int32 {
	lists := &c.Problem.Lists
	from, to := lists.Of(s)
	if i := slices.Index(lists.Opportunity[from:to], o); i >= 0 {
		return lists.Rank[from+int32(i)]
	}
	return 0
}

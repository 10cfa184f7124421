package placement

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"

	"github.com/kindred-match/kindred/internal/page"
	"github.com/kindred-match/kindred/internal/runfolder"
	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/matcher/place"
)

// Report are the figures of a placement; what was asked is in its summary.
// Compared and several may be nil.
func (c *Case) Report(f *place.Placement, s *runfolder.Summary, compared []page.Compared, several *Several) *page.Report {
	in := page.Input{
		Asked: asked(s), Problem: c.Problem, Placement: f,
		Tags: c.Tags, Partners: c.Partners, Opportunities: c.Opportunities, Students: c.Students,
		Preferring: func(row int32) bool { return len(c.preferences.of(row)) > 0 },
		Eligible:   c.anything,
		Compared:   compared,
		SmallGroup: s.Options.SmallGroups,
	}
	if several != nil {
		in.Lotteries, in.Chances = &several.Lotteries, several.Chances
	}
	return page.New(&in)
}

// anything says whether some opportunity is eligible for a student's row.
func (c *Case) anything(row int32) bool {
	query := c.Query(&c.Students[row])
	for o := range c.opportunities {
		if len(matcher.Failures(query, c.opportunities[o], c.partners[o])) == 0 {
			return true
		}
	}
	return false
}

// asked is what a run was asked for.
func asked(s *runfolder.Summary) page.Asked {
	o := &s.Options
	perPartner := "no limit"
	if o.MaxPerPartner > 0 {
		perPartner = strconv.Itoa(o.MaxPerPartner)
	}
	return page.Asked{
		Objective: s.Objective, Seed: s.Seed, AsOf: o.AsOf, Files: s.InputSHA256, Input: o.Input,
		Options: []page.Option{
			{Name: "term", Value: cmp.Or(o.Term, "any")},
			{Name: "measure", Value: string(o.Measure)},
			{Name: "idf", Value: strconv.FormatBool(o.IDF)},
			{Name: "ancestor-decay", Value: strconv.FormatFloat(o.AncestorDecay, 'f', -1, 64)},
			{Name: "candidates", Value: strconv.Itoa(o.Candidates)},
			{Name: "max-per-partner", Value: perPartner},
			{Name: "priority", Value: string(o.Priority)},
			{Name: "reserves", Value: string(o.Reserves)},
			{Name: "keep", Value: string(o.Keep)},
			{Name: "fill", Value: strconv.FormatBool(o.Fill)},
			{Name: "reverse-lottery", Value: strconv.FormatBool(o.ReverseLottery)},
		},
	}
}

// StudentsPage lists who got what.
func (c *Case) StudentsPage(s *runfolder.Summary, placed []runfolder.Placed, unplaced []runfolder.Unplaced) *page.Students {
	all := &page.Students{Asked: asked(s), IDs: c.Problem.Opportunities}
	for _, o := range c.opportunities {
		all.Opportunities = append(all.Opportunities, cmp.Or(o.Title, o.ID))
	}
	for i := range placed {
		r := &placed[i]
		o, _ := slices.BinarySearch(c.Problem.Opportunities, r.Opportunity) // it is there
		all.Placed = append(all.Placed, page.PlacedStudent{
			Student: r.Student, Opportunity: o, Rank: r.Rank, Score: float64(r.Score) / 1e6,
		})
	}
	for _, u := range unplaced {
		all.Unplaced = append(all.Unplaced, page.UnplacedStudent{Student: u.Student, Reason: u.Reason})
	}
	return all
}

// Compare places by all objectives; f is the placement by the case's own.
func (c *Case) Compare(ctx context.Context, f *place.Placement) ([]page.Compared, error) {
	var all []page.Compared
	for _, objective := range place.Objectives {
		row := page.Compared{Objective: objective}
		other, err := f, error(nil)
		if objective != c.options.Objective {
			o := c.Options(c.Problem)
			o.Objective = objective
			other, err = place.Solve(ctx, c.Problem, o)
		}
		var option *place.OptionError
		switch {
		case errors.Is(err, place.ErrMinimums):
			row.Failed = "minimums are out of reach"
		case errors.As(err, &option):
			row.Failed = option.Error()
		case err != nil:
			return nil, err
		default:
			row.Outcome = page.OutcomeOf(c.Problem, other, c.Opportunities)
		}
		all = append(all, row)
	}
	return all, nil
}

// Several is what placements by several lotteries have in common.
type Several struct {
	Lotteries page.Lotteries
	// Chances are by the problem's students the shares by which each is placed.
	Chances []float64
	// Rows are the shares by student id, the largest first.
	Rows []runfolder.Probability
}

// Seeds places by the lotteries of n seeds, the case's own and those after it;
// f is the placement by its own.
func (c *Case) Seeds(ctx context.Context, f *place.Placement, n int) (*Several, error) {
	lottery := c.options.Lottery
	sum := &Several{
		Lotteries: page.Lotteries{First: lottery.Seed, Last: lottery.Seed + uint64(n-1)},
		Chances:   make([]float64, len(c.Students)),
	}
	got := make([]map[int32]int, len(c.Students)) // by row, how often it has an opportunity
	for row := range got {
		got[row] = make(map[int32]int)
	}
	p := c.Problem
	for i := range n {
		if i > 0 {
			lottery.Seed++
			p = c.Problem.Redraw(lottery)
			o := c.Options(p)
			o.Progress = nil
			var err error
			f, err = place.Solve(ctx, p, o)
			if errors.Is(err, place.ErrMinimums) {
				sum.Lotteries.Unsolved++
				continue
			}
			if err != nil {
				return nil, err
			}
		}
		for s, o := range f.At {
			if o >= 0 {
				got[p.StudentRows[s]][o]++
			}
		}
		c.options.Progress("lotteries", int64(i+1), int64(n))
	}
	c.shares(sum, got, n)
	return sum, nil
}

// shares adds up how often each student got what.
func (c *Case) shares(sum *Several, got []map[int32]int, n int) {
	for _, s := range runfolder.ByID(c.Problem.Students) {
		counts := got[c.Problem.StudentRows[s]]
		placed := 0
		order := slices.SortedFunc(maps.Keys(counts), func(a, b int32) int {
			if counts[a] != counts[b] {
				return counts[b] - counts[a]
			}
			return int(a - b)
		})
		for _, o := range order {
			placed += counts[o]
			sum.Rows = append(sum.Rows, runfolder.Probability{
				Student: c.Problem.Students[s], Opportunity: c.Problem.Opportunities[o], Share: runfolder.ShareOf(counts[o], n),
			})
		}
		sum.Lotteries.Tenths[tenth(placed, n)]++
		sum.Chances[s] = float64(placed) / float64(n)
	}
}

// tenth is the place of a share in page.Lotteries.Tenths.
func tenth(placed, n int) int {
	switch placed {
	case 0:
		return 0
	case n:
		return 11
	default:
		return (10*placed + n - 1) / n // up to 10
	}
}

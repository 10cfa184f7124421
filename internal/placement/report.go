package placement

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/kindred-match/kindred/internal/runfolder"
	"github.com/kindred-match/kindred/matcher/place"
)

// Pages is what the report says of a placement.
func (c *Case) Pages(f *place.Placement, unplaced []runfolder.Unplaced) *runfolder.Pages {
	counts := make(map[place.Reason]int64)
	for _, u := range unplaced {
		counts[u.Reason]++
	}
	pages := &runfolder.Pages{Waived: f.Waived, Opportunities: c.opportunityRows(f)}
	for _, reason := range slices.Sorted(maps.Keys(counts)) {
		pages.Reasons = append(pages.Reasons, runfolder.ReasonCount{Reason: reason, Count: counts[reason]})
	}
	return pages
}

func (c *Case) opportunityRows(f *place.Placement) []runfolder.OpportunityRow {
	p := c.Problem
	rows := make([]runfolder.OpportunityRow, len(p.Opportunities))
	for o, of := range c.opportunities {
		rows[o] = runfolder.OpportunityRow{
			ID: of.ID, Title: of.Title, Partner: of.Partner, Kind: of.Kind, Seats: of.Seats, Minimum: of.MinSeats,
			Placed: f.Placed[o], Cancelled: slices.Contains(f.Cancelled, int32(o)),
		}
		if partner := c.partners[o]; partner != nil && partner.Name != "" {
			rows[o].Partner = partner.Name
		}
	}
	for s := range p.Students {
		from, to := p.Lists.Of(int32(s))
		for e := from; e < to; e++ {
			row := &rows[p.Lists.Opportunity[e]]
			row.Listed++
			if p.Lists.Rank[e] == 1 {
				row.First++
			}
		}
	}
	of := func(id string) *runfolder.OpportunityRow {
		at, _ := slices.BinarySearch(p.Opportunities, id) // the certificate names what is there
		return &rows[at]
	}
	for i := range f.Certificate.Cutoffs {
		of(f.Certificate.Cutoffs[i].ID).Cutoff = &f.Certificate.Cutoffs[i]
	}
	for _, stage := range f.Certificate.Stages {
		for _, price := range stage.Opportunities {
			if price.Group == "" && !price.Whole && price.Price > 0 {
				row := of(price.ID)
				row.Prices = append(row.Prices, runfolder.StagePrice{Measure: stage.Measure, Rank: stage.Rank, Price: price.Price})
			}
		}
	}
	return rows
}

// Compare places by all objectives; f is the placement by the case's own.
func (c *Case) Compare(ctx context.Context, f *place.Placement) ([]runfolder.Compared, error) {
	var all []runfolder.Compared
	for _, objective := range place.Objectives {
		row := runfolder.Compared{Objective: objective}
		other, err := f, error(nil)
		if objective != c.options.Objective {
			o := c.Options(c.Problem)
			o.Objective = objective
			other, err = place.Solve(ctx, c.Problem, o)
		}
		var option *place.OptionError
		switch {
		case errors.Is(err, place.ErrMinimums):
			row.Not = "minimums are out of reach"
		case errors.As(err, &option):
			row.Not = option.Error()
		case err != nil:
			return nil, err
		default:
			row.Totals, row.Blocking = c.Problem.Totals(other), other.BlockingPairs
		}
		all = append(all, row)
	}
	return all, nil
}

// Seeds places by the lotteries of n seeds, the case's own and those after it;
// f is the placement by its own. The rows are shares by student id, the largest
// first.
func (c *Case) Seeds(ctx context.Context, f *place.Placement, n int) (*runfolder.Seeds, []runfolder.Probability, error) {
	lottery := c.options.Lottery
	sum := &runfolder.Seeds{First: lottery.Seed, Last: lottery.Seed + uint64(n-1)}
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
				sum.Unsolved++
				continue
			}
			if err != nil {
				return nil, nil, err
			}
		}
		for s, o := range f.At {
			if o >= 0 {
				got[p.StudentRows[s]][o]++
			}
		}
		c.options.Progress("lotteries", int64(i+1), int64(n))
	}
	return sum, c.probabilities(sum, got, n), nil
}

func (c *Case) probabilities(sum *runfolder.Seeds, got []map[int32]int, n int) []runfolder.Probability {
	var rows []runfolder.Probability
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
			rows = append(rows, runfolder.Probability{
				Student: c.Problem.Students[s], Opportunity: c.Problem.Opportunities[o], Share: float64(counts[o]) / float64(n),
			})
		}
		sum.Tenths[tenth(placed, n)]++
	}
	return rows
}

// tenth is the place of a share in runfolder.Seeds.
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

// Package verification hands a district folder, and where only a sample of the
// lists is worked out anew those that the ranker makes, to the checker of runs.
package verification

import (
	"context"
	"errors"

	"github.com/kindred-match/kindred/internal/district"
	"github.com/kindred-match/kindred/internal/placement"
	"github.com/kindred-match/kindred/internal/runfolder"
	"github.com/kindred-match/kindred/matcher/place"
	"github.com/kindred-match/kindred/matcher/place/verify"
)

// Options are how to check a run.
type Options struct {
	// Sample, if not 0, is of how many students the lists are worked out by
	// scoring every pair; the ranker makes the others'.
	Sample int
	// Progress, if given, is told what is being done and how far it is.
	Progress func(step string, done, total int64)
}

// Check checks the run in the folder dir against its input. The error is a
// *verify.Violation where the run doesn't hold.
func Check(ctx context.Context, dir string, run *verify.Run, f *district.Folder, o Options) error {
	to := verify.Options{Sample: o.Sample, Progress: o.Progress}
	in := Input(f)
	if o.Sample > 0 {
		if err := run.CheckInput(in); err != nil { // what else it is ranked for makes no sense
			return err
		}
		lists, err := rank(ctx, dir, f, o)
		if err != nil {
			return err
		}
		to.Lists = lists
	}
	return verify.Check(ctx, in, run, to)
}

// Input is a folder as the checker takes it.
func Input(f *district.Folder) *verify.Input {
	return &verify.Input{
		Tags: f.Tags, Partners: f.Partners, Opportunities: f.Opportunities, Students: f.Students, Hashes: f.Hashes,
		Preferences: converted(f.Rows.Preferences, func(r place.Preference) verify.Preference { return verify.Preference(r) }),
		Scores:      converted(f.Rows.Scores, func(r place.Score) verify.Score { return verify.Score(r) }),
		Priorities:  converted(f.Rows.Priorities, func(r place.Priority) verify.Priority { return verify.Priority(r) }),
		Locks: converted(f.Rows.Locks, func(r place.Lock) verify.Lock {
			return verify.Lock{Student: r.Student, Opportunity: r.Opportunity, Place: r.Action == place.Place}
		}),
		Reserves: converted(f.Rows.Reserves, func(r place.Reserve) verify.Reserve { return verify.Reserve(r) }),
		Standing: converted(f.Rows.Standing, func(r place.Standing) verify.Standing { return verify.Standing(r) }),
	}
}

func converted[From, To any](rows []From, f func(From) To) []To {
	to := make([]To, len(rows))
	for i := range rows {
		to[i] = f(rows[i])
	}
	return to
}

// rank makes the lists with the options of the run; it gives that of a row.
func rank(ctx context.Context, dir string, f *district.Folder, o Options) (func(row int) verify.List, error) {
	read, err := runfolder.Read(dir)
	if bad, ok := errors.AsType[*runfolder.Error](err); ok {
		return nil, &verify.Violation{File: bad.File, Line: bad.Line, Rule: bad.Rule}
	} else if err != nil {
		return nil, err
	}
	options, err := placement.OfRun(&read.Summary)
	if err != nil {
		return nil, &verify.Violation{File: runfolder.SummaryFile, Rule: err.Error()}
	}
	options.Progress = o.Progress
	c, err := placement.New(ctx, f, options)
	if err != nil {
		return nil, err
	}
	return Lists(c.Problem), nil
}

// Lists gives the checker the lists of a problem, by row of the students that it
// was made of.
func Lists(p *place.Problem) func(row int) verify.List {
	students := make([]int32, len(p.StudentRows)) // by row
	for s, row := range p.StudentRows {
		students[row] = int32(s)
	}
	return func(row int) verify.List {
		s := students[row]
		list := verify.List{Ineligible: p.Lists.Ineligible[s]}
		for e, end := p.Lists.Of(s); e < end; e++ {
			list.Entries = append(list.Entries, verify.Entry{
				Opportunity: p.Opportunities[p.Lists.Opportunity[e]], Rank: p.Lists.Rank[e], Weight: p.Lists.Weight[e],
			})
		}
		return list
	}
}

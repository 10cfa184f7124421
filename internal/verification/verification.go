// Package verification hands a district folder to the checker of runs, and then
// places again, since of several placements that are as good the seed decides.
package verification

import (
	"context"
	"io/fs"

	"github.com/kindred-match/kindred/internal/district"
	"github.com/kindred-match/kindred/matcher/place"
	"github.com/kindred-match/kindred/matcher/place/verify"
)

// Options are how to check a run.
type Options struct {
	// Sample, if not 0, is of how many students the lists are worked out by
	// scoring every pair; the ranker makes the others'.
	Sample int
	// ProofOnly leaves out to place again. The run is then a placement as its
	// objective says, but it may be another one than its seed gives.
	ProofOnly bool
	// Progress, if given, is told what is being done and how far it is.
	Progress func(step string, done, total int64)
}

// Check checks the run at the root of fsys against its input. The error is a
// *verify.Violation where the run doesn't hold.
func Check(ctx context.Context, fsys fs.FS, run *verify.Run, f *district.Folder, o Options) error {
	to := verify.Options{Sample: o.Sample, Progress: o.Progress}
	in := Input(f)
	again := rerun{fsys: fsys, folder: f, progress: o.Progress}
	if o.Sample > 0 {
		if err := run.CheckInput(in); err != nil { // what else it is ranked for makes no sense
			return err
		}
		lists, err := again.lists(ctx)
		if err != nil {
			return err
		}
		to.Lists = lists
	}
	if err := verify.Check(ctx, in, run, to); err != nil || o.ProofOnly {
		return err
	}
	return again.check(ctx)
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

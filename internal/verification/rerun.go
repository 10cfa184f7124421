package verification

import (
	"context"
	"errors"
	"io/fs"
	"slices"

	"github.com/kindred-match/kindred/internal/district"
	"github.com/kindred-match/kindred/internal/placement"
	"github.com/kindred-match/kindred/internal/runfolder"
	"github.com/kindred-match/kindred/matcher/place"
	"github.com/kindred-match/kindred/matcher/place/verify"
)

// rerun is a run made once more, by what places students, with the options and
// the seed of the run.
type rerun struct {
	fsys     fs.FS // the run folder
	folder   *district.Folder
	progress func(step string, done, total int64)

	run *runfolder.Folder // nil before make
	c   *placement.Case
}

// make reads the run and makes the problem and its lists.
func (r *rerun) make(ctx context.Context) error {
	if r.run != nil {
		return nil
	}
	run, err := runfolder.ReadFS(r.fsys)
	if bad, ok := errors.AsType[*runfolder.Error](err); ok {
		return &verify.Violation{File: bad.File, Line: bad.Line, Rule: bad.Rule}
	} else if err != nil {
		return err
	}
	options, err := placement.OfRun(&run.Summary)
	if err != nil {
		return &verify.Violation{File: runfolder.SummaryFile, Rule: err.Error()}
	}
	options.Progress = r.progress
	c, err := placement.New(ctx, r.folder, options)
	if err != nil {
		return err
	}
	r.run, r.c = run, c
	return nil
}

// lists gives the list of a row of students.
func (r *rerun) lists(ctx context.Context) (func(row int) verify.List, error) {
	if err := r.make(ctx); err != nil {
		return nil, err
	}
	return Lists(r.c.Problem), nil
}

// check places again what the checker leaves open. Of the objectives of a flow
// that is which of several placements that are as good it is, and which
// opportunities were cancelled on the way to it; of all how often a student
// gets what by other lotteries.
func (r *rerun) check(ctx context.Context) error {
	if err := r.make(ctx); err != nil {
		return err
	}
	s := &r.run.Summary
	if !s.Objective.Flow() && s.Options.Seeds == 0 {
		return nil
	}
	f, err := r.c.Solve(ctx)
	if errors.Is(err, place.ErrMinimums) {
		return other(runfolder.CertificateFile, 0)
	}
	if err != nil {
		return err
	}
	placed, unplaced, err := r.c.Outcome(f)
	if err != nil {
		return err
	}
	switch {
	case !slices.Equal(f.Certificate.Cancelled, r.run.Certificate.Cancelled):
		return other(runfolder.CertificateFile, 0)
	case !slices.Equal(placed, r.run.Placed):
		return other(runfolder.PlacementsFile, differ(placed, r.run.Placed))
	case !slices.Equal(unplaced, r.run.Unplaced):
		return other(runfolder.UnplacedFile, differ(unplaced, r.run.Unplaced))
	case s.Options.Seeds == 0:
		return nil
	}
	said, err := runfolder.ReadProbabilities(r.fsys)
	if bad, ok := errors.AsType[*runfolder.Error](err); ok {
		return &verify.Violation{File: bad.File, Line: bad.Line, Rule: bad.Rule}
	} else if err != nil {
		return err
	}
	several, err := r.c.Seeds(ctx, f, s.Options.Seeds)
	if err != nil {
		return err
	}
	if !slices.Equal(several.Rows, said) {
		return other(runfolder.ProbabilitiesFile, differ(several.Rows, said))
	}
	return nil
}

// other is the violation of a file that has something else than placing again
// gives.
func other(file string, line int) error {
	return &verify.Violation{File: file, Line: line, Rule: "it is not what placing again gives, with the options and the seed of the run: " +
		"it was changed, or made by another version of this program"}
}

// differ is the line of the first row that differs, below a header.
func differ[T comparable](want, have []T) int {
	const header = 1
	at := 0
	for at < len(want) && at < len(have) && want[at] == have[at] {
		at++
	}
	return header + min(at, max(0, len(have)-1)) + 1
}

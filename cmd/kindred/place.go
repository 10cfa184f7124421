package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math"
	"math/big"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kindred-match/kindred/internal/district"
	"github.com/kindred-match/kindred/internal/page"
	"github.com/kindred-match/kindred/internal/placement"
	"github.com/kindred-match/kindred/internal/runfolder"
	"github.com/kindred-match/kindred/internal/staging"
	"github.com/kindred-match/kindred/matcher/place"
)

// placingFlags are the flags of every command that places students.
type placingFlags struct {
	objective, seed, priority, reserves, keep string
	candidates, maxPerPartner, seeds          int
	fill, reverseLottery, compare             bool
}

func (f *placingFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.objective, "objective", string(place.Stable), "what the placement is the best of: "+strings.Join(texts(place.Objectives), ", "))
	flags.StringVar(&f.seed, "seed", "1", "of the lottery, a number, or auto to draw one")
	flags.IntVar(&f.candidates, "candidates", 50, "how many candidates are the list of a student without preferences and scores")
	flags.IntVar(&f.maxPerPartner, "max-per-partner", 0, "how many candidates of one partner at most; 0 is no limit")
	flags.StringVar(&f.priority, "priority", string(place.ByLottery), "what decides between students of one tier: lottery or score")
	flags.StringVar(&f.reserves, "reserves", string(place.ReservesFirst), "when stable fills reserved seats: first or last")
	flags.StringVar(&f.keep, "keep", string(place.Full), "what becomes of standing placements: full (placed anew), freeze, no-worse or min-moves")
	flags.BoolVar(&f.fill, "fill", false, "give students without a placement a free seat at the end")
	flags.BoolVar(&f.reverseLottery, "reverse-lottery", false, "the last of the lottery comes first, for a second round")
	flags.BoolVar(&f.compare, "compare", false, "compare all objectives in the report")
	flags.IntVar(&f.seeds, "seeds", 0, "place by so many lotteries, from the seed on, and say how often each student gets what")
	complete(cmd, "objective", texts(place.Objectives))
	complete(cmd, "priority", []string{"lottery", "score"})
	complete(cmd, "reserves", []string{"first", "last"})
	complete(cmd, "keep", []string{"full", "freeze", "no-worse", "min-moves"})
}

// check holds the numbers.
func (f *placingFlags) check() error {
	switch {
	case f.candidates < 1 || f.candidates > math.MaxInt32:
		return badInput("--candidates must be at least 1")
	case f.maxPerPartner < 0 || f.maxPerPartner > math.MaxInt32:
		return badInput("--max-per-partner must be at least 0")
	case f.seeds < 0 || f.seeds > math.MaxInt32:
		return badInput("--seeds must be at least 0")
	}
	return nil
}

// placeFlags are the flags of place.
type placeFlags struct {
	rankingFlags
	placingFlags
	out, writeCandidates string
	smallGroups          int
	withStudents         bool
}

func (p *program) placeCommand() *cobra.Command {
	var f placeFlags
	cmd := &cobra.Command{
		Use:   "place DIR --out RUN",
		Short: "Place every student of a district folder",
		Long: `Places all students at once within the seats that there are, and writes the run
folder RUN, complete or not at all: placements.csv, unplaced.csv, run.json,
certificate.json and report.html. 'kindred explain RUN' says why a student was
placed so.

A student's list is its eligible rows of preferences, else those of scores, else
its first candidates. The objectives are stable (the stable placement that is
best for every student), welfare (the largest sum of weights), max-placed,
min-rank, greedy, generous, maximin, and lottery (each takes its turn).

The same folder, options and seed give the same placements on every machine. The
exit code is 1 where minimums can't be reached.`,
		Example: `  kindred place out/district --out out/run
  kindred place out/district --out out/run --objective min-rank --seed auto
  kindred place out/district --out out/again --keep no-worse --fill --with-students`,
		Args: arguments(1, "one district folder"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.place(cmd.Context(), args[0], &f)
		},
	}
	f.rankingFlags.add(cmd)
	f.placingFlags.add(cmd)
	flags := cmd.Flags()
	flags.StringVar(&f.out, "out", "", "the run folder to write, new or empty (required)")
	flags.IntVar(&f.smallGroups, "small-groups", page.DefaultSmallGroup, "the report hides groups of fewer students than this, 5 to 30")
	flags.BoolVar(&f.withStudents, "with-students", false, "also write report-students.html, which lists students")
	flags.StringVar(&f.writeCandidates, "write-candidates", "", "write the lists to this file: student,opportunity,rank,weight")
	return cmd
}

func texts[T ~string](values []T) []string {
	all := make([]string, len(values))
	for i, v := range values {
		all[i] = string(v)
	}
	return all
}

// placeOptions checks the flags as far as no folder is needed.
func (p *program) placeOptions(f *placeFlags) (placement.Options, error) {
	o := placement.Options{
		Objective: place.Objective(f.objective), Priority: place.PriorityRule(f.priority),
		Reserves: place.ReserveOrder(f.reserves), Keep: place.Keep(f.keep), Fill: f.fill,
	}
	switch {
	case f.out == "":
		return o, badInput("place needs --out, the run folder to write")
	case f.smallGroups < page.LeastSmallGroup || f.smallGroups > page.MostSmallGroup:
		return o, badInput("--small-groups must be %d to %d", page.LeastSmallGroup, page.MostSmallGroup)
	}
	if err := f.check(); err != nil {
		return o, err
	}
	if err := o.Check(); err != nil {
		return o, badInput("--%w", err)
	}
	var err error
	if o.Ranking, err = p.options(&f.rankingFlags); err != nil {
		return o, err
	}
	o.Ranking.K, o.Ranking.MaxPerPartner = f.candidates, f.maxPerPartner
	o.Lottery.Reverse = f.reverseLottery
	o.Lottery.Seed, err = seed(f.seed)
	return o, err
}

// seed reads a seed, or draws one that every reader of JSON takes exactly.
func seed(text string) (uint64, error) {
	if text == "auto" {
		const exact = 53 // bits of a number of JSON
		n, err := rand.Int(rand.Reader, big.NewInt(1<<exact))
		if err != nil {
			return 0, err
		}
		return n.Uint64(), nil
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, badInput("--seed must be an integer of 0 to %d, or auto", uint64(1<<64-1))
	}
	return n, nil
}

func (p *program) place(ctx context.Context, dir string, f *placeFlags) error {
	o, err := p.placeOptions(f)
	if err != nil {
		return err
	}
	if err := staging.Empty(f.out); errors.Is(err, staging.ErrNotEmpty) {
		return inputError{err}
	} else if err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	watch := p.now()
	lap := func() time.Duration {
		begun := watch
		watch = p.now()
		return watch.Sub(begun)
	}
	var seconds runfolder.Seconds
	read, err := p.readFolder(ctx, dir, district.Options{
		Students: true, Strict: f.strict, AsOf: o.Ranking.AsOf, Term: o.Ranking.Term,
	})
	if err != nil {
		return err
	}
	seconds.Read = runfolder.SecondsOf(lap())
	steps := p.bars.Steps()
	defer steps.Done()
	o.Progress = steps.Set
	c, err := placement.New(ctx, read, o)
	if err != nil {
		return placeError(err)
	}
	if f.writeCandidates != "" {
		if err := runfolder.WriteCandidates(f.writeCandidates, c.Problem); err != nil {
			return err
		}
	}
	seconds.Rank = runfolder.SecondsOf(lap())
	placed, err := c.Solve(ctx)
	if err != nil {
		return placeError(err)
	}
	seconds.Solve, seconds.Ties = runfolder.SecondsOf(placed.Solve), runfolder.SecondsOf(placed.Ties)
	seconds.Verify = runfolder.SecondsOf(max(0, lap()-placed.Solve-placed.Ties))
	summary := c.Summary(placed)
	summary.Seconds = seconds
	if err := f.describe(&summary.Options, dir); err != nil {
		return err
	}
	if err := writeRun(ctx, f.out, c, placed, summary, lap); err != nil {
		return placeError(err)
	}
	steps.Done()
	return p.announce(f.out, summary, len(placed.Cancelled))
}

// describe adds to a run's options those that only the command line knows.
func (f *placeFlags) describe(o *runfolder.Options, dir string) error {
	o.Strict, o.Compare, o.Seeds, o.WithStudents, o.WriteCandidates = f.strict, f.compare, f.seeds, f.withStudents, f.writeCandidates
	o.SmallGroups = f.smallGroups
	var err error
	o.Input, err = runfolder.Towards(f.out, dir)
	return err
}

// placeError tells what the folder or the options can't have from failures.
func placeError(err error) error {
	var option *place.OptionError
	var row *place.RowError
	var minimum *place.MinimumError
	switch {
	case errors.As(err, &minimum):
		return noError{errors.New(unreachable(minimum))}
	case errors.As(err, &option):
		return badInput("--%w", err)
	case errors.As(err, &row), errors.Is(err, place.ErrTooLarge):
		return inputError{err}
	default:
		return err
	}
}

// unreachable names all opportunities whose minimum can't be reached.
func unreachable(e *place.MinimumError) string {
	var b strings.Builder
	fmt.Fprintf(&b, "the minimums can't be reached of %d opportunities:", len(e.Short))
	for i := range e.Short {
		s := &e.Short[i]
		fmt.Fprintf(&b, "\n  %s needs %d, %d eligible students have it on their lists", s.Opportunity, s.Minimum, s.Eligible)
		if e.Needed == 0 {
			fmt.Fprintf(&b, ", %d are placed there", s.Placed)
		}
		if s.Kept {
			b.WriteString("; it can't be cancelled, as students are kept there")
		}
	}
	if e.Needed > 0 {
		fmt.Fprintf(&b, "\ntogether they need %d students, and %d can be placed there", e.Needed, e.Available)
	}
	b.WriteString("\nlower these minimums, let more students have them on their lists, or give them the min_policy cancel")
	return b.String()
}

// writeRun writes the run folder, with what the summary's options ask for.
func writeRun(
	ctx context.Context, dir string, c *placement.Case, f *place.Placement, s *runfolder.Summary, lap func() time.Duration,
) error {
	placed, unplaced, err := c.Outcome(f)
	if err != nil {
		return err
	}
	var compared []page.Compared
	if s.Options.Compare {
		if compared, err = c.Compare(ctx, f); err != nil {
			return err
		}
	}
	var several *placement.Several
	if n := s.Options.Seeds; n > 0 {
		if several, err = c.Seeds(ctx, f, n); err != nil {
			return err
		}
	}
	w, err := runfolder.Create(dir)
	if err != nil {
		return err
	}
	w.Placements(placed)
	w.Unplaced(unplaced)
	w.Certificate(&f.Certificate)
	w.Report(c.Report(f, s, compared, several))
	if several != nil {
		w.Probabilities(several.Rows)
	}
	if s.Options.WithStudents {
		w.Students(c.StudentsPage(s, placed, unplaced))
	}
	s.Seconds.Report = runfolder.SecondsOf(lap())
	w.Summary(s)
	return w.Commit()
}

func (p *program) announce(dir string, s *runfolder.Summary, cancelled int) error {
	first := int64(0)
	if len(s.Profile) > 0 {
		first = s.Profile[0]
	}
	text := fmt.Sprintf("%d of %d students are placed, %d of them at their first choice; seed %d", s.Placed, s.Students, first, s.Seed)
	if cancelled > 0 {
		text += fmt.Sprintf("; %d opportunities were cancelled under their minimum", cancelled)
	}
	_, err := fmt.Fprintf(p.stderr, "%s\nLook at %s\n", text, filepath.Join(dir, runfolder.ReportFile))
	return err
}

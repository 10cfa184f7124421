package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/kindred-match/kindred/internal/district"
	"github.com/kindred-match/kindred/internal/verification"
	"github.com/kindred-match/kindred/matcher/place/verify"
)

// verifyFlags are the flags of verify.
type verifyFlags struct {
	input     string
	sample    int
	proofOnly bool
}

func (p *program) verifyCommand() *cobra.Command {
	var f verifyFlags
	cmd := &cobra.Command{
		Use:   "verify RUN --input DIR",
		Short: "Check a run against its input",
		Long: `Checks the run folder RUN against the district folder DIR that it was made of,
with code of its own that shares nothing with what places students: it scores
every pair, draws the lottery and makes stable and lottery placements again, and
tests the proof of the other objectives.

The exit code is 1, with what is wrong, where the run contradicts itself, its
input or its claim. Of several placements that are as good by the objective the
seed decides; so at last it places again and compares, which --proof-only leaves
out: then any of them is accepted, as of a run that another version made.`,
		Example: `  kindred verify out/run --input out/district
  kindred verify out/run --input out/district --sample 1000`,
		Args: arguments(1, "one run folder"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.verify(cmd.Context(), args[0], &f)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.input, "input", "", "the district folder that the run was made of (required)")
	flags.IntVar(&f.sample, "sample", 0, "score every pair of so many students only, and rank for the others; 0 is all")
	flags.BoolVar(&f.proofOnly, "proof-only", false, "don't place again: any placement that is as good by the objective will do")
	return cmd
}

func (p *program) verify(ctx context.Context, dir string, f *verifyFlags) error {
	switch {
	case f.input == "":
		return badInput("verify needs --input, the district folder that the run was made of")
	case f.sample < 0:
		return badInput("--sample must be at least 0")
	}
	fsys := os.DirFS(dir)
	run, err := verify.Read(fsys)
	if err != nil {
		return verifyError(dir, err)
	}
	// Whether locks go with the day of the run is for the checker to say.
	folder, err := p.readFolder(ctx, f.input, district.Options{Students: true})
	if err != nil {
		return err
	}
	steps := p.bars.Steps()
	defer steps.Done()
	err = verification.Check(ctx, fsys, run, folder, verification.Options{
		Sample: f.sample, ProofOnly: f.proofOnly, Progress: steps.Set,
	})
	if err != nil {
		return verifyError(dir, err)
	}
	steps.Done()
	_, err = fmt.Fprintf(p.stderr, "%s holds: it is a placement of %s as its objective, %s, says\n", dir, f.input, run.Objective())
	return err
}

// verifyError tells a run that doesn't hold, and a folder that is none, from
// failures.
func verifyError(dir string, err error) error {
	if _, bad := errors.AsType[*verify.Violation](err); bad {
		return noError{fmt.Errorf("%s does not hold: %w", dir, err)}
	}
	if errors.Is(err, verify.ErrNoRun) {
		return badInput("%s: %w", dir, err)
	}
	return err
}

package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/kindred-match/kindred/internal/report"
	kindredv1 "github.com/kindred-match/kindred/proto/kindred/v1"
)

// runEnd is a command that changes the state of a run.
func (p *program) runEnd(cmd *cobra.Command, do func(context.Context, *runs, string) (*kindredv1.Run, error)) *cobra.Command {
	var f runFlags
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		format, err := f.format(report.Table, report.JSON)
		if err != nil {
			return err
		}
		return f.withRuns(func(r *runs) error {
			id, err := r.find(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			run, err := do(cmd.Context(), r, id)
			if err != nil {
				return runError(err)
			}
			if format == report.JSON {
				return p.printJSON(runViewOf(run))
			}
			_, err = fmt.Fprintf(p.stderr, "run %s is %s\n", run.GetRun(), stateOf(run))
			return err
		})
	}
	oneRun(cmd, &f)
	f.add(cmd, report.Table, report.JSON)
	return cmd
}

func (p *program) runPublishCommand() *cobra.Command {
	return p.runEnd(&cobra.Command{
		Use:   "publish RUN",
		Short: "Make the placements of a draft the district's",
		Long: `Takes the seats of a draft, all of them or none, and lets go of those that its
students had. From then on a full opportunity is matched to nobody. Students who
are not in the run keep what they have.

It is refused, with exit code 1 and what stands in the way, where a seat that the
run gave is gone, or where placements of its students were changed since it was
created: create another run then.`,
		Example: `  kindred run publish latest
  kindred run diff latest && kindred run publish latest`,
	}, func(ctx context.Context, r *runs, id string) (*kindredv1.Run, error) {
		answer, err := r.PublishRun(ctx, &kindredv1.PublishRunRequest{District: r.district, RequestId: uuid.NewString(), Run: id})
		if err != nil {
			return nil, err
		}
		seeds, err := r.seedsTried(ctx, id)
		if err != nil {
			return nil, err
		}
		_, err = fmt.Fprintf(p.stderr, "seeds that were tried since the last published run: %s\n", strings.Join(seeds, ", "))
		return answer.GetRun(), err
	})
}

// seedsTried are those of all runs that were created since the published one
// before a run, whatever became of them, so that nobody has to believe that the
// lottery was drawn once.
func (r *runs) seedsTried(ctx context.Context, id string) ([]string, error) {
	var seeds []string
	reached := false
	err := r.each(ctx, func(run *kindredv1.Run) bool {
		reached = reached || run.GetRun() == id
		if run.GetState() == kindredv1.RunState_RUN_STATE_PUBLISHED && run.GetRun() != id {
			return !reached
		}
		seeds = append(seeds, fmt.Sprint(run.GetOptions().GetSeed()))
		return true
	})
	slices.Reverse(seeds)
	var once []string
	for _, s := range seeds {
		if !slices.Contains(once, s) {
			once = append(once, s)
		}
	}
	return once, err
}

func (p *program) runCancelCommand() *cobra.Command {
	return p.runEnd(&cobra.Command{
		Use:     "cancel RUN",
		Short:   "End a run that is queued or running",
		Example: `  kindred run cancel latest`,
	}, func(ctx context.Context, r *runs, id string) (*kindredv1.Run, error) {
		answer, err := r.CancelRun(ctx, &kindredv1.CancelRunRequest{District: r.district, RequestId: uuid.NewString(), Run: id})
		return answer.GetRun(), err
	})
}

func (p *program) runDiscardCommand() *cobra.Command {
	return p.runEnd(&cobra.Command{
		Use:   "discard RUN",
		Short: "Delete what is kept of a draft, or of a run that failed or was cancelled",
		Long: `Deletes the input, the placements and the report of a draft, or of a run that
failed or was cancelled. That there was such a run, with its options, is kept.`,
		Example: `  kindred run discard 1f6c`,
	}, func(ctx context.Context, r *runs, id string) (*kindredv1.Run, error) {
		answer, err := r.DiscardRun(ctx, &kindredv1.DiscardRunRequest{District: r.district, RequestId: uuid.NewString(), Run: id})
		return answer.GetRun(), err
	})
}

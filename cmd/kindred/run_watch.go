package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/grpc"

	"github.com/kindred-match/kindred/internal/report"
	"github.com/kindred-match/kindred/internal/service"
	kindredv1 "github.com/kindred-match/kindred/proto/kindred/v1"
)

func (p *program) runWatchCommand() *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{
		Use:   "watch RUN",
		Short: "Watch a run until it is complete",
		Long: `Shows how a run gets on, with what is done a second and what time is left, until
it is complete, and ends with 1 if it failed or was cancelled. A server that
restarts meanwhile is waited for. Interrupting it leaves the run going on.

With --output jsonl each step is a line, for programs.`,
		Example: `  kindred run watch latest
  kindred run watch 1f6c --output jsonl`,
		RunE: func(cmd *cobra.Command, args []string) error {
			format, err := f.format(report.Table, report.JSON, report.JSONL)
			if err != nil {
				return err
			}
			return f.withRuns(func(r *runs) error {
				id, err := r.find(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				if format != report.JSONL {
					return p.finish(cmd.Context(), r, id, format)
				}
				run, err := p.watch(cmd.Context(), r, id, func(run *kindredv1.Run) error { return p.printJSON(runViewOf(run)) })
				if err != nil {
					return err
				}
				return p.became(run)
			})
		},
	}
	oneRun(cmd, &f)
	f.add(cmd, report.Table, report.JSON, report.JSONL)
	return cmd
}

// away is how long a server that can't be reached is waited for, pause how long
// until it is asked again.
const (
	away  = 30 * time.Second
	pause = 200 * time.Millisecond
)

// watch follows a run until it is neither queued nor running, with a bar, and
// tells each, unless it is nil, of all that it hears.
func (p *program) watch(ctx context.Context, r *runs, id string, each func(*kindredv1.Run) error) (*kindredv1.Run, error) {
	steps := p.bars.Steps()
	defer steps.Done()
	heard := p.now()
	for {
		run, err := r.follow(ctx, id, func(run *kindredv1.Run) error {
			heard = p.now()
			if g := run.GetProgress(); g != nil {
				title := stepOf(g)
				if g.GetDetail() != "" && g.GetDetail() != title {
					title += ": " + g.GetDetail()
				}
				steps.Set(title, g.GetDone(), g.GetTotal())
			}
			if each != nil {
				return each(run)
			}
			return nil
		})
		switch {
		case err == nil:
			return run, nil
		case ctx.Err() != nil:
			fmt.Fprintf(p.stderr, "the run goes on; see 'kindred run watch %s'\n", id)
			return nil, ctx.Err()
		}
		if _, blame := service.Refusal(err); blame != service.WayBlamed && !errors.Is(err, errEnded) || p.now().Sub(heard) > away {
			return nil, runError(err)
		}
		select { // a server that is stopping says so at once, again and again
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

// follow yields a run each time the server tells of it, and returns the last.
func (r *runs) follow(ctx context.Context, id string, yield func(*kindredv1.Run) error) (*kindredv1.Run, error) {
	waiting, stop := context.WithTimeout(ctx, away)
	defer stop()
	if err := r.reach(waiting); err != nil {
		return nil, err
	}
	stream, err := r.WatchRun(ctx, &kindredv1.WatchRunRequest{District: r.district, Run: id})
	if err != nil {
		return nil, err
	}
	var last *kindredv1.Run
	for {
		answer, err := stream.Recv()
		switch {
		case errors.Is(err, io.EOF) && last != nil && !unfinished(last):
			return last, nil
		case errors.Is(err, io.EOF):
			return nil, errEnded
		case err != nil:
			return nil, err
		}
		last = answer.GetRun()
		if err := yield(last); err != nil {
			return nil, err
		}
	}
}

// reach waits until the server answers.
func (r *runs) reach(ctx context.Context) error {
	_, err := kindredv1.NewSystemServiceClient(r.conn).GetServerInfo(ctx, &kindredv1.GetServerInfoRequest{District: r.district}, grpc.WaitForReady(true))
	return err
}

var errEnded = errors.New("the server ended the stream before the run was complete")

// unfinished says whether a run is queued or running.
func unfinished(r *kindredv1.Run) bool {
	return r.GetState() == kindredv1.RunState_RUN_STATE_QUEUED || r.GetState() == kindredv1.RunState_RUN_STATE_RUNNING
}

// became says what became of a run; the answer is no where it has no placement.
func (p *program) became(run *kindredv1.Run) error {
	switch run.GetState() {
	case kindredv1.RunState_RUN_STATE_DRAFT, kindredv1.RunState_RUN_STATE_PUBLISHED:
		_, err := fmt.Fprintf(p.stderr, "run %s, %s: %s; seed %d\n", run.GetRun(), stateOf(run), outcomeText(run.GetOutcome()), run.GetOptions().GetSeed())
		return err
	case kindredv1.RunState_RUN_STATE_FAILED:
		return noError{fmt.Errorf("run %s failed: %s", run.GetRun(), run.GetFailure())}
	default:
		return noError{fmt.Errorf("run %s is %s", run.GetRun(), stateOf(run))}
	}
}

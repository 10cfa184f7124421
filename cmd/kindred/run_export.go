package main

import (
	"context"
	"errors"
	"fmt"
	"math"

	"google.golang.org/grpc"

	"github.com/kindred-match/kindred/internal/runfolder"
	"github.com/kindred-match/kindred/internal/staging"
	"github.com/kindred-match/kindred/matcher/place"
	kindredv1 "github.com/kindred-match/kindred/proto/kindred/v1"
)

// largest is the largest message that is taken from a server with a whole
// report: 13 MB of it are a hundred thousand opportunities.
const largest = 1 << 30

// writeRemoteRun writes a complete run into a folder.
func (p *program) writeRemoteRun(ctx context.Context, r *runs, run *kindredv1.Run, out string) error {
	if s := run.GetState(); s != kindredv1.RunState_RUN_STATE_DRAFT && s != kindredv1.RunState_RUN_STATE_PUBLISHED {
		return noError{fmt.Errorf("run %s is %s: there is nothing to write into a folder", run.GetRun(), stateOf(run))}
	}
	if err := staging.Empty(out); errors.Is(err, staging.ErrNotEmpty) {
		return inputError{err}
	} else if err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	answer, err := r.GetRun(ctx, &kindredv1.GetRunRequest{
		District: r.district, Run: run.GetRun(), WithReport: true, WithFiles: true,
	}, grpc.MaxCallRecvMsgSize(largest))
	if err != nil {
		return runError(err)
	}
	placed, unplaced, err := p.outcomeOf(ctx, r, run)
	if err != nil {
		return err
	}
	w, err := runfolder.Create(out)
	if err != nil {
		return err
	}
	w.Placements(placed)
	w.Unplaced(unplaced)
	w.Content(runfolder.CertificateFile, answer.GetCertificate())
	w.Content(runfolder.ReportFile, answer.GetReport())
	w.Content(runfolder.SummaryFile, answer.GetSummary())
	if err := w.Commit(); err != nil {
		return err
	}
	_, err = fmt.Fprintf(p.stderr, "the run is in %s\n", out)
	return err
}

// outcomeOf are the placements of a run as a run folder has them.
func (p *program) outcomeOf(ctx context.Context, r *runs, run *kindredv1.Run) ([]runfolder.Placed, []runfolder.Unplaced, error) {
	bar := p.bars.Start("reading placements", run.GetOutcome().GetStudents())
	defer bar.Done()
	var placed []runfolder.Placed
	var unplaced []runfolder.Unplaced
	err := r.placements(ctx, run.GetRun(), func(row *kindredv1.Placement) error {
		bar.Add(1)
		if row.GetOpportunity() == "" {
			unplaced = append(unplaced, runfolder.Unplaced{
				Student: row.GetStudent(), Reason: place.Reason(reasonOf(row.GetUnplacedReason())),
			})
			return nil
		}
		placed = append(placed, runfolder.Placed{
			Student: row.GetStudent(), Opportunity: row.GetOpportunity(), Rank: row.GetRank(),
			Score: runfolder.Micro(math.Round(1e6 * row.GetScore())),
		})
		return nil
	})
	return placed, unplaced, err
}

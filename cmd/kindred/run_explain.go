package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/kindred-match/kindred/internal/placement"
	"github.com/kindred-match/kindred/internal/report"
	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/matcher/place"
	kindredv1 "github.com/kindred-match/kindred/proto/kindred/v1"
)

func (p *program) runExplainCommand() *cobra.Command {
	var f runFlags
	var student, opportunity string
	cmd := &cobra.Command{
		Use:   "explain RUN --student ID",
		Short: "Say why a run placed a student so, and why not elsewhere",
		Example: `  kindred run explain latest --student s000001
  kindred run explain latest --student s000001 --opportunity o000017`,
		RunE: func(cmd *cobra.Command, args []string) error {
			format, err := f.format(report.Table, report.JSON)
			if err != nil {
				return err
			}
			if student == "" {
				return badInput("run explain needs --student")
			}
			return f.withRuns(func(r *runs) error {
				run, err := r.get(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				answer, err := r.ExplainPlacement(cmd.Context(), &kindredv1.ExplainPlacementRequest{
					District: r.district, Run: run.GetRun(), Student: student, Opportunity: opportunity,
				})
				if err != nil {
					return runError(err)
				}
				found := explanationOf(run, answer)
				if format == report.JSON {
					return p.printJSON(found)
				}
				return p.printPlacement(found)
			})
		},
	}
	oneRun(cmd, &f)
	f.add(cmd, report.Table, report.JSON)
	cmd.Flags().StringVar(&student, "student", "", "the student (required)")
	cmd.Flags().StringVar(&opportunity, "opportunity", "", "only this opportunity, with what it would cost")
	return cmd
}

// explanationOf is what a server explains as a run folder's explanation.
func explanationOf(run *kindredv1.Run, e *kindredv1.ExplainPlacementResponse) *placement.Explanation {
	found := &placement.Explanation{
		Student: e.GetStudent(), Objective: place.Objective(word(run.GetOptions().GetObjective(), "OBJECTIVE_")),
		Seed: run.GetOptions().GetSeed(), Lottery: int(e.GetLottery()), Reason: place.Reason(reasonOf(e.GetReason())), Text: e.GetText(),
		Opportunity: e.GetOpportunity(), Title: e.GetTitle(), List: []placement.Answer{},
	}
	if e.GetHow() != kindredv1.PlacementHow_PLACEMENT_HOW_UNSPECIFIED {
		found.How = word(e.GetHow(), "PLACEMENT_HOW_")
	}
	for _, a := range e.GetAnswers() {
		answer := placement.Answer{
			Opportunity: a.GetOpportunity(), Title: a.GetTitle(), Partner: a.GetPartner(), Rank: a.GetRank(),
			Score: report.Decimal(a.GetScore()), Reason: reasonOf(a.GetReason()), Text: a.GetText(),
			Own: standingOf(a.GetOwn()), Cutoff: standingOf(a.GetCutoff()),
		}
		for _, code := range a.GetFailed() {
			answer.Failures = append(answer.Failures, matcher.Code(strings.TrimPrefix(code.String(), "ELIGIBILITY_CODE_")))
		}
		if len(answer.Failures) > 0 {
			answer.Reason = string(answer.Failures[0])
		}
		for _, l := range a.GetLosses() {
			answer.Losses = append(answer.Losses, place.Loss{Measure: place.Measure(l.GetMeasure()), Rank: l.GetRank(), Loss: l.GetLoss()})
		}
		found.List = append(found.List, answer)
	}
	return found
}

func standingOf(s *kindredv1.PriorityStanding) *placement.Standing {
	if s == nil {
		return nil
	}
	return &placement.Standing{Tier: s.GetTier(), Score: report.Decimal(s.GetScore()), Lottery: int(s.GetLottery())}
}

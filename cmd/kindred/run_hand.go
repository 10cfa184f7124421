package main

import (
	"fmt"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	kindredv1 "github.com/kindred-match/kindred/proto/kindred/v1"
)

func (p *program) runPlaceCommand() *cobra.Command {
	var f runFlags
	var student, opportunity, reason string
	cmd := &cobra.Command{
		Use:   "place --student ID --opportunity ID",
		Short: "Place a student by hand, between runs",
		Long: `Gives a student without a placement a seat that is free, at once. It stands like
those of a published run, and a draft that was created before is then out of date.`,
		Example: `  kindred run place --student s000001 --opportunity o000017 --reason 'moved here in October'`,
		Args:    arguments(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if student == "" || opportunity == "" {
				return badInput("run place needs --student and --opportunity")
			}
			return f.withRuns(func(r *runs) error {
				answer, err := r.CreatePlacement(cmd.Context(), &kindredv1.CreatePlacementRequest{
					District: r.district, RequestId: uuid.NewString(), Student: student, Opportunity: opportunity, Reason: reason,
				})
				if err != nil {
					return runError(err)
				}
				_, err = fmt.Fprintf(p.stderr, "the student is placed at %s; epoch %d\n", opportunity, answer.GetEpoch())
				return err
			})
		},
	}
	f.add(cmd)
	cmd.Flags().StringVar(&student, "student", "", "the student (required)")
	cmd.Flags().StringVar(&opportunity, "opportunity", "", "where to place it (required)")
	cmd.Flags().StringVar(&reason, "reason", "", "why, to be kept with the placement")
	return cmd
}

func (p *program) runWithdrawCommand() *cobra.Command {
	var f runFlags
	var student, reason string
	cmd := &cobra.Command{
		Use:     "withdraw --student ID",
		Short:   "Take a student's placement back, between runs",
		Example: `  kindred run withdraw --student s000001 --reason 'left the district'`,
		Args:    arguments(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if student == "" {
				return badInput("run withdraw needs --student")
			}
			return f.withRuns(func(r *runs) error {
				answer, err := r.WithdrawPlacement(cmd.Context(), &kindredv1.WithdrawPlacementRequest{
					District: r.district, RequestId: uuid.NewString(), Student: student, Reason: reason,
				})
				if err != nil {
					return runError(err)
				}
				_, err = fmt.Fprintf(p.stderr, "the placement is withdrawn; epoch %d\n", answer.GetEpoch())
				return err
			})
		},
	}
	f.add(cmd)
	cmd.Flags().StringVar(&student, "student", "", "the student (required)")
	cmd.Flags().StringVar(&reason, "reason", "", "why, to be kept")
	return cmd
}

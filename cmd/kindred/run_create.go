package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/kindred-match/kindred/internal/placement"
	"github.com/kindred-match/kindred/internal/report"
	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/matcher/place"
	kindredv1 "github.com/kindred-match/kindred/proto/kindred/v1"
)

// runCreateFlags are the flags of run create.
type runCreateFlags struct {
	runFlags
	placingFlags
	measure, term, asOf string
	check, wait         bool
}

func (p *program) runCreateCommand() *cobra.Command {
	var f runCreateFlags
	cmd := &cobra.Command{
		Use:   "create",
		Short: "Start a run, or see what would go wrong with one",
		Long: `Starts a run of all students of the district and prints its id. The options are
those of 'kindred place', and lead to the same placements; the ancestor decay
and inverse document frequency are settings of the district. With --wait it ends
when the run does; interrupting it leaves the run going on.

--check starts nothing: it says what a run would start from and what would go
wrong, and ends with 1 if a run would fail.`,
		Example: `  kindred run create --check --objective welfare
  kindred run create --objective min-rank --seed auto --wait
  RUN=$(kindred run create --keep no-worse --fill)`,
		Args: arguments(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error { return p.runCreate(cmd, &f) },
	}
	f.runFlags.add(cmd, report.Table, report.JSON)
	f.placingFlags.add(cmd)
	flags := cmd.Flags()
	flags.StringVar(&f.measure, "measure", "", "how to score: cosine, dot or overlap [the district's first one]")
	flags.StringVar(&f.term, "term", "", "only opportunities of this term")
	flags.StringVar(&f.asOf, "as-of", "", "the day, YYYY-MM-DD, on which opportunities must be open [today in the district]")
	flags.BoolVar(&f.check, "check", false, "only say what would go wrong")
	flags.BoolVar(&f.wait, "wait", false, "end when the run does")
	complete(cmd, "measure", texts(matcher.Measures))
	return cmd
}

// request checks the flags and makes the run's options of them.
func (f *runCreateFlags) request() (*kindredv1.RunOptions, error) {
	if err := f.placingFlags.check(); err != nil {
		return nil, err
	}
	o := placement.Options{
		Objective: place.Objective(f.objective), Priority: place.PriorityRule(f.priority),
		Reserves: place.ReserveOrder(f.reserves), Keep: place.Keep(f.keep),
	}
	if err := o.Check(); err != nil {
		return nil, badInput("--%w", err)
	}
	if f.measure != "" {
		if _, known := measures[matcher.Measure(f.measure)]; !known {
			return nil, badInput("--measure must be cosine, dot or overlap")
		}
	}
	if f.asOf != "" {
		if _, err := matcher.ParseDate(f.asOf); err != nil {
			return nil, badInput("--as-of %w", err)
		}
	}
	drawn, err := seed(f.seed)
	if err != nil {
		return nil, err
	}
	return &kindredv1.RunOptions{
		Objective:  kindredv1.Objective(valueOf(kindredv1.Objective_value, "OBJECTIVE_", f.objective)),
		Seed:       &drawn,
		Candidates: int32(f.candidates),
		Priority:   kindredv1.PriorityRule(valueOf(kindredv1.PriorityRule_value, "PRIORITY_RULE_", f.priority)),
		Reserves:   kindredv1.ReserveOrder(valueOf(kindredv1.ReserveOrder_value, "RESERVE_ORDER_", f.reserves)),
		Keep:       kindredv1.Keep(valueOf(kindredv1.Keep_value, "KEEP_", f.keep)),
		Fill:       f.fill, ReverseLottery: f.reverseLottery,
		Term: f.term, AsOf: f.asOf, Measure: measures[matcher.Measure(f.measure)],
		MaxPerPartner: int32(f.maxPerPartner), Compare: f.compare, Seeds: int32(f.seeds),
	}, nil
}

func (p *program) runCreate(cmd *cobra.Command, f *runCreateFlags) error {
	format, err := f.format(report.Table, report.JSON)
	if err != nil {
		return err
	}
	options, err := f.request()
	if err != nil {
		return err
	}
	return f.withRuns(func(r *runs) error {
		answer, err := r.CreateRun(cmd.Context(), &kindredv1.CreateRunRequest{
			District: r.district, RequestId: uuid.NewString(), Options: options, ValidateOnly: f.check,
		})
		switch {
		case err != nil:
			return runError(err)
		case f.check:
			return p.printCheck(answer.GetCheck(), format)
		case f.wait && format == report.JSON:
			return p.finish(cmd.Context(), r, answer.GetRun().GetRun(), format)
		case format == report.JSON:
			return p.printJSON(runViewOf(answer.GetRun()))
		}
		if _, err := fmt.Fprintln(p.stdout, answer.GetRun().GetRun()); err != nil || !f.wait {
			return err
		}
		return p.finish(cmd.Context(), r, answer.GetRun().GetRun(), format)
	})
}

// finish watches a run to its end and says what became of it.
func (p *program) finish(ctx context.Context, r *runs, id string, format report.Format) error {
	run, err := p.watch(ctx, r, id, nil)
	if err != nil {
		return err
	}
	if format == report.JSON {
		if err := p.printJSON(runViewOf(run)); err != nil {
			return err
		}
	}
	return p.became(run)
}

// checkView is what a check found, for programs.
type checkView struct {
	Students      int64         `json:"students"`
	Opportunities int64         `json:"opportunities"`
	Seats         int64         `json:"seats"`
	Standing      int64         `json:"standing"`
	Epoch         uint64        `json:"epoch"`
	Options       optionsView   `json:"options"`
	Findings      []findingView `json:"findings"`
}

type findingView struct {
	Kind        string `json:"kind"`
	Fatal       bool   `json:"fatal"`
	Count       int64  `json:"count"`
	Opportunity string `json:"opportunity,omitempty"`
	Partner     string `json:"partner,omitempty"`
	Text        string `json:"text"`
}

// printCheck says what a check found; the answer is no where a run would fail.
func (p *program) printCheck(c *kindredv1.RunCheck, format report.Format) error {
	view := checkView{
		Students: c.GetStudents(), Opportunities: c.GetOpportunities(), Seats: c.GetSeats(), Standing: c.GetStanding(),
		Epoch: c.GetEpoch(), Options: optionsViewOf(c.GetOptions()), Findings: []findingView{},
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%d students, %d opportunities with %d seats to give, %d placements that stand; epoch %d\n",
		view.Students, view.Opportunities, view.Seats, view.Standing, view.Epoch)
	fatal := 0
	for _, f := range c.GetFindings() {
		view.Findings = append(view.Findings, findingView{
			Kind: word(f.GetKind(), "FINDING_KIND_"), Fatal: f.GetFatal(), Count: f.GetCount(),
			Opportunity: f.GetOpportunity(), Partner: f.GetPartner(), Text: f.GetText(),
		})
		mark := "note"
		if f.GetFatal() {
			fatal++
			mark = "fails"
		}
		fmt.Fprintf(&text, "%-5s  %s\n", mark, f.GetText())
	}
	if len(view.Findings) == 0 {
		text.WriteString("nothing would go wrong\n")
	}
	var err error
	if format == report.JSON {
		err = p.printJSON(view)
	} else {
		_, err = fmt.Fprint(p.stdout, text.String())
	}
	if err == nil && fatal > 0 {
		return noError{fmt.Errorf("a run would fail: %d of %d findings say why", fatal, len(view.Findings))}
	}
	return err
}

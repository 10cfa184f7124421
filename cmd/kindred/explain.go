package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/kindred-match/kindred/internal/report"
	"github.com/kindred-match/kindred/internal/runfolder"
	"github.com/kindred-match/kindred/matcher"
)

// explainFlags are the flags of explain.
type explainFlags struct {
	rankingFlags
	student, opportunity, output, input string
}

func (p *program) explainCommand() *cobra.Command {
	var f explainFlags
	cmd := &cobra.Command{
		Use:   "explain (DIR --student ID --opportunity ID | RUN --student ID)",
		Short: "Say why a pair scores as it does, or why a student was placed so",
		Long: `Of a district folder: shows the score of a student and an opportunity by tag and
the rank that the opportunity has for the student, or every rule of eligibility
that the pair fails.

Of a run folder, which 'kindred place' writes: says why the student was placed
so, and why not elsewhere on its list, or at one opportunity.`,
		Example: `  kindred explain out/district --student s000001 --opportunity o000001
  kindred explain out/run --student s000001
  kindred explain out/run --student s000001 --opportunity o000001 --output json`,
		Args: arguments(1, "one district folder or run folder"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if runfolder.Is(args[0]) {
				return p.explainRun(cmd, args[0], &f)
			}
			return p.explain(cmd, args[0], &f)
		},
	}
	f.add(cmd)
	flags := cmd.Flags()
	flags.StringVar(&f.student, "student", "", "the student (required)")
	flags.StringVar(&f.opportunity, "opportunity", "", "the opportunity (required for a district folder)")
	flags.StringVar(&f.input, "input", "", "of a run: its district folder, where that is no longer where it was")
	flags.StringVarP(&f.output, "output", "o", string(report.Table), "table or json")
	complete(cmd, "output", []string{"table", "json"})
	return cmd
}

// pairExplanation is what explain prints as JSON.
type pairExplanation struct {
	Student     string         `json:"student"`
	Opportunity string         `json:"opportunity"`
	Eligible    bool           `json:"eligible"`
	Failures    []matcher.Code `json:"failures"`
	Rank        int            `json:"rank,omitempty"`
	Score       report.Decimal `json:"score"`
	Units       report.Units   `json:"units"`
	Tags        []report.Part  `json:"tags"`
}

func (p *program) explain(cmd *cobra.Command, dir string, f *explainFlags) error {
	if f.student == "" || f.opportunity == "" {
		return badInput("explain needs --student and --opportunity")
	}
	if f.input != "" {
		return badInput("--input is for a run folder, one with %s", runfolder.SummaryFile)
	}
	format, err := report.ParseFormat(f.output)
	if err != nil || (format != report.Table && format != report.JSON) {
		return badInput("--output must be table or json")
	}
	o, err := p.options(&f.rankingFlags)
	if err != nil {
		return err
	}
	folder, err := p.rankedFolder(cmd.Context(), dir, &f.rankingFlags, o)
	if err != nil {
		return err
	}
	s, ok := folder.Student(f.student)
	if !ok {
		return badInput("--student: the folder has no such student")
	}
	found, ok := folder.Explain(s, f.opportunity)
	if !ok {
		return badInput("--opportunity: the folder has no opportunity %q", f.opportunity)
	}
	e := pairExplanation{
		Student: f.student, Opportunity: f.opportunity,
		Eligible: len(found.Failures) == 0, Failures: append([]matcher.Code{}, found.Failures...),
		Rank: found.Rank, Score: report.Decimal(found.Score), Units: report.Units(found.Units),
		Tags: report.Parts(found.Parts),
	}
	if format == report.JSON {
		encoder := json.NewEncoder(p.stdout)
		encoder.SetEscapeHTML(false)
		return encoder.Encode(&e)
	}
	return p.printExplanation(&e, note(folder.Index, f.opportunity))
}

func (p *program) printExplanation(e *pairExplanation, note string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Student %s and opportunity %s", e.Student, e.Opportunity)
	if note != "" {
		fmt.Fprintf(&b, " (%s)", note)
	}
	b.WriteByte('\n')
	switch {
	case !e.Eligible:
		b.WriteString("Not eligible:\n")
		for _, code := range e.Failures {
			fmt.Fprintf(&b, "  %-12s %s\n", code, code.Reason())
		}
	case e.Rank > 0:
		fmt.Fprintf(&b, "Eligible; rank %d\n", e.Rank)
	default:
		b.WriteString("Eligible, but they share no tag: not a candidate\n")
	}
	if len(e.Tags) > 0 {
		tw := report.NewTable(fmt.Sprintf("Score %s = %d units", e.Score, int64(e.Units)))
		tw.AppendHeader(table.Row{"Tag", "Student", "Opportunity", "Importance", "Units", "Part"})
		for _, t := range e.Tags {
			tw.AppendRow(table.Row{
				t.Tag, t.Profile, t.Opportunity, t.Importance, int64(t.Units),
				fmt.Sprintf("%.1f%%", 100*float64(t.Units)/float64(e.Units)),
			})
		}
		b.WriteString(tw.Render())
		b.WriteByte('\n')
	}
	_, err := fmt.Fprint(p.stdout, b.String())
	return err
}

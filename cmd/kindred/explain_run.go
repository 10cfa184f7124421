package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kindred-match/kindred/internal/district"
	"github.com/kindred-match/kindred/internal/placement"
	"github.com/kindred-match/kindred/internal/report"
	"github.com/kindred-match/kindred/internal/runfolder"
	"github.com/kindred-match/kindred/matcher/place"
)

// explainRun says why a student of a run was placed so.
func (p *program) explainRun(cmd *cobra.Command, dir string, f *explainFlags) error {
	if f.student == "" {
		return badInput("explain needs --student")
	}
	format, err := report.ParseFormat(f.output)
	if err != nil || (format != report.Table && format != report.JSON) {
		return badInput("--output must be table or json")
	}
	var own []string
	cmd.Flags().Visit(func(flag *pflag.Flag) {
		if !slices.Contains([]string{"student", "opportunity", "output", "input"}, flag.Name) {
			own = append(own, "--"+flag.Name)
		}
	})
	if len(own) > 0 {
		return badInput("%s: a run has options of its own; leave it out", strings.Join(own, ", "))
	}
	found, err := p.explained(cmd.Context(), dir, f)
	if err != nil {
		return err
	}
	if format == report.JSON {
		encoder := json.NewEncoder(p.stdout)
		encoder.SetEscapeHTML(false)
		return encoder.Encode(found)
	}
	return p.printPlacement(found)
}

func (p *program) explained(ctx context.Context, dir string, f *explainFlags) (*placement.Explanation, error) {
	c, placed, err := p.placedRun(ctx, dir, f.input)
	if err != nil {
		return nil, err
	}
	found, err := c.Explain(ctx, placed, f.student, f.opportunity)
	switch {
	case errors.Is(err, placement.ErrNoStudent):
		return nil, badInput("--student: the run has no such student")
	case errors.Is(err, placement.ErrNoOpportunity):
		return nil, badInput("--opportunity: the run has no opportunity %q", f.opportunity)
	}
	return found, err
}

// placedRun reads a run folder and its input, as placement makes them.
func (p *program) placedRun(ctx context.Context, dir, input string) (*placement.Case, *place.Placement, error) {
	r, err := runfolder.Read(dir)
	var bad *runfolder.Error
	if errors.As(err, &bad) {
		return nil, nil, inputError{err}
	} else if err != nil {
		return nil, nil, err
	}
	c, err := p.inputOf(ctx, dir, input, r)
	if err != nil {
		return nil, nil, err
	}
	placed, err := c.Placement(r)
	if errors.Is(err, placement.ErrNotOfInput) {
		return nil, nil, inputError{err}
	} else if err != nil {
		return nil, nil, placeError(err)
	}
	return c, placed, nil
}

// inputOf reads the district folder of a run, which must be as it was.
func (p *program) inputOf(ctx context.Context, dir, input string, r *runfolder.Folder) (*placement.Case, error) {
	o, err := placement.OfRun(&r.Summary)
	if err != nil {
		return nil, inputError{err}
	}
	if err := o.Check(); err != nil {
		return nil, badInput("%s: %w", runfolder.SummaryFile, err)
	}
	if input == "" {
		input = runfolder.InputOf(dir, &r.Summary)
		if _, err := os.Stat(input); err != nil {
			return nil, badInput("the district folder of the run is no longer at %s; name it with --input", input)
		}
	}
	bar := p.bars.Start("reading "+input, 0)
	read, err := district.Read(ctx, input, district.Options{
		Students: true, Strict: r.Summary.Options.Strict, AsOf: o.Ranking.AsOf, Term: o.Ranking.Term,
		Progress: func(_ string, done, total int64) { bar.Set(done, total) },
	})
	bar.Done()
	if err != nil {
		return nil, err
	}
	if !maps.Equal(read.Hashes, r.Summary.InputSHA256) {
		return nil, badInput("the district folder %s is not as it was when the run was made; name the one that is with --input", input)
	}
	steps := p.bars.Steps()
	defer steps.Done()
	o.Progress = steps.Set
	c, err := placement.New(ctx, read, o)
	return c, placeError(err)
}

func (p *program) printPlacement(e *placement.Explanation) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Student %s: %s\n", e.Student, e.Text)
	fmt.Fprintf(&b, "Place %d in the lottery of seed %d\n", e.Lottery, e.Seed)
	fmt.Fprintf(&b, "Objective %s: %s\n", e.Objective, placement.Aim(e.Objective))
	const what, why = "Opportunity", "Why"
	tw := report.NewTable("")
	tw.AppendHeader(table.Row{"#", what, "Score", "Reason", why})
	tw.SetColumnConfigs([]table.ColumnConfig{
		{Name: "#", Align: text.AlignRight},
		{Name: what, WidthMax: 36, WidthMaxEnforcer: text.WrapSoft},
		{Name: "Score", Align: text.AlignRight},
		{Name: why, WidthMax: 56, WidthMaxEnforcer: text.WrapSoft},
	})
	for i := range e.List {
		a := &e.List[i]
		rank := ""
		if a.Rank > 0 {
			rank = fmt.Sprint(a.Rank)
		}
		name := a.Opportunity
		for _, more := range []string{a.Title, a.Partner} {
			if more != "" {
				name += " · " + more
			}
		}
		tw.AppendRow(table.Row{rank, name, a.Score, a.Reason, a.Text})
	}
	if len(e.List) > 0 {
		b.WriteString(tw.Render() + "\n")
	}
	if e.Reason != place.Placed && len(e.List) == 0 {
		b.WriteString("The student's list is empty.\n")
	}
	_, err := fmt.Fprint(p.stdout, b.String())
	return err
}

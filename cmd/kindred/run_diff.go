package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"

	"github.com/kindred-match/kindred/internal/report"
	kindredv1 "github.com/kindred-match/kindred/proto/kindred/v1"
)

// runDiffFlags are the flags of run diff.
type runDiffFlags struct {
	runFlags
	base  string
	limit int
}

func (p *program) runDiffCommand() *cobra.Command {
	var f runDiffFlags
	cmd := &cobra.Command{
		Use:   "diff RUN",
		Short: "Compare a run with the placements that stand, or with another run",
		Long: `Says before a run is published what it would change: how many students stay, move,
gain a placement or lose theirs, and at which opportunities. Students are counted,
never named.`,
		Example: `  kindred run diff latest
  kindred run diff latest --base 1f6c --output json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			format, err := f.format(report.Table, report.JSON)
			if err != nil {
				return err
			}
			if f.limit < 0 {
				return badInput("--limit must be at least 0")
			}
			return f.withRuns(func(r *runs) error {
				v, err := r.diff(cmd.Context(), args[0], f.base)
				if err != nil {
					return err
				}
				if format == report.JSON {
					return p.printJSON(v)
				}
				_, err = fmt.Fprint(p.stdout, v.text(f.limit))
				return err
			})
		},
	}
	oneRun(cmd, &f.runFlags)
	f.add(cmd, report.Table, report.JSON)
	cmd.Flags().StringVar(&f.base, "base", "", "the run to compare with, instead of the placements that stand")
	cmd.Flags().IntVar(&f.limit, "limit", 30, "how many opportunities the table has, the most changed first; 0 is all")
	return cmd
}

// diffView is a comparison for programs.
type diffView struct {
	Stay          int64      `json:"stay"`
	Move          int64      `json:"move"`
	Gain          int64      `json:"gain"`
	Lose          int64      `json:"lose"`
	Without       int64      `json:"without"`
	Opportunities []siteDiff `json:"opportunities"`
	Flows         []flowView `json:"flows"`
}

type siteDiff struct {
	Opportunity string `json:"opportunity"`
	Title       string `json:"title,omitempty"`
	Before      int64  `json:"before"`
	After       int64  `json:"after"`
	Arrive      int64  `json:"arrive"`
	Leave       int64  `json:"leave"`
}

type flowView struct {
	From     string `json:"from,omitempty"` // empty: none
	To       string `json:"to,omitempty"`
	Students int64  `json:"students"`
}

// diff compares a run with another, or with the placements that stand.
func (r *runs) diff(ctx context.Context, run, base string) (*diffView, error) {
	const most = 1000 // that a page has
	request := &kindredv1.DiffRunRequest{District: r.district, PageSize: most}
	var err error
	if request.Run, err = r.find(ctx, run); err != nil {
		return nil, err
	}
	if base != "" {
		if request.Base, err = r.find(ctx, base); err != nil {
			return nil, err
		}
	}
	v := &diffView{Opportunities: []siteDiff{}, Flows: []flowView{}}
	for {
		page, err := r.DiffRun(ctx, request)
		if err != nil {
			return nil, runError(err)
		}
		v.Stay, v.Move, v.Gain, v.Lose, v.Without = page.GetStay(), page.GetMove(), page.GetGain(), page.GetLose(), page.GetWithout()
		for _, o := range page.GetOpportunities() {
			v.Opportunities = append(v.Opportunities, siteDiff{
				o.GetOpportunity(), o.GetTitle(), o.GetBefore(), o.GetAfter(), o.GetArrive(), o.GetLeave(),
			})
		}
		for _, flow := range page.GetFlows() {
			v.Flows = append(v.Flows, flowView{flow.GetFrom(), flow.GetTo(), flow.GetStudents()})
		}
		if request.PageToken = page.GetNextPageToken(); request.PageToken == "" {
			return v, nil
		}
	}
}

// text is the comparison for people, with the opportunities that change most.
func (v *diffView) text(limit int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d students stay, %d move, %d gain a placement, %d lose theirs, %d have none before and after\n",
		v.Stay, v.Move, v.Gain, v.Lose, v.Without)
	if len(v.Opportunities) == 0 {
		return b.String()
	}
	sites := slices.Clone(v.Opportunities)
	slices.SortStableFunc(sites, func(x, y siteDiff) int { return cmp.Compare(y.Arrive+y.Leave, x.Arrive+x.Leave) })
	if limit > 0 && limit < len(sites) {
		fmt.Fprintf(&b, "The %d opportunities that change most, of %d:\n", limit, len(sites))
		sites = sites[:limit]
	}
	tw := report.NewTable("")
	const what = "Opportunity"
	numbers := []string{"Before", "After", "Arrive", "Leave"}
	header := table.Row{what}
	columns := []table.ColumnConfig{{Name: what, WidthMax: 60, WidthMaxEnforcer: text.WrapSoft}}
	for _, name := range numbers {
		header = append(header, name)
		columns = append(columns, table.ColumnConfig{Name: name, Align: text.AlignRight})
	}
	tw.AppendHeader(header)
	tw.SetColumnConfigs(columns)
	for _, s := range sites {
		name := s.Opportunity
		if s.Title != "" {
			name += " · " + s.Title
		}
		tw.AppendRow(table.Row{name, s.Before, s.After, s.Arrive, s.Leave})
	}
	b.WriteString(tw.Render() + "\n")
	return b.String()
}

package main

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"

	"github.com/kindred-match/kindred/internal/report"
	kindredv1 "github.com/kindred-match/kindred/proto/kindred/v1"
)

func (p *program) runPlacementsCommand() *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{
		Use:   "placements [RUN]",
		Short: "List the placements that stand, or those of a run",
		Long: `Lists the placements of a district that stand, or with RUN what came out of that
run, those without a placement included, by student id.`,
		Example: `  kindred run placements
  kindred run placements latest --output csv > placements.csv`,
		RunE: func(cmd *cobra.Command, args []string) error {
			format, err := f.format(report.Formats...)
			if err != nil {
				return err
			}
			return f.withRuns(func(r *runs) error {
				id := ""
				if len(args) > 0 {
					if id, err = r.find(cmd.Context(), args[0]); err != nil {
						return err
					}
				}
				return p.printPlacements(cmd.Context(), r, id, format)
			})
		},
	}
	oneRun(cmd, &f)
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		return arguments(1, "one run at most")(cmd, args)
	}
	f.add(cmd, report.Formats...)
	return cmd
}

// placements yields the placements of a run, or with no run those that stand,
// by student id.
func (r *runs) placements(ctx context.Context, run string, yield func(*kindredv1.Placement) error) error {
	const most = 1000 // that a page has
	request := &kindredv1.ListPlacementsRequest{District: r.district, Run: run, PageSize: most}
	for {
		page, err := r.ListPlacements(ctx, request)
		if err != nil {
			return runError(err)
		}
		for _, row := range page.GetPlacements() {
			if err := yield(row); err != nil {
				return err
			}
		}
		if request.PageToken = page.GetNextPageToken(); request.PageToken == "" {
			return nil
		}
	}
}

// reasonOf is a reason as run folders have it, or empty.
func reasonOf(r kindredv1.PlacementReason) string {
	if r == kindredv1.PlacementReason_PLACEMENT_REASON_UNSPECIFIED {
		return ""
	}
	return strings.TrimPrefix(r.String(), "PLACEMENT_REASON_")
}

// placementView is a placement for programs.
type placementView struct {
	Student     string          `json:"student"`
	Opportunity string          `json:"opportunity,omitempty"`
	Rank        int32           `json:"rank,omitempty"`
	Score       *report.Decimal `json:"score,omitempty"`    // nil of those that stand, of which only their run knows it
	Unplaced    string          `json:"unplaced,omitempty"` // why there is none
	Run         string          `json:"run,omitempty"`
	Reason      string          `json:"reason,omitempty"` // of a placement by hand
}

func (v *placementView) cells() []string {
	rank, score := "", ""
	if v.Rank > 0 {
		rank = strconv.Itoa(int(v.Rank))
	}
	if v.Score != nil && v.Opportunity != "" {
		score = v.Score.String()
	}
	return []string{v.Student, v.Opportunity, rank, score, v.Unplaced, v.Run, v.Reason}
}

// placementsHeader names the cells.
var placementsHeader = []string{"student", "opportunity", "rank", "score", "unplaced", "run", "reason"}

func (p *program) printPlacements(ctx context.Context, r *runs, run string, format report.Format) error {
	bar := p.bars.Start("reading placements", 0)
	defer bar.Done()
	return p.buffered(func(b *bufio.Writer) error {
		put, end := placementsTo(b, format)
		err := r.placements(ctx, run, func(row *kindredv1.Placement) error {
			bar.Add(1)
			v := &placementView{
				Student: row.GetStudent(), Opportunity: row.GetOpportunity(), Rank: row.GetRank(),
				Unplaced: reasonOf(row.GetUnplacedReason()), Run: row.GetRun(), Reason: row.GetReason(),
			}
			if run != "" {
				v.Score = new(report.Decimal(row.GetScore()))
			}
			return put(v)
		})
		if err != nil {
			return err
		}
		return end()
	})
}

// placementsTo writes placements in a form, one by one, and then what ends it.
func placementsTo(b *bufio.Writer, format report.Format) (put func(*placementView) error, end func() error) {
	lines := json.NewEncoder(b)
	lines.SetEscapeHTML(false)
	switch format {
	case report.JSONL:
		return func(v *placementView) error { return lines.Encode(v) }, func() error { return nil }
	case report.JSON:
		all := []*placementView{}
		put = func(v *placementView) error { all = append(all, v); return nil }
		return put, func() error { return lines.Encode(all) }
	case report.CSV:
		c := csv.NewWriter(b)
		header := c.Write(placementsHeader)
		put = func(v *placementView) error { return c.Write(v.cells()) }
		return put, func() error {
			c.Flush()
			if header != nil {
				return header
			}
			return c.Error()
		}
	default:
		tw := report.NewTable("")
		tw.AppendHeader(table.Row{"Student", "Opportunity", "Rank", "Score", "Unplaced", "Run", "Reason"})
		tw.SetColumnConfigs([]table.ColumnConfig{{Name: "Rank", Align: text.AlignRight}, {Name: "Score", Align: text.AlignRight}})
		tw.SuppressEmptyColumns()
		put = func(v *placementView) error {
			var row table.Row
			for _, cell := range v.cells() {
				row = append(row, cell)
			}
			tw.AppendRow(row)
			return nil
		}
		return put, func() error { _, err := b.WriteString(tw.Render() + "\n"); return err }
	}
}

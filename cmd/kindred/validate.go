package main

import (
	"encoding/json"
	"fmt"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/kindred-match/kindred/internal/district"
	"github.com/kindred-match/kindred/internal/report"
	"github.com/kindred-match/kindred/matcher"
)

func (p *program) validateCommand() *cobra.Command {
	var strict bool
	var asOf, output string
	cmd := &cobra.Command{
		Use:   "validate DIR",
		Short: "Read a whole district folder and report what is wrong with it",
		Long: `Reads every file of a district folder, reports all errors and warnings, and says
what the folder holds. Nothing is changed. The exit code is 2 for bad input.`,
		Example: `  kindred validate out/district
  kindred validate out/district --strict --output json`,
		Args: arguments(1, "one district folder"),
		RunE: func(cmd *cobra.Command, args []string) error {
			format, err := report.ParseFormat(output)
			if err != nil || (format != report.Table && format != report.JSON) {
				return badInput("--output must be table or json")
			}
			day := matcher.DateOf(p.now())
			if asOf != "" {
				if day, err = matcher.ParseDate(asOf); err != nil {
					return badInput("--as-of %w", err)
				}
			}
			f, err := p.readFolder(cmd.Context(), args[0], district.Options{Strict: strict, AsOf: day})
			if err != nil {
				return err
			}
			return p.printContents(f, format)
		},
	}
	cmd.Flags().BoolVar(&strict, "strict", false, "a tag that is used but not listed is an error")
	cmd.Flags().StringVar(&asOf, "as-of", "", "the day, YYYY-MM-DD, on which locked pairs must be eligible [today]")
	cmd.Flags().StringVarP(&output, "output", "o", string(report.Table), "table or json")
	complete(cmd, "output", []string{"table", "json"})
	return cmd
}

// contents is what a folder holds, in rows.
type contents struct {
	Tags          int   `json:"tags"`
	Partners      int   `json:"partners"`
	Opportunities int   `json:"opportunities"`
	Published     int   `json:"published"`
	Seats         int64 `json:"seats"` // of published opportunities
	Students      int   `json:"students"`
	Preferences   int   `json:"preferences"`
	Scores        int   `json:"scores"`
	Priorities    int   `json:"priorities"`
	Locks         int   `json:"locks"`
	Reserves      int   `json:"reserves"`
	Placements    int   `json:"placements"`
	Warnings      int   `json:"warnings"`
}

func contentsOf(f *district.Folder) contents {
	c := contents{
		Tags: len(f.Tags), Partners: len(f.Partners), Opportunities: len(f.Opportunities), Students: len(f.Students),
		Preferences: len(f.Rows.Preferences), Scores: len(f.Rows.Scores), Priorities: len(f.Rows.Priorities), Locks: len(f.Rows.Locks),
		Reserves: len(f.Rows.Reserves), Placements: len(f.Rows.Standing), Warnings: f.Warnings.Total,
	}
	for i := range f.Opportunities {
		if f.Opportunities[i].Status == matcher.Published {
			c.Published++
			c.Seats += int64(f.Opportunities[i].Seats)
		}
	}
	return c
}

func (p *program) printContents(f *district.Folder, format report.Format) error {
	c := contentsOf(f)
	if format == report.JSON {
		return json.NewEncoder(p.stdout).Encode(c)
	}
	tw := report.NewTable("The folder is good")
	tw.AppendHeader(table.Row{"What", "Rows"})
	for _, r := range []table.Row{
		{"tags", c.Tags},
		{"partners", c.Partners},
		{"opportunities", fmt.Sprintf("%d (%d published, %d seats)", c.Opportunities, c.Published, c.Seats)},
		{"students", c.Students},
		{"preferences", c.Preferences},
		{"scores", c.Scores},
		{"priorities", c.Priorities},
		{"locks", c.Locks},
		{"reserves", c.Reserves},
		{"placements", c.Placements},
		{"warnings", c.Warnings},
	} {
		tw.AppendRow(r)
	}
	_, err := fmt.Fprintln(p.stdout, tw.Render())
	return err
}

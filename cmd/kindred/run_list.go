package main

import (
	"bufio"
	"fmt"
	"strconv"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"

	"github.com/kindred-match/kindred/internal/report"
	kindredv1 "github.com/kindred-match/kindred/proto/kindred/v1"
)

func (p *program) runListCommand() *cobra.Command {
	var f runFlags
	var limit int
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the runs of a district, the newest first",
		Example: `  kindred run list
  kindred run list --output jsonl --limit 0`,
		Args: arguments(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			format, err := f.format(report.Table, report.JSON, report.JSONL)
			if err != nil {
				return err
			}
			if limit < 0 {
				return badInput("--limit must be at least 0")
			}
			return f.withRuns(func(r *runs) error {
				var all []*kindredv1.Run
				err := r.each(cmd.Context(), func(run *kindredv1.Run) bool {
					all = append(all, run)
					return len(all) != limit
				})
				if err != nil {
					return err
				}
				return p.printRuns(all, format)
			})
		},
	}
	f.add(cmd, report.Table, report.JSON, report.JSONL)
	cmd.Flags().IntVar(&limit, "limit", 20, "how many to list; 0 is all")
	return cmd
}

func (p *program) printRuns(all []*kindredv1.Run, format report.Format) error {
	views := make([]*runView, len(all))
	for i, run := range all {
		views[i] = runViewOf(run)
	}
	if format == report.JSON {
		return p.printJSON(views)
	}
	if format == report.JSONL {
		for _, v := range views {
			if err := p.printJSON(v); err != nil {
				return err
			}
		}
		return nil
	}
	if len(all) == 0 {
		_, err := fmt.Fprintln(p.stderr, "no runs yet; begin with 'kindred run create'")
		return err
	}
	tw := report.NewTable("")
	tw.AppendHeader(table.Row{"Run", "State", "Objective", "Seed", "Created", "Placed", "First choices", "Of"})
	tw.SetColumnConfigs([]table.ColumnConfig{
		{Name: "Seed", Align: text.AlignRight},
		{Name: "Placed", Align: text.AlignRight},
		{Name: "First choices", Align: text.AlignRight},
		{Name: "Of", Align: text.AlignRight},
	})
	for _, v := range views {
		placed, first, of := "", "", ""
		if o := v.Outcome; o != nil {
			placed, first, of = strconv.FormatInt(o.Placed, 10), "0", strconv.FormatInt(o.Students, 10)
			if len(o.Profile) > 0 {
				first = strconv.FormatInt(o.Profile[0], 10)
			}
		}
		tw.AppendRow(table.Row{v.Run, v.State, v.Options.Objective, v.Options.Seed, v.Created, placed, first, of})
	}
	_, err := fmt.Fprintln(p.stdout, tw.Render())
	return err
}

func (p *program) runGetCommand() *cobra.Command {
	var f runFlags
	var out string
	cmd := &cobra.Command{
		Use:   "get RUN",
		Short: "Show a run, or write it into a folder",
		Long: `Shows what was asked of a run and what came out. With --out it also writes a
complete run into a folder, complete or not at all: placements.csv and
unplaced.csv, which name students, run.json, certificate.json and report.html,
which don't.`,
		Example: `  kindred run get latest
  kindred run get latest --out out/run`,
		RunE: func(cmd *cobra.Command, args []string) error {
			format, err := f.format(report.Table, report.JSON)
			if err != nil {
				return err
			}
			return f.withRuns(func(r *runs) error {
				run, err := r.get(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				if out != "" {
					if err := p.writeRemoteRun(cmd.Context(), r, run, out); err != nil {
						return err
					}
				}
				if format == report.JSON {
					return p.printJSON(runViewOf(run))
				}
				_, err = fmt.Fprint(p.stdout, runText(run))
				return err
			})
		},
	}
	oneRun(cmd, &f)
	f.add(cmd, report.Table, report.JSON)
	cmd.Flags().StringVar(&out, "out", "", "the folder to write, new or empty")
	return cmd
}

// buffered has write write to standard output.
func (p *program) buffered(write func(*bufio.Writer) error) error {
	b := bufio.NewWriterSize(p.stdout, 1<<16)
	if err := write(b); err != nil {
		return err
	}
	return b.Flush()
}

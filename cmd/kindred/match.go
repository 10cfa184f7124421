package main

import (
	"bufio"
	"context"

	"github.com/spf13/cobra"

	"github.com/kindred-match/kindred/internal/ranking"
	"github.com/kindred-match/kindred/internal/report"
	"github.com/kindred-match/kindred/matcher"
)

// matchFlags are the flags of match.
type matchFlags struct {
	rankingFlags
	student       string
	opportunity   string
	k             int
	maxPerPartner int
	explain       bool
	output        string
	remoteFlags
}

func (p *program) matchCommand() *cobra.Command {
	var f matchFlags
	cmd := &cobra.Command{
		Use:   "match DIR",
		Short: "Rank opportunities for students, or students for an opportunity",
		Long: `Ranks the opportunities of a district folder for each of its students, or for
one, or the students for one opportunity. With --server it asks a running
server for one student instead, and takes no folder.`,
		Example: `  kindred match out/district --student s000001 --explain
  kindred match out/district --output jsonl > matches.jsonl
  kindred match out/district --opportunity o000001 --k 20
  kindred match --server 127.0.0.1:7550 --student s000001 --explain`,
		Args: func(cmd *cobra.Command, args []string) error {
			if f.server != "" {
				return arguments(0, "no folder with --server")(cmd, args)
			}
			return arguments(1, "one district folder")(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.server != "" {
				return p.matchRemote(cmd, &f)
			}
			return p.match(cmd.Context(), args[0], &f)
		},
	}
	f.rankingFlags.add(cmd)
	f.remoteFlags.add(cmd, "", "ask the server at this address instead of reading a folder")
	flags := cmd.Flags()
	flags.StringVar(&f.student, "student", "", "only this student")
	flags.StringVar(&f.opportunity, "opportunity", "", "the reverse: rank the students for this opportunity")
	flags.IntVar(&f.k, "k", 10, "how many candidates at most")
	flags.IntVar(&f.maxPerPartner, "max-per-partner", 0, "how many candidates of one partner at most; 0 is no limit")
	flags.BoolVar(&f.explain, "explain", false, "say which tags each score is made of")
	flags.StringVarP(&f.output, "output", "o", string(report.Table), "table, json, jsonl or csv")
	complete(cmd, "output", []string{"table", "json", "jsonl", "csv"})
	return cmd
}

func (f *matchFlags) check() (report.Format, error) {
	format, err := report.ParseFormat(f.output)
	switch {
	case err != nil:
		return "", badInput("--%w", err)
	case f.k < 1:
		return "", badInput("--k must be at least 1")
	case f.student != "" && f.opportunity != "":
		return "", badInput("--student and --opportunity exclude each other; 'kindred explain' takes both")
	case f.maxPerPartner < 0:
		return "", badInput("--max-per-partner must be at least 0")
	}
	return format, nil
}

func (p *program) match(ctx context.Context, dir string, f *matchFlags) error {
	format, err := f.check()
	if err != nil {
		return err
	}
	o, err := p.options(&f.rankingFlags)
	if err != nil {
		return err
	}
	o.K, o.MaxPerPartner, o.Explain = f.k, f.maxPerPartner, f.explain
	folder, err := p.rankedFolder(ctx, dir, &f.rankingFlags, o)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(p.stdout, 1<<16)
	w := report.NewWriter(out, format, f.explain)
	switch {
	case f.opportunity != "":
		err = matchOpportunity(folder, f.opportunity, w)
	case f.student == "" && format == report.JSONL:
		err = p.matchLines(ctx, folder, out)
	default:
		err = p.matchStudents(ctx, folder, f.student, w)
	}
	if err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return out.Flush()
}

func matchOpportunity(folder *ranking.Folder, id string, w report.Writer) error {
	candidates, ok := folder.Opportunity(id)
	if !ok {
		return badInput("--opportunity: the folder has no opportunity %q", id)
	}
	r := report.Ranking{Opportunity: id, Candidates: make([]report.Candidate, len(candidates))}
	for i, c := range candidates {
		r.Candidates[i] = report.Candidate{
			Student: c.Student, Rank: c.Rank, Score: report.Decimal(c.Score), Units: report.Units(c.Units),
			Tags: report.Parts(c.Parts),
		}
	}
	return w.Write(&r)
}

func (p *program) matchStudents(ctx context.Context, folder *ranking.Folder, id string, w report.Writer) error {
	students := folder.Students
	if id != "" {
		s, ok := folder.Student(id)
		if !ok {
			return badInput("--student: the folder has no such student")
		}
		students = []matcher.Student{*s}
	}
	bar := p.bars.Start("ranking", int64(len(students)))
	defer bar.Done()
	made := func(result *ranking.Result) *report.Ranking {
		r := rankingOf(folder, result)
		for i := range r.Candidates {
			r.Candidates[i].Note = note(folder.Index, r.Candidates[i].Opportunity)
		}
		return r
	}
	return ranking.Each(ctx, folder, students, made, func(r *report.Ranking) error {
		bar.Add(1)
		return w.Write(r)
	})
}

// matchLines is matchStudents of all students in lines of JSON, which the
// workers write.
func (p *program) matchLines(ctx context.Context, folder *ranking.Folder, out *bufio.Writer) error {
	bar := p.bars.Start("ranking", int64(len(folder.Students)))
	defer bar.Done()
	type line struct {
		text []byte
		err  error
	}
	made := func(result *ranking.Result) line {
		const usual = 90 // bytes of a candidate
		text, err := report.AppendLine(make([]byte, 0, 64+usual*len(result.Candidates)), rankingOf(folder, result))
		return line{text, err}
	}
	return ranking.Each(ctx, folder, folder.Students, made, func(l line) error {
		bar.Add(1)
		if l.err != nil {
			return l.err
		}
		_, err := out.Write(l.text)
		return err
	})
}

func rankingOf(folder *ranking.Folder, result *ranking.Result) *report.Ranking {
	r := &report.Ranking{Student: result.Student, Candidates: make([]report.Candidate, len(result.Candidates))}
	for i := range result.Candidates {
		c := &result.Candidates[i]
		r.Candidates[i] = report.Candidate{
			Opportunity: c.Opportunity, Rank: c.Rank, Score: report.Decimal(c.Score), Units: report.Units(c.Units),
			Tags: report.Parts(c.Parts),
		}
	}
	return r
}

// note is what a person wants to read beside an opportunity's id.
func note(x *matcher.Index, id string) string {
	o, ok := x.Opportunity(id)
	if !ok {
		return ""
	}
	if partner, ok := x.Partner(o.Partner); ok && partner.Name != "" {
		return o.Title + " · " + partner.Name
	}
	return o.Title
}

package main

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/spf13/cobra"

	"github.com/kindred-match/kindred/internal/district"
	"github.com/kindred-match/kindred/internal/generate"
	"github.com/kindred-match/kindred/internal/measure"
	"github.com/kindred-match/kindred/matcher"
)

func (p *program) benchCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "bench",
		Short:   "Measure on this machine, beside a baseline in the same run",
		Example: `  kindred bench rank --generate 1000000`,
		Args:    noCommand,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(p.benchRankCommand(), p.benchServeCommand(), p.benchCandidatesCommand())
	return cmd
}

// benchRankFlags are the flags of bench rank.
type benchRankFlags struct {
	rankingFlags
	generate, profiles, k, rounds int
	seed                          uint64
}

func (p *program) benchRankCommand() *cobra.Command {
	var f benchRankFlags
	cmd := &cobra.Command{
		Use:   "rank (DIR | --generate N)",
		Short: "Time rankings, one by one on one thread",
		Long: `Ranks for the students of a folder, or for invented ones, one by one, warm, on
one thread, beside a plain term-at-a-time loop with dense accumulators, and
prints one JSON object. Times are medians over the rounds for each profile;
mean, p50 and p99 are over profiles.`,
		Example: `  kindred bench rank out/district
  kindred bench rank --generate 1000000`,
		Args: func(cmd *cobra.Command, args []string) error {
			if f.generate > 0 {
				return arguments(0, "no folder with --generate")(cmd, args)
			}
			return arguments(1, "one district folder, or --generate N")(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.k < 1 || f.rounds < 1 || f.profiles < 1 {
				return badInput("--k, --rounds and --profiles must be at least 1")
			}
			return p.benchRank(cmd.Context(), args, &f)
		},
	}
	f.add(cmd)
	flags := cmd.Flags()
	flags.IntVar(&f.generate, "generate", 0, "invent so many opportunities, all eligible, instead of reading a folder")
	flags.IntVar(&f.profiles, "profiles", 500, "how many students to rank for at most")
	flags.Uint64Var(&f.seed, "seed", 1, "of what is invented")
	flags.IntVar(&f.k, "k", 10, "how many candidates at most")
	flags.IntVar(&f.rounds, "rounds", 7, "how often to rank for each student")
	return cmd
}

func (p *program) benchRank(ctx context.Context, args []string, f *benchRankFlags) error {
	o, err := p.options(&f.rankingFlags)
	if err != nil {
		return err
	}
	m := measure.RankOptions{Settings: o.Settings, AsOf: o.AsOf, K: f.k, Rounds: f.rounds, Now: p.now}
	if f.generate > 0 {
		err = p.invented(f, &m)
	} else {
		err = p.fromFolder(ctx, args[0], f, &m)
	}
	if err != nil {
		return err
	}
	bar := p.bars.Start("ranking", int64(f.rounds))
	m.Progress = bar.Set
	result, err := measure.Ranking(m)
	bar.Done()
	if err != nil {
		return err
	}
	return json.NewEncoder(p.stdout).Encode(result)
}

func (p *program) invented(f *benchRankFlags, m *measure.RankOptions) error {
	v, err := generate.District(generate.Options{
		Students: f.profiles, Opportunities: f.generate, Seed: f.seed, Plain: true,
	})
	if err != nil {
		return badInput("--generate: %w", err)
	}
	m.Catalogue.Tags = v.Tags()
	m.Catalogue.Partners = slices.Collect(v.Partners())
	m.Catalogue.Opportunities = slices.AppendSeq(make([]matcher.Opportunity, 0, f.generate), v.Opportunities())
	m.Students = slices.Collect(v.Students())
	return nil
}

func (p *program) fromFolder(ctx context.Context, dir string, f *benchRankFlags, m *measure.RankOptions) error {
	read, err := p.readFolder(ctx, dir, district.Options{Students: true, Strict: f.strict})
	if err != nil {
		return err
	}
	m.Catalogue = matcher.Catalogue{Tags: read.Tags, Partners: read.Partners, Opportunities: read.Opportunities}
	m.Students = read.Students[:min(f.profiles, len(read.Students))]
	return nil
}

package main

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/spf13/cobra"

	"github.com/kindred-match/kindred/internal/district"
	"github.com/kindred-match/kindred/internal/ranking"
	"github.com/kindred-match/kindred/matcher"
)

// rankingFlags are the flags of every command that ranks a folder.
type rankingFlags struct {
	measure string
	idf     bool
	decay   float64
	term    string
	asOf    string
	strict  bool
}

func (f *rankingFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.measure, "measure", string(matcher.Cosine), "how to score: cosine, dot or overlap")
	flags.BoolVar(&f.idf, "idf", false, "weigh rare tags more (inverse document frequency)")
	flags.Float64Var(&f.decay, "ancestor-decay", matcher.Float(matcher.DefaultDecay),
		"what a tag passes up to its parent, 0 to 1; 0 is no hierarchy")
	flags.StringVar(&f.term, "term", "", "only opportunities of this term")
	flags.StringVar(&f.asOf, "as-of", "", "the day, YYYY-MM-DD, on which opportunities must be open [today]")
	flags.BoolVar(&f.strict, "strict", false, "a tag that is used but not listed is an error")
	complete(cmd, "measure", []string{string(matcher.Cosine), string(matcher.Dot), string(matcher.Overlap)})
}

// complete offers the values of a flag to shell completion.
func complete(cmd *cobra.Command, flag string, values []string) {
	// The only error is a flag that does not exist, which a test would show.
	_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
}

func (p *program) options(f *rankingFlags) (ranking.Options, error) {
	var o ranking.Options
	if !slices.Contains(matcher.Measures, matcher.Measure(f.measure)) {
		return o, badInput("--measure must be cosine, dot or overlap")
	}
	if !(f.decay >= 0 && f.decay <= 1) {
		return o, badInput("--ancestor-decay must be a number from 0 to 1")
	}
	o.Settings = matcher.Settings{
		Decay:   matcher.Weight(math.Round(10000 * f.decay)),
		Measure: matcher.Measure(f.measure),
		IDF:     f.idf,
	}
	o.Term = f.term
	o.AsOf = matcher.DateOf(p.now())
	if f.asOf != "" {
		day, err := matcher.ParseDate(f.asOf)
		if err != nil {
			return o, badInput("--as-of %w", err)
		}
		o.AsOf = day
	}
	return o, nil
}

// readFolder reads a district folder with progress, and prints its warnings.
func (p *program) readFolder(ctx context.Context, dir string, o district.Options) (*district.Folder, error) {
	bar := p.bars.Start("reading "+dir, 0)
	o.Progress = func(_ string, done, total int64) { bar.Set(done, total) }
	f, err := district.Read(ctx, dir, o)
	bar.Done()
	if err != nil {
		return nil, err
	}
	p.warn(f.Warnings)
	return f, nil
}

func (p *program) warn(w district.Warnings) {
	for _, f := range w.Findings {
		fmt.Fprintf(p.stderr, "warning: %s\n", f)
	}
	if more := w.Total - len(w.Findings); more > 0 {
		fmt.Fprintf(p.stderr, "warning: and %d more\n", more)
	}
}

// rankedFolder reads a folder and builds its index.
func (p *program) rankedFolder(ctx context.Context, dir string, f *rankingFlags, o ranking.Options) (*ranking.Folder, error) {
	read, err := p.readFolder(ctx, dir, district.Options{Students: true, Strict: f.strict, AsOf: o.AsOf})
	if err != nil {
		return nil, err
	}
	return ranking.New(read, o)
}

// Package placement places the students of a district folder: it builds their
// lists, solves, and says why.
package placement

import (
	"errors"
	"math"
	"slices"

	"github.com/kindred-match/kindred/internal/ranking"
	"github.com/kindred-match/kindred/internal/runfolder"
	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/matcher/place"
)

// Options are how to place the students of a folder.
type Options struct {
	// Ranking says how lists are made; its K is how many candidates a list has.
	// Explain plays no part.
	Ranking   ranking.Options
	Objective place.Objective
	Lottery   place.Lottery
	Priority  place.PriorityRule
	Reserves  place.ReserveOrder
	Keep      place.Keep
	// Fill gives students without a placement a free seat at the end.
	Fill bool
	// Progress, if given, is told what is being done and how far it is; a total
	// of 0 is not known.
	Progress func(step string, done, total int64)
}

// Check says, as a *place.OptionError, which of the options can't be.
func (o *Options) Check() error { return o.place().Check() }

func (o *Options) place() place.Options {
	return place.Options{
		Objective: o.Objective, Priority: o.Priority, Reserves: o.Reserves, Keep: o.Keep, Progress: o.Progress,
	}
}

// Run writes the options down as those of a run.
func (o *Options) Run() runfolder.Options {
	r := &o.Ranking
	return runfolder.Options{
		AsOf: r.AsOf.String(), Term: r.Term, Measure: r.Settings.Measure, IDF: r.Settings.IDF,
		AncestorDecay: matcher.Float(r.Settings.Decay), MaxPerPartner: r.MaxPerPartner,
		Candidates: r.K, Priority: o.Priority, Reserves: o.Reserves, Keep: o.Keep, Fill: o.Fill,
		ReverseLottery: o.Lottery.Reverse,
	}
}

// ErrRun says that the options of a run are none that place has.
var ErrRun = errors.New(runfolder.SummaryFile + ": options: must be those of 'kindred place'")

// OfRun reads the options that a run was made with; else ErrRun, or what place
// says of them.
func OfRun(s *runfolder.Summary) (Options, error) {
	r := &s.Options
	day, err := matcher.ParseDate(r.AsOf)
	if err != nil || !slices.Contains(matcher.Measures, r.Measure) || r.Candidates < 1 || r.MaxPerPartner < 0 ||
		!(r.AncestorDecay >= 0 && r.AncestorDecay <= 1) {
		return Options{}, ErrRun
	}
	return Options{
		Ranking: ranking.Options{
			Settings: matcher.Settings{Decay: Decay(r.AncestorDecay), Measure: r.Measure, IDF: r.IDF},
			AsOf:     day, Term: r.Term, K: r.Candidates, MaxPerPartner: r.MaxPerPartner,
		},
		Objective: s.Objective, Lottery: place.Lottery{Seed: s.Seed, Reverse: r.ReverseLottery},
		Priority: r.Priority, Reserves: r.Reserves, Keep: r.Keep, Fill: r.Fill,
	}, nil
}

// Decay is the ancestor decay, of 0 to 1, as settings have it.
func Decay(x float64) matcher.Weight { return matcher.Weight(math.Round(10000 * x)) }

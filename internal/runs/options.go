package runs

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/kindred-match/kindred/internal/placement"
	"github.com/kindred-match/kindred/internal/ranking"
	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/matcher/place"
	"github.com/kindred-match/kindred/store"
)

// What a run may ask for.
const (
	DefaultSeed       = 1
	DefaultCandidates = 50
	MaxCandidates     = 1000
	MaxSeeds          = 1000
)

// Options are what is asked of a run, as they are kept with it. The ancestor
// decay and inverse document frequency are the district's.
type Options struct {
	Objective      place.Objective    `json:"objective"`
	Seed           uint64             `json:"seed"`
	Candidates     int                `json:"candidates"`
	Priority       place.PriorityRule `json:"priority"`
	Reserves       place.ReserveOrder `json:"reserves"`
	Keep           place.Keep         `json:"keep"`
	Fill           bool               `json:"fill"`
	ReverseLottery bool               `json:"reverse_lottery"`
	Term           string             `json:"term"`
	AsOf           matcher.Date       `json:"as_of"`
	Measure        matcher.Measure    `json:"measure"`
	MaxPerPartner  int                `json:"max_per_partner"`
	// Compare and Seeds change the report alone.
	Compare bool `json:"compare"`
	Seeds   int  `json:"seeds"`
}

// Default fills in what was left open: zero values, but for the seed, stand for
// defaults. The day is that of now in the district.
func (o *Options) Default(s *store.Settings, now time.Time) error {
	if o.AsOf == 0 {
		location, err := time.LoadLocation(s.TimeZone)
		if err != nil {
			return fmt.Errorf("settings: time zone: %w", err)
		}
		o.AsOf = matcher.DateOf(now.In(location))
	}
	if o.Measure == "" && len(s.Measures) > 0 {
		o.Measure = s.Measures[0]
	}
	if o.Candidates == 0 {
		o.Candidates = DefaultCandidates
	}
	o.Objective = orDefault(o.Objective, place.Stable)
	o.Priority = orDefault(o.Priority, place.ByLottery)
	o.Reserves = orDefault(o.Reserves, place.ReservesFirst)
	o.Keep = orDefault(o.Keep, place.Full)
	return nil
}

func orDefault[T ~string](value, fallback T) T {
	if value == "" {
		return fallback
	}
	return value
}

// Check reports which of the options, with their defaults, can't be. Whether the
// district offers the measure is the caller's to look at.
func (o *Options) Check(report matcher.Report) {
	if o.Candidates < 1 || o.Candidates > MaxCandidates {
		report("candidates", fmt.Sprintf("must be an integer from 1 to %d", MaxCandidates))
	}
	if o.MaxPerPartner < 0 {
		report("max_per_partner", "must not be negative")
	}
	if o.Seeds < 0 || o.Seeds > MaxSeeds {
		report("seeds", fmt.Sprintf("must be an integer from 0 to %d", MaxSeeds))
	} else if o.Seeds > 0 && o.Seed > math.MaxUint64-uint64(o.Seeds-1) {
		report("seeds", "must leave room for so many seeds from the seed on")
	}
	if !slices.Contains(matcher.Measures, o.Measure) {
		report("measure", "must be a measure that the district offers")
	}
	with := o.placement(&store.Settings{}, nil)
	if option, ok := errors.AsType[*place.OptionError](with.Check()); ok {
		report(option.Option, option.Rule)
	}
}

// placement are the options of a placement with the settings and statistics of
// the district.
func (o *Options) placement(s *store.Settings, statistics *matcher.Statistics) placement.Options {
	settings := matcher.Settings{Decay: s.AncestorDecay, Measure: o.Measure, IDF: s.IDF}
	if s.IDF {
		settings.Statistics = statistics
	}
	return placement.Options{
		Ranking: ranking.Options{
			Settings: settings, AsOf: o.AsOf, Term: o.Term, K: o.Candidates, MaxPerPartner: o.MaxPerPartner,
		},
		Objective: o.Objective, Lottery: place.Lottery{Seed: o.Seed, Reverse: o.ReverseLottery},
		Priority: o.Priority, Reserves: o.Reserves, Keep: o.Keep, Fill: o.Fill,
	}
}

// Encode is how the options are kept.
func (o *Options) Encode() ([]byte, error) { return json.Marshal(o) }

// OptionsOf are the options of a run.
func OptionsOf(r *store.Run) (Options, error) {
	var o Options
	if err := json.Unmarshal(r.Options, &o); err != nil {
		return o, fmt.Errorf("%w: its options: %w", errDamaged, err)
	}
	return o, nil
}

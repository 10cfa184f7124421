// Command filters times rankings under rules of eligibility that let from all
// down to one in ten thousand opportunities pass, beside the plain loop with the
// same rules, in one run. It prints a JSON object per line.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/kindred-match/kindred/internal/generate"
	"github.com/kindred-match/kindred/matcher"
)

func main() {
	var o options
	flag.IntVar(&o.opportunities, "opportunities", 1_000_000, "how many to invent")
	flag.IntVar(&o.profiles, "profiles", 40, "how many students to rank for")
	flag.IntVar(&o.rounds, "rounds", 5, "how often to rank for each student")
	flag.IntVar(&o.k, "k", 10, "how many candidates at most")
	flag.StringVar(&o.only, "only", "", "run only the scenarios whose name contains this")
	flag.BoolVar(&o.alone, "alone", false, "without the plain loop, for a profiler")
	flag.Parse()
	if err := run(&o); err != nil {
		fmt.Fprintln(os.Stderr, "filters:", err)
		os.Exit(3)
	}
}

type options struct {
	opportunities, profiles, rounds, k int
	only                               string
	alone                              bool
}

// result is what one scenario gave. Times are medians over the rounds for each
// profile; p50 (which the speedup is of), means and the worst are over profiles.
type result struct {
	Scenario      string  `json:"scenario"`
	Selectivity   float64 `json:"selectivity"` // share of eligible opportunities, mean
	Opportunities int     `json:"opportunities"`
	Profiles      int     `json:"profiles"`
	K             int     `json:"k"`
	P50US         float64 `json:"p50_us"`
	PlainP50US    float64 `json:"plain_p50_us"`
	MeanUS        float64 `json:"mean_us"`
	WorstUS       float64 `json:"worst_us"`
	PlainUS       float64 `json:"plain_us"`
	Speedup       float64 `json:"speedup"`
	WorstRatio    float64 `json:"worst_ratio"` // largest of ranker by plain loop
	Allocs        float64 `json:"allocs_per_rank"`
	Kernel        string  `json:"kernel"`
}

func run(o *options) error {
	out := json.NewEncoder(os.Stdout)
	for _, set := range []func(*options) (matcher.Catalogue, []matcher.Student, []scenario, error){
		storm(6000, 1, 1), storm(300_000, 1, 1), storm(300_000, 3, 100), natural, artificial,
	} {
		c, students, scenarios, err := set(o)
		if err != nil {
			return err
		}
		scenarios = slices.DeleteFunc(scenarios, func(s scenario) bool { return !strings.Contains(s.name, o.only) })
		if len(scenarios) == 0 {
			continue
		}
		x, err := matcher.NewIndex(c, matcher.Settings{Decay: matcher.DefaultDecay, Measure: matcher.Cosine})
		if err != nil {
			return err
		}
		runtime.GC()
		t := timing{x: x, catalogue: &c, ranker: x.NewRanker(), plain: matcher.NewPlain(x), o: o}
		for _, s := range scenarios {
			r := t.measure(&s, students)
			if err := out.Encode(r); err != nil {
				return err
			}
		}
	}
	return nil
}

// natural is a district as internal/generate invents it, with its own rules.
func natural(o *options) (matcher.Catalogue, []matcher.Student, []scenario, error) {
	v, err := generate.District(generate.Options{Students: o.profiles, Opportunities: o.opportunities, Seed: 1})
	if err != nil {
		return matcher.Catalogue{}, nil, nil, err
	}
	asked := func(change func(q *matcher.Query)) func(q *matcher.Query) {
		return func(q *matcher.Query) {
			q.AsOf = 20261001
			if change != nil {
				change(q)
			}
		}
	}
	return catalogueOf(v), slices.Collect(v.Students()), []scenario{
		{"invented district", asked(nil)},
		{"invented district, one term", asked(func(q *matcher.Query) { q.Term = "2026-fall" })},
		{"invented district, one kind", asked(func(q *matcher.Query) { q.Kinds = matcher.OpportunityKinds[4:5] })},
		{"invented district, one kind of partner", asked(func(q *matcher.Query) { q.PartnerKinds = []matcher.PartnerKind{"faith_based"} })},
		{"invented district, before all", asked(func(q *matcher.Query) { q.AsOf = 20250101 })},
		{"invented district, 2 km", asked(func(q *matcher.Query) {
			s := *q.Student
			s.MaxKm = new(2.0)
			if s.Position == nil {
				s.Position = &matcher.Position{Latitude: 40.7, Longitude: -74}
			}
			q.Student = &s
		})},
	}, nil
}

func catalogueOf(v *generate.Invented) matcher.Catalogue {
	return matcher.Catalogue{
		Tags:          v.Tags(),
		Partners:      slices.Collect(v.Partners()),
		Opportunities: slices.Collect(v.Opportunities()),
	}
}

// timing ranks with both, in turns.
type timing struct {
	x         *matcher.Index
	catalogue *matcher.Catalogue
	ranker    *matcher.Ranker
	plain     *matcher.Plain
	o         *options
	dst       []matcher.Candidate
}

func (t *timing) measure(s *scenario, students []matcher.Student) *result {
	queries := make([]matcher.Query, len(students))
	for i := range students {
		queries[i] = matcher.Query{Student: &students[i], K: t.o.k}
		s.change(&queries[i])
	}
	ours := times(make([][]time.Duration, len(queries)))
	theirs := times(make([][]time.Duration, len(queries)))
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	ranker := func(q *matcher.Query) { t.dst = t.ranker.Rank(t.dst[:0], q) }
	plain := func(q *matcher.Query) { t.dst = t.plain.Rank(t.dst[:0], q) }
	for i := range queries { // warm
		ranker(&queries[i])
	}
	r := &result{
		Scenario: s.name, Selectivity: t.selectivity(queries), Opportunities: t.x.Len(), Profiles: len(queries), K: t.o.k,
		Allocs: allocations(queries, ranker), Kernel: matcher.Kernel(),
	}
	for range t.o.rounds {
		ours.add(queries, ranker)
		if !t.o.alone {
			theirs.add(queries, plain)
		}
	}
	if t.o.alone {
		theirs = ours
	}
	r.summarize(ours.medians(), theirs.medians())
	return r
}

// selectivity is the share of opportunities that are eligible and wanted, the mean of two profiles.
func (t *timing) selectivity(queries []matcher.Query) float64 {
	eligible, all := 0, 0
	for i := range queries[:min(2, len(queries))] {
		q := &queries[i]
		for j := range t.catalogue.Opportunities {
			all++
			o := &t.catalogue.Opportunities[j]
			partner, _ := t.x.Partner(o.Partner)
			wished := (len(q.Kinds) == 0 || slices.Contains(q.Kinds, o.Kind)) &&
				(len(q.PartnerKinds) == 0 || partner != nil && slices.Contains(q.PartnerKinds, partner.Kind))
			if wished && len(matcher.Failures(q, o, partner)) == 0 {
				eligible++
			}
		}
	}
	return float64(eligible) / float64(max(1, all))
}

func (r *result) summarize(ours, theirs []time.Duration) {
	var sumOurs, sumTheirs, worst time.Duration
	for i := range ours {
		sumOurs += ours[i]
		sumTheirs += theirs[i]
		worst = max(worst, ours[i])
		r.WorstRatio = max(r.WorstRatio, float64(ours[i])/float64(max(1, theirs[i])))
	}
	n := float64(len(ours))
	r.MeanUS, r.PlainUS, r.WorstUS = us(sumOurs)/n, us(sumTheirs)/n, us(worst)
	r.P50US, r.PlainP50US = us(middle(ours)), us(middle(theirs))
	r.Speedup = r.PlainP50US / r.P50US
}

func middle(d []time.Duration) time.Duration {
	return slices.Sorted(slices.Values(d))[len(d)/2]
}

func us(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 }

// times are durations by query.
type times [][]time.Duration

func (t times) add(queries []matcher.Query, rank func(*matcher.Query)) {
	for i := range queries {
		start := time.Now()
		rank(&queries[i])
		t[i] = append(t[i], time.Since(start))
	}
}

func (t times) medians() []time.Duration {
	out := make([]time.Duration, len(t))
	for i := range t {
		slices.Sort(t[i])
		out[i] = t[i][len(t[i])/2]
	}
	return out
}

// allocations counts the heap allocations of a ranking.
func allocations(queries []matcher.Query, rank func(*matcher.Query)) float64 {
	least := ^uint64(0)
	for range 3 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for i := range queries {
			rank(&queries[i])
		}
		runtime.ReadMemStats(&after)
		least = min(least, after.Mallocs-before.Mallocs)
	}
	return float64(least) / float64(len(queries))
}

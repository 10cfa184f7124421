// Command reverse times rankings of the students of an invented district for
// single opportunities, by an index of students, beside the plain loop in the
// same run, and compares what both give. It prints a JSON object per measure.
//
//	reverse [--students N] [--opportunities M] [--k K] [--sample S] [--rounds R] [--measure cosine|dot|overlap]
package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"github.com/kindred-match/kindred/internal/generate"
	"github.com/kindred-match/kindred/matcher"
)

// asOf is a day on which most of what is invented is open.
const asOf matcher.Date = 20261001

type options struct {
	students, opportunities, k, sample, rounds int
	measure                                    string
	seed                                       uint64
}

// result is what a measure gave. Times of rankings are of the processor, on one
// thread; opportunities are ranked for in turns of both, and the middle of the
// rounds counts.
type result struct {
	Measure         string  `json:"measure"`
	Students        int     `json:"students"`
	Opportunities   int     `json:"opportunities_ranked_for"`
	K               int     `json:"k"`
	BuildSeconds    float64 `json:"build_seconds"` // by the clock
	BytesPerStudent float64 `json:"bytes_per_student"`
	MeanUS          float64 `json:"mean_us"`
	P50US           float64 `json:"p50_us"`
	WorstUS         float64 `json:"worst_us"`
	LoopMeanUS      float64 `json:"loop_mean_us"`
	LoopP50US       float64 `json:"loop_p50_us"`
	Speedup         float64 `json:"speedup"`
	// Late is the mean with a thousandth of the students changed since.
	LateUS float64 `json:"mean_us_beside_a_thousandth_changed"`
	Kernel string  `json:"kernel"`
}

var errDiffers = errors.New("the index of students and the plain loop differ")

func main() {
	var o options
	flag.IntVar(&o.students, "students", 100_000, "how many to invent")
	flag.IntVar(&o.opportunities, "opportunities", 10_000, "how many to invent")
	flag.IntVar(&o.k, "k", 10, "how many candidates at most")
	flag.IntVar(&o.sample, "sample", 40, "for how many opportunities to rank")
	flag.IntVar(&o.rounds, "rounds", 5, "how often")
	flag.StringVar(&o.measure, "measure", "", "cosine, dot or overlap [all, one after the other]")
	flag.Uint64Var(&o.seed, "seed", 1, "of the district")
	flag.Parse()
	if err := run(&o); err != nil {
		fmt.Fprintln(os.Stderr, "reverse:", err)
		if errors.Is(err, errDiffers) {
			os.Exit(1)
		}
		os.Exit(3)
	}
}

func run(o *options) error {
	v, err := generate.District(generate.Options{Students: o.students, Opportunities: o.opportunities, Seed: o.seed})
	if err != nil {
		return err
	}
	c := matcher.Catalogue{
		Tags: v.Tags(), Partners: slices.Collect(v.Partners()), Opportunities: slices.Collect(v.Opportunities()),
	}
	students := slices.Collect(v.Students())
	out := json.NewEncoder(os.Stdout)
	for _, m := range matcher.Measures {
		if o.measure != "" && o.measure != string(m) {
			continue
		}
		r, err := measure(o, c, students, m)
		if err != nil {
			return err
		}
		if err := out.Encode(r); err != nil {
			return err
		}
	}
	return nil
}

func each(students []matcher.Student) func(yield func(*matcher.Student) bool) {
	return func(yield func(*matcher.Student) bool) {
		for i := range students {
			if !yield(&students[i]) {
				return
			}
		}
	}
}

func measure(o *options, c matcher.Catalogue, students []matcher.Student, m matcher.Measure) (*result, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	x, err := matcher.NewIndex(c, matcher.Settings{Decay: matcher.DefaultDecay, Measure: m})
	if err != nil {
		return nil, err
	}
	began := time.Now()
	index, err := matcher.NewStudentIndex(x, each(students))
	if err != nil {
		return nil, err
	}
	r := &result{
		Measure: string(m), Students: len(students), K: o.k, Kernel: matcher.Kernel(),
		BuildSeconds: time.Since(began).Seconds(), BytesPerStudent: float64(index.Bytes()) / float64(len(students)),
	}
	runtime.GC()
	ranker, _ := x.NewStudentRanker(index)
	loop := x.NewRanker()
	ask := matcher.StudentQuery{AsOf: asOf, K: o.k}
	opened := openOpportunities(c.Opportunities, o.sample)
	r.Opportunities = len(opened)
	ours, theirs, late := make([][]float64, len(opened)), make([][]float64, len(opened)), make([][]float64, len(opened))
	var got []matcher.StudentCandidate
	changed := index
	for i := 0; i < len(students); i += 1000 {
		changed = changed.With(matcher.StudentChange{Student: &students[i]})
	}
	want := make([][]matcher.StudentCandidate, len(opened))
	rank := func(index *matcher.StudentIndex, times [][]float64) error {
		ranker.Move(x, index)
		for _, timed := range []bool{false, true} { // the loop went through all of the cache
			for i, id := range opened {
				ask.Opportunity = id
				start := processorTime()
				got, _ = ranker.Rank(got[:0], &ask)
				if took := processorTime() - start; timed {
					times[i] = append(times[i], microseconds(took))
				}
				if !slices.Equal(got, want[i]) {
					return fmt.Errorf("%w (%s)", errDiffers, m)
				}
			}
		}
		return nil
	}
	for range o.rounds {
		for i, id := range opened {
			ask.Opportunity = id
			start := processorTime()
			want[i], _ = loop.RankStudents(&ask, each(students))
			theirs[i] = append(theirs[i], microseconds(processorTime()-start))
		}
		if err := cmp.Or(rank(index, ours), rank(changed, late)); err != nil {
			return nil, err
		}
	}
	r.MeanUS, r.P50US, r.WorstUS = summary(ours)
	r.LoopMeanUS, r.LoopP50US, _ = summary(theirs)
	r.LateUS, _, _ = summary(late)
	r.Speedup = r.LoopMeanUS / r.MeanUS
	return r, nil
}

// openOpportunities are some that rank anybody, spread over all.
func openOpportunities(all []matcher.Opportunity, n int) []string {
	var ids []string
	step := max(1, len(all)/max(1, n))
	for i := 0; i < len(all); i += step {
		o := &all[i]
		if o.Status == matcher.Published && o.Seats > 0 && (o.Opens == 0 || o.Opens <= asOf) && (o.Closes == 0 || o.Closes >= asOf) {
			ids = append(ids, o.ID)
		}
	}
	return ids
}

// summary takes the middle of each opportunity's rounds.
func summary(times [][]float64) (mean, middle, worst float64) {
	all := make([]float64, len(times))
	for i, t := range times {
		slices.Sort(t)
		all[i] = t[len(t)/2]
		mean += all[i] / float64(len(times))
	}
	slices.Sort(all)
	return mean, all[len(all)/2], all[len(all)-1]
}

func microseconds(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 }

// processorTime is how long this thread has run, which what else runs on the
// machine lengthens less than the clock's.
func processorTime() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t); err != nil {
		return 0
	}
	return time.Duration(t.Nano())
}

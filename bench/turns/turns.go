// Package turns times contenders that take turns on the same queries, so that
// noise and warm caches meet all of them alike.
package turns

import (
	"fmt"
	"slices"
	"time"
)

// Contender is one of those that are compared.
type Contender struct {
	Name string
	// Pass answers all queries once, one after the other, and returns how long
	// each took.
	Pass func() ([]time.Duration, error)
	// Warm is for how long passes go before the rounds that count; one does in
	// any case.
	Warm time.Duration
}

// Run lets the contenders take turns for a number of rounds; whoever comes
// first changes from round to round. It returns, by contender and query, the
// median over the rounds.
func Run(contenders []Contender, rounds int) ([][]time.Duration, error) {
	all := make([][][]time.Duration, len(contenders)) // by contender, round, query
	for _, c := range contenders {
		if err := c.warm(); err != nil {
			return nil, fmt.Errorf("%s: %w", c.Name, err)
		}
	}
	for round := range rounds {
		for i := range contenders {
			at := (round + i) % len(contenders)
			times, err := contenders[at].Pass()
			if err != nil {
				return nil, fmt.Errorf("%s: %w", contenders[at].Name, err)
			}
			all[at] = append(all[at], times)
		}
	}
	medians := make([][]time.Duration, len(contenders))
	for at := range all {
		medians[at] = medianByQuery(all[at])
	}
	return medians, nil
}

func (c *Contender) warm() error {
	for start := time.Now(); ; {
		if _, err := c.Pass(); err != nil || time.Since(start) >= c.Warm {
			return err
		}
	}
}

// InProcess is the pass of a contender that is a function of the query's
// number and keeps to the thread that calls it, whose processor time counts:
// while the machine does something else, nobody's time runs.
func InProcess(queries int, answer func(query int)) func() ([]time.Duration, error) {
	return func() ([]time.Duration, error) {
		times := make([]time.Duration, queries)
		for q := range times {
			start := threadTime()
			answer(q)
			times[q] = threadTime() - start
		}
		return times, nil
	}
}

func medianByQuery(rounds [][]time.Duration) []time.Duration {
	if len(rounds) == 0 {
		return nil
	}
	out := make([]time.Duration, len(rounds[0]))
	column := make([]time.Duration, len(rounds))
	for q := range out {
		for r := range rounds {
			column[r] = rounds[r][q]
		}
		slices.Sort(column)
		out[q] = column[len(column)/2]
	}
	return out
}

// Summary is the distribution of a contender's medians over the queries, in
// microseconds.
type Summary struct {
	MeanUS  float64 `json:"mean_us"`
	P50US   float64 `json:"p50_us"`
	P99US   float64 `json:"p99_us"`
	WorstUS float64 `json:"worst_us"`
	// Worst is the number of the slowest query.
	Worst int `json:"worst"`
}

// Summarize summarizes times by query; there is at least one.
func Summarize(times []time.Duration) Summary {
	var sum time.Duration
	worst := 0
	for q, t := range times {
		sum += t
		if t > times[worst] {
			worst = q
		}
	}
	sorted := slices.Sorted(slices.Values(times))
	return Summary{
		MeanUS:  Microseconds(sum) / float64(len(times)),
		P50US:   Microseconds(sorted[len(sorted)/2]),
		P99US:   Microseconds(sorted[len(sorted)*99/100]),
		WorstUS: Microseconds(times[worst]),
		Worst:   worst,
	}
}

// Microseconds is a duration in microseconds.
func Microseconds(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 }

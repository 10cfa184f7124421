package turns_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/kindred-match/kindred/bench/turns"
)

// passes returns one of the given lists of times after the other, and notes
// whose turn it was.
func passes(log *[]string, name string, lists ...[]time.Duration) turns.Contender {
	next := 0
	return turns.Contender{Name: name, Pass: func() ([]time.Duration, error) {
		*log = append(*log, name)
		list := lists[next%len(lists)]
		next++
		return list, nil
	}}
}

func TestRun(t *testing.T) {
	var log []string
	a := passes(&log, "a", []time.Duration{9, 9}, []time.Duration{1, 5}, []time.Duration{2, 4}, []time.Duration{3, 6})
	b := passes(&log, "b", []time.Duration{7, 8})
	got, err := turns.Run([]turns.Contender{a, b}, 3)
	if err != nil {
		t.Fatal(err)
	}
	// The first pass of each warms and doesn't count.
	if want := []string{"a", "b", "a", "b", "b", "a", "a", "b"}; !slices.Equal(log, want) {
		t.Errorf("turns %v, want %v", log, want)
	}
	if !slices.Equal(got[0], []time.Duration{2, 5}) || !slices.Equal(got[1], []time.Duration{7, 8}) {
		t.Errorf("medians %v, want [2 5] and [7 8]", got)
	}
}

func TestRunTellsWhoFailed(t *testing.T) {
	broken := errors.New("broken")
	_, err := turns.Run([]turns.Contender{{Name: "x", Pass: func() ([]time.Duration, error) { return nil, broken }}}, 1)
	if !errors.Is(err, broken) || err.Error() != "x: broken" {
		t.Errorf("got %v", err)
	}
}

func TestSummarize(t *testing.T) {
	times := make([]time.Duration, 200)
	for i := range times {
		times[i] = time.Duration(i+1) * time.Microsecond
	}
	times[7], times[199] = times[199], times[7]
	got := turns.Summarize(times)
	if want := (turns.Summary{MeanUS: 100.5, P50US: 101, P99US: 199, WorstUS: 200, Worst: 7}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

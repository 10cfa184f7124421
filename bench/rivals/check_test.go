package rivals_test

import (
	"strings"
	"testing"

	"github.com/kindred-match/kindred/bench/dataset"
	"github.com/kindred-match/kindred/bench/rivals"
	"github.com/kindred-match/kindred/matcher"
)

func TestCheck(t *testing.T) {
	p := func(tag, weight int32) dataset.Posting { return dataset.Posting{Tag: tag, Weight: weight} }
	h := func(document int, score float64) rivals.Hit { return rivals.Hit{Document: document, Score: score} }
	f := &dataset.Flat{
		IDs:       []string{"a", "b", "c"},
		Documents: [][]dataset.Posting{{p(1, 10)}, {p(1, 10), p(3, 5)}, {p(1, 10)}},
		Queries:   [][]dataset.Posting{{p(1, 2), p(2, 9)}},
	}
	wanted := [][]matcher.Candidate{{{Opportunity: "a", Units: 20}, {Opportunity: "b", Units: 20}}}
	exact := &rivals.Kind{Name: "exact", Order: true}
	loose := &rivals.Kind{Name: "loose"}
	float := &rivals.Kind{Name: "float", Order: true, Precision: 0.1}
	for _, c := range []struct {
		name   string
		kind   *rivals.Kind
		answer []rivals.Hit
		want   rivals.Agreement
		err    string
	}{
		{"the same", exact, []rivals.Hit{h(0, 20), h(1, 20)}, rivals.Agreement{Queries: 1, Identical: 1}, ""},
		{"ties in another order", loose, []rivals.Hit{h(0, 20), h(2, 20)}, rivals.Agreement{Queries: 1, Rounded: 1}, ""},
		{"ties that should be in order", exact, []rivals.Hit{h(0, 20), h(2, 20)}, rivals.Agreement{}, "another order"},
		{"rounded", float, []rivals.Hit{h(2, 21), h(1, 19)}, rivals.Agreement{Queries: 1, Rounded: 1}, ""},
		{"rounded too far", exact, []rivals.Hit{h(0, 21), h(1, 20)}, rivals.Agreement{}, "a score of 21 for units of 20"},
		{"one missing", loose, []rivals.Hit{h(0, 20)}, rivals.Agreement{}, "1 hits, not 2"},
		{"nothing there", loose, []rivals.Hit{h(0, 20), h(7, 20)}, rivals.Agreement{}, "no document 7"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := rivals.Check(c.kind, f, wanted, [][]rivals.Hit{c.answer})
			switch {
			case c.err == "" && (err != nil || got != c.want):
				t.Errorf("got %+v, %v, want %+v", got, err, c.want)
			case c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)):
				t.Errorf("got %v, want %q in it", err, c.err)
			}
		})
	}
}

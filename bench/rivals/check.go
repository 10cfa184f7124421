package rivals

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/kindred-match/kindred/bench/dataset"
	"github.com/kindred-match/kindred/matcher"
)

// Agreement is how the answers of a rival compare with the exact ones.
type Agreement struct {
	Queries int `json:"queries"`
	// Identical are those with the same ids in the same order.
	Identical int `json:"identical"`
	// Rounded are those where ids differ, but at each rank stands a document
	// whose exact units are those wanted there, up to what the rival rounds off
	// or, where it doesn't order ties, exactly.
	Rounded int `json:"rounded"`
}

// Check compares a rival's answers with the rankings wanted, by query. It
// returns an error for the first that is neither the same nor the same up to
// what the kind of rival rounds off: a document that is not there, a score that
// isn't its units, or units at a rank that are not those wanted.
func Check(kind *Kind, f *dataset.Flat, wanted [][]matcher.Candidate, answers [][]Hit) (Agreement, error) {
	a := Agreement{Queries: len(wanted)}
	if len(answers) != len(wanted) {
		return a, fmt.Errorf("%s: %d answers to %d queries", kind.Name, len(answers), len(wanted))
	}
	for q := range wanted {
		same, err := checkOne(kind, f, f.Queries[q], wanted[q], answers[q])
		switch {
		case err != nil:
			return a, fmt.Errorf("%s: query %d: %w", kind.Name, q, err)
		case same:
			a.Identical++
		default:
			a.Rounded++
		}
	}
	return a, nil
}

func checkOne(kind *Kind, f *dataset.Flat, query []dataset.Posting, wanted []matcher.Candidate, answer []Hit) (same bool, err error) {
	if len(answer) != len(wanted) {
		return false, fmt.Errorf("%d hits, not %d", len(answer), len(wanted))
	}
	near := func(a, b float64) bool { return math.Abs(a-b) <= kind.Precision*math.Abs(b) }
	same = true
	for i, hit := range answer {
		if hit.Document < 0 || hit.Document >= len(f.Documents) {
			return false, fmt.Errorf("rank %d: there is no document %d", i+1, hit.Document)
		}
		units := float64(Units(query, f.Documents[hit.Document]))
		if !near(hit.Score, units) {
			return false, fmt.Errorf("rank %d: a score of %.0f for units of %.0f", i+1, hit.Score, units)
		}
		if !near(units, float64(wanted[i].Units)) {
			return false, fmt.Errorf("rank %d: units of %.0f, not %d", i+1, units, wanted[i].Units)
		}
		if f.IDs[hit.Document] != wanted[i].Opportunity {
			if kind.Order && kind.Precision == 0 {
				return false, fmt.Errorf("rank %d: a tie in another order", i+1)
			}
			same = false
		}
	}
	return same, nil
}

// Units is the sum of products of a query and a document, both by tag.
func Units(query, doc []dataset.Posting) int64 {
	var sum int64
	for _, p := range doc {
		at, found := slices.BinarySearchFunc(query, p.Tag, func(q dataset.Posting, tag int32) int { return cmp.Compare(q.Tag, tag) })
		if found {
			sum += int64(p.Weight) * int64(query[at].Weight)
		}
	}
	return sum
}

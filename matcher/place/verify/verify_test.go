package verify

import (
	"encoding/json"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/kindred-match/kindred/matcher"
)

// What the solver makes of any small district holds, and for a flow is worth as
// much as the best of all placements that there are.
func TestRunsHold(t *testing.T) {
	for _, objective := range objectives {
		t.Run(objective, func(t *testing.T) {
			made := 0
			rapid.Check(t, func(r *rapid.T) {
				in := drawInput(r, everything)
				run, can := solved(t, in, drawOptions(r, objective))
				if !can {
					return
				}
				made++
				if flows(objective) && !optimal(in, run) {
					r.Fatalf("there is a better one than %+v\n%+v", *run, *in)
				}
				if err := checked(t, in, run); err != nil {
					show, _ := json.MarshalIndent(in, "", " ")
					said, _ := json.MarshalIndent(run.summary, "", " ")
					cert, _ := json.MarshalIndent(run.certificate, "", " ")
					r.Fatalf("%v\n%s\n%s\n%s\n%v\n%v", err, show, said, cert, run.placements, run.unplaced)
				}
			})
			t.Log(made, "runs")
			if made == 0 {
				t.Error("no district could be solved")
			}
		})
	}
}

// A stage may be of a rank that only opportunities had that were cancelled: what a
// student stood at and doesn't list has the rank after its list.
func TestStagesOfCancelledRanksHold(t *testing.T) {
	open := func(id string, min int32) matcher.Opportunity {
		return matcher.Opportunity{
			ID: id, Seats: 1 + min, MinSeats: min, MinPolicy: matcher.MinCancel, Boost: 1,
			Status: matcher.Published, Tags: []matcher.Weighted{{Tag: "a", Weight: 5000}},
		}
	}
	for _, objective := range []string{greedy, generous} {
		in := &Input{
			Hashes:        map[string]string{"students.csv": "aa", "opportunities.csv": "bb"},
			Tags:          []matcher.Tag{{ID: "a", Importance: 1}},
			Opportunities: []matcher.Opportunity{open("o1", 0), open("o2", 2)},
			Students: []matcher.Student{
				{ID: "s1", Interests: []matcher.Weighted{{Tag: "a", Weight: 5000}}},
				{ID: "s2", Interests: []matcher.Weighted{{Tag: "a", Weight: 5000}}},
			},
			Standing: []Standing{{"s1", "o2"}},
		}
		run, can := solved(t, in, &summary{
			Objective: objective,
			Options: options{
				AsOf: "2026-09-01", Measure: "cosine", AncestorDecay: 0.5, Candidates: 1,
				Priority: "lottery", Reserves: "first", Keep: keepNoWorse,
			},
			Seconds: map[string]float64{"read": 0, "rank": 0, "solve": 0, "ties": 0, "verify": 0, "report": 0},
		})
		if !can {
			t.Fatalf("%s: it can't be solved", objective)
		}
		cancelled, stages := len(run.certificate.Cancelled), run.certificate.Stages
		if cancelled != 1 || !slices.ContainsFunc(stages, func(s stage) bool { return s.Rank == 2 }) {
			t.Fatalf("%s: %d opportunities are cancelled, the stages are %+v; the test shows nothing", objective, cancelled, stages)
		}
		if err := checked(t, in, run); err != nil {
			t.Errorf("%s: %v", objective, err)
		}
	}
}

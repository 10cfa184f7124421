package verify

import (
	"encoding/json"
	"testing"

	"pgregory.net/rapid"
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

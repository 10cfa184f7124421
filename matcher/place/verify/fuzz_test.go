package verify

import (
	"errors"
	"testing"
	"testing/fstest"

	"github.com/kindred-match/kindred/matcher"
)

// Whatever stands in a run folder, it is a run or a violation, and checking it
// ends.
func FuzzRead(f *testing.F) {
	in := &Input{
		Opportunities: []matcher.Opportunity{{ID: "o", Seats: 1, Boost: 1, Status: matcher.Published, MinPolicy: matcher.MinHard}},
		Students:      []matcher.Student{{ID: "s"}},
		Preferences:   []Preference{{"s", "o", 1}},
		Hashes:        map[string]string{},
	}
	for _, objective := range []string{stable, welfare, maximin} {
		s := &summary{Objective: objective, Options: options{
			AsOf: "2026-09-01", Measure: "cosine", Candidates: 1, Priority: "lottery", Reserves: "first", Keep: "full",
		}, Seconds: map[string]float64{"read": 0, "rank": 0, "solve": 0, "ties": 0, "verify": 0, "report": 0}}
		s.Options.asOf = 20260901
		run, can := solved(f, in, s)
		if !can {
			f.Fatal("the run can't be made")
		}
		if err := checked(f, in, run); err != nil {
			f.Fatal(err)
		}
		x := run.folder(f)
		f.Add(x[summaryFile].Data, x[placementsFile].Data, x[unplacedFile].Data, x[certificateFile].Data)
	}
	f.Fuzz(func(t *testing.T, summary, placements, unplaced, certificate []byte) {
		run, err := Read(fstest.MapFS{
			summaryFile: {Data: summary}, placementsFile: {Data: placements},
			unplacedFile: {Data: unplaced}, certificateFile: {Data: certificate}, reportFile: {},
		})
		if err == nil {
			err = Check(t.Context(), in, run, Options{Workers: 1})
		}
		if _, violates := errors.AsType[*Violation](err); err != nil && !violates {
			t.Fatal(err)
		}
	})
}

package report_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"pgregory.net/rapid"

	"github.com/kindred-match/kindred/internal/report"
)

func TestLineIsWhatJSONMakesOfIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := report.Ranking{
			Student:     rapid.OneOf(rapid.Just(""), rapid.String()).Draw(t, "student"),
			Opportunity: rapid.OneOf(rapid.Just(""), rapid.String()).Draw(t, "opportunity"),
		}
		if n := rapid.IntRange(-1, 5).Draw(t, "candidates"); n >= 0 {
			r.Candidates = make([]report.Candidate, n)
		}
		for i := range r.Candidates {
			c := &r.Candidates[i]
			c.Opportunity = rapid.OneOf(rapid.StringMatching(`[a-z0-9<&>-]{0,9}`), rapid.String()).Draw(t, "id")
			c.Student = rapid.OneOf(rapid.Just(""), rapid.String()).Draw(t, "other id")
			c.Rank = rapid.IntRange(1, 1e6).Draw(t, "rank")
			c.Score = report.Decimal(rapid.OneOf(
				rapid.Float64Range(0, 2), rapid.Float64Range(-1, 1e12), rapid.SampledFrom([]float64{0, 1, 0.1, 0.9999995, 1e-7}),
			).Draw(t, "score"))
			c.Units = report.Units(rapid.Int64().Draw(t, "units"))
			for range rapid.IntRange(0, 2).Draw(t, "tags") {
				c.Tags = append(c.Tags, report.Part{Tag: rapid.String().Draw(t, "tag"), Profile: 0.5, Units: 3})
			}
		}
		var want bytes.Buffer
		encoder := json.NewEncoder(&want)
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(&r); err != nil {
			t.Fatal(err)
		}
		got, err := report.AppendLine([]byte("before"), &r)
		if err != nil || string(got) != "before"+want.String() {
			t.Fatalf("got %q, %v, want %q", got, err, want.String())
		}
	})
}

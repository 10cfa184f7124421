package measure

import (
	"slices"
	"testing"
	"time"

	"github.com/kindred-match/kindred/internal/generate"
	"github.com/kindred-match/kindred/matcher"
)

func TestRankingReports(t *testing.T) {
	v, err := generate.District(generate.Options{Students: 20, Opportunities: 2000, Seed: 1, Plain: true})
	if err != nil {
		t.Fatal(err)
	}
	clock := time.Unix(0, 0)
	rounds := int64(0)
	r, err := Ranking(RankOptions{
		Catalogue: matcher.Catalogue{
			Tags: v.Tags(), Partners: slices.Collect(v.Partners()), Opportunities: slices.Collect(v.Opportunities()),
		},
		Students: slices.Collect(v.Students()),
		Settings: matcher.Settings{Decay: matcher.DefaultDecay, Measure: matcher.Cosine},
		K:        10, Rounds: 3,
		Now:      func() time.Time { clock = clock.Add(time.Microsecond); return clock },
		Progress: func(done, _ int64) { rounds = done },
	})
	if err != nil {
		t.Fatal(err)
	}
	if r.Opportunities != 2000 || r.Profiles != 20 || rounds != 3 {
		t.Errorf("measured %d opportunities, %d profiles, %d rounds; want 2000, 20, 3", r.Opportunities, r.Profiles, rounds)
	}
	// The clock goes on by 1 us at each look.
	if r.MeanUS != 1 || r.P50US != 1 || r.P99US != 1 || r.BaselineMeanUS != 1 || r.Speedup != 1 {
		t.Errorf("times %+v, want all 1 us", r)
	}
	if r.PostingsMean <= 0 || r.ProfileTagsMean < 5 || r.OpportunityTagsMean < 3 || r.BytesPerOpportunity <= 0 {
		t.Errorf("descriptions %+v are out of range", r)
	}
	if r.AllocsPerRank >= 1 {
		t.Errorf("%v allocations per warm ranking, want 0", r.AllocsPerRank)
	}
}

package server_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kindred-match/kindred/internal/generate"
	"github.com/kindred-match/kindred/internal/server"
	kindredv1 "github.com/kindred-match/kindred/proto/kindred/v1"
)

// ranking is an answer without how it came about.
func ranking(r *kindredv1.MatchResponse) string {
	var b strings.Builder
	for _, c := range r.GetCandidates() {
		fmt.Fprintf(&b, "%d %s %d %v %v;", c.GetRank(), c.GetOpportunity(), c.GetUnits(), c.GetScore(), len(c.GetTags()))
	}
	return b.String()
}

// TestAnswersSayHowTheyCameAbout asks again and again, while the catalogue
// changes, a server with candidate sets and one without.
func TestAnswersSayHowTheyCameAbout(t *testing.T) {
	f := invent(t, generate.Options{Students: 5, Opportunities: 200, Seed: 3})
	mode := func(m server.SetsMode) func(*server.Config) {
		return func(c *server.Config) { c.CandidateSets = m }
	}
	with, without := run(t, t.TempDir(), mode(server.SetsAlways)), run(t, t.TempDir(), mode(server.SetsOff))
	with.load(t, f)
	epoch := without.load(t, f)
	student := f.Students[0].ID
	ask := func(want kindredv1.MatchSource, change func(*kindredv1.MatchRequest)) {
		t.Helper()
		req := &kindredv1.MatchRequest{
			District: district, MinEpoch: epoch, Subject: &kindredv1.MatchRequest_StudentId{StudentId: student},
		}
		if change != nil {
			change(req)
		}
		got, plain := must(with.match.Match(t.Context(), req))(t), must(without.match.Match(t.Context(), req))(t)
		if ranking(got) != ranking(plain) || got.GetEpoch() != plain.GetEpoch() || len(got.GetCandidates()) == 0 {
			t.Errorf("got  %s\nwant %s", ranking(got), ranking(plain))
		}
		if got.GetSource() != want || plain.GetSource() != kindredv1.MatchSource_MATCH_SOURCE_RANKED {
			t.Errorf("sources %v and %v, want %v and RANKED", got.GetSource(), plain.GetSource(), want)
		}
	}
	const ranked, cached, repaired = kindredv1.MatchSource_MATCH_SOURCE_RANKED,
		kindredv1.MatchSource_MATCH_SOURCE_CACHED, kindredv1.MatchSource_MATCH_SOURCE_REPAIRED
	ask(ranked, nil)
	ask(cached, nil)
	ask(cached, func(r *kindredv1.MatchRequest) { r.K, r.Explain = 12, true })
	ask(ranked, func(r *kindredv1.MatchRequest) { r.Measure = kindredv1.Measure_MEASURE_OVERLAP })
	ask(ranked, func(r *kindredv1.MatchRequest) {
		r.Subject = &kindredv1.MatchRequest_Profile{Profile: profile(&f.Students[0])}
	})
	ask(cached, func(r *kindredv1.MatchRequest) {
		r.Subject = &kindredv1.MatchRequest_Profile{Profile: profile(&f.Students[0])}
	})

	change := func(o *kindredv1.Opportunity) { o.Seats = ptr(int32(1)) }
	with.put(t, cad("new", change))
	epoch = without.put(t, cad("new", change))
	ask(repaired, nil)
	ask(cached, nil)

	batch := must(with.match.BatchMatch(t.Context(), &kindredv1.BatchMatchRequest{
		District: district, MinEpoch: epoch,
		Items: []*kindredv1.BatchMatchItem{{Subject: &kindredv1.BatchMatchItem_StudentId{StudentId: student}}},
	}))(t)
	if s := batch.GetResults()[0].GetMatch().GetSource(); s != cached {
		t.Errorf("an item of a batch is %v", s)
	}
	_, text := with.fetch(t, "/metrics")
	for _, line := range []string{
		`kindred_rankings_total{source="ranked"} 3`, `kindred_rankings_total{source="cached"} 5`,
		`kindred_rankings_total{source="repaired"} 1`, `kindred_candidate_sets_missed_total{why="absent"} 3`,
	} {
		if !strings.Contains(text, line) {
			t.Errorf("the metrics lack %s", line)
		}
	}
}

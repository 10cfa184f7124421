package server_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/kindred-match/kindred/internal/generate"
	"github.com/kindred-match/kindred/internal/server"
	kindredv1 "github.com/kindred-match/kindred/proto/kindred/v1"
	"github.com/kindred-match/kindred/store/candidates/redistest"
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
	_, text := fetch(t, "http://"+with.OpsAddr().String()+"/metrics")
	for _, line := range []string{
		`kindred_rankings_total{source="ranked"} 3`, `kindred_rankings_total{source="cached"} 5`,
		`kindred_rankings_total{source="repaired"} 1`, `kindred_candidate_sets_missed_total{why="absent"} 3`,
	} {
		if !strings.Contains(text, line) {
			t.Errorf("the metrics lack %s", line)
		}
	}
}

// TestRedisStopsInTheMiddle asks while Redis is stopped, dies, and with what it
// had gone: every answer is that of a server without candidate sets.
func TestRedisStopsInTheMiddle(t *testing.T) {
	f := invent(t, generate.Options{Students: 20, Opportunities: 300, Seed: 4})
	redis := redistest.Start(t)
	with := run(t, t.TempDir(), func(c *server.Config) {
		// With next to nothing in process, Redis is asked each time.
		c.Redis, c.CandidateSets, c.CandidateSetsBytes = redis.URL(), server.SetsAlways, 1
	})
	without := run(t, t.TempDir(), func(c *server.Config) { c.CandidateSets = server.SetsOff })
	with.load(t, f)
	epoch := without.load(t, f)
	askAll := func() (sources map[kindredv1.MatchSource]int) {
		t.Helper()
		sources = map[kindredv1.MatchSource]int{}
		for i := range f.Students {
			req := &kindredv1.MatchRequest{
				District: district, MinEpoch: epoch, Subject: &kindredv1.MatchRequest_StudentId{StudentId: f.Students[i].ID},
			}
			got, plain := must(with.match.Match(t.Context(), req))(t), must(without.match.Match(t.Context(), req))(t)
			if ranking(got) != ranking(plain) {
				t.Errorf("got  %s\nwant %s", ranking(got), ranking(plain))
			}
			sources[got.GetSource()]++
		}
		return sources
	}
	for strings.Count(with.log.String(), "candidate sets are shared in Redis") == 0 {
		askAll()
	}
	const cached = kindredv1.MatchSource_MATCH_SOURCE_CACHED
	for askAll()[cached] == 0 {
		if t.Context().Err() != nil {
			t.Fatal("nothing comes out of Redis")
		}
	}
	client := redis.Client(t)
	erased := f.Students[0].ID
	must(with.students.DeleteStudent(t.Context(), &kindredv1.DeleteStudentRequest{District: district, Student: erased}))(t)
	must(without.students.DeleteStudent(t.Context(), &kindredv1.DeleteStudentRequest{District: district, Student: erased}))(t)
	f.Students = f.Students[1:]
	for len(client.Keys(t.Context(), "*").Val()) > len(f.Students) {
		if t.Context().Err() != nil {
			t.Fatal("the student's sets were not erased")
		}
	}
	if err := redis.Freeze(); err != nil {
		t.Fatal(err)
	}
	askAll()
	if err := redis.Thaw(); err != nil {
		t.Fatal(err)
	}
	askAll()
	redis.Kill()
	askAll()
	askAll()
	if n := strings.Count(with.log.String(), "Redis doesn't answer"); n == 0 {
		t.Error("the log doesn't say that Redis has gone")
	}
	if status, text := fetch(t, "http://"+with.OpsAddr().String()+"/readyz"); status != http.StatusOK {
		t.Errorf("the server isn't ready without Redis: %d, %s", status, text)
	}
}

// fetch gets a page.
func fetch(t *testing.T, url string) (status int, text string) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

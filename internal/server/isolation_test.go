package server_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/kindred-match/kindred/internal/generate"
	"github.com/kindred-match/kindred/internal/server"
	"github.com/kindred-match/kindred/internal/service"
	kindredv1 "github.com/kindred-match/kindred/proto/kindred/v1"
	"github.com/kindred-match/kindred/store/candidates/redistest"
)

const found = `kindred_redis_operations_total{outcome="found"}`

// ofRedis has a server ask Redis each time.
func ofRedis(url string) func(*server.Config) {
	return func(c *server.Config) {
		c.Redis, c.CandidateSets, c.CandidateSetsBytes = url, server.SetsAlways, 1
		c.RedisBudget, c.RedisRetry = patient, 20*time.Millisecond
	}
}

// askEach asks for each student of a district until nothing more is ranked, if it
// shall be so, and else once; it returns the answers.
func (p *program) askEach(t *testing.T, district string, f *folder, epoch uint64, untilCached bool) []string {
	t.Helper()
	var answers []string
	for i := range f.Students {
		for {
			r := must(p.match.Match(t.Context(), &kindredv1.MatchRequest{
				District: district, MinEpoch: epoch, Subject: &kindredv1.MatchRequest_StudentId{StudentId: f.Students[i].ID},
			}))(t)
			if !untilCached || r.GetSource() == kindredv1.MatchSource_MATCH_SOURCE_CACHED {
				answers = append(answers, ranking(r))
				break
			}
		}
	}
	return answers
}

// loadInto imports a folder as a district.
func (p *program) loadInto(t *testing.T, district string, f *folder) uint64 {
	t.Helper()
	r, err := service.Import(t.Context(), p.conn, &f.Content, service.ImportOptions{
		District: district, NewID: uuid.NewString, Progress: func(int64, int64) {},
	})
	if err != nil {
		t.Fatal(err)
	}
	return r.GetEpoch()
}

// awaitRedis asks until Redis works.
func (p *program) awaitRedis(t *testing.T) {
	t.Helper()
	for p.metric(t, "kindred_redis_working") == 0 {
		if t.Context().Err() != nil {
			t.Fatal("Redis doesn't work")
		}
	}
}

// TestSetsAreOfOneStoreAndDistrict: what one district has in Redis nobody else
// reads, be it that students and questions are the same to the letter: not
// another district, not another store, nor the same store opened again, which may
// have been put back to an older state.
func TestSetsAreOfOneStoreAndDistrict(t *testing.T) {
	redis := redistest.Start(t)
	f := invent(t, generate.Options{Students: 10, Opportunities: 200, Seed: 3})
	other := invent(t, generate.Options{Students: 10, Opportunities: 200, Seed: 4})
	other.Students = f.Students
	dir := t.TempDir()
	first, second := run(t, dir, ofRedis(redis.URL())), run(t, t.TempDir(), ofRedis(redis.URL()))
	plain := run(t, t.TempDir(), func(c *server.Config) { c.CandidateSets = server.SetsOff })
	epoch := first.loadInto(t, "north", f)
	first.awaitRedis(t)
	first.askEach(t, "north", f, epoch, true)
	keys := len(redis.Client(t).Keys(t.Context(), "*").Val())
	if first.metric(t, found) == 0 || keys != len(f.Students) {
		t.Fatalf("%d students have sets in Redis, want %d", keys, len(f.Students))
	}
	check := func(what string, p *program, district string, content *folder) {
		t.Helper()
		p.awaitRedis(t)
		// The same epochs, so that nothing but the key keeps them apart.
		epoch := p.loadInto(t, district, content)
		wanted := plain.loadInto(t, district, content)
		before := p.metric(t, found)
		got, want := p.askEach(t, district, content, epoch, false), plain.askEach(t, district, content, wanted, false)
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("%s: got  %s\nwant %s", what, got[i], want[i])
			}
		}
		if n := p.metric(t, found) - before; n != 0 {
			t.Errorf("%s: %v sets of others were read", what, n)
		}
	}
	check("another district", first, "south", other)
	check("another store", second, "north", f)
	check("another store's district of other content", second, "south", other)
	if err := first.end(); err != nil {
		t.Fatal(err)
	}
	again := run(t, dir, ofRedis(redis.URL()))
	again.awaitRedis(t)
	again.askEach(t, "north", f, epoch, false)
	if n := again.metric(t, found); n != 0 {
		t.Errorf("%v sets from before the store was opened were read", n)
	}
	if n := len(redis.Client(t).Keys(t.Context(), "*").Val()); n < 3*len(f.Students) {
		t.Errorf("%d students have sets in Redis, want %d and more", n, 3*len(f.Students))
	}
}

// TestAnErasedStudentLeavesNothing: whatever was asked of a student, in process
// and in Redis nothing is left when the erasure is acknowledged.
func TestAnErasedStudentLeavesNothing(t *testing.T) {
	redis := redistest.Start(t)
	client := redis.Client(t)
	f := invent(t, generate.Options{Students: 3, Opportunities: 200, Seed: 3})
	p := run(t, t.TempDir(), func(c *server.Config) {
		ofRedis(redis.URL())(c)
		c.CandidateSetsBytes = 1 << 20
	})
	epoch := p.load(t, f)
	p.awaitRedis(t)
	for k := range int32(5) {
		for i := range f.Students {
			must(p.match.Match(t.Context(), &kindredv1.MatchRequest{
				District: district, MinEpoch: epoch, K: k + 1, Term: string('a' + k),
				Subject: &kindredv1.MatchRequest_StudentId{StudentId: f.Students[i].ID},
			}))(t)
		}
	}
	for i := range f.Students {
		must(p.students.DeleteStudent(t.Context(), &kindredv1.DeleteStudentRequest{District: district, Student: f.Students[i].ID}))(t)
		if n := len(client.Keys(t.Context(), "*").Val()); n > len(f.Students)-i-1 {
			t.Errorf("%d students of %d have sets in Redis after %d were erased", n, len(f.Students), i+1)
		}
	}
	if n := p.metric(t, "kindred_candidate_sets_bytes"); n != 0 {
		t.Errorf("%v bytes are kept in process of students who are gone", n)
	}
}

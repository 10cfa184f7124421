package server_test

import (
	"encoding/binary"
	"hash/crc32"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/kindred-match/kindred/internal/generate"
	"github.com/kindred-match/kindred/internal/server"
	kindredv1 "github.com/kindred-match/kindred/proto/kindred/v1"
	"github.com/kindred-match/kindred/store/candidates/redistest"
)

// sharing is a server that shares its sets in Redis, beside one that has none.
type sharing struct {
	with, without *program
	students      []string
	epoch         uint64
	question      int
}

// What the log says of Redis.
const (
	nowShared = "candidate sets are shared in Redis"
	noAnswer  = "Redis doesn't answer"
	notTaken  = "Redis doesn't take candidate sets"
)

// patient is a budget that a busy machine keeps.
const patient = time.Second

// share starts both with the same content. Next to nothing is kept in process, so
// that Redis is asked each time.
func share(t *testing.T, url string, change ...func(*server.Config)) *sharing {
	t.Helper()
	f := invent(t, generate.Options{Students: 8, Opportunities: 300, Seed: 4})
	set := func(c *server.Config) {
		c.Redis, c.CandidateSets, c.CandidateSetsBytes = url, server.SetsAlways, 1
		c.RedisBudget, c.RedisRetry = patient, 20*time.Millisecond
	}
	s := &sharing{
		with:    run(t, t.TempDir(), append([]func(*server.Config){set}, change...)...),
		without: run(t, t.TempDir(), func(c *server.Config) { c.CandidateSets = server.SetsOff }),
	}
	s.with.load(t, f)
	s.epoch = s.without.load(t, f)
	for i := range f.Students {
		s.students = append(s.students, f.Students[i].ID)
	}
	return s
}

// askAll has callers ask for every student at once, and counts how answers came
// about. Each must be that of the server without sets, and both must be ready
// and alive all the while.
func (s *sharing) askAll(t *testing.T) map[kindredv1.MatchSource]int {
	t.Helper()
	var mu sync.Mutex
	sources := map[kindredv1.MatchSource]int{}
	var callers sync.WaitGroup
	for _, student := range s.students {
		callers.Go(func() {
			req := &kindredv1.MatchRequest{
				District: district, MinEpoch: s.epoch, Subject: &kindredv1.MatchRequest_StudentId{StudentId: student},
				ExcludeOpportunities: []string{strconv.Itoa(s.question)},
			}
			got, err := s.with.match.Match(t.Context(), req)
			plain, plainErr := s.without.match.Match(t.Context(), req)
			if err != nil || plainErr != nil || ranking(got) != ranking(plain) {
				t.Errorf("got  %s, %v\nwant %s, %v", ranking(got), err, ranking(plain), plainErr)
			}
			mu.Lock()
			sources[got.GetSource()]++
			mu.Unlock()
		})
	}
	callers.Wait()
	for _, path := range []string{"/readyz", "/livez"} {
		if code, text := s.with.fetch(t, path); code != http.StatusOK {
			t.Errorf("%s says %d, %s", path, code, text)
		}
	}
	health, err := healthv1.NewHealthClient(s.with.conn).Check(t.Context(), &healthv1.HealthCheckRequest{})
	if err != nil || health.GetStatus() != healthv1.HealthCheckResponse_SERVING {
		t.Errorf("health says %v, %v", health, err)
	}
	return sources
}

// said is how often the log says something.
func (s *sharing) said(what string) int { return strings.Count(s.with.log.String(), what) }

// await asks until Redis works, or no longer does, and metrics and log say so. The
// log has one line for each time that this changed.
func (s *sharing) await(t *testing.T, working float64) {
	t.Helper()
	want := map[float64]string{0: noAnswer, 1: nowShared}[working]
	for s.with.metric(t, "kindred_redis_working") != working || s.lastSaid(t) != want {
		s.askAll(t)
		if t.Failed() {
			t.FailNow()
		}
	}
}

// lastSaid is what the log said last of Redis, which it mustn't say twice.
func (s *sharing) lastSaid(t *testing.T) (last string) {
	t.Helper()
	for line := range strings.Lines(s.with.log.String()) {
		for _, what := range []string{nowShared, noAnswer} {
			if !strings.Contains(line, what) {
				continue
			}
			if what == last {
				t.Fatalf("the log says twice: %s", what)
			}
			last = what
		}
	}
	return last
}

// askAnew is askAll of what was never asked before.
func (s *sharing) askAnew(t *testing.T) {
	t.Helper()
	s.question++
	s.askAll(t)
	if t.Failed() {
		t.FailNow()
	}
}

// used asks until answers come out of sets in Redis.
func (s *sharing) used(t *testing.T) {
	t.Helper()
	for s.askAll(t)[kindredv1.MatchSource_MATCH_SOURCE_CACHED] == 0 {
		if t.Failed() {
			t.FailNow()
		}
	}
}

// metric is the value of a line of the metrics.
func (p *program) metric(t *testing.T, name string) float64 {
	t.Helper()
	_, text := p.fetch(t, "/metrics")
	_, rest, found := strings.Cut(text, "\n"+name+" ")
	value, _, _ := strings.Cut(rest, "\n")
	x, err := strconv.ParseFloat(value, 64)
	if !found || err != nil {
		t.Fatalf("the metrics lack %s", name)
	}
	return x
}

const (
	readsFailed = `kindred_redis_operations_total{outcome="failed"}`
	unreadable  = `kindred_candidate_sets_missed_total{why="garbage"}`
)

// TestRedisFails has Redis fail in one way after the other. Those who ask at that
// moment wait once, for no longer than the budget, until it works again.
func TestRedisFails(t *testing.T) {
	t.Parallel() // most of it is waiting
	proxy := redistest.Between(t, redistest.Start(t))
	proxy.Delay = 2 * patient
	s := share(t, proxy.URL())
	for _, fault := range []redistest.Fault{redistest.Hang, redistest.Slow, redistest.Garbage, redistest.Cut} {
		s.await(t, 1)
		s.used(t)
		failed, times := s.with.metric(t, readsFailed), s.said(noAnswer)
		proxy.Set(fault)
		s.await(t, 0)
		for range 3 {
			s.askAll(t)
		}
		most := float64(len(s.students) * (s.said(noAnswer) - times))
		if n := s.with.metric(t, readsFailed) - failed; n > most {
			t.Errorf("fault %d: %v reads waited, want at most %v", fault, n, most)
		}
		proxy.Set(redistest.None)
	}
	s.await(t, 1)
	s.used(t)
}

// TestRedisComesLaterAndGoes starts without Redis, which then comes, has its
// students erased, stops, goes on and dies.
func TestRedisComesLaterAndGoes(t *testing.T) {
	t.Parallel() // most of it is waiting
	port := redistest.FreePort(t)
	s := share(t, "redis://127.0.0.1:"+strconv.Itoa(port))
	for s.said(noAnswer) == 0 {
		s.askAll(t)
	}
	if n := s.askAll(t)[kindredv1.MatchSource_MATCH_SOURCE_RANKED]; n != len(s.students) || s.said(nowShared) > 0 {
		t.Errorf("%d of %d were ranked without Redis", n, len(s.students))
	}
	redis := redistest.StartAt(t, port)
	s.await(t, 1)
	s.used(t)
	client := redis.Client(t)
	erased := &kindredv1.DeleteStudentRequest{District: district, Student: s.students[0]}
	must(s.with.students.DeleteStudent(t.Context(), erased))(t)
	must(s.without.students.DeleteStudent(t.Context(), erased))(t)
	s.students = s.students[1:]
	for len(client.Keys(t.Context(), "*").Val()) > len(s.students) {
		if t.Context().Err() != nil {
			t.Fatal("the student's sets were not erased")
		}
	}
	if err := redis.Freeze(); err != nil {
		t.Fatal(err)
	}
	s.await(t, 0)
	if err := redis.Thaw(); err != nil {
		t.Fatal(err)
	}
	s.await(t, 1)
	s.used(t)
	redis.Kill()
	s.await(t, 0)
}

// TestRedisIsFull: what it has is read, what it doesn't take is said once, and
// what it drops to make room is ranked.
func TestRedisIsFull(t *testing.T) {
	redis := redistest.Start(t)
	client := redis.Client(t)
	set := func(name, value string) {
		t.Helper()
		if err := client.ConfigSet(t.Context(), name, value).Err(); err != nil {
			t.Fatal(err)
		}
	}
	info := func(name string) string {
		_, rest, _ := strings.Cut(client.Info(t.Context(), "memory", "stats").Val(), "\n"+name+":")
		value, _, _ := strings.Cut(rest, "\r")
		return value
	}
	s := share(t, redis.URL())
	s.await(t, 1)
	s.used(t)
	set("maxmemory", "1")
	s.used(t)
	for s.said(notTaken) == 0 {
		s.askAnew(t)
	}
	for _, policy := range []string{"allkeys-lru", "allkeys-random", "volatile-ttl"} {
		set("maxmemory-policy", policy)
		before := info("evicted_keys")
		for info("evicted_keys") == before {
			// There has to be something that it can drop: all may be gone.
			set("maxmemory", "0")
			s.used(t)
			set("maxmemory", info("used_memory")) // it has no room left
			s.askAnew(t)
		}
	}
	set("maxmemory", "0")
	s.await(t, 1)
	s.used(t)
}

// TestRedisHasWhatIsNotOurs: values of another version, bytes that are none, and
// other types than ours are of no use, and are replaced.
func TestRedisHasWhatIsNotOurs(t *testing.T) {
	server := redistest.Start(t)
	client := server.Client(t)
	s := share(t, server.URL())
	s.await(t, 1)
	s.used(t)
	for name, damage := range map[string]func(value []byte) []byte{
		"another version": func(value []byte) []byte {
			value = slices.Clone(value[:len(value)-4])
			value[0]++
			sum := crc32.Checksum(value, crc32.MakeTable(crc32.Castagnoli))
			return binary.LittleEndian.AppendUint32(value, sum)
		},
		"a flipped bit": func(value []byte) []byte {
			value = slices.Clone(value)
			value[len(value)/2] ^= 1
			return value
		},
		"nothing":   func([]byte) []byte { return nil },
		"a fortune": func([]byte) []byte { return []byte("You will be matched.") },
	} {
		before := s.with.metric(t, unreadable)
		for n := 0; n == 0; s.askAll(t) { // until there are some, which are then damaged
			n = damageAll(t, client, damage)
		}
		if s.with.metric(t, unreadable) == before && name != "nothing" {
			t.Errorf("%s was taken for a set", name)
		}
		s.used(t)
	}
	for _, key := range client.Keys(t.Context(), "*").Val() {
		if err := client.Set(t.Context(), key, "a string", 0).Err(); err != nil {
			t.Fatal(err)
		}
	}
	for s.said(notTaken) == 0 {
		s.askAnew(t)
	}
	s.await(t, 1)
}

// damageAll changes every value there is.
func damageAll(t *testing.T, client *redis.Client, damage func([]byte) []byte) (n int) {
	t.Helper()
	for _, key := range client.Keys(t.Context(), "*").Val() {
		for field, value := range client.HGetAll(t.Context(), key).Val() {
			n++
			if err := client.HSet(t.Context(), key, field, damage([]byte(value))).Err(); err != nil {
				t.Fatal(err)
			}
		}
	}
	return n
}

// TestRedisFailsOver asks while a master that Sentinel watches dies.
func TestRedisFailsOver(t *testing.T) {
	t.Parallel() // most of it is waiting
	watched := redistest.StartWatched(t)
	s := share(t, watched.URL())
	s.await(t, 1)
	s.used(t)
	watched.Master.Kill()
	s.await(t, 0)
	s.await(t, 1)
	s.used(t)
}

// TestRedisWithTLS gives the server an authority and a certificate.
func TestRedisWithTLS(t *testing.T) {
	redis := redistest.StartTLS(t)
	s := share(t, redis.URL(), func(c *server.Config) { c.RedisCA, c.RedisCert, c.RedisKey = redis.CA, redis.Cert, redis.Key })
	s.await(t, 1)
	s.used(t)
}

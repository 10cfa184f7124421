package main

import (
	"flag"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	kindredv1 "github.com/kindred-match/kindred/proto/kindred/v1"
	"github.com/kindred-match/kindred/store/candidates/redistest"
)

var (
	redisLoad    = flag.Duration("redis-load", time.Second, "for how long Match is called while Redis stops, goes on and dies")
	redisCallers = flag.Int("redis-callers", 4, "how many call it at once")
)

// phase is a part of a load.
type phase struct {
	name  string
	calls []time.Duration
}

// load calls Match without a pause until end, and keeps how long each call took
// by the phase that it began in.
type load struct {
	mu     sync.Mutex
	phases []*phase
	now    atomic.Int64 // the phase
	done   chan struct{}
	tasks  sync.WaitGroup
}

func (l *load) begin(t *testing.T, s *served, names []string, students int) {
	l.done = make(chan struct{})
	for _, name := range names {
		l.phases = append(l.phases, &phase{name: name})
	}
	conn := s.dial(t)
	for caller := range *redisCallers {
		l.tasks.Go(func() {
			match := kindredv1.NewMatchServiceClient(conn)
			calls := make([][]time.Duration, len(names))
			for i := caller; ; i++ {
				select {
				case <-l.done:
					l.mu.Lock()
					defer l.mu.Unlock()
					for j, c := range calls {
						l.phases[j].calls = append(l.phases[j].calls, c...)
					}
					return
				default:
				}
				now, start := l.now.Load(), time.Now()
				r, err := match.Match(t.Context(), &kindredv1.MatchRequest{District: "default", Subject: &kindredv1.MatchRequest_StudentId{
					StudentId: fmt.Sprintf("s%04d", 1+i*7%students),
				}})
				calls[now] = append(calls[now], time.Since(start))
				if err != nil || len(r.GetCandidates()) == 0 {
					t.Errorf("%s: %v", names[now], err)
					return
				}
			}
		})
	}
}

func (l *load) end(t *testing.T) {
	close(l.done)
	l.tasks.Wait()
	for _, p := range l.phases {
		if len(p.calls) == 0 {
			t.Errorf("%s: nothing was asked", p.name)
			continue
		}
		slices.Sort(p.calls)
		at := func(share float64) time.Duration {
			return p.calls[int(share*float64(len(p.calls)-1))].Round(time.Microsecond)
		}
		slow := len(p.calls) - sortedAfter(p.calls, 5*time.Millisecond)
		t.Logf("%-30s %7d calls, p50 %v, p99 %v, p99.9 %v, longest %v, %d took over 5 ms",
			p.name, len(p.calls), at(.5), at(.99), at(.999), at(1), slow)
	}
}

// sortedAfter is how many of the sorted are at most d.
func sortedAfter(sorted []time.Duration, d time.Duration) int {
	n, _ := slices.BinarySearch(sorted, d+1)
	return n
}

// TestRedisStopsDuringALoad has Redis stop, go on and die while the real program
// answers out of it: no call fails, and the log says each of it. How long calls
// took is for docs/performance.md (-redis-load 30s -v).
func TestRedisStopsDuringALoad(t *testing.T) {
	const students = 400
	redis := redistest.Start(t)
	dir := filepath.Join(t.TempDir(), "district")
	succeed(t, "generate", dir, "--students", fmt.Sprint(students), "--opportunities", "1000", "--seed", "7")
	// Next to nothing is kept in process, so that Redis is asked each time.
	s := serve(t, t.TempDir(), "--redis", redis.URL(), "--candidate-sets", "always", "--candidate-sets-bytes", "1", "--log-level", "info")
	succeed(t, "import", dir, "--server", s.address)
	said := func(what string, times int) {
		t.Helper()
		for strings.Count(s.log.String(), what) < times {
			select {
			case <-time.After(10 * time.Millisecond): // between two looks
			case <-s.gone:
				t.Fatalf("the server ended:\n%s", s.log)
			}
		}
	}
	var l load
	steps := []struct {
		name string
		do   func() error
		said string
	}{
		{"with Redis", func() error { return nil }, "shared in Redis"},
		{"Redis stopped", redis.Freeze, "Redis doesn't answer"},
		{"it goes on", redis.Thaw, "shared in Redis"},
		{"it is dead", func() error { redis.Kill(); return nil }, "Redis doesn't answer"},
	}
	var names []string
	for _, step := range steps {
		names = append(names, step.name)
	}
	said(steps[0].said, 1)
	l.begin(t, s, names, students)
	for i, step := range steps {
		l.now.Store(int64(i))
		if err := step.do(); err != nil {
			t.Fatal(err)
		}
		said(step.said, 1+i/2)
		<-time.After(*redisLoad / time.Duration(len(steps)))
	}
	l.end(t)
}

package candidates_test

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kindred-match/kindred/store"
	"github.com/kindred-match/kindred/store/candidates"
	"github.com/kindred-match/kindred/store/candidates/redistest"
)

// shared is Redis with what it says of itself.
type shared struct {
	*candidates.Redis
	changed chan bool
	changes atomic.Int64
	refused chan error
}

// patient is a budget that a busy machine keeps.
const patient = time.Second

func share(t *testing.T, url string, budget time.Duration) *shared {
	t.Helper()
	return shareWith(t, candidates.RedisOptions{URL: url, Budget: budget})
}

func shareWith(t *testing.T, o candidates.RedisOptions) *shared {
	t.Helper()
	s := &shared{changed: make(chan bool, 100), refused: make(chan error, 100)}
	o.Retry = cmp.Or(o.Retry, 20*time.Millisecond)
	o.Changed = func(working bool, why error) {
		t.Logf("working: %t, %v", working, why)
		s.changes.Add(1)
		s.changed <- working
	}
	o.Refused = func(why error) { s.refused <- why }
	var err error
	if s.Redis, err = candidates.OpenRedis(o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// await waits until Redis works, or no longer does.
func (s *shared) await(t *testing.T, working bool) {
	t.Helper()
	for now := range s.changed {
		if now == working {
			return
		}
	}
}

func valueAt(epoch store.Epoch) []byte {
	return (&candidates.Set{Epoch: epoch, Complete: true}).Append(nil)
}

func keyOf(student, field byte) candidates.Key {
	return candidates.Key{Student: candidates.Student{student}, Field: [16]byte{field}}
}

// put puts a value and waits until it is there.
func (s *shared) put(t *testing.T, k candidates.Key, value []byte) {
	t.Helper()
	s.Put(k, value)
	for !bytes.Equal(s.Get(t.Context(), k), value) {
		if t.Context().Err() != nil {
			t.Fatal("what was put can't be read")
		}
	}
}

func TestRedisKeepsAndErases(t *testing.T) {
	server := redistest.Start(t)
	s := share(t, server.URL(), patient)
	s.await(t, true)
	a, b, other := keyOf(1, 1), keyOf(1, 2), keyOf(2, 1)
	for i, k := range []candidates.Key{a, b, other} {
		s.put(t, k, valueAt(store.Epoch(i+1)))
	}
	got := s.GetMany(t.Context(), []candidates.Key{other, keyOf(3, 3), a})
	if !bytes.Equal(got[0], valueAt(3)) || got[1] != nil || !bytes.Equal(got[2], valueAt(1)) {
		t.Errorf("got %v", got)
	}
	client := server.Client(t)
	for _, k := range client.Keys(t.Context(), "*").Val() {
		life := client.TTL(t.Context(), k).Val()
		if life <= 30*time.Minute || life > 2*time.Hour {
			t.Errorf("a key lives for %v", life)
		}
	}
	s.Erase(t.Context(), a.Student)
	if s.Get(t.Context(), a) != nil || s.Get(t.Context(), b) != nil || s.Get(t.Context(), other) == nil {
		t.Error("not all of the student is erased, or more")
	}
}

func TestRedisKeepsFewSetsOfAStudent(t *testing.T) {
	server := redistest.Start(t)
	s := share(t, server.URL(), patient)
	s.await(t, true)
	for i := range byte(200) {
		s.Put(keyOf(1, i), valueAt(1))
	}
	s.put(t, keyOf(2, 0), valueAt(1)) // behind them
	client := server.Client(t)
	for _, k := range client.Keys(t.Context(), "*").Val() {
		if n := client.HLen(t.Context(), k).Val(); n > 192 {
			t.Errorf("a student has %d values", n)
		}
	}
}

func TestRedisURLs(t *testing.T) {
	for _, url := range []string{
		"", "localhost", "http://localhost", "redis+magic://localhost", "redis+sentinel://localhost", "redis://:s3cret@local host:x",
	} {
		_, err := candidates.OpenRedis(candidates.RedisOptions{URL: url})
		if !errors.Is(err, candidates.ErrURL) || strings.Contains(fmt.Sprint(err), "s3cret") {
			t.Errorf("%q: %v", url, err)
		}
	}
	for _, url := range []string{
		"redis://localhost", "rediss://user:password@localhost:1/2", "redis+cluster://localhost:1?addr=localhost:2",
		"redis+sentinel://localhost:1?master_name=main", "unix:///tmp/redis.sock",
	} {
		r, err := candidates.OpenRedis(candidates.RedisOptions{URL: url})
		if err != nil {
			t.Errorf("%q: %v", url, err)
			continue
		}
		_ = r.Close()
	}
}

// TestRedisFaults holds that a read that fails gives nothing, that after it
// Redis is left alone, and that it is used again once it works.
func TestRedisFaults(t *testing.T) {
	for name, fault := range map[string]redistest.Fault{
		"hanging": redistest.Hang, "slow": redistest.Slow, "garbage": redistest.Garbage, "cut": redistest.Cut,
	} {
		t.Run(name, func(t *testing.T) {
			proxy := redistest.Between(t, redistest.Start(t))
			const budget = 300 * time.Millisecond
			proxy.Delay = 2 * budget
			s := share(t, proxy.URL(), budget)
			s.await(t, true)
			k := keyOf(1, 1)
			s.put(t, k, valueAt(1))
			proxy.Set(fault)
			for s.Working() {
				if s.Get(t.Context(), k) != nil {
					t.Fatal("a value came through")
				}
			}
			s.await(t, false)
			failed := s.Counts.Failed.Load()
			for range 100 {
				if s.Get(t.Context(), k) != nil || s.GetMany(t.Context(), []candidates.Key{k})[0] != nil {
					t.Fatal("a value came through")
				}
				s.Put(k, valueAt(2))
			}
			if n := s.Counts.Failed.Load(); n != failed {
				t.Errorf("%d reads were tried while Redis had failed", n-failed)
			}
			s.Erase(t.Context(), k.Student)
			proxy.Set(redistest.None)
			s.await(t, true)
			// What was put off is made up for.
			for s.Get(t.Context(), k) != nil || s.Counts.Erased.Load() == 0 {
				if t.Context().Err() != nil {
					t.Fatal("the student was never erased")
				}
			}
		})
	}
}

// TestNoReadWaitsForAConnection: all connections are there before the first
// read is, however many come at once.
func TestNoReadWaitsForAConnection(t *testing.T) {
	proxy := redistest.Between(t, redistest.Start(t))
	s := share(t, proxy.URL(), patient)
	s.await(t, true)
	before := proxy.Accepted()
	var callers sync.WaitGroup
	for i := range byte(200) {
		callers.Go(func() {
			for range 10 {
				s.Get(t.Context(), keyOf(i, 1))
			}
		})
	}
	callers.Wait()
	if n := proxy.Accepted(); n != before {
		t.Errorf("%d connections were made before the first read, %d afterwards", before, n-before)
	}
	if missed, crowded := s.Counts.Missed.Load(), s.Counts.Crowded.Load(); missed == 0 || missed+crowded != 2000 {
		t.Errorf("of 2000 reads %d were answered and %d not tried", missed, crowded)
	}
}

// TestFaultsAreWaitedForOnce: when answers cease to come, those reads that are
// under way wait, each for the budget, and none after them until Redis has
// answered again.
func TestFaultsAreWaitedForOnce(t *testing.T) {
	proxy := redistest.Between(t, redistest.Start(t))
	s := share(t, proxy.URL(), 300*time.Millisecond)
	for range 2 {
		s.await(t, true)
		failed, working := s.Counts.Failed.Load(), s.changes.Load()
		proxy.Set(redistest.Hang)
		const callers = 50
		var tasks sync.WaitGroup
		for i := range byte(callers) {
			tasks.Go(func() {
				for range 100 {
					s.Get(t.Context(), keyOf(i, 1))
				}
			})
		}
		tasks.Wait()
		s.await(t, false)
		if n := s.Counts.Failed.Load() - failed; n > callers {
			t.Errorf("%d reads waited, of %d callers", n, callers)
		}
		if n := s.changes.Load() - working; n != 1 {
			t.Errorf("it was said %d times that Redis has failed", n)
		}
		proxy.Set(redistest.None)
	}
}

func TestRedisAbsentAndDying(t *testing.T) {
	s := share(t, fmt.Sprintf("redis://127.0.0.1:%d", redistest.FreePort(t)), patient)
	s.await(t, false)
	if s.Working() || s.Get(t.Context(), keyOf(1, 1)) != nil {
		t.Error("something answers that isn't there")
	}
	server := redistest.Start(t)
	s = share(t, server.URL(), patient)
	s.await(t, true)
	server.Kill()
	s.await(t, false)
	if s.Get(t.Context(), keyOf(1, 1)) != nil {
		t.Error("something answers that has died")
	}
}

func TestRedisThatNeverAnswers(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	s := share(t, "redis://"+l.Addr().String(), patient)
	s.await(t, false)
	if s.Get(t.Context(), keyOf(1, 1)) != nil || s.Counts.Skipped.Load() != 1 {
		t.Error("it was asked")
	}
}

func TestRedisThatIsFull(t *testing.T) {
	server := redistest.Start(t)
	s := shareWith(t, candidates.RedisOptions{URL: server.URL(), Budget: patient, Retry: time.Second})
	s.await(t, true)
	s.put(t, keyOf(1, 1), valueAt(1))
	if err := server.Client(t).ConfigSet(t.Context(), "maxmemory", "1").Err(); err != nil {
		t.Fatal(err)
	}
	const puts = 50
	for i := range byte(puts) {
		s.Put(keyOf(2, i), valueAt(2))
	}
	if err := <-s.refused; err == nil {
		t.Error("a full Redis took it")
	}
	for s.Counts.Refused.Load() < puts {
		if t.Context().Err() != nil {
			t.Fatal("a full Redis took something")
		}
	}
	if n := len(s.refused); n > 0 {
		t.Errorf("it was said %d times more", n)
	}
	if !bytes.Equal(s.Get(t.Context(), keyOf(1, 1)), valueAt(1)) {
		t.Error("what a full Redis has can't be read")
	}
}

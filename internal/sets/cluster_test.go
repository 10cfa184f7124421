package sets

import (
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kindred-match/kindred/store/candidates"
	"github.com/kindred-match/kindred/store/candidates/redistest"
)

// usesAll makes sure that the set of each student is kept in Redis and read there.
func (b *bustle) usesAll(t *testing.T, shared *candidates.Redis) {
	t.Helper()
	r := rand.New(rand.NewPCG(6, 7))
	for i := range bustleStudents {
		for before := shared.Counts.Found.Load(); shared.Counts.Found.Load() == before; {
			if t.Context().Err() != nil {
				t.Fatal("sets are no longer used")
			}
			b.read(t, 0, i, r)
		}
	}
}

// TestClusterFailsOverAndReshards asks while a master of a Redis cluster gives
// its place to its replica, keys move from one to another, and a master dies.
// Every answer is right, and afterwards the sets of all students are used again.
func TestClusterFailsOverAndReshards(t *testing.T) {
	cluster := redistest.StartCluster(t)
	var lost atomic.Int64
	shared, err := candidates.OpenRedis(candidates.RedisOptions{
		URL: cluster.URL(), Budget: 200 * time.Millisecond, Retry: 20 * time.Millisecond,
		Changed: func(working bool, _ error) {
			if !working {
				lost.Add(1)
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = shared.Close() })
	b := newBustle(t, Options{MemoryBytes: 1, Redis: shared})
	for _, step := range []struct {
		name string
		do   func()
	}{
		{"a failover that was asked for", func() { cluster.Failover(t, 0) }},
		{"a reshard", func() {
			if n := cluster.Reshard(t, 1, 2); n == 0 {
				t.Error("no key was moved")
			}
		}},
		{"the death of a master", func() { cluster.KillMaster(t, 2) }},
	} {
		b.usesAll(t, shared)
		reads := b.reads.Load()
		b.during(t, step.do)
		t.Logf("%d reads during %s", b.reads.Load()-reads, step.name)
	}
	b.usesAll(t, shared)
	if lost.Load() == 0 {
		t.Error("the death of a master was not noticed")
	}
	t.Logf("%d reads: %d found in Redis, %d missed, %d failed, %d skipped", b.reads.Load(),
		shared.Counts.Found.Load(), shared.Counts.Missed.Load(), shared.Counts.Failed.Load(), shared.Counts.Skipped.Load())
}

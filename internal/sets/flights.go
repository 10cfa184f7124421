package sets

import (
	"context"
	"sync"
	"time"

	"github.com/kindred-match/kindred/store"
	"github.com/kindred-match/kindred/store/candidates"
)

// flights has one value at a time worked out for a key: others who want it
// wait, though never for longer than they are told, nor for a caller who has
// gone.
type flights struct {
	mu    sync.Mutex
	under map[flightKey]*flight
}

// flightKey is what can be shared: an answer at an epoch of at least as many
// candidates as are wanted.
type flightKey struct {
	key   candidates.Key
	epoch store.Epoch
	k     int
}

// flight is one that is under way.
type flight struct {
	landed chan struct{}
	value  []byte // once it has landed; nil if it failed
}

// do returns the value that work gives and true, or the one that somebody else's
// work gave, or nil, and false.
func (f *flights) do(ctx context.Context, k flightKey, wait time.Duration, work func() []byte) (value []byte, mine bool) {
	f.mu.Lock()
	if other, ok := f.under[k]; ok {
		f.mu.Unlock()
		return other.await(ctx, wait), false
	}
	own := &flight{landed: make(chan struct{})}
	if f.under == nil {
		f.under = make(map[flightKey]*flight)
	}
	f.under[k] = own
	f.mu.Unlock()
	defer func() { // after a panic too
		f.mu.Lock()
		delete(f.under, k)
		f.mu.Unlock()
		close(own.landed)
	}()
	own.value = work()
	return own.value, true
}

func (f *flight) await(ctx context.Context, wait time.Duration) []byte {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-f.landed:
		return f.value
	case <-timer.C:
	case <-ctx.Done():
	}
	return nil
}

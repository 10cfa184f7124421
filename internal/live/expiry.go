package live

import (
	"context"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/kindred-match/kindred/internal/clock"
	"github.com/kindred-match/kindred/store"
)

// expiryInterval is how often expiries are looked for when none is known: a
// reservation may be another process's.
const expiryInterval = time.Minute

// Expiry frees the seats of reservations when they expire.
type Expiry struct {
	store store.Seats
	clock clock.Clock
	log   *zap.Logger

	mu    sync.Mutex
	due   time.Time // the earliest that Due said since the last look; zero: none
	until time.Time // what is slept for
	wake  context.CancelFunc
}

// NewExpiry makes it; Run does the work.
func NewExpiry(s store.Seats, c clock.Clock, log *zap.Logger) *Expiry {
	return &Expiry{store: s, clock: c, log: log, wake: func() {}}
}

// Due says that a reservation has been made that expires at t.
func (e *Expiry) Due(t time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.due.IsZero() || t.Before(e.due) {
		e.due = t
	}
	if t.Before(e.until) {
		e.wake()
	}
}

// Run frees seats until the context ends. When the store fails it tries again.
func (e *Expiry) Run(ctx context.Context) {
	for failures := 0; ctx.Err() == nil; {
		e.mu.Lock()
		e.due = time.Time{} // the store knows them by now
		e.mu.Unlock()
		now := e.clock.Now()
		n, next, err := e.store.Expire(ctx, now)
		if ctx.Err() != nil {
			return
		}
		until := now.Add(expiryInterval)
		switch {
		case err != nil:
			until = now.Add(backoff(failures))
			failures++
			e.log.Error("expired reservations could not be released", zap.Error(err))
		default:
			failures = 0
			if n > 0 {
				e.log.Info("expired reservations were released", zap.Int("seats", n))
			}
			if !next.IsZero() && next.Before(until) {
				until = next
			}
		}
		e.sleep(ctx, until)
	}
}

// sleep waits for a time, or for an earlier one that Due says.
func (e *Expiry) sleep(ctx context.Context, until time.Time) {
	for {
		wait, cancel := context.WithCancel(ctx)
		e.mu.Lock()
		if !e.due.IsZero() && e.due.Before(until) {
			until = e.due
		}
		e.until, e.wake = until, cancel
		e.mu.Unlock()
		err := e.clock.Until(wait, until)
		cancel()
		if err == nil || ctx.Err() != nil {
			return
		}
	}
}

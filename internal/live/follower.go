package live

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/kindred-match/kindred/store"
)

// follower keeps the newest snapshot of one district.
type follower struct {
	c        *Catalogues
	district string
	latest   atomic.Pointer[published]
}

// published is what a follower came to last.
type published struct {
	snapshot *Snapshot     // nil before the first
	err      error         // why there is nothing newer; nil when there is
	next     chan struct{} // closed when there is something after it
}

func (c *Catalogues) newFollower(district string) *follower {
	f := &follower{c: c, district: district}
	f.latest.Store(&published{next: make(chan struct{})})
	return f
}

// publish is for the follower's goroutine alone.
func (f *follower) publish(s *Snapshot, err error) {
	before := f.latest.Swap(&published{snapshot: s, err: err, next: make(chan struct{})})
	close(before.next)
}

// follow loads the district, then goes after its changes until the context
// ends. When the store fails, the last snapshot goes on serving.
func (f *follower) follow(ctx context.Context) {
	var s *Snapshot
	for failures := 0; ; {
		next, err := f.step(ctx, s)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			failures = 0
			if next != s {
				s = next
				f.publish(s, nil)
			}
		default:
			wait := backoff(failures)
			failures++
			f.c.log.Error("the catalogue could not be followed; its last snapshot goes on serving",
				zap.String("district", f.district), zap.Error(err), zap.Duration("retry_in", wait))
			f.publish(s, fmt.Errorf("following the catalogue: %w", err))
			if f.c.clock.Until(ctx, f.c.clock.Now().Add(wait)) != nil {
				return
			}
		}
	}
}

// step returns what comes after s, or s itself when nothing has changed.
func (f *follower) step(ctx context.Context, s *Snapshot) (*Snapshot, error) {
	if s == nil {
		return f.rebuild(ctx)
	}
	if err := f.c.store.Wait(ctx, f.district, s.Epoch); err != nil {
		return nil, err
	}
	d, err := f.c.store.Delta(ctx, f.district, s.Epoch)
	switch {
	case errors.Is(err, store.ErrTruncated):
		return f.rebuild(ctx)
	case err != nil:
		return nil, err
	case d.To == s.Epoch:
		return s, nil
	case d.Rebuild:
		return f.rebuild(ctx)
	}
	next, err := s.advance(d)
	if err != nil { // the two have parted: begin anew
		f.c.log.Warn("changes don't fit the snapshot; it is built anew",
			zap.String("district", f.district), zap.Error(err))
		return f.rebuild(ctx)
	}
	return next, nil
}

// rebuild reads the whole catalogue. Few districts do so at once, since while
// they do they are in memory twice.
func (f *follower) rebuild(ctx context.Context) (*Snapshot, error) {
	select {
	case f.c.builds <- struct{}{}:
		defer func() { <-f.c.builds }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	start := f.c.clock.Now()
	state, err := f.c.store.State(ctx, f.district)
	if err != nil {
		return nil, err
	}
	s, err := build(state)
	if err != nil {
		return nil, err
	}
	f.c.built(f.c.clock.Now().Sub(start))
	return s, nil
}

// backoff is how long to wait after a number of failures in a row: 50 ms,
// twice as long with each, 5 s at most.
func backoff(failures int) time.Duration {
	return min(50*time.Millisecond<<min(failures, 10), 5*time.Second)
}

// await returns the first snapshot that includes the epoch. A failure of the
// follower that happens meanwhile ends the wait.
func (f *follower) await(ctx context.Context, epoch store.Epoch) (*Snapshot, error) {
	p := f.latest.Load()
	for {
		if p.snapshot != nil && p.snapshot.Epoch >= epoch {
			return p.snapshot, nil
		}
		select {
		case <-p.next:
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-f.c.ctx.Done():
			return nil, ErrClosed
		}
		if p = f.latest.Load(); p.err != nil && (p.snapshot == nil || p.snapshot.Epoch < epoch) {
			return nil, p.err
		}
	}
}

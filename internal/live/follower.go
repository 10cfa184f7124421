package live

import (
	"context"
	"errors"
	"fmt"
	"sync"
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
	mu       sync.Mutex // for those who publish: the follower and its merge
	merging  atomic.Bool
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

// update publishes what next makes of the newest snapshot, unless it fails.
func (f *follower) update(next func(*Snapshot) (*Snapshot, error)) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	before := f.latest.Load()
	s, err := next(before.snapshot)
	if err != nil {
		return err
	}
	f.latest.Store(&published{snapshot: s, next: make(chan struct{})})
	close(before.next)
	return nil
}

// fail publishes that there is nothing newer, and why.
func (f *follower) fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	before := f.latest.Load()
	f.latest.Store(&published{snapshot: before.snapshot, err: err, next: make(chan struct{})})
	close(before.next)
}

// follow loads the district, then goes after its changes until the context
// ends. When the store fails, the last snapshot goes on serving.
func (f *follower) follow(ctx context.Context) {
	for failures := 0; ; {
		err := f.step(ctx, f.latest.Load().snapshot)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			failures = 0
			f.mergeDue(ctx)
		default:
			wait := backoff(failures)
			failures++
			f.c.log.Error("the catalogue could not be followed; its last snapshot goes on serving",
				zap.String("district", f.district), zap.Error(err), zap.Duration("retry_in", wait))
			f.fail(fmt.Errorf("following the catalogue: %w", err))
			if f.c.clock.Until(ctx, f.c.clock.Now().Add(wait)) != nil {
				return
			}
		}
	}
}

// step waits for what comes after s and publishes it.
func (f *follower) step(ctx context.Context, s *Snapshot) error {
	if s == nil {
		return f.rebuild(ctx)
	}
	if err := f.c.store.Wait(ctx, f.district, s.Epoch); err != nil {
		return err
	}
	d, err := f.c.store.Delta(ctx, f.district, s.Epoch)
	switch {
	case errors.Is(err, store.ErrTruncated):
		return f.rebuild(ctx)
	case err != nil:
		return err
	case d.To == s.Epoch:
		return nil
	case d.Rebuild, s.outweighed(d):
		return f.rebuild(ctx)
	}
	// Only a merge may have come in between, which changes neither the epoch nor
	// what there is.
	if err := f.update(func(s *Snapshot) (*Snapshot, error) { return s.advance(d) }); err != nil {
		// The two have parted: begin anew.
		f.c.log.Warn("changes don't fit the snapshot; it is built anew",
			zap.String("district", f.district), zap.Error(err))
		return f.rebuild(ctx)
	}
	return nil
}

// rebuild reads the whole catalogue and publishes it. Few districts do so at
// once, since while they do they are in memory twice.
func (f *follower) rebuild(ctx context.Context) error {
	done, err := f.c.startBuild(ctx)
	if err != nil {
		return err
	}
	defer done()
	start := f.c.clock.Now()
	state, err := f.c.store.State(ctx, f.district)
	if err != nil {
		return err
	}
	s, err := build(state)
	if err != nil {
		return err
	}
	f.c.built(f.c.clock.Now().Sub(start))
	return f.update(func(*Snapshot) (*Snapshot, error) { return s, nil })
}

// startBuild waits until an index may be built; done says that it has been.
func (c *Catalogues) startBuild(ctx context.Context) (done func(), err error) {
	select {
	case c.builds <- struct{}{}:
		return func() { <-c.builds }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
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

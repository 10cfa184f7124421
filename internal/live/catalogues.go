// Package live keeps snapshots of the districts' catalogues that follow the
// store, ready to be ranked.
//
// Each district has a follower: a goroutine that waits for the store's next
// epoch, applies what changed to the indexes and publishes the outcome by an
// atomic pointer. Readers take no lock. What moves many scores at once (tags,
// settings, statistics) is built anew while the snapshot before it serves.
// Changes pile up beside an index's segment; from time to time they are folded
// in behind the readers, by a goroutine of the follower.
package live

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/kindred-match/kindred/internal/clock"
	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/store"
)

// ErrClosed is what Get and At return once the catalogues are closed.
var ErrClosed = errors.New("the catalogues are closed")

// Options say what Open follows.
type Options struct {
	Store store.Catalogue
	Clock clock.Clock
	Log   *zap.Logger
	// Built, unless nil, is told how long each whole build took.
	Built func(time.Duration)
	// Merged, unless nil, is told how long each merge of an index took.
	Merged func(time.Duration)
}

// Catalogues are the snapshots of all districts of a store. They are safe for
// concurrent use.
type Catalogues struct {
	store  store.Catalogue
	clock  clock.Clock
	log    *zap.Logger
	built  func(time.Duration)
	merged func(time.Duration)
	merge  merger
	builds chan struct{} // holds one for each build under way
	ready  chan struct{}

	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	tasks  sync.WaitGroup

	followers sync.Map   // by district, *follower
	mu        sync.Mutex // for new followers and Close
	closed    bool
}

// Open begins to follow every district that the store has. It returns before
// they are built; see Ready. The error is the store's.
func Open(ctx context.Context, o Options) (*Catalogues, error) {
	return open(ctx, o, func(ctx context.Context, x *matcher.Index) (*matcher.Index, error) { return x.Merge(ctx) })
}

// merger makes an index that holds the same with nothing beside its segment.
type merger func(context.Context, *matcher.Index) (*matcher.Index, error)

func open(ctx context.Context, o Options, merge merger) (*Catalogues, error) {
	districts, err := o.Store.Districts(ctx)
	if err != nil {
		return nil, fmt.Errorf("listing the districts: %w", err)
	}
	c := &Catalogues{
		store:  o.Store,
		clock:  o.Clock,
		log:    o.Log,
		built:  o.Built,
		merged: o.Merged,
		merge:  merge,
		builds: make(chan struct{}, runtime.GOMAXPROCS(0)),
		ready:  make(chan struct{}),
	}
	if c.built == nil {
		c.built = func(time.Duration) {}
	}
	if c.merged == nil {
		c.merged = func(time.Duration) {}
	}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	first := make([]*follower, len(districts))
	for i, d := range districts {
		if first[i], err = c.follow(d); err != nil {
			return nil, err
		}
	}
	c.tasks.Go(func() { c.awaitAll(first) })
	return c, nil
}

// awaitAll closes ready once each of the followers has a snapshot.
func (c *Catalogues) awaitAll(first []*follower) {
	for _, f := range first {
		for {
			_, err := f.await(c.ctx, 0)
			if err == nil {
				break
			}
			if c.ctx.Err() != nil {
				return
			}
		}
	}
	close(c.ready)
}

// Ready is closed once every district that the store had at Open can be
// ranked.
func (c *Catalogues) Ready() <-chan struct{} { return c.ready }

// Get returns the newest snapshot of a district. On the first use of one that
// came after Open it is built first. store.ErrNotFound: no such district.
func (c *Catalogues) Get(ctx context.Context, district string) (*Snapshot, error) {
	f, err := c.find(ctx, district)
	if err != nil {
		return nil, err
	}
	return f.await(ctx, 0)
}

// At returns a snapshot that includes the given epoch, waiting for it if it
// must. store.ErrNotFound: no such district. store.ErrEpoch: the epoch was
// never issued.
func (c *Catalogues) At(ctx context.Context, district string, epoch store.Epoch) (*Snapshot, error) {
	f, err := c.find(ctx, district)
	if err != nil {
		return nil, err
	}
	if p := f.latest.Load(); p.snapshot != nil && p.snapshot.Epoch >= epoch {
		return p.snapshot, nil
	}
	// Only a snapshot that lags has to ask whether there is such an epoch.
	head, err := c.store.Head(ctx, district)
	if err != nil {
		return nil, err
	}
	if head.Epoch < epoch {
		return nil, fmt.Errorf("epoch %d: %w: the newest is %d", epoch, store.ErrEpoch, head.Epoch)
	}
	return f.await(ctx, epoch)
}

// Newest is At for the newest epoch of the store: it sees every write that
// was acknowledged before the call.
func (c *Catalogues) Newest(ctx context.Context, district string) (*Snapshot, error) {
	head, err := c.store.Head(ctx, district)
	if err != nil {
		return nil, err
	}
	f, err := c.find(ctx, district)
	if err != nil {
		return nil, err
	}
	return f.await(ctx, head.Epoch)
}

// find returns the follower of a district. Only what the store has gets one,
// so that asking for invented names costs no memory.
func (c *Catalogues) find(ctx context.Context, district string) (*follower, error) {
	if f, ok := c.followers.Load(district); ok {
		return f.(*follower), nil
	}
	if _, err := c.store.Head(ctx, district); err != nil {
		return nil, err
	}
	return c.follow(district)
}

// follow starts the follower of a district, unless it has one.
func (c *Catalogues) follow(district string) (*follower, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, ErrClosed
	}
	v, running := c.followers.LoadOrStore(district, c.newFollower(district))
	f := v.(*follower)
	if !running {
		c.tasks.Go(func() { f.follow(c.ctx) })
	}
	return f, nil
}

// Close stops following and returns once everything has stopped. Snapshots
// that were handed out can still be used.
func (c *Catalogues) Close() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.cancel()
	c.tasks.Wait()
}

// Len is how many districts are followed.
func (c *Catalogues) Len() int {
	n := 0
	c.followers.Range(func(any, any) bool {
		n++
		return true
	})
	return n
}

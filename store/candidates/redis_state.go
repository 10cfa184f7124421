package candidates

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/errgroup"
)

// state is whether Redis works. Whoever wants to know is told of each change,
// once and in their order.
type state struct {
	working atomic.Bool
	mu      sync.Mutex
	told    bool // something was told
	changed func(working bool, why error)
}

// Working reports whether Redis answered when it was asked last.
func (s *state) Working() bool { return s.working.Load() }

// failed has Redis left alone. It isn't used before it has worked, either.
func (s *state) failed(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.working.Swap(false) || !s.told {
		s.told = true
		s.changed(false, err)
	}
}

func (s *state) works() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.working.Swap(true) {
		s.told = true
		s.changed(true, nil)
	}
}

// longest is how many times Retry Redis is left alone at most.
const longest = 16

// tend asks Redis now and then whether it works, until Close. While it doesn't,
// it asks less and less often, so that one that works for a moment at a time
// doesn't keep everybody busy.
func (r *Redis) tend() {
	pause := r.o.Retry
	for first := true; ; first = false {
		switch {
		case r.Working():
			pause = r.o.Retry
		case !first:
			pause = min(2*pause, longest*r.o.Retry)
		}
		err := r.probe()
		switch {
		case r.ctx.Err() != nil:
			return
		case err != nil && first:
			r.failed(fmt.Errorf("not reached yet: %w", err))
		case err != nil:
			r.failed(err)
		default:
			r.works()
			r.settle()
		}
		timer := time.NewTimer(pause/2 + rand.N(pause))
		select {
		case <-timer.C:
		case <-r.ctx.Done():
			timer.Stop()
			return
		}
	}
}

// probe asks each server that reads may go to, as reads do and within their
// budget. Where it hasn't worked, all connections are made before: the first
// trip of a connection takes longer.
func (r *Redis) probe() error {
	ctx, cancel := context.WithTimeout(r.ctx, connectTime)
	defer cancel()
	if !r.Working() {
		r.warm.Clear()
	}
	return r.each(ctx, func(ctx context.Context, server *redis.Client) error {
		if _, warm := r.warm.Load(server); !warm {
			if err := ask(ctx, server); err != nil {
				return err
			}
			if err := connect(ctx, server); err != nil {
				return err
			}
			r.warm.Store(server, nil)
		}
		within, cancel := context.WithTimeout(ctx, r.o.Budget)
		defer cancel()
		start := time.Now()
		err := ask(within, server)
		if err == nil {
			r.measured(time.Since(start))
		}
		return err
	})
}

// each calls f for every server that is read from, those of a cluster at once.
func (r *Redis) each(ctx context.Context, f func(context.Context, *redis.Client) error) error {
	switch c := r.client.(type) {
	case *redis.ClusterClient:
		return c.ForEachMaster(ctx, f)
	case *redis.Client:
		return f(ctx, c)
	default:
		return fmt.Errorf("a client of type %T", c)
	}
}

// connect makes all connections of a server. They are held until each of them
// has answered, or one might be asked twice.
func connect(ctx context.Context, server *redis.Client) error {
	held := make([]*redis.Conn, server.Options().PoolSize)
	var g errgroup.Group
	for i := range held {
		held[i] = server.Conn()
		g.Go(func() error { return ask(ctx, held[i]) })
	}
	err := g.Wait()
	for _, c := range held {
		_ = c.Close() // given back
	}
	return err
}

// ask asks for what isn't there. That it is elsewhere in the cluster is an
// answer too.
func ask(ctx context.Context, c redis.Cmdable) error {
	err := c.HGet(ctx, prefix+"none", "none").Err()
	if err == nil || absent(err) || redis.HasErrorPrefix(err, "MOVED") {
		return nil
	}
	return err
}

package sqlstore

import (
	"context"
	"sync"

	"github.com/kindred-match/kindred/store"
)

// head is the newest epoch of a district.
type head struct {
	district string
	epoch    store.Epoch
}

// hub knows the newest committed epoch of each district and wakes those who
// wait for a newer one.
type hub struct {
	mu      sync.Mutex
	epochs  map[string]store.Epoch
	waiting map[string]*crowd
}

// crowd is those who wait for the next commit of a district.
type crowd struct {
	wake    chan struct{} // closed by the commit
	members int
}

func newHub(heads []head) *hub {
	h := &hub{epochs: make(map[string]store.Epoch, len(heads)), waiting: make(map[string]*crowd)}
	for _, d := range heads {
		h.epochs[d.district] = d.epoch
	}
	return h
}

// advance makes a committed epoch known.
func (h *hub) advance(district string, epoch store.Epoch) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.epochs[district] >= epoch {
		return
	}
	h.epochs[district] = epoch
	if c := h.waiting[district]; c != nil {
		close(c.wake)
		delete(h.waiting, district)
	}
}

// join returns nil if the epoch is beyond after already.
func (h *hub) join(district string, after store.Epoch) *crowd {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.epochs[district] > after {
		return nil
	}
	c := h.waiting[district]
	if c == nil {
		c = &crowd{wake: make(chan struct{})}
		h.waiting[district] = c
	}
	c.members++
	return c
}

// leave forgets a district that nobody waits for any more.
func (h *hub) leave(district string, c *crowd) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if c.members--; c.members == 0 && h.waiting[district] == c {
		delete(h.waiting, district)
	}
}

// Wait implements store.Catalogue.
func (s *Store) Wait(ctx context.Context, district string, after store.Epoch) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		select {
		case <-s.closing:
			return store.ErrClosed
		default:
		}
		c := s.hub.join(district, after)
		if c == nil {
			return nil
		}
		err := s.await(ctx, c)
		s.hub.leave(district, c)
		if err != nil {
			return err
		}
	}
}

func (s *Store) await(ctx context.Context, c *crowd) error {
	select {
	case <-c.wake:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-s.closing:
		return store.ErrClosed
	}
}

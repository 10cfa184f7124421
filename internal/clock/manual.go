package clock

import (
	"context"
	"sync"
	"time"
)

// Manual is a clock that stands still until it is turned: for tests. It is
// safe for concurrent use.
type Manual struct {
	mu     sync.Mutex
	now    time.Time
	turned chan struct{} // closed at the next turn
}

// NewManual makes a clock that shows t.
func NewManual(t time.Time) *Manual { return &Manual{now: t, turned: make(chan struct{})} }

// Now is what the clock shows.
func (m *Manual) Now() time.Time {
	now, _ := m.read()
	return now
}

func (m *Manual) read() (time.Time, <-chan struct{}) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now, m.turned
}

// Advance turns the clock forward and wakes up whoever waits for a time that
// has come.
func (m *Manual) Advance(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now = m.now.Add(d)
	close(m.turned)
	m.turned = make(chan struct{})
}

// Until waits for turns of the clock.
func (m *Manual) Until(ctx context.Context, t time.Time) error {
	for {
		now, turned := m.read()
		if !now.Before(t) {
			return nil
		}
		select {
		case <-turned:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

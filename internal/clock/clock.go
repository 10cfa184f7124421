// Package clock is the time that the parts of the program are handed, so that
// tests can hand them one that they turn themselves.
package clock

import (
	"context"
	"time"
)

// Clock tells the time and wakes up at it.
type Clock interface {
	Now() time.Time
	// Until returns nil once it is t, or the context's error.
	Until(ctx context.Context, t time.Time) error
}

// System is the machine's clock.
type System struct{}

// Now is time.Now.
func (System) Now() time.Time { return time.Now() }

// Until waits by a timer.
func (System) Until(ctx context.Context, t time.Time) error {
	timer := time.NewTimer(time.Until(t))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

package clock_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kindred-match/kindred/internal/clock"
)

func TestManualWakesWhenItsTimeHasCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)
		m := clock.NewManual(start)
		woke := make(chan error, 1)
		go func() { woke <- m.Until(t.Context(), start.Add(time.Minute)) }()
		m.Advance(59 * time.Second)
		synctest.Wait()
		select {
		case err := <-woke:
			t.Fatalf("woke a second early: %v", err)
		default:
		}
		m.Advance(time.Second)
		if err := <-woke; err != nil {
			t.Fatal(err)
		}
		if got := m.Now(); !got.Equal(start.Add(time.Minute)) {
			t.Fatalf("shows %v", got)
		}
	})
}

func TestUntilEndsWithItsContext(t *testing.T) {
	for name, c := range map[string]clock.Clock{"system": clock.System{}, "manual": clock.NewManual(time.Now())} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			if err := c.Until(ctx, c.Now().Add(time.Hour)); !errors.Is(err, context.Canceled) {
				t.Fatalf("got %v, want the context's error", err)
			}
			if err := c.Until(t.Context(), c.Now().Add(-time.Second)); err != nil {
				t.Fatalf("a time that is past: %v", err)
			}
		})
	}
}

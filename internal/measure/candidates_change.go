package measure

import (
	"cmp"
	"context"
	"sync"
	"time"
)

// underChange reads for the students in turn while changes are written.
func (r *candidatesRun) underChange(ctx context.Context) error {
	const together = 20 // changes
	counts := &r.Sets.Counts
	cached, repaired, ranked := counts.Cached.Load(), counts.Repaired.Load(), counts.Ranked.Load()
	start := r.Now()
	end := start.Add(time.Duration(r.Seconds) * time.Second)
	var writer sync.WaitGroup
	var failed error
	written := 0
	done := make(chan struct{})
	writer.Go(func() {
		defer close(done)
		for now := start; now.Before(end) && failed == nil && ctx.Err() == nil; now = r.Now() {
			if due := int(now.Sub(start).Seconds() * float64(r.Rate)); written >= due {
				time.Sleep(time.Millisecond)
				continue
			}
			failed = r.write(ctx, together)
			written += together
		}
	})
	err := r.readInTurn(ctx, start, done)
	writer.Wait()
	c := &r.result
	c.Cached, c.Repaired = counts.Cached.Load()-cached, counts.Repaired.Load()-repaired
	c.Answers = c.Cached + c.Repaired + counts.Ranked.Load() - ranked
	c.HitRate = float64(c.Cached+c.Repaired) / float64(max(1, c.Answers))
	c.ChangesPerSecond = float64(written) / r.Now().Sub(start).Seconds()
	return cmp.Or(err, failed)
}

// readInTurn reads for each student once a second until done.
func (r *candidatesRun) readInTurn(ctx context.Context, start time.Time, done <-chan struct{}) error {
	answer := r.outOf(ctx, r.Sets)
	for i := 0; ; i++ {
		for due := start.Add(time.Duration(i) * time.Second / time.Duration(len(r.Students))); r.Now().Before(due); {
			time.Sleep(100 * time.Microsecond)
		}
		select {
		case <-done:
			return nil
		default:
		}
		s, err := r.Catalogues.Get(ctx, r.District)
		if err != nil {
			return err
		}
		a, err := r.ask(ctx, s, r.Students[i%len(r.Students)])
		if err != nil {
			return err
		}
		answer(a)
	}
}

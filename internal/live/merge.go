package live

import (
	"context"
	"errors"
	"slices"

	"go.uber.org/zap"

	"github.com/kindred-match/kindred/matcher"
)

// mergeDue has what has piled up beside the segments folded in, in the
// background, unless that is under way. It is for the follower's goroutine
// alone.
func (f *follower) mergeDue(ctx context.Context) {
	if f.merging.Load() || f.due() == nil {
		return
	}
	f.merging.Store(true)
	f.c.tasks.Go(func() {
		defer f.merging.Store(false)
		f.mergeAll(ctx)
	})
}

// due is a ranking whose index should be merged, or nil.
func (f *follower) due() *Ranking {
	rankings := f.latest.Load().snapshot.rankings
	i := slices.IndexFunc(rankings, func(r *Ranking) bool { return r.Index.Due() })
	if i < 0 {
		return nil
	}
	return rankings[i]
}

// mergeAll merges one index after the other, so that only one is in memory
// twice. What fails is tried again; the snapshots go on serving.
func (f *follower) mergeAll(ctx context.Context) {
	for failures := 0; ctx.Err() == nil; {
		r := f.due()
		if r == nil {
			return
		}
		err := f.merge(ctx, r)
		switch {
		case err == nil, errors.Is(err, matcher.ErrUnrelated): // then it was built anew meanwhile
			failures = 0
		case ctx.Err() != nil:
			return
		default:
			wait := backoff(failures)
			failures++
			f.c.log.Error("changes could not be folded in; they stay beside the segment",
				zap.String("district", f.district), zap.Error(err), zap.Duration("retry_in", wait))
			if f.c.clock.Until(ctx, f.c.clock.Now().Add(wait)) != nil {
				return
			}
		}
	}
}

// merge builds an index without anything beside its segment, makes up for what
// changes meanwhile, and publishes it.
func (f *follower) merge(ctx context.Context, r *Ranking) error {
	done, err := f.c.startBuild(ctx)
	if err != nil {
		return err
	}
	defer done()
	start := f.c.clock.Now()
	from := r.Index
	merged, err := f.c.merge(ctx, from)
	if err != nil {
		return err
	}
	// Each round has what changed during the one before, so that little is left
	// to be done while the follower waits.
	for range 3 {
		to, ok := f.latest.Load().snapshot.Ranking(r.Measure)
		if !ok {
			return matcher.ErrUnrelated
		}
		if merged, err = merged.Rebase(from, to.Index); err != nil {
			return err
		}
		from = to.Index
	}
	err = f.update(func(s *Snapshot) (*Snapshot, error) { return s.replace(r.Measure, from, merged) })
	if err == nil {
		f.c.merged(f.c.clock.Now().Sub(start))
	}
	return err
}

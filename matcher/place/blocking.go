package place

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

// countBlocking counts the blocking pairs, and of a stable placement writes
// down the cutoffs.
func (m *market) countBlocking(ctx context.Context, f *Placement) error {
	var err error
	if m.keys.byScore && len(f.Weight) > 0 && slices.Max(f.Weight) > m.keys.most { // filled seats
		if m.keys, err = newKeys(m.p, true, f.Weight); err != nil {
			return err
		}
	}
	t := m.seated(f)
	if f.BlockingPairs, err = t.blocking(ctx, f); err != nil {
		return err
	}
	if m.options.Objective == Stable {
		t.cutoffs(&f.Certificate)
	}
	if m.sure == nil {
		return nil
	}
	plain := *m
	plain.sure, plain.end, plain.tail = nil, nil, nil
	all, err := plain.seated(f).blocking(ctx, f)
	f.Waived = all - f.BlockingPairs
	return err
}

// seated seats everybody where the placement has them.
func (m *market) seated(f *Placement) *seating {
	t := m.newSeating()
	for s, o := range f.At {
		if o >= 0 {
			t.load(o, m.key(int32(s), o, f.Weight[s]))
		}
	}
	return t
}

// blocking counts the pairs of a student that has a choice and an opportunity
// of its list that it likes better than what it has and that would take it.
func (t *seating) blocking(ctx context.Context, f *Placement) (int64, error) {
	var total, next atomic.Int64
	workers := t.m.options.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	n := int64(len(f.At))
	var wait sync.WaitGroup
	for range workers {
		wait.Go(func() {
			c := &chooser{m: t.m}
			for ctx.Err() == nil {
				from := next.Add(checkEvery) - checkEvery
				if from >= n {
					return
				}
				total.Add(t.blockingOf(c, f, int32(from), int32(min(from+checkEvery, n))))
			}
		})
	}
	wait.Wait()
	return total.Load(), ctx.Err()
}

func (t *seating) blockingOf(c *chooser, f *Placement, from, to int32) (count int64) {
	m := t.m
	lists := &m.p.Lists
	for s := from; s < to; s++ {
		if m.fixed(s) {
			continue
		}
		first, last := lists.Of(s)
		for e := first; e < last; e++ {
			o := lists.Opportunity[e]
			if o == f.At[s] {
				break
			}
			k := normal | m.keys.of(s, o, lists.Weight[e])
			if k < t.cutoff[o] && t.takes(c, o, k) {
				count++
			}
		}
	}
	return count
}

// cutoffs writes down the lowest priority of what is full.
func (t *seating) cutoffs(to *Certificate) {
	m := t.m
	worst := make([]key, len(m.p.Caps))
	count := make([]int32, len(m.p.Caps))
	for o, held := range t.held {
		lowest := key(0)
		for _, k := range held {
			lowest = max(lowest, k)
		}
		if partner := m.p.Partner[o]; partner >= 0 {
			worst[partner] = max(worst[partner], lowest)
			count[partner] += int32(len(held))
		}
		if len(held) > 0 && len(held) == int(t.seats[o]) {
			to.Cutoffs = append(to.Cutoffs, t.cutoffOf(m.p.Opportunities[o], len(held), lowest))
		}
	}
	for partner, limit := range m.p.Caps {
		if limit > 0 && count[partner] == limit {
			to.PartnerCutoffs = append(to.PartnerCutoffs, t.cutoffOf(m.p.Partners[partner], int(limit), worst[partner]))
		}
	}
}

func (t *seating) cutoffOf(id string, placed int, lowest key) Cutoff {
	var c Cutoff
	if lowest&classes == sure {
		c.Fixed = true
	} else {
		c = t.m.keys.cutoff(lowest)
	}
	c.ID, c.Placed = id, int32(placed)
	return c
}

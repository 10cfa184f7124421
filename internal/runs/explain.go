package runs

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/kindred-match/kindred/internal/placement"
	"github.com/kindred-match/kindred/internal/runfolder"
	"github.com/kindred-match/kindred/matcher/place"
	"github.com/kindred-match/kindred/store"
)

// cases keeps the run that was explained last: making its problem again takes as
// long as all its lists.
type cases struct {
	making chan struct{} // held by who makes one

	mu        sync.Mutex
	key       store.RunKey
	c         *placement.Case // nil: none
	f         *place.Placement
	forgotten int // how often something had to be forgotten
}

func (k *cases) get(key store.RunKey) (c *placement.Case, f *place.Placement, forgotten int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.key != key {
		return nil, nil, k.forgotten
	}
	return k.c, k.f, k.forgotten
}

// of is the case and the placement of a run, made unless it is there.
func (k *cases) of(
	ctx context.Context, key store.RunKey, restore func(context.Context) (*placement.Case, *place.Placement, error),
) (*placement.Case, *place.Placement, error) {
	if c, f, _ := k.get(key); c != nil {
		return c, f, nil
	}
	select {
	case k.making <- struct{}{}:
		defer func() { <-k.making }()
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
	c, f, forgotten := k.get(key)
	if c != nil { // made while this one waited
		return c, f, nil
	}
	c, f, err := restore(ctx)
	if err != nil {
		return nil, nil, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.forgotten == forgotten { // else it may have who was erased since
		k.key, k.c, k.f = key, c, f
	}
	return c, f, nil
}

// forget drops the case if it is one of these, and has none kept that is being
// made now.
func (k *cases) forget(of func(store.RunKey) bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.forgotten++
	if of(k.key) {
		k.key, k.c, k.f = store.RunKey{}, nil, nil
	}
}

// rowsAtOnce is how many rows of an outcome are read at a time.
const rowsAtOnce = 10_000

// restore makes the problem of a draft or published run again, and the placement
// of what is kept of it.
func (e *Engine) restore(ctx context.Context, key store.RunKey, r *store.Run) (*placement.Case, *place.Placement, error) {
	options, err := OptionsOf(r)
	if err != nil {
		return nil, nil, err
	}
	summary, err := SummaryOf(r)
	if err != nil {
		return nil, nil, err
	}
	figures, err := summary.Figures()
	if err != nil {
		return nil, nil, fmt.Errorf("%w: its figures: %w", errDamaged, err)
	}
	in, err := readInput(ctx, e.store, key, func(int64) {})
	if err != nil {
		return nil, nil, err
	}
	c, err := placement.New(ctx, in.folder, options.placement(&in.settings, &in.statistics))
	if err != nil {
		return nil, nil, err
	}
	folder := &runfolder.Folder{Summary: *figures}
	certificate, err := e.store.RunDocument(ctx, key.District, key.ID, CertificateDocument)
	if err != nil {
		return nil, nil, err
	}
	if err := json.Unmarshal(certificate, &folder.Certificate); err != nil {
		return nil, nil, fmt.Errorf("%w: its certificate: %w", errDamaged, err)
	}
	for p, err := range e.outcome(ctx, key) {
		if err != nil {
			return nil, nil, err
		}
		if p.Opportunity == "" {
			folder.Unplaced = append(folder.Unplaced, runfolder.Unplaced{Student: p.Student, Reason: place.Reason(p.Reason)})
			continue
		}
		folder.Placed = append(folder.Placed, runfolder.Placed{
			Student: p.Student, Opportunity: p.Opportunity, Rank: p.Rank, Score: runfolder.Micro(p.Score),
		})
	}
	f, err := c.Placement(folder)
	return c, f, err
}

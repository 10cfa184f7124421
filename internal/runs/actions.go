package runs

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/kindred-match/kindred/internal/placement"
	"github.com/kindred-match/kindred/matcher/place"
	"github.com/kindred-match/kindred/store"
)

// Create keeps a new run and has it carried out in its turn. Errors are those of
// the store's CreateRun.
func (e *Engine) Create(ctx context.Context, district string, req store.Request, r store.NewRun) (store.Receipt, error) {
	receipt, err := e.store.CreateRun(ctx, district, req, r)
	if err == nil && !receipt.Replayed {
		e.mu.Lock()
		e.enqueue(store.RunKey{District: district, ID: r.ID})
		e.mu.Unlock()
	}
	return receipt, err
}

// Cancel ends a run at once and keeps that it was cancelled. Errors are those of
// the store's CancelRun; the run then goes on.
func (e *Engine) Cancel(ctx context.Context, district string, req store.Request, id string) (store.Receipt, error) {
	key := store.RunKey{District: district, ID: id}
	ended := e.end(key)
	receipt, err := e.store.CancelRun(ctx, district, req, id)
	if err != nil && ended {
		e.resume(key)
	}
	e.tell(key)
	return receipt, err
}

// end ends the work on a run, and says whether there was any to be done.
func (e *Engine) end(key store.RunKey) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if t := e.active[key]; t != nil {
		t.cancel()
		return true
	}
	if i := slices.Index(e.pending, key); i >= 0 {
		e.pending = slices.Delete(e.pending, i, i+1)
		return true
	}
	return false
}

// resume has a run go on that was ended. One that is not to be worked on any
// more is left alone when its turn comes.
func (e *Engine) resume(key store.RunKey) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if t := e.active[key]; t != nil { // not quite at its end
		t.again = true
		return
	}
	e.enqueue(key)
}

// Publish puts a draft in force. Errors are those of the store's PublishRun.
func (e *Engine) Publish(ctx context.Context, district string, req store.Request, id string) (store.Receipt, error) {
	return e.store.PublishRun(ctx, district, req, id)
}

// Discard deletes what a run led to. Errors are those of the store's DiscardRun.
func (e *Engine) Discard(ctx context.Context, district string, req store.Request, id string) (store.Receipt, error) {
	e.cases.forget(func(key store.RunKey) bool { return key.District == district && key.ID == id })
	return e.store.DiscardRun(ctx, district, req, id)
}

// Erased is told that a student of the district was erased: what is in memory of
// it goes, and so does the work on a run that had it.
func (e *Engine) Erased(ctx context.Context, district string) {
	e.cases.forget(func(key store.RunKey) bool { return key.District == district })
	e.mu.Lock()
	var working []store.RunKey
	for key := range e.active {
		if key.District == district {
			working = append(working, key)
		}
	}
	e.mu.Unlock()
	for _, key := range working {
		// Where it can't be read the run finds out by itself when it keeps something.
		if r, err := e.store.Run(ctx, key.District, key.ID); err == nil && !r.State.Unfinished() {
			e.end(key)
		}
	}
}

// Progress says how far a run is; false: it is not being worked on.
func (e *Engine) Progress(district, id string) (Progress, bool) {
	e.mu.Lock()
	t := e.active[store.RunKey{District: district, ID: id}]
	e.mu.Unlock()
	if t == nil {
		return Progress{}, false
	}
	return t.meter.progress(), true
}

// Watch gives the run to send as it is now, and again when there is news, until
// it is neither queued nor running. Errors are the store's, those of send and the
// context's.
func (e *Engine) Watch(ctx context.Context, district, id string, send func(*store.Run) error) error {
	key := store.RunKey{District: district, ID: id}
	for {
		news := e.news(key)
		r, err := e.store.Run(ctx, district, id)
		if err != nil {
			return err
		}
		if err := send(r); err != nil || !r.State.Unfinished() {
			return err
		}
		select {
		case <-news:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// news is closed when there is news of the run.
func (e *Engine) news(key store.RunKey) <-chan struct{} {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.watchers[key] == nil {
		e.watchers[key] = make(chan struct{})
	}
	return e.watchers[key]
}

// Check says what a run with these options would start from now, and what would
// go wrong. Nothing is kept. Errors are those of the store's RunInput.
func (e *Engine) Check(ctx context.Context, district string, o *Options) (*Checked, error) {
	select { // each needs as much memory as a run
	case e.checks <- struct{}{}:
		defer func() { <-e.checks }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	kept, err := e.store.RunInput(ctx, district, e.clock.Now())
	if err != nil {
		return nil, err
	}
	in, err := inputOf(kept)
	if err != nil {
		return nil, err
	}
	findings := checkInput(in, o)
	if fatal(findings) != nil { // there may be no problem to be made of it
		return checkedOf(in, findings), nil
	}
	c, err := placement.New(ctx, in.folder, o.placement(&in.settings, &in.statistics))
	if r := refusalOf(err); r != nil {
		findings = append(findings, Finding{Kind: Reference, Fatal: true, Text: r.message})
		return checkedOf(in, findings), nil
	} else if err != nil {
		return nil, err
	}
	checking := checking{findings: append(checkLists(in, o, c.Problem), findings...)}
	return checkedOf(in, checking.done()), nil
}

// The errors of Explain, beside those of the store.
var (
	ErrNoStudent     = errors.New("the run has no such student")
	ErrNoOpportunity = errors.New("the run has no such opportunity")
	// ErrNoDraft says that a run is neither a draft nor published.
	ErrNoDraft = errors.New("the run is neither a draft nor published")
)

// Explain says why a draft or a published run has a student where it is; with an
// opportunity it answers for that alone.
func (e *Engine) Explain(ctx context.Context, district, id, student, opportunity string) (*placement.Explanation, error) {
	key := store.RunKey{District: district, ID: id}
	r, err := e.draft(ctx, key)
	if err != nil {
		return nil, err
	}
	if _, err := e.store.RunPlacement(ctx, district, id, student); errors.Is(err, store.ErrNotFound) {
		return nil, ErrNoStudent
	} else if err != nil {
		return nil, err
	}
	c, f, err := e.cases.of(ctx, key, func(ctx context.Context) (*placement.Case, *place.Placement, error) {
		return e.restore(ctx, key, r)
	})
	if err != nil {
		return nil, fmt.Errorf("make the run's problem again: %w", err)
	}
	explained, err := c.Explain(ctx, f, student, opportunity)
	switch {
	case errors.Is(err, placement.ErrNoStudent):
		return nil, ErrNoStudent
	case errors.Is(err, placement.ErrNoOpportunity):
		return nil, ErrNoOpportunity
	}
	return explained, err
}

// draft is a run that is a draft or published; else ErrNoDraft, or the store's
// error.
func (e *Engine) draft(ctx context.Context, key store.RunKey) (*store.Run, error) {
	r, err := e.store.Run(ctx, key.District, key.ID)
	if err == nil && r.State != store.RunDraft && r.State != store.RunPublished {
		return nil, ErrNoDraft
	}
	return r, err
}

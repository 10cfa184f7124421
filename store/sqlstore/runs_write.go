package sqlstore

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/store"
)

// maxRunID leaves room for what is added to make the ids of entries.
const maxRunID = matcher.MaxIDBytes - 28

// CreateRun implements store.Runs.
func (s *Store) CreateRun(ctx context.Context, district string, req store.Request, r store.NewRun) (store.Receipt, error) {
	if !matcher.ValidID(r.ID) || len(r.ID) > maxRunID {
		return store.Receipt{}, violation(-1, "run", "must be a UUID")
	}
	if err := checkSize("options", r.Options); err != nil {
		return store.Receipt{}, err
	}
	if err := checkTime(r.Created); err != nil {
		return store.Receipt{}, err
	}
	return s.write(ctx, &change{
		district: district, request: req,
		apply: func(d *districtTx) ([]store.Revision, error) {
			n, err := d.exec(
				`INSERT INTO runs (district, id, options, created, state, step, changed, starts, epoch, message, summary, leftover)
				VALUES (?, ?, ?, ?, 'queued', '', ?, 0, 0, '', x'', 0) ON CONFLICT (district, id) DO NOTHING`,
				d.key, r.ID, nonNil(r.Options), putTime(r.Created), putTime(r.Created))
			if err == nil && n == 0 {
				err = fmt.Errorf("the run id is in use: %w", store.ErrConflict)
			}
			return nil, err
		},
	})
}

func checkSize(field string, content []byte) error {
	if len(content) > store.MaxPartBytes {
		return violation(-1, field, "must be at most 4 MiB")
	}
	return nil
}

// onRun changes a run within a write of its own.
func (s *Store) onRun(ctx context.Context, district, id string, f func(*districtTx, *runRow) error) error {
	_, err := s.changeRun(ctx, district, store.Request{}, id, f)
	return err
}

// changeRun changes a run under a request id or none.
func (s *Store) changeRun(
	ctx context.Context, district string, req store.Request, id string, f func(*districtTx, *runRow) error,
) (store.Receipt, error) {
	return s.write(ctx, &change{
		district: district, request: req,
		apply: func(d *districtTx) ([]store.Revision, error) {
			r, err := readRun(d.ctx, d, d.id, id)
			if err != nil {
				return nil, err
			}
			return nil, f(d, r)
		},
	})
}

// wrongState says that a run is not as a call needs it.
func wrongState(r *runRow) error {
	if r.State == store.RunRunning {
		return fmt.Errorf("the run is at the step %s: %w", r.Step, store.ErrConflict)
	}
	return fmt.Errorf("the run is %s: %w", r.State, store.ErrConflict)
}

// at says whether the run is running, at the step.
func (r *runRow) at(step store.Step) bool { return r.State == store.RunRunning && r.Step == step }

// StartRun implements store.Runs.
func (s *Store) StartRun(ctx context.Context, district, id string, now time.Time) (*store.Run, error) {
	if err := checkTime(now); err != nil {
		return nil, err
	}
	var started runRow
	err := s.onRun(ctx, district, id, func(d *districtTx, r *runRow) error {
		if !r.State.Unfinished() {
			return wrongState(r)
		}
		started = *r
		if r.State == store.RunQueued {
			started.State, started.Step, started.Changed = store.RunRunning, store.StepSnapshot, now.UTC()
		}
		started.Starts++
		_, err := d.exec(`UPDATE runs SET state = ?, step = ?, changed = ?, starts = ? WHERE run = ?`,
			string(started.State), string(started.Step), putTime(started.Changed), started.Starts, r.key)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &started.Run, nil
}

// KeepParts implements store.Runs.
func (s *Store) KeepParts(
	ctx context.Context, district, id string, step store.Step, parts []store.Part, next store.Step,
) error {
	if err := checkSteps(step, next); err != nil {
		return err
	}
	sums := make([][sha256.Size]byte, len(parts))
	for i, p := range parts {
		if p.Number < 1 {
			return violation(i, "number", "must be at least 1")
		}
		if len(p.Content) > store.MaxPartBytes {
			return violation(i, "content", "must be at most 4 MiB")
		}
		sums[i] = sha256.Sum256(p.Content)
	}
	return s.onRun(ctx, district, id, func(d *districtTx, r *runRow) error {
		if !r.at(step) {
			return wrongState(r)
		}
		for i, p := range parts {
			if err := d.putPart(r, step, p.Number, sums[i], p.Content); err != nil {
				return err
			}
		}
		return d.advance(r, next)
	})
}

func checkSteps(step, next store.Step) error {
	at := slices.Index(store.Steps, step)
	if at < 0 || step == store.StepSnapshot {
		return violation(-1, "step", "must be one of check, score, place, verify")
	}
	if next != "" && slices.Index(store.Steps, next) <= at {
		return violation(-1, "next", "must be a later step")
	}
	return nil
}

func (d *districtTx) putPart(r *runRow, step store.Step, number int, sum [sha256.Size]byte, content []byte) error {
	_, err := d.exec(`INSERT INTO run_parts (run, step, number, sum, content) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (run, step, number) DO UPDATE SET sum = excluded.sum, content = excluded.content`,
		r.key, string(step), number, sum[:], nonNil(content))
	return err
}

// advance brings a run to a step, unless that is empty: something was kept.
func (d *districtTx) advance(r *runRow, next store.Step) error {
	if next == "" {
		next = r.Step
	}
	_, err := d.exec(`UPDATE runs SET step = ?, starts = 0 WHERE run = ?`, string(next), r.key)
	return err
}

// FailRun implements store.Runs.
func (s *Store) FailRun(ctx context.Context, district, id, message string, now time.Time) error {
	if len(message) > matcher.MaxTextBytes || !utf8.ValidString(message) {
		return violation(-1, "message", "must be at most 4096 bytes of UTF-8")
	}
	if err := checkTime(now); err != nil {
		return err
	}
	err := s.onRun(ctx, district, id, func(d *districtTx, r *runRow) error {
		if !r.State.Unfinished() {
			return wrongState(r)
		}
		return d.endRun(r.key, store.RunFailed, message, now)
	})
	if err == nil {
		s.remover.begin()
	}
	return err
}

// endRun brings a run to a state in which it keeps its record alone.
func (d *districtTx) endRun(run int64, state store.RunState, message string, now time.Time) error {
	_, err := d.exec(`UPDATE runs SET state = ?, step = '', message = ?, summary = x'', changed = ?, leftover = 1 WHERE run = ?`,
		string(state), message, putTime(now), run)
	return err
}

// CancelRun implements store.Runs.
func (s *Store) CancelRun(ctx context.Context, district string, req store.Request, id string) (store.Receipt, error) {
	return s.drop(ctx, district, req, id, store.RunCancelled, func(state store.RunState) bool { return state.Unfinished() })
}

// DiscardRun implements store.Runs.
func (s *Store) DiscardRun(ctx context.Context, district string, req store.Request, id string) (store.Receipt, error) {
	return s.drop(ctx, district, req, id, store.RunDiscarded, func(state store.RunState) bool {
		return state == store.RunDraft || state == store.RunFailed || state == store.RunCancelled
	})
}

// drop brings a run to a state in which it keeps its record alone, if it is in
// one from which that may be.
func (s *Store) drop(
	ctx context.Context, district string, req store.Request, id string, to store.RunState, from func(store.RunState) bool,
) (store.Receipt, error) {
	receipt, err := s.changeRun(ctx, district, req, id, func(d *districtTx, r *runRow) error {
		if r.State == to {
			return nil
		}
		if !from(r.State) {
			return wrongState(r)
		}
		return d.endRun(r.key, to, "", req.Now)
	})
	if err == nil {
		s.remover.begin()
	}
	return receipt, err
}

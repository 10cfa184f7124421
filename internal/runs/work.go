package runs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"go.uber.org/zap"

	"github.com/kindred-match/kindred/internal/placement"
	"github.com/kindred-match/kindred/matcher/place"
	"github.com/kindred-match/kindred/store"
)

// maxStarts is how often a run is begun at one place before it is given up: it
// may be what ends the server.
const maxStarts = 10

// work is a run that is being carried out. What a step needs of the steps
// before is read from what these left, or is there still.
type work struct {
	*Engine
	key     store.RunKey
	run     *store.Run // its step is the one that is being done
	options Options
	meter   *meter

	in       *input
	findings []Finding
	c        *placement.Case
	f        *place.Placement
}

// carryOut carries a run out from the step that it is at until it is a draft.
//
// Errors: a *refusal where it can't be carried out; store.ErrConflict or
// store.ErrNotFound where it has become another one's, or was cancelled; the
// context's; any other is a failure of the machine.
func (w *work) carryOut(ctx context.Context) error {
	var err error
	if w.run, err = w.store.StartRun(ctx, w.key.District, w.key.ID, w.clock.Now()); err != nil {
		return err
	}
	if w.run.Starts > maxStarts {
		return &refusal{fmt.Sprintf("The run was begun %d times at the step %s and never got beyond: the server may be short of memory. Create a smaller one, or give the server more.", w.run.Starts-1, w.run.Step)}
	}
	if w.options, err = OptionsOf(w.run); err != nil {
		return err
	}
	if w.run.Step == store.StepSnapshot {
		if err := w.takeSnapshot(ctx); err != nil {
			return err
		}
	}
	if err := w.load(ctx); err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{w.check, w.prepare, w.score, w.place} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return w.finish(ctx)
}

// at says what is being done of the step.
func (w *work) at(detail string, done, total int64) { w.meter.set(w.run.Step, detail, done, total) }

// keep keeps parts of the step, and with a next one goes on to it.
func (w *work) keep(ctx context.Context, parts []store.Part, next store.Step) error {
	if err := w.store.KeepParts(ctx, w.key.District, w.key.ID, w.run.Step, parts, next); err != nil {
		return err
	}
	return w.pass(ctx, next)
}

// keepStream is keep for a stream, in parts of their own transactions.
func (w *work) keepStream(ctx context.Context, b []byte, next store.Step) error {
	parts := cut(b, w.partBytes)
	for i, content := range parts {
		to := store.Step("")
		if i == len(parts)-1 {
			to = next
		}
		if err := w.keep(ctx, []store.Part{{Number: i + 1, Content: content}}, to); err != nil {
			return err
		}
	}
	return nil
}

// pass goes on to the next step, unless it is empty, once something was kept.
func (w *work) pass(ctx context.Context, next store.Step) error {
	at := w.run.Step
	if next != "" {
		w.run.Step = next
		w.at("", 0, 0)
	}
	return w.kept(ctx, w.key.ID, at)
}

// maxSnapshots is how often a snapshot is begun anew because students are
// erased while it is kept.
const maxSnapshots = 10

func (w *work) takeSnapshot(ctx context.Context) error {
	for try := 1; ; try++ {
		w.at("reading the district", 0, 0)
		in, err := w.store.RunInput(ctx, w.key.District, w.clock.Now())
		if err != nil {
			return err
		}
		snapshot := snapshotOf(in, w.partBytes)
		done, total := int64(0), int64(len(in.Students))
		all := snapshot.Students
		snapshot.Students = func(yield func(store.RunStudent) bool) {
			done = 0 // it may be gone through again
			for s := range all {
				done++
				w.at("keeping students", done, total)
				if !yield(s) {
					return
				}
			}
		}
		err = w.store.KeepSnapshot(ctx, w.key.District, w.key.ID, snapshot, store.StepCheck)
		if errors.Is(err, store.ErrErased) && try < maxSnapshots {
			continue
		}
		if err != nil {
			return err
		}
		return w.pass(ctx, store.StepCheck)
	}
}

// load reads the input that was kept.
func (w *work) load(ctx context.Context) error {
	var err error
	w.in, err = readInput(ctx, w.store, w.key, func(done int64) { w.at("reading students", done, 0) })
	if errors.Is(err, errDamaged) {
		w.log.Error("the snapshot of a run is damaged", zap.String("run", w.key.ID), zap.Error(err))
		return &refusal{"What the run has kept of its input is damaged. Create it again."}
	}
	return err
}

func (w *work) check(ctx context.Context) error {
	w.findings = checkInput(w.in, &w.options)
	if w.run.Step != store.StepCheck {
		return nil
	}
	if err := fatal(w.findings); err != nil {
		return err
	}
	content, err := json.Marshal(w.findings)
	if err != nil {
		return err
	}
	return w.keepStream(ctx, content, store.StepScore)
}

// prepare builds the index and the problem.
func (w *work) prepare(context.Context) error {
	w.at("building the index", 0, 0)
	o := w.options.placement(&w.in.settings, &w.in.statistics)
	o.Progress = w.at
	var err error
	w.c, err = placement.Prepare(w.in.folder, o)
	return err
}

// place finds the placement, or takes the one that was kept.
func (w *work) place(ctx context.Context) error {
	w.findings = append(w.findings, checkLists(w.in, &w.options, w.c.Problem)...)
	if w.run.Step != store.StepPlace {
		kept, err := readStream(ctx, w.store, w.key, store.StepPlace)
		if err == nil {
			w.f, err = decodePlacement(w.c.Problem, kept)
		}
		if !errors.Is(err, errDamaged) {
			return err
		}
	}
	w.at("placing", 0, 0)
	var err error
	if w.f, err = w.c.Solve(ctx); err != nil || w.run.Step != store.StepPlace {
		return err
	}
	content, err := encodePlacement(w.c.Problem, w.f)
	if err != nil {
		return err
	}
	return w.keepStream(ctx, content, store.StepVerify)
}

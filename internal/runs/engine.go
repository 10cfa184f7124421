// Package runs carries semester runs out: from a snapshot of a district to a
// draft that was checked, step by step. What a step leaves is kept in the store,
// so that a run that was stopped at any moment goes on where it was and ends
// with the same bytes; nothing in a draft depends on the time or on how often it
// was stopped.
//
// No error, message or progress has anything of a student.
package runs

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/kindred-match/kindred/internal/clock"
	"github.com/kindred-match/kindred/store"
)

// Store is what the engine needs of a store.
type Store interface {
	store.Runs
	store.Placements
	ListRows(ctx context.Context, district string, kind store.RowKind, f store.RowFilter, cursor string, limit int) (store.Rows, string, error)
}

// Deps are what an engine works with. Store, Clock and Log are required.
type Deps struct {
	Store Store
	Clock clock.Clock
	Log   *zap.Logger
	// AtOnce is how many runs are worked on at once, of a district one; 0 is 2.
	AtOnce int
	// CheckedPairs is of how many pairs of students and opportunities the check
	// works out scores; of more it takes a sample of students. 0 is 100 million.
	CheckedPairs int64
	// PartBytes is about how large the parts are that steps leave: small enough
	// that keeping one holds nobody up. 0 is 1 MiB.
	PartBytes int
	// Kept, unless nil, is called whenever something of a step was kept. Where it
	// gives an error the run is left as it is: for tests.
	Kept func(ctx context.Context, run string, step store.Step) error
	// Ended, unless nil, is told how a run ended and how long it was worked on.
	Ended func(state store.RunState, took time.Duration)
}

// Engine carries runs out. It is safe for concurrent use.
type Engine struct {
	store        Store
	clock        clock.Clock
	log          *zap.Logger
	atOnce       int
	checkedPairs int64
	partBytes    int
	onKept       func(ctx context.Context, run string, step store.Step) error
	ended        func(state store.RunState, took time.Duration)
	cases        cases
	checks       chan struct{} // holds one for each check under way

	life  context.Context // of all work
	stop  context.CancelFunc
	tasks sync.WaitGroup

	mu       sync.Mutex
	stopped  bool
	pending  []store.RunKey // in the order of creation
	active   map[store.RunKey]*task
	watchers map[store.RunKey]chan struct{} // closed when there is news
}

// task is a run that is being worked on.
type task struct {
	cancel context.CancelFunc
	meter  *meter
	again  bool // it is to go on although it was ended
}

// New makes an engine; Start has it work.
func New(o Deps) *Engine {
	e := &Engine{
		store: o.Store, clock: o.Clock, log: o.Log, atOnce: o.AtOnce, checkedPairs: o.CheckedPairs,
		partBytes: o.PartBytes, onKept: o.Kept, ended: o.Ended,
		active: make(map[store.RunKey]*task), watchers: make(map[store.RunKey]chan struct{}),
	}
	if e.atOnce <= 0 {
		e.atOnce = 2
	}
	if e.checkedPairs <= 0 {
		e.checkedPairs = 100_000_000
	}
	if e.partBytes <= 0 {
		e.partBytes = 1 << 20
	}
	if e.ended == nil {
		e.ended = func(store.RunState, time.Duration) {}
	}
	e.checks = make(chan struct{}, e.atOnce)
	e.cases.making = make(chan struct{}, 1)
	e.life, e.stop = context.WithCancel(context.Background())
	return e
}

// Start goes on with all runs that are queued or running. The error is the
// store's.
func (e *Engine) Start(ctx context.Context) error {
	keys, err := e.store.UnfinishedRuns(ctx)
	if err != nil {
		return fmt.Errorf("list the runs that are to go on: %w", err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, key := range keys {
		e.enqueue(key)
	}
	return nil
}

// Stop ends all work, and returns when none is left. Runs stay as they are.
func (e *Engine) Stop() {
	e.mu.Lock()
	e.stopped = true
	e.pending = nil
	e.mu.Unlock()
	e.stop()
	e.tasks.Wait()
}

// Load is how many runs wait, and how many are worked on.
func (e *Engine) Load() (waiting, working int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.pending), len(e.active)
}

// enqueue adds a run to those that wait. The lock is held.
func (e *Engine) enqueue(key store.RunKey) {
	if e.stopped || e.active[key] != nil || slices.Contains(e.pending, key) {
		return
	}
	e.pending = append(e.pending, key)
	e.next()
}

// next begins what can begin: of each district one at a time. The lock is held.
func (e *Engine) next() {
	busy := make(map[string]bool, len(e.active))
	for key := range e.active {
		busy[key.District] = true
	}
	e.pending = slices.DeleteFunc(e.pending, func(key store.RunKey) bool {
		if e.stopped || len(e.active) >= e.atOnce || busy[key.District] {
			return false
		}
		busy[key.District] = true
		e.begin(key)
		return true
	})
}

// begin begins to work on a run. The lock is held.
func (e *Engine) begin(key store.RunKey) {
	ctx, cancel := context.WithCancel(e.life)
	t := &task{cancel: cancel, meter: &meter{clock: e.clock, tell: func() { e.tell(key) }}}
	e.active[key] = t
	e.tasks.Go(func() {
		e.do(ctx, key, t.meter)
		cancel()
		e.mu.Lock()
		delete(e.active, key)
		if t.again {
			e.enqueue(key)
		}
		e.next()
		e.mu.Unlock()
		e.tell(key)
	})
}

// retryAfter is how long a run rests when neither it nor its failure could be
// kept.
const retryAfter = 30 * time.Second

// do works on a run until it is complete, is somebody else's, has failed, or the
// context ends.
func (e *Engine) do(ctx context.Context, key store.RunKey, m *meter) {
	began := e.clock.Now()
	for {
		w := &work{Engine: e, key: key, meter: m}
		err := e.attempt(ctx, w)
		log := e.log.With(zap.String("run", key.ID), zap.Duration("took", e.clock.Now().Sub(began)))
		switch {
		case err == nil:
			log.Info("a run is complete")
			e.ended(store.RunDraft, e.clock.Now().Sub(began))
			return
		case ctx.Err() != nil, errors.Is(err, errLeft):
			return
		case errors.Is(err, store.ErrConflict), errors.Is(err, store.ErrNotFound), errors.Is(err, store.ErrClosed):
			log.Info("a run is no longer to be worked on")
			return
		}
		message := "The server failed to go on with the run; its log says why. Create it again."
		if r := refusalOf(err); r != nil {
			message = r.message
			log.Info("a run can't be carried out")
		} else {
			log.Error("a run failed", zap.Error(err))
		}
		if errors.Is(err, store.ErrDiskFull) {
			message = "The server's disk is full. Make room there, and create the run again."
		}
		err = e.store.FailRun(ctx, key.District, key.ID, message, e.clock.Now())
		switch {
		case err == nil:
			e.ended(store.RunFailed, e.clock.Now().Sub(began))
			return
		case ctx.Err() != nil, errors.Is(err, store.ErrConflict), errors.Is(err, store.ErrNotFound), errors.Is(err, store.ErrClosed):
			return
		}
		log.Error("that a run failed could not be kept; it is tried again", zap.Error(err), zap.Duration("after", retryAfter))
		if e.clock.Until(ctx, e.clock.Now().Add(retryAfter)) != nil {
			return
		}
	}
}

// errLeft says that a run was left as it is, as a test wants it.
var errLeft = errors.New("the run was left as it is")

// attempt carries a run out. A panic fails the run, not the server.
func (e *Engine) attempt(ctx context.Context, w *work) (err error) {
	defer func() {
		if p := recover(); p != nil {
			e.log.Error("a run panicked", zap.String("run", w.key.ID), zap.ByteString("stack", debug.Stack()))
			err = errPanic
		}
	}()
	return w.carryOut(ctx)
}

var errPanic = errors.New("it panicked")

// kept is told whenever something of a step was kept.
func (e *Engine) kept(ctx context.Context, run string, step store.Step) error {
	if e.onKept == nil {
		return nil
	}
	if err := e.onKept(ctx, run, step); err != nil {
		return errLeft
	}
	return nil
}

// tell wakes up those who watch a run.
func (e *Engine) tell(key store.RunKey) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if news := e.watchers[key]; news != nil {
		close(news)
		delete(e.watchers, key)
	}
}

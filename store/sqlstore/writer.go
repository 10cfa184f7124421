package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/kindred-match/kindred/store"
)

const (
	// maxGroup is how many writes share a transaction at most.
	maxGroup = 128
	// scrubEvery is how long the writer waits before it tries again to empty
	// the write-ahead log after an erasure, while a reader still needs it.
	scrubEvery = time.Second
)

// writer owns the only connection that writes.
type writer struct {
	conn       *sql.Conn
	statements *statements
	hub        *hub
	subjects   *subjects
	touches    *touches
	jobs       chan *job
	closing    <-chan struct{}
	stopped    chan struct{}    // closed when the loop has ended
	scrub      <-chan time.Time // when to try again to empty the log; nil: no need
}

// job is one write, from the call that asks for it.
type job struct {
	ctx   context.Context
	run   func(*tx) error
	tx    tx
	err   error
	panic any           // what run panicked with: it is raised again in the caller
	done  chan struct{} // closed when err and panic are set
}

// tx is what a job does within the writer's transaction.
type tx struct {
	ctx      context.Context
	writer   *writer
	changed  []head // districts with a new epoch
	subjects touchedSubjects
	erased   bool // a student
}

func newWriter(conn *sql.Conn, h *hub, s *subjects, t *touches, closing <-chan struct{}) *writer {
	return &writer{
		conn: conn, hub: h, subjects: s, touches: t, closing: closing,
		statements: newStatements(conn.PrepareContext),
		jobs:       make(chan *job),
		stopped:    make(chan struct{}),
	}
}

// do has the writer carry run out, and returns once that is on disk or undone.
// run may be called again when a transaction fails that it shared with others.
func (s *Store) do(ctx context.Context, run func(*tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	j := &job{ctx: ctx, run: run, done: make(chan struct{})}
	select {
	case <-s.closing:
		return store.ErrClosed
	default:
	}
	select {
	case s.writer.jobs <- j:
	case <-ctx.Done():
		return ctx.Err()
	case <-s.closing:
		return store.ErrClosed
	}
	<-j.done
	if j.panic != nil {
		panic(j.panic)
	}
	if failed, ok := errors.AsType[*sqlite.Error](j.err); ok && failed.Code()&0xff == sqlite3.SQLITE_FULL {
		return fmt.Errorf("%w: %w", store.ErrDiskFull, j.err)
	}
	return j.err
}

// loop carries out jobs until the store is closed.
func (w *writer) loop() {
	defer close(w.stopped)
	for {
		select {
		case j := <-w.jobs:
			w.commit(w.gather(j))
		case <-w.scrub:
			w.emptyLog()
		case <-w.closing:
			return
		}
	}
}

// gather adds the jobs that are waiting at this moment.
func (w *writer) gather(first *job) []*job {
	group := []*job{first}
	for len(group) < maxGroup {
		select {
		case j := <-w.jobs:
			group = append(group, j)
		default:
			return group
		}
	}
	return group
}

// commit carries out a group in one transaction. If that fails as a whole, for
// want of disk space say, each job gets a transaction of its own.
func (w *writer) commit(group []*job) {
	err := w.attempt(group)
	if err != nil && len(group) > 1 {
		for _, j := range group {
			w.commit([]*job{j})
		}
		return
	}
	for _, j := range group {
		if err != nil && j.err == nil {
			j.err = err
		}
		close(j.done)
	}
}

// attempt begins, runs the jobs and commits. A job that fails is undone by
// itself and keeps its error; the error returned concerns the transaction.
func (w *writer) attempt(group []*job) error {
	if err := w.begin(); err != nil {
		return err
	}
	kept := 0
	for _, j := range group {
		if err := w.runJob(j, len(group) > 1); err != nil {
			w.rollback()
			return err
		}
		if j.err == nil && j.panic == nil {
			kept++
		}
	}
	if kept == 0 {
		w.rollback()
		return nil
	}
	if err := w.exec("COMMIT"); err != nil {
		w.rollback()
		return fmt.Errorf("commit: %w", err)
	}
	w.committed(group)
	return nil
}

func (w *writer) begin() error {
	if err := w.exec("BEGIN IMMEDIATE"); err != nil {
		w.rollback() // what an undoing that failed has left open
		return w.exec("BEGIN IMMEDIATE")
	}
	return nil
}

// rollback may fail because SQLite has rolled back by itself, as it does when
// the disk is full. If it fails for another reason, begin tries again.
func (w *writer) rollback() { _ = w.exec("ROLLBACK") }

// runJob runs a job; alone in its transaction it needs no savepoint.
func (w *writer) runJob(j *job, shared bool) error {
	if shared {
		if err := w.exec("SAVEPOINT job"); err != nil {
			return err
		}
	}
	j.call(w)
	if !shared {
		return nil
	}
	if j.err != nil || j.panic != nil {
		if err := w.exec("ROLLBACK TO job"); err != nil {
			return err
		}
	}
	return w.exec("RELEASE job")
}

// call runs the job's function, and keeps what it panics with for the caller.
func (j *job) call(w *writer) {
	j.tx = tx{ctx: j.ctx, writer: w}
	j.err, j.panic = nil, nil
	defer func() { j.panic = recover() }()
	if j.err = j.ctx.Err(); j.err == nil {
		j.err = j.run(&j.tx)
	}
}

// committed has what was read before forgotten, tells those who wait, and empties the log after an erasure.
func (w *writer) committed(group []*job) {
	erased := false
	for _, j := range group {
		if j.err != nil || j.panic != nil {
			continue
		}
		w.subjects.forget(&j.tx.subjects)
		w.touches.add(j.tx.subjects.keys)
		for _, h := range j.tx.changed {
			w.hub.advance(h.district, h.epoch)
		}
		erased = erased || j.tx.erased
	}
	if erased {
		w.emptyLog()
	}
}

// emptyLog moves the write-ahead log into the database and cuts it to nothing,
// so that nothing erased stays there. It can't while a reader needs the log: it
// then tries again later.
func (w *writer) emptyLog() {
	ctx := context.Background()
	var busy, frames, moved int
	_, err := w.conn.ExecContext(ctx, "PRAGMA busy_timeout = 50")
	if err == nil {
		err = w.conn.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &frames, &moved)
	}
	if err == nil {
		_, err = w.conn.ExecContext(ctx, "PRAGMA busy_timeout = 5000")
	}
	w.scrub = nil
	if err != nil || busy != 0 {
		w.scrub = time.After(scrubEvery)
	}
}

// stop waits for the loop's end, which closing has told it, and gives the
// connection back.
func (w *writer) stop() error {
	<-w.stopped
	w.emptyLog()
	return w.conn.Close()
}

// exec runs a command about transactions.
func (w *writer) exec(text string) error {
	st, err := w.statements.get(context.Background(), text)
	if err != nil {
		return err
	}
	_, err = st.Exec()
	return err
}

// query implements queryer. It ends with the job's context; a statement that
// has begun is finished.
func (t *tx) query(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	ctx = context.WithoutCancel(ctx)
	st, err := t.writer.statements.get(ctx, text)
	if err != nil {
		return nil, err
	}
	return st.QueryContext(ctx, args...)
}

// exec changes something and returns how many rows that concerned.
func (t *tx) exec(text string, args ...any) (int64, error) {
	if err := t.ctx.Err(); err != nil {
		return 0, err
	}
	ctx := context.WithoutCancel(t.ctx)
	st, err := t.writer.statements.get(ctx, text)
	if err != nil {
		return 0, err
	}
	r, err := st.ExecContext(ctx, args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

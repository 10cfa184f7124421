package sqlstore

import (
	"context"
	"time"

	"github.com/kindred-match/kindred/store"
)

// runTables are the tables of contents with the column that tells a run's rows apart.
var runTables = map[string]struct {
	column string
	atOnce int64
}{
	"run_parts":      {"rowid", blobsAtOnce},
	"run_documents":  {"rowid", blobsAtOnce},
	"run_students":   {"student", rowsAtOnce},
	"run_placements": {"student", rowsAtOnce},
}

// removeAll removes all that a run has in the tables, in as many transactions as
// it takes.
func removeAll(write writeRun, tables ...string) error {
	for len(tables) > 0 {
		if err := write(func(d *districtTx, r *runRow) error {
			left, err := d.removeTables(r.key, tables)
			if err == nil {
				tables = left
			}
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}

// removeTables removes what a run has in the tables until that is enough for one
// transaction, and returns the tables where something may be left.
func (t *tx) removeTables(run int64, tables []string) (left []string, err error) {
	for i, table := range tables {
		n, err := t.removeSome(run, table, "")
		if err != nil || n == runTables[table].atOnce {
			return tables[i:], err
		}
	}
	return nil, nil
}

// removeSome removes some of what a run has in a table and meets a condition,
// and returns how many rows.
func (t *tx) removeSome(run int64, table, condition string) (int64, error) {
	of := runTables[table]
	return t.exec(`DELETE FROM `+table+` WHERE run = ? AND `+of.column+` IN (
		SELECT `+of.column+` FROM `+table+` WHERE run = ?`+condition+` LIMIT ?)`, run, run, of.atOnce)
}

// remover removes what runs no longer keep, beside other writes. What the process
// did not get to it does at the next start.
type remover struct {
	work    chan struct{} // holds one where there may be something to remove
	stopped chan struct{} // closed when it has ended
}

func newRemover() *remover {
	r := &remover{work: make(chan struct{}, 1), stopped: make(chan struct{})}
	r.begin()
	return r
}

// begin has it look for something to remove.
func (r *remover) begin() {
	select {
	case r.work <- struct{}{}:
	default: // it will look anyway
	}
}

// loop removes until the store is closed. What fails, for want of disk space
// say, is tried again.
func (r *remover) loop(s *Store) {
	defer close(r.stopped)
	var again <-chan time.Time
	for {
		select {
		case <-s.closing:
			return
		case <-r.work:
		case <-again:
		}
		again = nil
		if err := s.removeLeftovers(context.Background()); err != nil {
			again = time.After(scrubEvery)
		}
	}
}

// removeLeftovers removes what runs no longer keep: where the process ended
// before it was all removed.
func (s *Store) removeLeftovers(ctx context.Context) error {
	runs, err := collect(ctx, s.reader, (*values).int64, `SELECT run FROM runs WHERE leftover = 1 ORDER BY run`)
	if err != nil {
		return s.fail(err)
	}
	for _, run := range runs {
		if err := s.removeLeftover(ctx, run); err != nil {
			return err
		}
	}
	return nil
}

// removeLeftover removes what a run no longer keeps, in many transactions.
func (s *Store) removeLeftover(ctx context.Context, run int64) error {
	for done := false; !done; {
		err := s.do(ctx, func(t *tx) error {
			state, err := one(t.ctx, t, (*values).text, `SELECT state FROM runs WHERE run = ?`, run)
			if err != nil {
				return err
			}
			more, err := t.removeOf(run, store.RunState(state))
			if err != nil || more {
				return err
			}
			done = true
			t.erased = true // what was there may not stay in the log either
			_, err = t.exec(`UPDATE runs SET leftover = 0 WHERE run = ?`, run)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// removeOf removes some of what a run in the state no longer keeps, and says
// whether there may be more.
func (t *tx) removeOf(run int64, state store.RunState) (more bool, err error) {
	if hasDraft(state) {
		n, err := t.removeSome(run, "run_parts", ` AND step <> 'snapshot'`)
		return n == blobsAtOnce, err
	}
	left, err := t.removeTables(run, []string{"run_students", "run_placements", "run_parts", "run_documents"})
	return len(left) > 0, err
}

// erasedMessage is why a run has failed whose student was erased.
const erasedMessage = "its input was erased: create it again"

// eraseFromRuns removes a student from all runs of the district. An unfinished
// run that has it in its snapshot fails; a snapshot that is being kept is taken
// anew, as the count of erasures tells.
func (d *districtTx) eraseFromRuns(student string, now time.Time) ([]int64, error) {
	failed, err := collect(d.ctx, d, (*values).int64, `SELECT run FROM runs r
		WHERE district = ? AND state = 'running' AND step <> 'snapshot'
		AND EXISTS (SELECT 1 FROM run_students s WHERE s.run = r.run AND s.student = ?) ORDER BY run`, d.key, student)
	if err != nil {
		return nil, err
	}
	for _, run := range failed {
		if err := d.endRun(run, store.RunFailed, erasedMessage, now); err != nil {
			return nil, err
		}
	}
	for _, text := range []string{
		`DELETE FROM run_students WHERE run IN (SELECT run FROM runs WHERE district = ?) AND student = ?`,
		`DELETE FROM run_placements WHERE run IN (SELECT run FROM runs WHERE district = ?) AND student = ?`,
		`DELETE FROM withdrawals WHERE district = ? AND student = ?`,
	} {
		if _, err := d.exec(text, d.key, student); err != nil {
			return nil, err
		}
	}
	_, err = d.exec(`UPDATE districts SET erasures = erasures + 1 WHERE district = ?`, d.key)
	return failed, err
}

package sqlstore

import (
	"context"
	"crypto/sha256"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/store"
)

const (
	// rowsAtOnce and bytesAtOnce limit what a transaction writes of a run's
	// contents, so that other writes get in between.
	rowsAtOnce  = 1000
	bytesAtOnce = 512 << 10
	// rowsInStatement is how many rows one statement inserts, where there are as
	// many: each statement costs about as much as several rows.
	rowsInStatement = 50
	// blobsAtOnce is how many parts or documents are removed in one transaction.
	blobsAtOnce = 4
	// maxDocumentBytes limits a document; SQLite allows a little less than twice that.
	maxDocumentBytes = 512 << 20
)

// KeepSnapshot implements store.Runs.
func (s *Store) KeepSnapshot(ctx context.Context, district, id string, snapshot store.Snapshot, next store.Step) error {
	if err := checkSnapshot(&snapshot, next); err != nil {
		return err
	}
	// Nothing of a student may be written once it is erased: so every
	// transaction looks.
	onSnapshot := func(f func(*districtTx, *runRow) error) error {
		return s.onRun(ctx, district, id, func(d *districtTx, r *runRow) error {
			if !r.at(store.StepSnapshot) {
				return wrongState(r)
			}
			erasures, err := readErasures(d.ctx, d, d.key)
			if err != nil {
				return err
			}
			if erasures != snapshot.Erasures {
				return store.ErrErased
			}
			return f(d, r)
		})
	}
	if err := removeAll(onSnapshot, "run_parts", "run_students"); err != nil {
		return err
	}
	if err := keepSnapshotParts(onSnapshot, snapshot.Parts); err != nil {
		return err
	}
	students := inserter{
		table: "run_students", columns: "student, content", write: onSnapshot,
	}
	for student := range snapshot.Students {
		if len(student.Content) > store.MaxPartBytes {
			return violation(students.count, "content", "must be at most 4 MiB")
		}
		if err := students.add(student.ID, len(student.Content), student.ID, nonNil(student.Content)); err != nil {
			return err
		}
	}
	if err := students.flush(); err != nil {
		return err
	}
	return onSnapshot(func(d *districtTx, r *runRow) error {
		if _, err := d.exec(`UPDATE runs SET epoch = ? WHERE run = ?`, int64(snapshot.Epoch), r.key); err != nil {
			return err
		}
		return d.advance(r, next)
	})
}

func checkSnapshot(s *store.Snapshot, next store.Step) error {
	for i, content := range s.Parts {
		if len(content) > store.MaxPartBytes {
			return violation(i, "parts", "must be at most 4 MiB")
		}
	}
	if slices.Index(store.Steps, next) <= 0 {
		return violation(-1, "next", "must be a later step")
	}
	return nil
}

func keepSnapshotParts(write writeRun, parts [][]byte) error {
	return inBatches(parts, func(content []byte) int { return len(content) }, func(first int, parts [][]byte) error {
		sums := make([][sha256.Size]byte, len(parts))
		for i, content := range parts {
			sums[i] = sha256.Sum256(content)
		}
		return write(func(d *districtTx, r *runRow) error {
			for i, content := range parts {
				if err := d.putPart(r, store.StepSnapshot, first+i+1, sums[i], content); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

// inBatches calls f with successive items of about bytesAtOnce together, and
// the place of the first.
func inBatches[T any](items []T, size func(T) int, f func(first int, batch []T) error) error {
	first, bytes := 0, 0
	for i, item := range items {
		if bytes += size(item); bytes < bytesAtOnce && i+1 < len(items) {
			continue
		}
		if err := f(first, items[first:i+1]); err != nil {
			return err
		}
		first, bytes = i+1, 0
	}
	return nil
}

// FinishRun implements store.Runs.
func (s *Store) FinishRun(ctx context.Context, district, id string, draft store.Draft) error {
	if err := checkDraft(&draft); err != nil {
		return err
	}
	onRunning := func(f func(*districtTx, *runRow) error) error {
		return s.onRun(ctx, district, id, func(d *districtTx, r *runRow) error {
			if r.State != store.RunRunning || !r.hasSnapshot() {
				return wrongState(r)
			}
			return f(d, r)
		})
	}
	if err := removeAll(onRunning, "run_documents", "run_placements"); err != nil {
		return err
	}
	if err := keepDocuments(onRunning, draft.Documents); err != nil {
		return err
	}
	if err := insertRows(onRunning, draft.Rows); err != nil {
		return err
	}
	var key int64
	if err := onRunning(func(d *districtTx, r *runRow) error {
		key = r.key
		_, err := d.exec(`UPDATE runs SET state = 'draft', step = '', summary = ?, changed = ?, leftover = 1 WHERE run = ?`,
			nonNil(draft.Summary), putTime(draft.Finished), r.key)
		return err
	}); err != nil {
		return err
	}
	s.removeSoon(ctx, key)
	return nil
}

func keepDocuments(write writeRun, documents []store.Document) error {
	return inBatches(documents, func(document store.Document) int { return len(document.Content) },
		func(_ int, documents []store.Document) error {
			return write(func(d *districtTx, r *runRow) error {
				for _, document := range documents {
					if _, err := d.exec(`INSERT INTO run_documents (run, name, content) VALUES (?, ?, ?)`,
						r.key, document.Name, nonNil(document.Content)); err != nil {
						return err
					}
				}
				return nil
			})
		})
}

func insertRows(write writeRun, rows iter.Seq[store.RunPlacement]) error {
	placements := inserter{table: "run_placements", columns: runPlacementColumns, write: write}
	for p := range rows {
		if (p.Opportunity == "") != (p.Number == 0) {
			return violation(placements.count, "number", "must be given with an opportunity, and only then")
		}
		size := len(p.Student) + len(p.Opportunity) + len(p.Reason)
		if err := placements.add(p.Student, size,
			p.Student, putOptionalText(p.Opportunity), int64(p.Number), int64(p.Rank), int64(p.Score), p.Reason); err != nil {
			return err
		}
	}
	return placements.flush()
}

func checkDraft(d *store.Draft) error {
	if err := checkTime(d.Finished); err != nil {
		return err
	}
	if err := checkSize("summary", d.Summary); err != nil {
		return err
	}
	seen := make(map[string]struct{}, len(d.Documents))
	for i, document := range d.Documents {
		if _, again := seen[document.Name]; again || !matcher.ValidID(document.Name) {
			return violation(i, "name", "must be an id, and no other document's")
		}
		seen[document.Name] = struct{}{}
		if len(document.Content) > maxDocumentBytes {
			return violation(i, "content", "must be at most 512 MiB")
		}
	}
	return nil
}

// writeRun changes a run in a transaction of its own.
type writeRun func(func(*districtTx, *runRow) error) error

// inserter inserts rows of a run in many transactions.
type inserter struct {
	table, columns string // the columns without the run
	write          writeRun
	rows           [][]any
	size           int
	count          int    // of all rows so far
	last           string // student
}

// add adds the next student's row, of about so many bytes.
func (n *inserter) add(student string, size int, row ...any) error {
	if student <= n.last || !matcher.ValidID(student) {
		return violation(n.count, "student", "must be an id, and follow the one before in byte order")
	}
	n.last = student
	n.count++
	n.rows = append(n.rows, row)
	n.size += size
	if len(n.rows) < rowsAtOnce && n.size < bytesAtOnce {
		return nil
	}
	return n.flush()
}

func (n *inserter) flush() error {
	if len(n.rows) == 0 {
		return nil
	}
	err := n.write(func(d *districtTx, r *runRow) error {
		rest := n.rows
		for len(rest) >= rowsInStatement {
			if err := n.insert(d, r, rest[:rowsInStatement]); err != nil {
				return err
			}
			rest = rest[rowsInStatement:]
		}
		for i := range rest {
			if err := n.insert(d, r, rest[i:i+1]); err != nil {
				return err
			}
		}
		return nil
	})
	n.rows, n.size = n.rows[:0], 0
	return err
}

func (n *inserter) insert(d *districtTx, r *runRow, rows [][]any) error {
	args := make([]any, 0, len(rows)*(1+len(rows[0])))
	for _, row := range rows {
		args = append(append(args, r.key), row...)
	}
	one := "(" + marks(1+len(rows[0])) + ")"
	_, err := d.exec(`INSERT INTO `+n.table+` (run, `+n.columns+`) VALUES `+
		strings.Repeat(one+", ", len(rows)-1)+one, args...)
	return err
}

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

// removeSoon removes what a run no longer keeps. Its change of state is done
// and acknowledged by then: what fails here is left to Expire.
func (s *Store) removeSoon(ctx context.Context, run int64) { _ = s.removeLeftover(ctx, run) }

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

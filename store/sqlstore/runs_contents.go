package sqlstore

import (
	"context"
	"crypto/sha256"
	"iter"
	"slices"
	"strings"

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
	if err := onRunning(func(d *districtTx, r *runRow) error {
		_, err := d.exec(`UPDATE runs SET state = 'draft', step = '', summary = ?, changed = ?, leftover = 1 WHERE run = ?`,
			nonNil(draft.Summary), putTime(draft.Finished), r.key)
		return err
	}); err != nil {
		return err
	}
	s.remover.begin()
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

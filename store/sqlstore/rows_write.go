package sqlstore

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/kindred-match/kindred/store"
)

// WriteRows implements store.Students.
func (s *Store) WriteRows(ctx context.Context, district string, req store.Request, w store.RowsWrite) (store.Receipt, error) {
	p, err := newRowsPlan(&w)
	if err != nil {
		return store.Receipt{}, err
	}
	return s.write(ctx, &change{
		district: district, request: req, students: p.students,
		apply: func(d *districtTx) ([]store.Revision, error) { return nil, p.apply(d) },
	})
}

// rowsPlan is a store.RowsWrite whose rows have been checked on their own, by
// table as rowTables has them.
type rowsPlan struct {
	clear         []clearing
	deletes, puts [][]encodedRow
	students      []string // named anywhere
}

// clearing removes the rows of a kind that meet a condition.
type clearing struct {
	table     *rowTable
	condition string
	args      []any
	ofStudent bool // the condition names one
}

func newRowsPlan(w *store.RowsWrite) (*rowsPlan, error) {
	if err := checkRows(&w.Put); err != nil {
		return nil, err
	}
	p := &rowsPlan{}
	for _, scope := range w.Clear {
		t, err := tableOf(scope.Kind)
		if err != nil {
			return nil, err
		}
		condition, args, none := t.where(scope.Filter)
		if !none {
			p.clear = append(p.clear, clearing{t, condition, args, scope.Filter.Student != ""})
		}
		p.name(scope.Filter.Student)
	}
	for i := range rowTables {
		t := &rowTables[i]
		deletes, puts := t.encode(&w.Delete), t.encode(&w.Put)
		if err := t.checkOnce(puts); err != nil {
			return nil, err
		}
		for _, row := range slices.Concat(deletes, puts) {
			p.name(t.ofStudent(row))
		}
		p.deletes, p.puts = append(p.deletes, deletes), append(p.puts, puts)
	}
	return p, nil
}

// name notes a student; rows mostly come in runs of the same one.
func (p *rowsPlan) name(student string) {
	if n := len(p.students); student != "" && (n == 0 || p.students[n-1] != student) {
		p.students = append(p.students, student)
	}
}

// checkOnce refuses two rows with one key.
func (t *rowTable) checkOnce(puts []encodedRow) error {
	seen := make(map[[3]any]struct{}, len(puts))
	for i, row := range puts {
		var key [3]any
		copy(key[:], row[:len(t.key)])
		if _, again := seen[key]; again {
			return violation(i, t.name+"."+t.key[0], "occurs twice in the batch")
		}
		seen[key] = struct{}{}
	}
	return nil
}

func (p *rowsPlan) apply(d *districtTx) error {
	changed := int64(0)
	for _, c := range p.clear {
		n, err := d.exec(`DELETE FROM `+c.table.name+` WHERE district = ?`+c.condition, append([]any{d.key}, c.args...)...)
		if err != nil {
			return err
		}
		changed += n
		d.subjects.all = d.subjects.all || n > 0 && c.table.name == string(store.RowLocks) && !c.ofStudent
	}
	for i, rows := range p.deletes {
		n, err := d.deleteRows(&rowTables[i], rows)
		if err != nil {
			return err
		}
		changed += n
	}
	exist := existing{d: d, known: make(map[[2]string]bool)}
	for i, rows := range p.puts {
		if err := d.putRows(&rowTables[i], rows, exist); err != nil {
			return err
		}
		changed += int64(len(rows))
	}
	if changed > 0 {
		d.sequence++
		d.touch(p.students...)
	}
	return d.checkRanks(p.puts[0])
}

func (d *districtTx) deleteRows(t *rowTable, rows []encodedRow) (int64, error) {
	text := `DELETE FROM ` + t.name + ` WHERE district = ? AND ` + strings.Join(t.key, ` = ? AND `) + ` = ?`
	changed := int64(0)
	for _, row := range rows {
		n, err := d.exec(text, slices.Concat([]any{d.key}, row[:len(t.key)])...)
		if err != nil {
			return 0, err
		}
		changed += n
	}
	return changed, nil
}

// upsert is the statement that puts a row over the one with the same key.
func (t *rowTable) upsert() string {
	key, columns := strings.Join(t.key, ", "), strings.Join(slices.Concat(t.key, t.values), ", ")
	text := `INSERT INTO ` + t.name + ` (district, ` + columns + `) VALUES (` + marks(1+len(t.key)+len(t.values)) +
		`) ON CONFLICT (district, ` + key + `) DO `
	if len(t.values) == 0 {
		return text + `NOTHING`
	}
	set := make([]string, len(t.values))
	for i, column := range t.values {
		set[i] = column + ` = excluded.` + column
	}
	return text + `UPDATE SET ` + strings.Join(set, ", ")
}

func (d *districtTx) putRows(t *rowTable, rows []encodedRow, exist existing) error {
	text := t.upsert()
	for i, row := range rows {
		if t.hasStudents() {
			if err := exist.check(i, t.name, "student", t.ofStudent(row)); err != nil {
				return err
			}
		}
		if err := exist.check(i, t.name, "opportunity", t.ofOpportunity(row)); err != nil {
			return err
		}
		if _, err := d.exec(text, append([]any{d.key}, row...)...); err != nil {
			return err
		}
	}
	return nil
}

// existing remembers which students and opportunities a write has looked up.
type existing struct {
	d     *districtTx
	known map[[2]string]bool
}

func (e existing) check(i int, table, column, id string) error {
	ok, known := e.known[[2]string{column, id}]
	if !known {
		text := `SELECT 1 FROM students WHERE district = ? AND id = ?`
		if column == "opportunity" {
			text = `SELECT 1 FROM opportunities WHERE district = ? AND id = ?`
		}
		var err error
		if ok, err = exists(e.d.ctx, e.d, text, e.d.key, id); err != nil {
			return err
		}
		e.known[[2]string{column, id}] = ok
	}
	if !ok {
		return violation(i, table+"."+column, "must be a listed "+column)
	}
	return nil
}

// checkRanks refuses two equal ranks of one student, in what the write leaves.
func (d *districtTx) checkRanks(puts []encodedRow) error {
	seen := make(map[any]struct{})
	for _, row := range puts {
		student := row[0]
		if _, again := seen[student]; again {
			continue
		}
		seen[student] = struct{}{}
		double, err := optional(one(d.ctx, d, (*values).int64,
			`SELECT rank FROM preferences WHERE district = ? AND student = ? GROUP BY rank HAVING COUNT(*) > 1 LIMIT 1`,
			d.key, student))
		if err != nil {
			return err
		}
		if double == nil {
			continue
		}
		for i := len(puts) - 1; i >= 0; i-- {
			if puts[i][0] == student && puts[i][2] == any(*double) {
				return violation(i, "preferences.rank", "must differ from the student's other ranks")
			}
		}
		return fmt.Errorf("the store is damaged: two equal ranks of one student")
	}
	return nil
}

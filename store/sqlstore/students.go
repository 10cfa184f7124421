package sqlstore

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/store"
)

// Student implements store.Students.
func (s *Store) Student(ctx context.Context, district, id string) (*store.StudentRecord, error) {
	return single(ctx, s, decodeStudent, `SELECT `+studentColumns+` FROM students`+inDistrict+` AND id = ?`, district, id)
}

// ListStudents implements store.Students.
func (s *Store) ListStudents(ctx context.Context, district, after string, limit int) ([]store.StudentRecord, error) {
	return page(ctx, s, decodeStudent, `SELECT `+studentColumns+` FROM students`, district, after, limit)
}

// PutStudents implements store.Students.
func (s *Store) PutStudents(ctx context.Context, district string, req store.Request, puts []store.StudentPut) (store.Receipt, error) {
	ids, err := checkStudents(puts)
	if err != nil {
		return store.Receipt{}, err
	}
	contents := make([][]any, len(puts))
	for i, p := range puts {
		contents[i] = encodeStudent(p.Student)
	}
	return s.write(ctx, &change{
		district: district, request: req, create: true, students: ids,
		apply: func(d *districtTx) ([]store.Revision, error) { return d.putStudents(puts, contents, req.Now) },
	})
}

// checkStudents checks each student on its own and returns their ids.
func checkStudents(puts []store.StudentPut) ([]string, error) {
	ids := make([]string, len(puts))
	named := make(map[string]struct{}, len(puts))
	for i, p := range puts {
		if p.Student == nil {
			return nil, violation(i, "student", "is missing")
		}
		var err error
		report := firstFinding(i, &err)
		if !manyTags(p.Student.Interests) { // else Check waits for the vocabulary
			p.Student.Check(nil, report)
		}
		if _, again := named[p.Student.ID]; again {
			report("student", "occurs twice in the batch")
		}
		if err != nil {
			return nil, err
		}
		ids[i] = p.Student.ID
		named[p.Student.ID] = struct{}{}
	}
	return ids, nil
}

func (d *districtTx) putStudents(puts []store.StudentPut, contents [][]any, now time.Time) ([]store.Revision, error) {
	revisions := make([]store.Revision, len(puts))
	var vocabulary *matcher.Vocabulary
	for i, p := range puts {
		if manyTags(p.Student.Interests) {
			var err error
			if vocabulary == nil {
				if vocabulary, err = d.readVocabulary(); err != nil {
					return nil, err
				}
			}
			p.Student.Check(vocabulary, firstFinding(i, &err))
			if err != nil {
				return nil, err
			}
		}
		if p.IfRevision != 0 {
			revision, err := d.studentRevision(p.Student.ID)
			if err != nil {
				return nil, err
			}
			if revision == nil || *revision != p.IfRevision {
				return nil, conflict(i)
			}
		}
		d.sequence++
		d.touch(p.Student.ID)
		revisions[i] = store.Revision(d.sequence)
		if _, err := d.exec(
			`INSERT INTO students (district, id, `+studentContents+`, revision, written)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (district, id) DO UPDATE SET grade = excluded.grade, school = excluded.school,
				region = excluded.region, age = excluded.age, slots = excluded.slots,
				credentials = excluded.credentials, latitude = excluded.latitude, longitude = excluded.longitude,
				max_km = excluded.max_km, groups = excluded.groups, interests = excluded.interests,
				revision = excluded.revision, written = excluded.written`,
			row(d.key, p.Student.ID, contents[i], int64(d.sequence), putTime(now))...); err != nil {
			return nil, err
		}
	}
	return revisions, nil
}

// studentRevision returns nil where there is no such student.
func (d *districtTx) studentRevision(id string) (*store.Revision, error) {
	return optional(one(d.ctx, d, func(v *values) store.Revision { return store.Revision(v.uint64()) },
		`SELECT revision FROM students WHERE district = ? AND id = ?`, d.key, id))
}

// DeleteStudent implements store.Students.
func (s *Store) DeleteStudent(
	ctx context.Context, district string, req store.Request, id string, ifRevision store.Revision,
) (store.Receipt, error) {
	var failed []int64
	receipt, err := s.write(ctx, &change{
		district: district, request: req,
		apply: func(d *districtTx) (_ []store.Revision, err error) {
			failed, err = d.erase(id, ifRevision, req.Now)
			return []store.Revision{0}, err
		},
	})
	if err != nil || receipt.Replayed {
		return receipt, err
	}
	// The erasure is on disk. What is left of the runs that failed by it has no
	// ids, but is about the student too; the remover goes on where this ends.
	for _, run := range failed {
		if s.removeLeftover(ctx, run) != nil {
			s.remover.begin()
		}
	}
	return receipt, nil
}

// erase removes a student from every table. What was written over is zeroed by
// SQLite (secure_delete), and the writer empties the log after the commit. It
// returns the runs that have failed by it.
func (d *districtTx) erase(id string, ifRevision store.Revision, now time.Time) (failed []int64, err error) {
	revision, err := d.studentRevision(id)
	if err != nil {
		return nil, err
	}
	if revision == nil {
		return nil, fmt.Errorf("student %w", store.ErrNotFound)
	}
	if ifRevision != 0 && ifRevision != *revision {
		return nil, store.ErrConflict
	}
	entries, err := collect(d.ctx, d, decodeEntry,
		`SELECT `+entryColumns+` FROM ledger INDEXED BY ledger_student WHERE district = ? AND student = ? ORDER BY id`, d.key, id)
	if err != nil {
		return nil, err
	}
	for i := range entries {
		if err := d.free(&entries[i]); err != nil {
			return nil, err
		}
	}
	for _, table := range rowTables {
		if !slices.Contains(table.key, "student") {
			continue
		}
		if _, err := d.exec(`DELETE FROM `+table.name+` WHERE district = ? AND student = ?`, d.key, id); err != nil {
			return nil, err
		}
	}
	if failed, err = d.eraseFromRuns(id, now); err != nil {
		return nil, err
	}
	if err := d.eraseAnswers(id); err != nil {
		return nil, err
	}
	if _, err := d.exec(`DELETE FROM students WHERE district = ? AND id = ?`, d.key, id); err != nil {
		return nil, err
	}
	d.sequence++
	d.touch(id)
	d.erased = true
	return failed, nil
}

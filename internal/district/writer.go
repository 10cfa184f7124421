package district

import (
	"cmp"
	"errors"
	"fmt"
	"io"

	"github.com/kindred-match/kindred/internal/staging"
	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/matcher/place"
)

// ErrNotEmpty is the error of writing to a folder that holds something.
var ErrNotEmpty = staging.ErrNotEmpty

// Format is the format of a folder's files.
type Format uint8

// The formats. What a list's item with a semicolon can't be in, CSV, it can be
// in JSONL; otherwise they hold the same.
const (
	CSV Format = iota
	JSONL
)

// Write writes the folder as CSV files: opportunities and students, and of the
// others those that have rows. Reading them gives the same folder, provided
// that it keeps the rules. The folder dir appears complete or not at all;
// ErrNotEmpty if it is there and holds something.
func Write(dir string, f *Folder) error { return WriteFormat(dir, f, CSV) }

// WriteFormat is Write in a given format.
func WriteFormat(dir string, f *Folder, format Format) error {
	w, err := Create(dir, format)
	if err != nil {
		return err
	}
	if err := w.folder(f); err != nil {
		return errors.Join(err, w.Abort())
	}
	return w.Close()
}

// Writer writes a folder row by row, in any order of files. Its memory does
// not grow with the rows. The first error stays and is Close's too.
type Writer struct {
	format Format
	create func(name string) (io.WriteCloser, error)
	files  [len(tables)]*tableWriter
	err    error

	staged *staging.Folder
}

// Create starts a folder. It is written aside and appears as dir when the
// writer is closed. ErrNotEmpty if dir is there and holds something.
func Create(dir string, format Format) (*Writer, error) {
	staged, err := staging.Create(dir)
	if err != nil {
		return nil, err
	}
	w := newWriter(format, staged.File)
	w.staged = staged
	return w, nil
}

func newWriter(format Format, create func(name string) (io.WriteCloser, error)) *Writer {
	return &Writer{format: format, create: create}
}

// Tag writes a row of tags.
func (w *Writer) Tag(t *matcher.Tag) error { return write(w, Tags, encodeTag, t) }

// Partner writes a row of partners.
func (w *Writer) Partner(p *matcher.Partner) error { return write(w, Partners, encodePartner, p) }

// Opportunity writes a row of opportunities.
func (w *Writer) Opportunity(o *matcher.Opportunity) error {
	return write(w, Opportunities, encodeOpportunity, o)
}

// Student writes a row of students.
func (w *Writer) Student(s *matcher.Student) error { return write(w, Students, encodeStudent, s) }

// Preference writes a row of preferences.
func (w *Writer) Preference(p place.Preference) error {
	return write(w, Preferences, encodePreference, p)
}

// Score writes a row of scores.
func (w *Writer) Score(s place.Score) error { return write(w, Scores, encodeScore, s) }

// Priority writes a row of priorities.
func (w *Writer) Priority(p place.Priority) error { return write(w, Priorities, encodePriority, p) }

// Lock writes a row of locks.
func (w *Writer) Lock(l place.Lock) error { return write(w, Locks, encodeLock, l) }

// Reserve writes a row of reserves.
func (w *Writer) Reserve(r place.Reserve) error { return write(w, Reserves, encodeReserve, r) }

// Standing writes a row of placements.
func (w *Writer) Standing(s place.Standing) error { return write(w, Placements, encodeStanding, s) }

func write[T any](w *Writer, f File, encode func(*row, T), v T) error {
	if w.err != nil {
		return w.err
	}
	t, err := w.table(f)
	if err == nil {
		t.row.reset(t.row.line + 1)
		encode(t.row, v)
		err = t.write()
	}
	if err != nil {
		w.err = fmt.Errorf("write %s: %w", f, err)
	}
	return w.err
}

// table returns the file's writer; the first call creates the file.
func (w *Writer) table(f File) (*tableWriter, error) {
	t := tableOf(f)
	i := t.order()
	if w.files[i] == nil {
		ending := formatCSV
		if w.format == JSONL {
			ending = formatJSONL
		}
		to, err := w.create(string(f) + ending)
		if err != nil {
			return nil, err
		}
		w.files[i] = newTableWriter(t, w.format, to)
	}
	return w.files[i], nil
}

func (w *Writer) folder(f *Folder) error {
	rows := &f.Rows
	return cmp.Or(
		eachPointer(f.Tags, w.Tag),
		eachPointer(f.Partners, w.Partner),
		eachPointer(f.Opportunities, w.Opportunity),
		eachPointer(f.Students, w.Student),
		each(rows.Preferences, w.Preference),
		each(rows.Scores, w.Score),
		each(rows.Priorities, w.Priority),
		each(rows.Locks, w.Lock),
		each(rows.Reserves, w.Reserve),
		each(rows.Standing, w.Standing),
	)
}

func each[T any](rows []T, write func(T) error) error {
	for _, r := range rows {
		if err := write(r); err != nil {
			return err
		}
	}
	return nil
}

func eachPointer[T any](rows []T, write func(*T) error) error {
	for i := range rows {
		if err := write(&rows[i]); err != nil {
			return err
		}
	}
	return nil
}

// Close completes the folder and makes it appear. After an error it leaves
// nothing.
func (w *Writer) Close() error {
	if err := w.complete(); err != nil {
		return errors.Join(err, w.staged.Discard())
	}
	return w.staged.Commit()
}

// Abort leaves nothing of the folder.
func (w *Writer) Abort() error {
	return errors.Join(w.closeFiles(), w.staged.Discard())
}

// complete makes the files that there must be and closes all.
func (w *Writer) complete() error {
	for _, f := range []File{Opportunities, Students} {
		if _, err := w.table(f); err != nil && w.err == nil {
			w.err = fmt.Errorf("write %s: %w", f, err)
		}
	}
	return cmp.Or(w.err, w.closeFiles())
}

func (w *Writer) closeFiles() error {
	var errs []error
	for i, f := range w.files {
		if f != nil {
			errs = append(errs, f.close())
			w.files[i] = nil
		}
	}
	return errors.Join(errs...)
}

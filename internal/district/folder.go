package district

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"syscall"

	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/store"
)

// Folder is what a district folder holds, all in the order of its rows.
type Folder struct {
	Tags          []matcher.Tag
	Partners      []matcher.Partner
	Opportunities []matcher.Opportunity
	Students      []matcher.Student
	Rows          store.Rows

	// Vocabulary is of the listed tags; those that were used without are not
	// in it.
	Vocabulary *matcher.Vocabulary
	Warnings   Warnings
	// Hashes are the SHA-256 of the files that were read, in hexadecimal
	// digits, by their name in the folder.
	Hashes map[string]string
}

// Options say what to read, and how.
type Options struct {
	// Students says that the folder must have students.
	Students bool
	// Strict makes a tag that is used but not listed an error.
	Strict bool
	// AsOf, unless 0, is the day on which students must be eligible where locks
	// place them.
	AsOf matcher.Date
	// Term, with AsOf, is the one that they must be of, unless it is empty.
	Term string
	// Only are the files to read, with those that they refer to; nil is all.
	Only []File
	// Progress, if given, is told how many bytes of a file have been read.
	Progress func(file string, done, total int64)
}

// Read reads the folder dir and checks all of it.
//
// The error is *Errors when the folder is none or its content is bad. It then
// has the first 50 findings of all files, their number, and the warnings. Any
// other error is a failure to read, or the context's.
func Read(ctx context.Context, dir string, opt Options) (*Folder, error) {
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return nil, noFolder(dir, "does not exist")
	case err != nil:
		return nil, err
	case !info.IsDir():
		return nil, noFolder(dir, "is not a folder")
	}
	return readFS(ctx, os.DirFS(dir), opt)
}

func noFolder(dir, rule string) error {
	return &Errors{Findings: []Finding{{File: dir, Line: 1, Column: columnFile, Rule: rule}}, Total: 1}
}

func readFS(ctx context.Context, fsys fs.FS, opt Options) (*Folder, error) {
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return nil, fmt.Errorf("list the folder: %w", err)
	}
	r := newReading(fsys, opt)
	for _, e := range entries {
		r.names[e.Name()] = struct{}{}
	}
	for i := range tables {
		if err := r.read(ctx, &tables[i]); err != nil {
			return nil, err
		}
	}
	r.reportStrangers(entries)
	warnings, err := r.found.result()
	if err != nil {
		return nil, err
	}
	r.folder.Warnings = warnings
	return r.folder, nil
}

// reading is the state of one Read.
type reading struct {
	fsys  fs.FS
	opt   Options
	names map[string]struct{} // in the folder
	found findings
	decoder
}

func newReading(fsys fs.FS, opt Options) *reading {
	r := &reading{
		fsys:  fsys,
		opt:   opt,
		names: make(map[string]struct{}),
	}
	r.decoder = decoder{
		folder:        &Folder{Hashes: make(map[string]string)},
		strict:        opt.Strict,
		asOf:          opt.AsOf,
		term:          opt.Term,
		texts:         make(map[string]string),
		tags:          tagNames{names: make(map[string]string), whole: true},
		partners:      newIndex(Partners),
		opportunities: newIndex(Opportunities),
		students:      newIndex(Students),
		groupNumbers:  make(map[matcher.Group]int32),
	}
	return r
}

// read reads one file, if it is wanted and there.
func (r *reading) read(ctx context.Context, t *table) error {
	rep := reporter{to: &r.found, table: t, name: string(t.file) + formatCSV}
	name := r.find(t, rep)
	if name == "" {
		r.finish(t, !r.reportMissing(t, rep), rep)
		return nil
	}
	rep.name = name
	whole, err := r.readFile(ctx, name, t, rep)
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	r.finish(t, whole, rep)
	return nil
}

const (
	formatCSV   = ".csv"
	formatJSONL = ".jsonl"
)

// find returns the file's name in the folder, or nothing if it isn't there or
// not wanted.
func (r *reading) find(t *table, rep reporter) string {
	if !r.wanted(t) {
		return ""
	}
	_, asCSV := r.names[string(t.file)+formatCSV]
	_, asJSONL := r.names[string(t.file)+formatJSONL]
	switch {
	case asCSV && asJSONL:
		rep.error(1, columnFile, fmt.Sprintf("%s%s is there too; keep one of them", t.file, formatJSONL))
		return string(t.file) + formatCSV
	case asCSV:
		return string(t.file) + formatCSV
	case asJSONL:
		return string(t.file) + formatJSONL
	default:
		return ""
	}
}

// wanted reports whether the options ask for the file, or for one that refers
// to it.
func (r *reading) wanted(t *table) bool {
	if r.opt.Only == nil {
		return true
	}
	return slices.ContainsFunc(r.opt.Only, func(f File) bool {
		if f == t.file {
			return true
		}
		u := tableOf(f)
		switch t.file {
		case Tags:
			return true
		case Partners:
			return u != nil && (u.opportunities || f == Opportunities)
		case Opportunities:
			return u != nil && u.opportunities
		case Students:
			return u != nil && u.students
		default:
			return false
		}
	})
}

// reportMissing reports a file that is wanted and required but not there.
func (r *reading) reportMissing(t *table, rep reporter) bool {
	switch {
	case !r.wanted(t):
		return false
	case t.file == Opportunities:
		rep.error(1, columnFile, "is required, and the folder has neither it nor opportunities.jsonl")
		return true
	case t.file != Students:
		return false
	case r.opt.Students:
		rep.error(1, columnFile, "is required, and the folder has neither it nor students.jsonl")
		return true
	}
	for i := range tables {
		if u := &tables[i]; u.students && r.find(u, reporter{to: new(findings), table: u}) != "" {
			rep.error(1, columnFile, "is required, as "+string(u.file)+" refers to it; the folder has neither it nor students.jsonl")
			return true
		}
	}
	return false
}

// readFile reads the rows of a file. It returns false when the file has none
// that it could read.
func (r *reading) readFile(ctx context.Context, name string, t *table, rep reporter) (bool, error) {
	info, err := fs.Stat(r.fsys, name)
	switch {
	case errors.Is(err, fs.ErrNotExist) || err == nil && !info.Mode().IsRegular():
		rep.error(1, columnFile, "must be a file")
		return false, nil
	case err != nil:
		return false, err
	}
	src, err := openSource(ctx, r.fsys, name, info.Size(), r.opt.Progress)
	if err != nil {
		return false, err
	}
	defer src.close()
	from, ok := utf8Reader(src)
	if !ok {
		rep.error(1, columnFile, "must be UTF-8; it is UTF-16")
		return false, nil
	}
	rows := csvRows
	if strings.HasSuffix(name, formatJSONL) {
		rows = jsonlRows
	}
	whole := rows(from, rep, func(row *row) { r.decode(t, row, rep) })
	if err := src.failure(); err != nil {
		return false, err
	}
	r.folder.Hashes[name] = src.sum()
	return whole, nil
}

// finish does what can be done once all rows of a file are there, and notes
// whether they are, so that what refers to them can be checked.
func (r *reading) finish(t *table, whole bool, rep reporter) {
	switch t.file {
	case Tags:
		r.tags.whole = r.tags.whole && whole
		r.listTags(rep)
	case Partners:
		r.partners.whole = r.partners.whole && whole
	case Opportunities:
		r.opportunities.whole = r.opportunities.whole && whole
	case Students:
		r.students.whole = r.students.whole && whole
	default:
		r.checkPairs(t, rep)
	}
}

// reportStrangers warns of files that look like the folder's but aren't.
func (r *reading) reportStrangers(entries []fs.DirEntry) {
	for _, e := range entries {
		name := e.Name()
		ext := path.Ext(name)
		if e.IsDir() || !strings.EqualFold(ext, formatCSV) && !strings.EqualFold(ext, formatJSONL) {
			continue
		}
		if ext == strings.ToLower(ext) && tableOf(File(strings.TrimSuffix(name, ext))) != nil {
			continue
		}
		reporter{to: &r.found, name: name}.warn(1, columnFile, "is no file of a district folder and is ignored")
	}
}

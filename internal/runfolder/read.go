package runfolder

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/matcher/place"
)

// Folder is a run folder as it was read.
type Folder struct {
	Summary     Summary
	Certificate place.Certificate
	Placed      []Placed
	Unplaced    []Unplaced
}

// Error is a file of a run folder that isn't as place writes it. It has none of
// its values.
type Error struct {
	File   string
	Line   int    // 0: the file as a whole
	Column string // empty: the row as a whole
	Rule   string
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Line > 0 {
		fmt.Fprintf(&b, ":%d", e.Line)
	}
	if e.Column != "" {
		b.WriteString(": " + e.Column)
	}
	return b.String() + ": " + e.Rule
}

// Is says whether a folder is a run: it has a run.json.
func Is(dir string) bool {
	info, err := os.Stat(filepath.Join(dir, SummaryFile))
	return err == nil && info.Mode().IsRegular()
}

// Read reads what a run folder holds, its pages apart. An *Error says what is
// wrong with a file; any other is a failure to read.
func Read(dir string) (*Folder, error) { return ReadFS(os.DirFS(dir)) }

// ReadFS is Read of the root of fsys.
func ReadFS(fsys fs.FS) (*Folder, error) {
	f := new(Folder)
	if err := readJSON(fsys, SummaryFile, &f.Summary); err != nil {
		return nil, err
	}
	if err := readJSON(fsys, CertificateFile, &f.Certificate); err != nil {
		return nil, err
	}
	err := readTable(fsys, PlacementsFile, placementsHeader, func(cells []string, wrong func(column int, rule string)) {
		f.Placed = append(f.Placed, placedOf(cells, wrong))
	})
	if err != nil {
		return nil, err
	}
	err = readTable(fsys, UnplacedFile, unplacedHeader, func(cells []string, wrong func(column int, rule string)) {
		if !slices.Contains(unplacedReasons, place.Reason(cells[1])) {
			wrong(1, "must be a reason for having no placement")
		}
		f.Unplaced = append(f.Unplaced, Unplaced{cells[0], place.Reason(cells[1])})
	})
	if err != nil {
		return nil, err
	}
	return f, f.checkStudents()
}

// ReadProbabilities reads probabilities.csv of a run folder. Its errors are
// those of Read.
func ReadProbabilities(fsys fs.FS) ([]Probability, error) {
	var rows []Probability
	err := readTable(fsys, ProbabilitiesFile, probabilitiesHeader, func(cells []string, wrong func(column int, rule string)) {
		row := Probability{Student: cells[0], Opportunity: cells[1]}
		if !matcher.ValidID(row.Opportunity) {
			wrong(1, "must be an id")
		}
		share, ok := decimals(cells[2], 4)
		if !ok || share > 1e4 {
			wrong(2, "must be a share of at most 1 with 4 decimals")
		}
		row.Share = Share(min(share, 1e4))
		rows = append(rows, row)
	})
	return rows, err
}

// decimals reads a decimal that has so many of them, as an integer without the
// point.
func decimals(text string, n int) (value int64, ok bool) {
	whole, fraction, found := strings.Cut(text, ".")
	read, err := strconv.ParseUint(whole+fraction, 10, 62)
	return int64(read), err == nil && found && len(fraction) == n && whole != ""
}

var unplacedReasons = []place.Reason{place.NoCandidates, place.AllIneligible, place.Outcompeted, place.Tradeoff}

func placedOf(cells []string, wrong func(column int, rule string)) Placed {
	row := Placed{Student: cells[0], Opportunity: cells[1]}
	if !matcher.ValidID(row.Opportunity) {
		wrong(1, "must be an id")
	}
	if cells[2] != "" {
		n, err := strconv.ParseInt(cells[2], 10, 32)
		if err != nil || n < 1 {
			wrong(2, "must be an integer from 1, or empty")
		}
		row.Rank = int32(n)
	}
	score, ok := decimals(cells[3], 6)
	if !ok {
		wrong(3, "must be a score with 6 decimals")
	}
	row.Score = Micro(score)
	return row
}

// checkStudents holds that the rows of both files are by student, and that
// nobody is in both.
func (f *Folder) checkStudents() error {
	const rule = "rows must be by student, each student once"
	for i := 1; i < len(f.Placed); i++ {
		if f.Placed[i-1].Student >= f.Placed[i].Student {
			return &Error{File: PlacementsFile, Rule: rule}
		}
	}
	at := 0
	for i, u := range f.Unplaced {
		if i > 0 && f.Unplaced[i-1].Student >= u.Student {
			return &Error{File: UnplacedFile, Rule: rule}
		}
		for at < len(f.Placed) && f.Placed[at].Student < u.Student {
			at++
		}
		if at < len(f.Placed) && f.Placed[at].Student == u.Student {
			return &Error{File: UnplacedFile, Rule: "has a student whom placements.csv has too"}
		}
	}
	return nil
}

func open(fsys fs.FS, name string) (fs.File, error) {
	file, err := fsys.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &Error{File: name, Rule: "is missing: a run folder has it"}
	}
	return file, err
}

func readJSON(fsys fs.FS, name string, to any) error {
	file, err := open(fsys, name)
	if err != nil {
		return err
	}
	defer file.Close()
	content, err := io.ReadAll(file)
	if err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(content))
	d.DisallowUnknownFields()
	if err := d.Decode(to); err != nil {
		return &Error{File: name, Rule: "must be as 'kindred place' of this version writes it"}
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return &Error{File: name, Rule: "must be one JSON object"}
	}
	return nil
}

func readTable(fsys fs.FS, name string, header []string, row func(cells []string, wrong func(column int, rule string))) error {
	file, err := open(fsys, name)
	if err != nil {
		return err
	}
	defer file.Close()
	r := csv.NewReader(file)
	r.FieldsPerRecord = len(header)
	var found error
	for first := true; found == nil; first = false {
		cells, err := r.Read()
		var syntax *csv.ParseError
		switch {
		case errors.Is(err, io.EOF) && first, err == nil && first && !slices.Equal(cells, header):
			return &Error{File: name, Line: 1, Rule: "the header must be " + strings.Join(header, ",")}
		case errors.Is(err, io.EOF):
			return nil
		case errors.As(err, &syntax):
			return &Error{File: name, Line: syntax.Line, Rule: "must be a row of CSV with " + strconv.Itoa(len(header)) + " cells"}
		case err != nil:
			return err
		case first:
			continue
		}
		wrong := func(column int, rule string) {
			if found == nil {
				line, _ := r.FieldPos(column)
				found = &Error{File: name, Line: line, Column: header[column], Rule: rule}
			}
		}
		if !matcher.ValidID(cells[0]) {
			wrong(0, "must be an id")
		}
		row(cells, wrong)
	}
	return found
}

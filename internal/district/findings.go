package district

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// MaxFindings is how many findings are kept; the rest is counted.
const MaxFindings = 50

// The columns that findings name where none of the file's own fits.
const (
	columnFile   = "file"   // the file as a whole
	columnHeader = "header" // the header row as a whole
	columnRow    = "row"    // the row as a whole
)

// Finding is one thing that is wrong with a folder, or worth a warning.
type Finding struct {
	File   string // as it is called in the folder
	Line   int    // of the start of the row, from 1
	Column string // or "file", "header", "row" where it concerns all of it
	Rule   string // what must hold; never a value of a file about students
}

// String returns FILE:LINE: COLUMN: the rule.
func (f Finding) String() string {
	return fmt.Sprintf("%s:%d: %s: %s", f.File, f.Line, f.Column, f.Rule)
}

// Errors is bad input: the findings of a whole folder.
type Errors struct {
	Findings []Finding // the first 50 by file, line and column
	Total    int       // how many there were
	Warnings Warnings
}

// Error returns a line for each finding that is kept, and how many more there
// were.
func (e *Errors) Error() string {
	var b strings.Builder
	for i, f := range e.Findings {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(f.String())
	}
	if more := e.Total - len(e.Findings); more > 0 {
		fmt.Fprintf(&b, "\nand %d more", more)
	}
	return b.String()
}

// Warnings are findings that don't stand in the way.
type Warnings struct {
	Findings []Finding // the first 50 by file, line and column
	Total    int       // how many there were
}

// placed is a finding with its place in the order of findings.
type placed struct {
	Finding
	file, column int
}

func (a placed) compare(b placed) int {
	return cmp.Or(
		cmp.Compare(a.file, b.file),
		cmp.Compare(a.File, b.File),
		cmp.Compare(a.Line, b.Line),
		cmp.Compare(a.column, b.column),
		cmp.Compare(a.Column, b.Column),
		cmp.Compare(a.Rule, b.Rule),
	)
}

// first keeps the first findings of any number in bounded memory: checks that
// concern several rows report after those of each row.
type first struct {
	kept  []placed
	total int
}

func (s *first) add(p placed) {
	s.total++
	if len(s.kept) == MaxFindings {
		if p.compare(s.kept[MaxFindings-1]) >= 0 {
			return
		}
		s.kept = s.kept[:MaxFindings-1]
	}
	i, _ := slices.BinarySearchFunc(s.kept, p, placed.compare)
	s.kept = slices.Insert(s.kept, i, p)
}

func (s *first) findings() []Finding {
	var fs []Finding
	for _, p := range s.kept {
		fs = append(fs, p.Finding)
	}
	return fs
}

// findings collects what is found in a folder.
type findings struct {
	errors, warnings first
}

func (f *findings) result() (Warnings, error) {
	w := Warnings{Findings: f.warnings.findings(), Total: f.warnings.total}
	if f.errors.total == 0 {
		return w, nil
	}
	return w, &Errors{Findings: f.errors.findings(), Total: f.errors.total, Warnings: w}
}

// reporter reports what is found in one file.
type reporter struct {
	to    *findings
	table *table
	name  string // of the file in the folder
}

func (r reporter) error(line int, column, rule string) {
	r.to.errors.add(r.place(line, column, rule))
}

func (r reporter) warn(line int, column, rule string) {
	r.to.warnings.add(r.place(line, column, rule))
}

func (r reporter) place(line int, column, rule string) placed {
	return placed{
		Finding: Finding{File: r.name, Line: line, Column: column, Rule: rule},
		file:    r.table.order(),
		column:  r.table.columnOrder(column),
	}
}

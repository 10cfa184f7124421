package district

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/kindred-match/kindred/matcher"
)

// csvRows hands the rows of a CSV file to yield and reports what is wrong with
// their form. It returns false when the file has no usable header. Failures
// to read are the source's to tell.
func csvRows(from *bufio.Reader, rep reporter, yield func(*row)) bool {
	bare := newCarriages(from)
	in := csv.NewReader(bare)
	in.ReuseRecord = true
	in.FieldsPerRecord = -1 // reported here, with the rule
	in.TrimLeadingSpace = true

	names, err := in.Read()
	line := 1
	if bad := (*csv.ParseError)(nil); errors.As(err, &bad) {
		rep.error(bad.StartLine, columnHeader, csvRule(err))
		return false
	}
	if len(names) > 0 {
		line, _ = in.FieldPos(0)
		if last, _ := in.FieldPos(len(names) - 1); bare.between(line, last) {
			rep.error(line, columnHeader, ruleCarriage)
			return false
		}
	}
	h, ok := readHeader(names, line, rep)
	if !ok {
		return false
	}
	r := newRow(rep.table)
	for {
		cells, err := in.Read()
		if bad := (*csv.ParseError)(nil); errors.As(err, &bad) {
			r.reset(bad.StartLine)
			rep.error(r.line, columnRow, csvRule(err))
			r.broken = true
		} else if err != nil {
			return true // the end, or a failure that the source tells
		} else {
			line, _ := in.FieldPos(0)
			r.reset(line)
			if last, _ := in.FieldPos(len(cells) - 1); bare.between(line, last) {
				rep.error(line, columnRow, ruleCarriage)
				r.broken = true
			} else if len(cells) == 1 && cells[0] == "" && len(h.columns) > 1 {
				continue // a line of spaces, which may be a row where there is one column
			}
		}
		h.fill(r, cells, rep)
		yield(r)
	}
}

func csvRule(err error) string {
	switch {
	case errors.Is(err, csv.ErrBareQuote):
		return `a cell with a quote must be quoted as a whole, the quotes in it doubled`
	case errors.Is(err, csv.ErrQuote):
		return `a quoted cell must end in a quote before a comma or the end of the line, the quotes in it doubled`
	default:
		return "must be a row of CSV (RFC 4180)"
	}
}

// header says which column of the table each cell of a row belongs to.
type header struct {
	line    int
	columns []int    // by cell, -1 for a column that the table doesn't have
	names   []string // by cell, as they may be shown
}

// readHeader reports columns that are missing, there twice, or none of the
// table's. It returns false when required ones are missing. The names are then
// not shown, as the row may be no header at all but the first row of data; nor are
// those in a file about students that are no names we know, as they may be data that
// stands in the header's line.
func readHeader(cells []string, line int, rep reporter) (header, bool) {
	h := header{line: line, columns: make([]int, len(cells)), names: make([]string, len(cells))}
	at := make(map[string]int, len(cells))
	for i, cell := range cells {
		name := strings.TrimSpace(cell)
		h.columns[i] = -1
		h.names[i] = name
		if !matcher.ValidID(name) || rep.table.personal && !rep.table.knows(name) {
			h.names[i] = fmt.Sprintf("column %d", i+1)
		}
		if _, twice := at[name]; !twice {
			at[name] = i
			h.columns[i] = rep.table.index(name)
		}
	}
	ok := true
	for _, c := range rep.table.columns {
		if _, there := at[c.name]; c.required && !there {
			rep.error(line, c.name, "is a required column, and the header row lacks it")
			ok = false
		}
	}
	if !ok {
		return h, false
	}
	for i, cell := range cells {
		h.reportName(i, strings.TrimSpace(cell), at, rep)
	}
	return h, true
}

func (h *header) reportName(i int, name string, at map[string]int, rep reporter) {
	word, personal := identifies(name)
	switch {
	case !utf8.ValidString(name):
		rep.error(h.line, h.names[i], ruleUTF8)
	case name == "":
		rep.warn(h.line, h.names[i], "has no name and is ignored")
	case at[name] != i:
		rep.error(h.line, h.names[i], ruleTwice)
	case h.columns[i] >= 0:
	case rep.table.personal && personal:
		rep.error(h.line, h.names[i], rulePersonal(word))
	default:
		rep.warn(h.line, h.names[i], ruleUnknown(rep.table, name))
	}
}

// fill takes the cells over into the row.
func (h *header) fill(r *row, cells []string, rep reporter) {
	if len(cells) != len(h.columns) && !r.broken {
		rep.error(r.line, columnRow, fmt.Sprintf("must have %d cells as the header row has, separated by commas", len(h.columns)))
		r.broken = true
	}
	for i, cell := range cells {
		if i >= len(h.columns) {
			break
		}
		if !utf8.ValidString(cell) {
			rep.error(r.line, h.names[i], ruleUTF8)
			r.broken = true
			continue
		}
		if c := h.columns[i]; c >= 0 {
			r.put(c, rep.table.columns[c].kind, cell)
		}
	}
	if r.broken {
		r.breakOff()
	}
}

// put takes over the cell of a column.
func (r *row) put(column int, k kind, cell string) {
	if k != list && k != tags {
		r.text[column] = clean(cell)
		return
	}
	for cell != "" {
		var one string
		one, cell, _ = strings.Cut(cell, ";")
		if k == tags {
			if name, w, weighted := strings.Cut(one, "="); weighted {
				r.items[column] = append(r.items[column], item{strings.TrimSpace(name), strings.TrimSpace(w)})
				continue
			}
		}
		r.add(column, strings.TrimSpace(one))
	}
}

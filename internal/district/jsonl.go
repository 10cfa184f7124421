package district

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/kindred-match/kindred/matcher"
)

// maxLineBytes bounds a line of JSONL, and so the memory that it takes.
const maxLineBytes = 16 << 20

// jsonlRows hands the rows of a JSONL file to yield and reports what is wrong
// with their form. It returns false when the file can't be read on.
func jsonlRows(from *bufio.Reader, rep reporter, yield func(*row)) bool {
	in := bufio.NewScanner(from)
	in.Buffer(make([]byte, 0, 64<<10), maxLineBytes)
	j := jsonlRow{row: newRow(rep.table), rep: rep, warned: make(map[string]struct{})}
	line := 0
	for in.Scan() {
		line++
		b := in.Bytes()
		j.row.reset(line)
		switch {
		case !utf8.Valid(b):
			j.broken(columnRow, ruleUTF8)
		case len(bytes.TrimSpace(b)) == 0:
			continue
		case !json.Valid(b):
			j.broken(columnRow, "must be one JSON object on one line")
		default:
			j.object(string(b))
		}
		if j.row.broken {
			j.row.breakOff()
		}
		yield(j.row)
	}
	if errors.Is(in.Err(), bufio.ErrTooLong) {
		rep.error(line+1, columnRow, "must be at most 16 MiB long; the rest of the file was not read")
		return false
	}
	return true
}

// jsonlRow reads one object into a row.
type jsonlRow struct {
	row     *row
	rep     reporter
	seen    uint64              // columns, a bit each
	others  map[string]struct{} // fields that are no columns
	names   map[string]struct{} // of the tags of a field
	warned  map[string]struct{}
	scanner jsonScanner
}

func (j *jsonlRow) broken(column, rule string) {
	j.rep.error(j.row.line, column, rule)
	j.row.broken = true
}

// object reads a line that is valid JSON.
func (j *jsonlRow) object(line string) {
	s := &j.scanner
	*s = jsonScanner{in: line}
	if s.peek() != '{' {
		j.broken(columnRow, "must be one JSON object on one line")
		return
	}
	j.seen = 0
	clear(j.others)
	for s.enter(); s.more('}'); {
		name := s.name()
		c := j.rep.table.index(name)
		switch {
		case c < 0:
			j.other(name)
			s.skip()
			continue
		case j.seen&(1<<c) != 0:
			j.broken(j.rep.table.columns[c].name, ruleTwice)
			s.skip()
			continue
		}
		j.seen |= 1 << c
		j.field(c)
	}
}

// other reports a field that is no column. In a file about students its name
// isn't shown, as it may be data.
func (j *jsonlRow) other(name string) {
	if _, twice := j.others[name]; twice {
		j.broken(columnRow, "a field is there twice")
		return
	}
	if j.others == nil {
		j.others = make(map[string]struct{})
	}
	j.others[strings.Clone(name)] = struct{}{}

	t := j.rep.table
	word, personal := identifies(name)
	switch {
	case t.personal && personal:
		j.once(word, func() { j.rep.error(j.row.line, word, rulePersonal(word)) })
	case t.personal:
		j.once("", func() {
			j.rep.warn(j.row.line, columnRow, "has fields that are none of "+t.names()+"; they are ignored")
		})
	default:
		j.once(name, func() { j.rep.warn(j.row.line, shownName(name), ruleUnknown(t, name)) })
	}
}

// once reports the same for a file once only. It gives up on a file where
// every row has fields of its own.
func (j *jsonlRow) once(what string, report func()) {
	if _, done := j.warned[what]; done || len(j.warned) > 20*MaxFindings {
		return
	}
	j.warned[strings.Clone(what)] = struct{}{}
	report()
}

func shownName(name string) string {
	if matcher.ValidID(name) {
		return name
	}
	return columnRow
}

// field reads the value of a column. One that is no number, or neither true nor
// false, breaks the column's own rule.
func (j *jsonlRow) field(c int) {
	s := &j.scanner
	col := j.rep.table.columns[c]
	first := s.peek()
	start := s.at
	ok, rule := true, ""
	switch {
	case first == 'n': // null: not said
	case col.kind == text:
		ok, rule = j.scalar(c, first == '"' || isInteger(s.literal())), ruleString
	case col.kind == number || col.kind == flag:
		if !j.scalar(c, first != '{' && first != '[') {
			j.row.text[c] = "?"
		}
	case col.kind == list:
		ok, rule = first == '[' && j.array(c), ruleArray
	case col.kind == tags:
		ok, rule = first == '{' && j.weights(c) || first == '[' && j.array(c), ruleWeights
	}
	if s.at == start {
		s.skip()
	}
	if !ok {
		j.rep.error(j.row.line, col.name, rule)
		j.row.broken = j.row.broken || col.required
	}
}

// scalar takes a string or a literal over as it is written. Strings and
// numbers may stand for each other where that is plain.
func (j *jsonlRow) scalar(c int, fits bool) bool {
	if fits {
		j.row.text[c] = clean(j.scanner.scalar())
	}
	return fits
}

// array reads a list. It reads on to its end whatever is in it.
func (j *jsonlRow) array(c int) bool {
	s := &j.scanner
	ok := true
	for s.enter(); s.more(']'); {
		if s.peek() != '"' && !isInteger(s.literal()) {
			ok = false
			s.skip()
			continue
		}
		j.row.add(c, clean(s.scalar()))
	}
	return ok
}

// weights reads an object of tags and weights.
func (j *jsonlRow) weights(c int) bool {
	s := &j.scanner
	ok := true
	clear(j.names)
	if j.names == nil {
		j.names = make(map[string]struct{})
	}
	for s.enter(); s.more('}'); {
		name := clean(s.name())
		if _, twice := j.names[name]; twice {
			ok = false
		}
		j.names[name] = struct{}{}
		if first := s.peek(); first != '"' && first != '-' && !isDigit(first) {
			ok = false
			s.skip()
			continue
		}
		j.row.items[c] = append(j.row.items[c], item{name, clean(s.scalar())})
	}
	return ok
}

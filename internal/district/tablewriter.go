package district

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// tableWriter writes the rows of one file.
type tableWriter struct {
	table  *table
	row    *row
	format Format
	to     io.Closer
	out    *bufio.Writer
	csv    *csv.Writer
	cells  []string     // of CSV
	line   bytes.Buffer // of JSONL
	json   *json.Encoder
}

func newTableWriter(t *table, f Format, to io.WriteCloser) *tableWriter {
	w := &tableWriter{table: t, row: newRow(t), format: f, to: to, out: bufio.NewWriterSize(to, bufferBytes)}
	if f == JSONL {
		w.json = json.NewEncoder(&w.line)
		w.json.SetEscapeHTML(false)
		return w
	}
	w.csv = csv.NewWriter(w.out)
	w.cells = make([]string, len(t.columns))
	for i, c := range t.columns {
		w.cells[i] = c.name
	}
	_ = w.csv.Write(w.cells) // its error stays and is that of the next flush
	return w
}

// write writes the row. A value that would read back as another one is an
// error, which doesn't show it.
func (w *tableWriter) write() error {
	for i, c := range w.table.columns {
		if why := w.unfit(i, c); why != "" {
			return fmt.Errorf("row %d: %s: %s", w.row.line, c.name, why)
		}
	}
	if w.format == JSONL {
		return w.writeJSON()
	}
	for i, c := range w.table.columns {
		w.cells[i] = w.row.text[i]
		if c.kind == list || c.kind == tags {
			w.cells[i] = joined(w.row.items[i])
		}
	}
	return w.csv.Write(w.cells)
}

func (w *tableWriter) unfit(i int, c column) string {
	s := w.row.text[i]
	switch {
	case c.required && s == "":
		return "is required"
	case clean(s) != s || !utf8.ValidString(s):
		return "must be UTF-8 without spaces around it, its lines ended by LF"
	}
	for _, it := range w.row.items[i] {
		switch {
		case it.name == "" || clean(it.name) != it.name || !utf8.ValidString(it.name):
			return "each item must be UTF-8 without spaces around it"
		case w.format == CSV && strings.Contains(it.name, ";"):
			return "an item with a semicolon can be written as JSONL only"
		case c.kind == tags && strings.Contains(it.name, "="):
			return "a tag can't have an equals sign"
		}
	}
	return ""
}

func joined(items []item) string {
	var b strings.Builder
	for i, it := range items {
		if i > 0 {
			b.WriteByte(';')
		}
		b.WriteString(it.name)
		if it.weight != "" {
			b.WriteByte('=')
			b.WriteString(it.weight)
		}
	}
	return b.String()
}

// writeJSON writes the row as an object of what is said.
func (w *tableWriter) writeJSON() error {
	w.line.Reset()
	for i, c := range w.table.columns {
		if w.row.text[i] == "" && len(w.row.items[i]) == 0 {
			continue
		}
		w.separate(w.line.Len() == 0, '{')
		w.quote(c.name)
		w.line.WriteByte(':')
		switch c.kind {
		case number, flag:
			w.line.WriteString(w.row.text[i])
		case list:
			w.writeArray(w.row.items[i])
		case tags:
			w.writeWeights(w.row.items[i])
		default:
			w.quote(w.row.text[i])
		}
	}
	w.line.WriteString("}\n")
	_, err := w.out.Write(w.line.Bytes())
	return err
}

func (w *tableWriter) writeArray(items []item) {
	for i, it := range items {
		w.separate(i == 0, '[')
		w.quote(it.name)
	}
	w.line.WriteByte(']')
}

func (w *tableWriter) writeWeights(items []item) {
	for i, it := range items {
		w.separate(i == 0, '{')
		w.quote(it.name)
		w.line.WriteByte(':')
		if it.weight == "" {
			it.weight = "1"
		}
		w.line.WriteString(it.weight)
	}
	w.line.WriteByte('}')
}

// separate opens an object or array before its first element, and puts a comma
// before the others.
func (w *tableWriter) separate(first bool, open byte) {
	if first {
		w.line.WriteByte(open)
	} else {
		w.line.WriteByte(',')
	}
}

// quote writes a string of JSON.
func (w *tableWriter) quote(s string) {
	_ = w.json.Encode(s) // a string into memory can't fail
	w.line.Truncate(w.line.Len() - 1)
}

func (w *tableWriter) close() error {
	if w.csv != nil {
		w.csv.Flush()
		if err := w.csv.Error(); err != nil {
			return errors.Join(err, w.to.Close())
		}
	}
	return errors.Join(w.out.Flush(), w.to.Close())
}

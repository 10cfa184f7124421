package district

import "strings"

// row is one row of a file, whatever its format. It is used again for the
// next one; its strings share memory and are copied when they are kept.
type row struct {
	line  int
	text  []string // by column: trimmed, empty where nothing is said
	items [][]item // by column, of lists and weighted tags
	// broken: the row can't be read in full, which has been reported. Only
	// its first column may be there, so that what refers to it isn't reported
	// too.
	broken bool
}

// item is an item of a list or, with its weight, of weighted tags.
type item struct {
	name, weight string
}

func newRow(t *table) *row {
	return &row{text: make([]string, len(t.columns)), items: make([][]item, len(t.columns))}
}

func (r *row) reset(line int) {
	r.line, r.broken = line, false
	clear(r.text)
	for i := range r.items {
		r.items[i] = r.items[i][:0]
	}
}

// breakOff keeps the first column only.
func (r *row) breakOff() {
	first := r.text[0]
	r.reset(r.line)
	r.text[0], r.broken = first, true
}

// add appends an item unless it is empty. A bare tag has the weight 1.
func (r *row) add(column int, name string) {
	if name != "" {
		r.items[column] = append(r.items[column], item{name, "1"})
	}
}

// clean trims a text and makes all its line ends LF: what CSV can't tell apart
// shall not differ in JSONL.
func clean(s string) string {
	s = strings.TrimSpace(s)
	if strings.IndexByte(s, '\r') >= 0 {
		s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	}
	return s
}

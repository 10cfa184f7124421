package district

import (
	"bytes"
	"io"
)

// carriages passes a CSV file on and notes the lines with a carriage return outside
// of quotes that no line feed follows. Such files come of old spreadsheets: all of
// them would be one header row.
type carriages struct {
	from   io.Reader
	line   int   // of what comes next
	lines  []int // that have one, in order, as far as they were passed on
	quoted bool
	last   bool // the byte before was a carriage return outside of quotes
}

func newCarriages(from io.Reader) *carriages { return &carriages{from: from, line: 1} }

func (c *carriages) Read(p []byte) (int, error) {
	n, err := c.from.Read(p)
	if bytes.IndexByte(p[:n], '\r') < 0 && !c.last {
		c.line += bytes.Count(p[:n], []byte{'\n'})
		c.quoted = c.quoted != (bytes.Count(p[:n], []byte{'"'})%2 == 1)
		return n, err
	}
	for _, b := range p[:n] {
		if c.last && b != '\n' {
			c.lines = append(c.lines, c.line)
		}
		switch b {
		case '\n':
			c.line++
		case '"':
			c.quoted = !c.quoted
		}
		c.last = b == '\r' && !c.quoted
	}
	return n, err
}

// between reports whether there is one in the lines from first to last. It is asked
// in the order of lines.
func (c *carriages) between(first, last int) bool {
	for len(c.lines) > 0 && c.lines[0] < first {
		c.lines = c.lines[1:]
	}
	return len(c.lines) > 0 && c.lines[0] <= last
}

package report

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
)

type csvWriter struct {
	w       *csv.Writer
	explain bool
	begun   bool
}

func newCSVWriter(w io.Writer, explain bool) *csvWriter {
	return &csvWriter{w: csv.NewWriter(w), explain: explain}
}

func (c *csvWriter) Write(r *Ranking) error {
	if err := c.begin(r.Opportunity != ""); err != nil {
		return err
	}
	for i := range r.Candidates {
		cand := &r.Candidates[i]
		row := []string{
			r.Student + cand.Student, r.Opportunity + cand.Opportunity,
			strconv.Itoa(cand.Rank), cand.Score.String(), strconv.FormatInt(int64(cand.Units), 10),
		}
		if r.Opportunity != "" {
			row[0], row[1] = row[1], row[0]
		}
		if c.explain {
			row = append(row, tagCell(cand.Tags))
		}
		if err := c.w.Write(row); err != nil {
			return err
		}
	}
	return nil
}

func (c *csvWriter) begin(reverse bool) error {
	if c.begun {
		return nil
	}
	c.begun = true
	header := []string{"student", "opportunity", "rank", "score", "units"}
	if reverse {
		header[0], header[1] = header[1], header[0]
	}
	if c.explain {
		header = append(header, "tags")
	}
	return c.w.Write(header)
}

func (c *csvWriter) Close() error {
	if err := c.begin(false); err != nil {
		return err
	}
	c.w.Flush()
	return c.w.Error()
}

// tagCell lists tag=units, as a district folder's lists are written.
func tagCell(parts []Part) string {
	cells := make([]string, len(parts))
	for i, p := range parts {
		cells[i] = fmt.Sprintf("%s=%d", p.Tag, int64(p.Units))
	}
	return strings.Join(cells, ";")
}

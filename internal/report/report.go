// Package report writes rankings and explanations as tables for people and as
// JSON, JSON lines and CSV for programs.
package report

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/kindred-match/kindred/matcher"
)

// Format is a form of output.
type Format string

// The formats.
const (
	Table Format = "table"
	JSON  Format = "json"
	JSONL Format = "jsonl"
	CSV   Format = "csv"
)

// Formats lists the formats that exist.
var Formats = []Format{Table, JSON, JSONL, CSV}

// ParseFormat reads a format's name.
func ParseFormat(s string) (Format, error) {
	if !slices.Contains(Formats, Format(s)) {
		return "", fmt.Errorf("output must be one of table, json, jsonl, csv")
	}
	return Format(s), nil
}

// Decimal is a score, written with at most 6 decimals.
type Decimal float64

// MarshalJSON writes the decimal without zeros at its end.
func (d Decimal) MarshalJSON() ([]byte, error) { return []byte(d.trimmed()), nil }

func (d Decimal) trimmed() string {
	return strings.TrimSuffix(strings.TrimRight(d.String(), "0"), ".")
}

func (d Decimal) String() string { return strconv.FormatFloat(matcher.Shown(float64(d)), 'f', 6, 64) }

// Units is an exact score, written as a string of digits.
type Units int64

// MarshalJSON writes a string, which no reader rounds.
func (u Units) MarshalJSON() ([]byte, error) {
	return []byte(`"` + strconv.FormatInt(int64(u), 10) + `"`), nil
}

// Part is one tag's part of a score.
type Part struct {
	Tag         string  `json:"tag"`
	Profile     float64 `json:"profile"`
	Opportunity float64 `json:"opportunity"`
	Importance  int64   `json:"importance"`
	Units       Units   `json:"units"`
}

// Parts converts the matcher's parts of a score.
func Parts(parts []matcher.Part) []Part {
	out := make([]Part, len(parts))
	for i, p := range parts {
		out[i] = Part{p.Tag, matcher.Float(p.Profile), matcher.Float(p.Opportunity), p.Importance, Units(p.Units)}
	}
	return out
}

// Candidate is a ranked opportunity or, in the reverse, a ranked student.
type Candidate struct {
	Opportunity string  `json:"opportunity,omitempty"`
	Student     string  `json:"student,omitempty"`
	Rank        int     `json:"rank"`
	Score       Decimal `json:"score"`
	Units       Units   `json:"units"`
	Tags        []Part  `json:"tags,omitempty"`
	// Note is shown to people beside the id: a title and a partner.
	Note string `json:"-"`
}

// Ranking is one student's candidates or, in the reverse, one opportunity's.
type Ranking struct {
	Student     string      `json:"student,omitempty"`
	Opportunity string      `json:"opportunity,omitempty"`
	Candidates  []Candidate `json:"candidates"`
}

// Writer writes rankings one after the other.
type Writer interface {
	Write(r *Ranking) error
	// Close writes what ends the output.
	Close() error
}

// NewWriter writes rankings to w. Explained rankings show their tags.
func NewWriter(w io.Writer, f Format, explain bool) Writer {
	switch f {
	case JSON:
		return &jsonWriter{w: w}
	case JSONL:
		return &jsonlWriter{w: w}
	case CSV:
		return newCSVWriter(w, explain)
	default:
		return &tableWriter{w: w, explain: explain}
	}
}

type jsonlWriter struct {
	w    io.Writer
	line []byte
}

func (j *jsonlWriter) Write(r *Ranking) error {
	var err error
	if j.line, err = AppendLine(j.line[:0], r); err != nil {
		return err
	}
	_, err = j.w.Write(j.line)
	return err
}

func (j *jsonlWriter) Close() error { return nil }

type jsonWriter struct {
	w     io.Writer
	begun bool
}

func (j *jsonWriter) Write(r *Ranking) error {
	separator := "[\n"
	if j.begun {
		separator = ",\n"
	}
	j.begun = true
	var b strings.Builder
	b.WriteString(separator)
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(r); err != nil {
		return err
	}
	_, err := io.WriteString(j.w, strings.TrimSuffix(b.String(), "\n"))
	return err
}

func (j *jsonWriter) Close() error {
	end := "\n]\n"
	if !j.begun {
		end = "[]\n"
	}
	_, err := io.WriteString(j.w, end)
	return err
}

// The columns of tables whose cells are wrapped.
const (
	titleColumn   = "Title · partner"
	becauseColumn = "Because of"
)

// tableWriter writes a table per ranking.
type tableWriter struct {
	w       io.Writer
	explain bool
}

func (t *tableWriter) Write(r *Ranking) error {
	title := "Student " + r.Student
	what := "Opportunity"
	if r.Opportunity != "" {
		title, what = "Opportunity "+r.Opportunity, "Student"
	}
	if len(r.Candidates) == 0 {
		_, err := fmt.Fprintf(t.w, "%s: no candidates\n\n", title)
		return err
	}
	tw := NewTable(title)
	reverse := r.Opportunity != "" // students have keys only
	header := table.Row{"#", what}
	columns := []table.ColumnConfig{{Name: "#", Align: text.AlignRight}, {Name: "Score", Align: text.AlignRight}}
	if !reverse {
		header = append(header, titleColumn)
		columns = append(columns, table.ColumnConfig{Name: titleColumn, WidthMax: 44, WidthMaxEnforcer: text.WrapSoft})
	}
	header = append(header, "Score")
	if t.explain {
		header = append(header, becauseColumn)
		columns = append(columns, table.ColumnConfig{Name: becauseColumn, WidthMax: 48, WidthMaxEnforcer: text.WrapSoft})
	}
	tw.AppendHeader(header)
	tw.SetColumnConfigs(columns)
	for i := range r.Candidates {
		c := &r.Candidates[i]
		row := table.Row{c.Rank, c.Opportunity + c.Student}
		if !reverse {
			row = append(row, c.Note)
		}
		row = append(row, c.Score)
		if t.explain {
			row = append(row, because(c.Tags, int64(c.Units)))
		}
		tw.AppendRow(row)
	}
	_, err := fmt.Fprintf(t.w, "%s\n\n", tw.Render())
	return err
}

func (t *tableWriter) Close() error { return nil }

// because names the shared tags, the one of the largest part first.
func because(parts []Part, units int64) string {
	sorted := slices.Clone(parts)
	slices.SortStableFunc(sorted, func(a, b Part) int { return int(min(1, max(-1, b.Units-a.Units))) })
	words := make([]string, len(sorted))
	for i, p := range sorted {
		words[i] = fmt.Sprintf("%s %.0f%%", p.Tag, 100*float64(p.Units)/float64(units))
	}
	return strings.Join(words, ", ")
}

// NewTable makes a table in the style of all of Kindred's.
func NewTable(title string) table.Writer {
	tw := table.NewWriter()
	tw.SetTitle("%s", title)
	style := table.StyleRounded
	style.Format.Header = text.FormatDefault
	style.Options.SeparateRows = false
	style.Title.Align = text.AlignLeft
	tw.SetStyle(style)
	return tw
}

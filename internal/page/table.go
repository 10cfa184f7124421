package page

import (
	"encoding/csv"
	"encoding/json"
	"io"
	"strconv"
	"strings"
)

// WriteJSON writes the report for programs.
func (r *Report) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	return e.Encode(r)
}

// Table is a CSV file for a spreadsheet.
type Table struct {
	Name   string // of the file
	Header []string
	Rows   [][]string
}

// Write writes the table. A cell of text that a spreadsheet would take for a
// formula begins with an apostrophe, which keeps it text.
func (t *Table) Write(w io.Writer) error {
	c := csv.NewWriter(w)
	if err := c.Write(t.Header); err != nil {
		return err
	}
	cells := make([]string, len(t.Header))
	for _, row := range t.Rows {
		for i, cell := range row {
			cells[i] = harmless(cell)
		}
		if err := c.Write(cells); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}

// harmless makes text of what a spreadsheet would take for a formula; numbers
// are left alone.
func harmless(cell string) string {
	if cell == "" || !strings.ContainsAny(cell[:1], "=+-@\t\r\n") && !strings.HasPrefix(cell, "＝") &&
		!strings.HasPrefix(cell, "＋") && !strings.HasPrefix(cell, "－") && !strings.HasPrefix(cell, "＠") {
		return cell
	}
	if _, err := strconv.ParseFloat(cell, 64); err == nil && cell[0] == '-' {
		return cell
	}
	return "'" + cell
}

// Tables are the figures for spreadsheets.
func (r *Report) Tables() []Table {
	return []Table{r.opportunityTable(), r.demandTable(), r.auditTable()}
}

func (r *Report) opportunityTable() Table {
	t := Table{Name: "report-opportunities.csv", Header: []string{
		"opportunity", "title", "partner", "kind", "seats", "min_seats", "placed", "listed", "first", "waiting", "cancelled", "cutoff", "one_more_seat_would",
	}}
	for i := range r.Offered {
		o := &r.Offered[i]
		t.Rows = append(t.Rows, []string{
			o.ID, o.Title, o.Partner, o.Kind, digits(o.Seats), digits(o.Minimum), digits(o.Placed), digits(o.Listed), digits(o.First),
			digits(o.Waiting), strconv.FormatBool(o.Cancelled), o.Cutoff.text(), o.oneMore(r.Asked.Objective.Flow()),
		})
	}
	return t
}

func (r *Report) demandTable() Table {
	t := Table{Name: "report-demand.csv", Header: []string{"by", "name", "opportunities", "seats", "listed", "first", "placed"}}
	for _, part := range []struct {
		by  string
		all []Demand
	}{{"kind", r.Kinds}, {"partner_kind", r.PartnerKinds}, {"tag", r.Tags}} {
		for _, d := range part.all {
			t.Rows = append(t.Rows, []string{
				part.by, d.Name, digits(d.Opportunities), digits(d.Seats), digits(d.Listed), digits(d.First), digits(d.Placed),
			})
		}
	}
	return t
}

func (r *Report) auditTable() Table {
	t := Table{Name: "report-fairness.csv", Header: []string{
		"name", "group", "students", "eligible", "with_candidates", "ranked", "placed", "first_choices", "top_three", "mean_score",
		"placed_ratio", "placed_ratio_low", "placed_ratio_high", "placed_below_four_fifths",
		"top_three_ratio", "top_three_ratio_low", "top_three_ratio_high", "top_three_below_four_fifths",
	}}
	add := func(name, value string, f *Funnel) {
		row := []string{name, value}
		if f != nil {
			row = append(row, digits(f.Students), digits(f.Eligible), digits(f.Candidates), digits(f.Ranked), digits(f.Placed),
				digits(f.First), digits(f.TopThree), decimals(f.MeanScore))
			row = append(append(row, ratioCells(f.PlacedRatio)...), ratioCells(f.TopRatio)...)
		}
		for len(row) < len(t.Header) {
			row = append(row, "")
		}
		t.Rows = append(t.Rows, row)
	}
	add("", "all", r.Audit.All)
	for i := range r.Audit.Names {
		for _, g := range r.Audit.Names[i].Groups {
			add(r.Audit.Names[i].Name, g.Value, g.Funnel)
		}
	}
	return t
}

func ratioCells(r *Ratio) []string {
	if r == nil {
		return []string{"", "", "", ""}
	}
	return []string{decimals(r.Value), decimals(r.Interval.Low), decimals(r.Interval.High), strconv.FormatBool(r.Below)}
}

func digits(n int64) string { return strconv.FormatInt(n, 10) }

func decimals(x float64) string { return strconv.FormatFloat(x, 'f', 6, 64) }

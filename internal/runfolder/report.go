package runfolder

import (
	_ "embed"
	"fmt"
	"html/template"

	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/matcher/place"
)

// Pages is what the report shows beside the summary. It names no student.
type Pages struct {
	Waived        int64 // pairs that only block but for a lock or a kept placement
	Reasons       []ReasonCount
	Opportunities []OpportunityRow
	Compared      []Compared
	Seeds         *Seeds
	// Rows are those of probabilities.csv, with Seeds.
	Rows []Probability
}

// ReasonCount is how many students have no placement for a reason.
type ReasonCount struct {
	Reason place.Reason
	Count  int64
}

// OpportunityRow is what the report says of an opportunity.
type OpportunityRow struct {
	ID, Title, Partner string
	Kind               matcher.OpportunityKind
	Seats, Minimum     int32
	Placed             int32
	Listed, First      int32 // students who have it on their list, and first on it
	Cancelled          bool
	Cutoff             *place.Cutoff
	Prices             []StagePrice
}

// StagePrice is what one more seat would add to a stage of the objective.
type StagePrice struct {
	Measure place.Measure
	Rank    int32
	Price   int64
}

// Compared is what another objective would give.
type Compared struct {
	Objective place.Objective
	Totals    place.Totals
	Blocking  int64
	// Not says why it gives nothing.
	Not string
}

// First is how many get their first choice.
func (c *Compared) First() int64 { return first(c.Totals.Profile) }

// Mean is the mean score of those placed.
func (c *Compared) Mean() string { return mean(c.Totals.TotalScore, c.Totals.Placed) }

// Seeds sums up placements by several lotteries.
type Seeds struct {
	First, Last uint64 // the seeds
	Unsolved    int    // by which the minimums were out of reach
	// Tenths are how many students are placed by a share of the lotteries: none,
	// up to a tenth, ..., less than all, all.
	Tenths [12]int64
}

func first(profile []int64) int64 {
	if len(profile) == 0 {
		return 0
	}
	return profile[0]
}

func mean(sum, n int64) string {
	if n == 0 {
		return "–"
	}
	return fmt.Sprintf("%.3f", float64(sum)/1e6/float64(n))
}

//go:embed report.html
var reportPage string

//go:embed students.html
var studentsPage string

var functions = template.FuncMap{
	"share": func(n, of int64) string {
		if of == 0 {
			return "–"
		}
		return fmt.Sprintf("%.1f %%", 100*float64(n)/float64(of))
	},
	"percent": func(n, of int64) float64 { return 100 * float64(n) / float64(max(1, of)) },
	"most": func(values []int64) int64 {
		most := int64(1)
		for _, v := range values {
			most = max(most, v)
		}
		return most
	},
	"wide":   func(n int) int64 { return int64(n) },
	"plus":   func(a, b int) int { return a + b },
	"first":  first,
	"mean":   mean,
	"cutoff": cutoffText,
	"tenth":  tenthText,
}

// cutoffText describes a cutoff without the number of the student in the
// lottery, which would tell who it is.
func cutoffText(c *place.Cutoff) string {
	switch {
	case c == nil:
		return ""
	case c.Fixed:
		return "all held by locks or standing placements"
	}
	text := "full"
	if c.Tier > 0 {
		text += fmt.Sprintf("; tier %d", c.Tier)
	}
	if c.Weight > 0 {
		text += fmt.Sprintf("; score %s", Micro(c.Weight))
	}
	return text
}

func tenthText(i int) string {
	switch i {
	case 0:
		return "never"
	case 11:
		return "always"
	default:
		return fmt.Sprintf("%d to %d %%", 10*(i-1), 10*i)
	}
}

// Pages writes the report and, if the summary says so, the page with students.
func (w *Writer) Pages(s *Summary, pages *Pages, placed []Placed, unplaced []Unplaced) {
	if w.err != nil {
		return
	}
	data := struct {
		*Summary
		*Pages
		Placements []Placed
		Left       []Unplaced
	}{s, pages, placed, unplaced}
	for _, page := range []struct {
		name, text string
		wanted     bool
	}{{ReportFile, reportPage, true}, {StudentsFile, studentsPage, s.Options.WithStudents}} {
		if !page.wanted {
			continue
		}
		t, err := template.New(page.name).Funcs(functions).Parse(page.text)
		if err != nil {
			w.err = err
			return
		}
		w.page(page.name, t, data)
	}
	if pages.Seeds != nil {
		w.probabilities(pages.Rows)
	}
}

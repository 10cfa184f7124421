package page

import (
	"fmt"
	"strconv"
	"strings"
)

// shown is how many bars a plot has at most.
const shown = 12

// rankPlot is how many got which rank.
func (r *Report) rankPlot() *drawing {
	var all []column
	for i, n := range r.Ranks {
		name := strconv.Itoa(i + 1)
		if i < 10 {
			all = append(all, column{name, "rank " + name, n, "placed"})
			continue
		}
		if i == 10 {
			all = append(all, column{"11+", "rank 11 and later", 0, "placed"})
		}
		all[10].value += n
	}
	if r.Unranked > 0 {
		all = append(all, column{"off", "not on the list", r.Unranked, "other"})
	}
	none := r.Outcome.Students - r.Outcome.Placed
	all = append(all, column{"none", "no placement", none, "missing"})
	return columns(&drawing{
		ID: "ranks", Title: "Students by the rank that they got",
		Text: fmt.Sprintf("%s students got their first choice, %s one of their first three, %s have no placement.",
			whole(r.Outcome.First), whole(r.Outcome.TopThree), whole(none)),
	}, "students", all)
}

// scorePlot is how well placements fit.
func (r *Report) scorePlot() *drawing {
	var all []column
	below, seen := r.Outcome.Placed/2, int64(0)
	median := ""
	for i, n := range r.Scores {
		from, to := float64(i)/scoreBins, float64(i+1)/scoreBins
		name := ""
		if i%4 == 0 {
			name = fmt.Sprintf("%.1f", from)
		}
		full := fmt.Sprintf("%.2f to %.2f", from, to)
		if i == scoreBins-1 {
			full = fmt.Sprintf("%.2f and more", from)
		}
		if seen += n; median == "" && seen > below {
			median = full
		}
		all = append(all, column{name, full, n, "placed"})
	}
	text := "Nobody is placed."
	if median != "" {
		text = fmt.Sprintf("The mean score is %.3f; the middle one is in %s.", r.Outcome.MeanScore, median)
	}
	return columns(&drawing{ID: "scores", Title: "Placements by score", Text: text}, "placements", all)
}

var demandKeys = []legend{{"first", "first choices"}, {"seats", "seats"}, {"placed", "placed"}}

// demandPlot is what is wanted beside what there is.
func demandPlot(id, title string, all []Demand) *drawing {
	var rows []row
	var short []string
	for _, d := range all {
		if d.First > d.Seats {
			short = append(short, spoken(d.Name))
		}
		if len(rows) < shown {
			rows = append(rows, row{name: spoken(d.Name), values: []int64{d.First, d.Seats, d.Placed}})
		}
	}
	text := "Nowhere are there more first choices than seats."
	if n := len(short); n > 0 {
		text = fmt.Sprintf("More first choices than seats: %s.", strings.Join(short[:min(n, 5)], ", "))
		if n > 5 {
			text = fmt.Sprintf("More first choices than seats at %d of %d, the most wanted first: %s, ...", n, len(all), strings.Join(short[:5], ", "))
		}
	}
	if len(all) > shown {
		title = fmt.Sprintf("%s: the %d most wanted of %d", title, shown, len(all))
	}
	return bars(&drawing{ID: id, Title: title, Text: text}, demandKeys, rows)
}

// spoken is a kind in words.
func spoken(name string) string { return strings.ReplaceAll(name, "_", " ") }

// oneMoreSeat is the name of the column that opportunity.oneMore fills.
const oneMoreSeat = "one more seat would"

// opportunityPlot is the demand for some opportunities.
func (r *Report) opportunityPlot(id, title, none string, all []Opportunity) *drawing {
	flow := r.Asked.Objective.Flow()
	var rows []row
	for i := range all {
		o := &all[i]
		note := o.Cutoff.text()
		if o.Price != nil {
			note = o.Price.short()
		}
		rows = append(rows, row{name: o.Name(), values: []int64{o.First, o.Seats, o.Placed}, note: note})
	}
	text := none
	if len(all) > 0 {
		o := &all[0]
		text = fmt.Sprintf("At the top is “%s” with %s first choices, %s seats and %s placed.", o.Name(), whole(o.First), whole(o.Seats), whole(o.Placed))
	}
	d := bars(&drawing{ID: id, Title: title, Text: text}, demandKeys, rows)
	d.Table.Columns = append(d.Table.Columns, "on lists", "waiting", "cutoff", oneMoreSeat)
	for i := range all {
		o := &all[i]
		d.Table.Rows[i] = append(d.Table.Rows[i], whole(o.Listed), whole(o.Waiting), o.Cutoff.text(), o.oneMore(flow))
	}
	return d
}

// groupPlot is the share of each group that is placed, with its interval.
func groupPlot(i int, n *Name) *drawing {
	d := &drawing{ID: fmt.Sprintf("group-%d", i), Title: "Placed, by " + spoken(n.Name)}
	const left, right = 0.0, 352.0
	y, below, hidden := 4.0, 0, 0
	for _, g := range n.Groups {
		f := g.Funnel
		if f == nil {
			hidden++
			continue
		}
		if f.PlacedRatio != nil && f.PlacedRatio.Below {
			below++
		}
		if len(d.Boxes) == 2*maxGroups {
			continue
		}
		y += 12
		d.Labels = append(d.Labels, label{left, y, "start", "name", clip(spoken(g.Value), 38)},
			label{width, y, "end", "value", fmt.Sprintf("%s of %s", whole(f.Placed), whole(f.Students))})
		y += 5
		share := float64(f.Placed) / float64(f.Students)
		d.Boxes = append(d.Boxes, box{left, y, right, 9, "ground"}, box{left, y, round(right * share), 9, "placed"})
		low, high := round(right*f.PlacedShare.Low), round(right*f.PlacedShare.High)
		d.Lines = append(d.Lines, line{low, y + 4.5, high, y + 4.5, "whisker"}, line{low, y + 1, low, y + 8, "whisker"},
			line{high, y + 1, high, y + 8, "whisker"})
		d.Labels = append(d.Labels, label{width, y + 8.5, "end", "value", fmt.Sprintf("%.0f %%", 100*share)})
		y += 20
	}
	d.Height = y
	d.Text = "No group that is shown is under four fifths of the largest share."
	if below > 0 {
		d.Text = fmt.Sprintf("%d of %d groups are under four fifths of the largest share.", below, len(n.Groups)-hidden)
	}
	if hidden > 0 {
		d.Text += fmt.Sprintf(" %d are not shown.", hidden)
	}
	return d
}

// maxGroups is how many groups of a name are drawn; the table has all.
const maxGroups = 24

// plot is how many students are placed by which share of the lotteries.
func (l *Lotteries) plot() *drawing {
	var all []column
	last := len(l.Tenths) - 1
	for i, n := range l.Tenths {
		switch i {
		case 0:
			all = append(all, column{"0", "never", n, "missing"})
		case last:
			all = append(all, column{"100", "always", n, "placed"})
		default:
			name := fmt.Sprintf("≤%d", 10*i)
			if i == last-1 {
				name = "<100"
			}
			full := fmt.Sprintf("%d to %d %%", 10*(i-1), 10*i)
			all = append(all, column{name, full, n, "other"})
		}
	}
	return columns(&drawing{
		ID: "chances", Title: "Students by the share of lotteries that place them",
		Text: fmt.Sprintf("%s students are placed by every lottery, %s by none; between them, by up to so many percent.", whole(l.Tenths[last]), whole(l.Tenths[0])),
	}, "students", all)
}

// comparePlots are the objectives by how many they place, and how well.
func (r *Report) comparePlots() []*drawing {
	var scores, firsts []point
	for i := range r.Compared {
		c := &r.Compared[i]
		if c.Failed != "" {
			continue
		}
		x := float64(c.Outcome.Placed)
		scores = append(scores, point{x, c.Outcome.MeanScore, string(c.Objective)})
		firsts = append(firsts, point{x, float64(c.Outcome.First), string(c.Objective)})
	}
	if len(scores) == 0 {
		return nil
	}
	return []*drawing{
		scatter(&drawing{
			ID: "compare-scores", Title: "Placed students against the mean score",
			Text: "Each objective by how many students it places and their mean score; the table has the figures.",
		}, "students placed", "mean score", func(v float64) string { return fmt.Sprintf("%.3f", v) }, scores),
		scatter(&drawing{
			ID: "compare-firsts", Title: "Placed students against first choices",
			Text: "Each objective by how many students it places and how many get their first choice; the table has the figures.",
		}, "students placed", "first choices", func(v float64) string { return short(int64(v)) }, firsts),
	}
}

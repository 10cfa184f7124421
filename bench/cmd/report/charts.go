package main

import (
	"strconv"
	"strings"

	"github.com/kindred-match/kindred/bench/plot"
	"github.com/kindred-match/kindred/bench/result"
)

// bySize is the time of each program by the number of invented opportunities.
func bySize(files, others []result.File) chart {
	c := &plot.Lines{
		Title:       "Time of a ranking by the number of opportunities",
		Description: "Mean time of a ranking of 10 candidates, invented opportunities, one thread; both axes are logarithmic. ",
		X:           plot.Axis{Label: "opportunities", Log: true},
		Y:           plot.Axis{Label: "mean time, microseconds", Log: true},
	}
	programs := []struct {
		name  string
		files []result.File
		of    func(*result.Row) result.Contender
	}{
		{"Kindred", files, func(r *result.Row) result.Contender { return of(r, ours) }},
		{"plain loop", files, func(r *result.Row) result.Contender { return of(r, plain) }},
		{"Lucene, better way", files, fastest},
		{"bleve", others, func(r *result.Row) result.Contender { return of(r, "bleve linear") }},
		{"Redis", others, func(r *result.Row) result.Contender { return of(r, "redis zunionstore") }},
		{"PostgreSQL", others, func(r *result.Row) result.Contender { return of(r, "postgresql sql") }},
	}
	for _, p := range programs {
		s := plot.Series{Name: p.name}
		for i := range p.files {
			if _, err := strconv.Atoi(p.files[i].Set); err != nil {
				continue
			}
			row := &p.files[i].Rows[0]
			if t := p.of(row).MeanUS; t > 0 {
				s.Points = append(s.Points, plot.Point{X: float64(row.Opportunities), Y: t})
			}
		}
		if s.Points != nil {
			c.Series = append(c.Series, s)
		}
	}
	c.Description += spoken(c.Series)
	return c
}

// spoken says what a chart shows.
func spoken(all []plot.Series) string {
	var b strings.Builder
	for _, s := range all {
		b.WriteString(s.Name + ":")
		for _, p := range s.Points {
			b.WriteString(" " + us(p.Y) + " at " + strconv.FormatFloat(p.X, 'g', -1, 64) + ";")
		}
		b.WriteByte(' ')
	}
	return strings.TrimSpace(b.String())
}

// twoLines are the ranker, its p99 and the plain loop by what is varied.
func twoLines(rows []result.Row, x func(*result.Row) float64) []plot.Series {
	all := []plot.Series{{Name: "Kindred, mean"}, {Name: "Kindred, p99"}, {Name: "plain loop, mean"}}
	for i := range rows {
		a, b := of(&rows[i], ours), of(&rows[i], plain)
		for j, y := range []float64{a.MeanUS, a.P99US, b.MeanUS} {
			all[j].Points = append(all[j].Points, plot.Point{X: x(&rows[i]), Y: y})
		}
	}
	return all
}

func byX(f *result.File, title string) chart {
	c := &plot.Lines{
		Title: title + " (" + name(f.Set) + ")",
		X:     plot.Axis{Label: "tags of a query"},
		Y:     plot.Axis{Label: "time, microseconds"},
	}
	if f.Part == "k" {
		c.X = plot.Axis{Label: "candidates wanted (k)", Log: true}
	}
	c.Series = twoLines(f.Rows, func(r *result.Row) float64 { return r.X })
	c.Description = "Time of a ranking in microseconds. " + spoken(c.Series)
	return c
}

// byShare has the rows where one rule, the region, decides.
func byShare(f *result.File) chart {
	var rows []result.Row
	for _, r := range f.Rows {
		if r.Variant == "region" || r.Variant == "none" {
			rows = append(rows, r)
		}
	}
	c := &plot.Lines{
		Title: "By how many are eligible, one rule: region (" + name(f.Set) + ")",
		X:     plot.Axis{Label: "eligible opportunities, percent", Log: true, Down: true},
		Y:     plot.Axis{Label: "time, microseconds", Log: true},
	}
	c.Series = twoLines(rows, func(r *result.Row) float64 { return 100 * r.X })
	c.Description = "Time of a ranking in microseconds by the percentage of opportunities that are eligible; both axes are logarithmic. " +
		spoken(c.Series)
	return c
}

func byAblation(f *result.File) chart {
	c := &plot.Bars{
		Title: "Plain loop's time / ranker's, without one part (" + name(f.Set) + ")",
		Label: "how many times as fast as the plain loop",
	}
	var said []string
	for i := range f.Rows {
		r := &f.Rows[i]
		if r.Error == "" && !strings.HasPrefix(r.Variant, "everything ties") {
			c.Bars = append(c.Bars, plot.Bar{Name: r.Variant, Value: r.Ratio(plain, ours)})
			said = append(said, r.Variant+": "+decimals(r.Ratio(plain, ours), 2))
		}
	}
	c.Description = "How many times as fast as the plain loop the ranker is. " + strings.Join(said, "; ") + "."
	return c
}

package main

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/kindred-match/kindred/bench/result"
	"github.com/kindred-match/kindred/bench/rivals"
)

// The names that the command measure gives.
const (
	ours  = "kindred"
	plain = "plain"
)

// report grows as its sections are written; a section without results is left
// out.
type report struct {
	found  []result.File
	out    *bytes.Buffer
	charts map[string]chart
}

type chart interface{ SVG() []byte }

func (r *report) all() {
	r.sizes()
	r.rivals()
	r.sweep("length", "By the number of tags of a query", "Tags after passing up; interests of several students together.")
	r.sweep("k", "By how many candidates are wanted", "")
	r.sweep("measures", "By measure", "")
	r.filters()
	r.storms()
	r.slowest()
	r.design()
	r.machines()
}

func (r *report) add(format string, args ...any) { fmt.Fprintf(r.out, format, args...) }

// of are the files of a part.
func (r *report) of(part string) []result.File {
	var files []result.File
	for _, f := range r.found {
		if f.Part == part && len(f.Rows) > 0 {
			files = append(files, f)
		}
	}
	return files
}

// table writes a head and rows; the first column is text.
func (r *report) table(head []string, rows [][]string) {
	r.add("| %s |\n|%s\n", strings.Join(head, " | "), "---|"+strings.Repeat("---:|", len(head)-1))
	for _, row := range rows {
		r.add("| %s |\n", strings.Join(row, " | "))
	}
	r.add("\n")
}

// name is how a set is called.
func name(set string) string {
	switch set {
	case "arxiv":
		return "arXiv"
	case "tate":
		return "Tate"
	}
	if n, err := strconv.Atoi(set); err == nil {
		return grouped(int64(n)) + " invented"
	}
	return set
}

// grouped is a whole number with a comma after each three digits.
func grouped(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// us is a time in microseconds.
func us(x float64) string {
	switch {
	case x == 0:
		return ""
	case x >= 100:
		return grouped(int64(x + 0.5))
	}
	return strconv.FormatFloat(x, 'f', 1, 64)
}

func times(x float64) string {
	if x == 0 {
		return ""
	}
	if x >= 30 {
		return strconv.FormatFloat(x, 'f', 0, 64) + "x"
	}
	return strconv.FormatFloat(x, 'f', 1, 64) + "x"
}

func decimals(x float64, n int) string { return strconv.FormatFloat(x, 'f', n, 64) }

func (r *report) sizes() {
	files := r.of("rank")
	if len(files) == 0 {
		return
	}
	r.add("### By size\n\n`make bench PARTS=rank`. k = 10, cosine; no filters but those of district-nyc.\n\n")
	var rows [][]string
	for _, f := range files {
		row := &f.Rows[0]
		us1, us2 := of(row, ours), of(row, plain)
		index := &result.Index{}
		if row.Index != nil {
			index = row.Index
		}
		rows = append(rows, []string{
			name(f.Set), grouped(int64(row.Opportunities)), decimals(row.OpportunityTags, 1), decimals(row.QueryTags, 1),
			grouped(int64(row.Postings)), us(us2.MeanUS), us(us1.MeanUS), us(us1.P99US), us(us1.WorstUS), times(row.Ratio(plain, ours)),
			decimals(us1.NSPerPosting, 2), decimals(index.BytesPerTag, 1), decimals(index.BuildSeconds, 2),
		})
	}
	r.table([]string{
		"data", "opportunities", "tags each", "query tags", "postings of a query", "plain loop, us", "ranker, us", "p99", "worst",
		"ratio", "ns a posting", "bytes a tag", "build, s",
	}, rows)
}

func of(r *result.Row, name string) result.Contender {
	c, _ := r.Of(name)
	return c
}

// rivals has Lucene, then those that are measured apart because they are slow.
func (r *report) rivals() {
	files, others := r.of("lucene"), r.of("others")
	if len(files)+len(others) == 0 {
		return
	}
	r.add("### Beside other programs\n\n`make bench PARTS=lucene,others`. k = 10, cosine, no filters; mean time of a query in us.\n\n")
	r.beside(files, []string{"lucene pruned", "lucene exhaustive"}, "better Lucene / ranker")
	r.beside(others, []string{"bleve linear", "redis zunionstore", "postgresql sql"}, "best of them / ranker")
	r.picture("size", "Time of a ranking by the number of opportunities, for each program")
	r.charts["size"] = bySize(files, others)
	r.add("What was asked of each:\n\n")
	for _, kind := range rivals.Kinds() {
		r.add("- %s\n", kind.Note)
	}
	r.add("\nHow the rankings compare with the exact ones. Equal units: at some rank stands another opportunity\n" +
		"than in the exact ranking, whose exact units are the same (bleve doesn't order ties) or, for Lucene, within\n" +
		"2^-22 of them, since its scores are float32. Different: anything else; a measurement that finds one fails.\n\n")
	var same [][]string
	for _, f := range slices.Concat(files, others) {
		for _, c := range f.Rows[0].Contenders {
			if a := c.Agreement; a != nil {
				same = append(same, []string{
					name(f.Set) + ", " + c.Name, strconv.Itoa(a.Queries), strconv.Itoa(a.Identical), strconv.Itoa(a.Rounded), "0",
				})
			}
		}
	}
	r.table([]string{"data, program", "queries", "same ids in the same order", "equal units", "different"}, same)
}

// beside is a table of some programs, with how many times as long as the
// ranker the fastest of them takes.
func (r *report) beside(files []result.File, names []string, ratio string) {
	var rows [][]string
	for i := range files {
		row := &files[i].Rows[0]
		cells := []string{name(files[i].Set), grouped(int64(row.Postings)), us(of(row, ours).MeanUS), us(of(row, plain).MeanUS)}
		for _, n := range names {
			cells = append(cells, us(of(row, n).MeanUS))
		}
		rows = append(rows, append(cells, times(row.Ratio(fastest(row).Name, ours))))
	}
	if rows != nil {
		r.table(slices.Concat([]string{"data", "postings of a query", "ranker", "plain loop"}, names, []string{ratio}), rows)
	}
}

// fastest is the fastest program but for the ranker and the plain loop.
func fastest(r *result.Row) result.Contender {
	best := result.Contender{}
	for _, c := range r.Contenders {
		if c.Name != ours && c.Name != plain && (best.MeanUS == 0 || c.MeanUS < best.MeanUS) {
			best = c
		}
	}
	return best
}

func (r *report) picture(file, alternative string) {
	r.add("![%s](plots/%s.svg)\n\n", alternative, file)
}

// sweep writes a table for each set, and a plot of the first where a number is
// varied.
func (r *report) sweep(part, title, note string) {
	for i, f := range r.of(part) {
		if i == 0 {
			r.add("### %s\n\n`make bench PARTS=%s`. %s\n\n", title, part, note)
		}
		r.add("%s:\n\n", name(f.Set))
		r.rows(&f, false)
		if f.Rows[0].X > 0 {
			r.picture(part+"-"+f.Set, title+": time of the ranker and of the plain loop")
			r.charts[part+"-"+f.Set] = byX(&f, title)
		}
	}
}

func (r *report) rows(f *result.File, withShare bool) {
	var rows [][]string
	for i := range f.Rows {
		row := &f.Rows[i]
		cells := []string{row.Variant}
		if withShare {
			cells = []string{row.Variant, decimals(100*row.X, 2) + " %"}
		}
		a, b := of(row, ours), of(row, plain)
		rows = append(rows, append(cells, strconv.Itoa(row.K), grouped(int64(row.Postings)), us(b.MeanUS), us(a.MeanUS), us(a.P99US),
			decimals(row.Ratio(plain, ours), 2), decimals(a.NSPerPosting, 2)))
	}
	head := []string{"", "k", "postings of a query", "plain loop, us", "ranker, us", "p99", "ratio", "ns a posting"}
	if withShare {
		head = slices.Insert(head, 1, "eligible")
	}
	r.table(head, rows)
}

func (r *report) filters() {
	for i, f := range r.of("filters") {
		if i == 0 {
			r.add("### By how many are eligible\n\n`make bench PARTS=filters`. Regions, grades and terms fall on opportunities by lot, " +
				"each on its own.\nThe plain loop looks at the rules of a document that would enter the top k, as the ranker does.\n\n")
		}
		r.add("%s:\n\n", name(f.Set))
		r.rows(&f, true)
		r.picture("filters-"+f.Set, "Time by the share of opportunities that are eligible")
		r.charts["filters-"+f.Set] = byShare(&f)
	}
}

func (r *report) storms() {
	for i, f := range r.of("storms") {
		if i == 0 {
			r.add("### Where everything ties, and the like\n\n`make bench PARTS=storms`. %s opportunities, 6,000 where fewer postings are said.\n"+
				"The ratio is to be at least 0.5: no query may take twice as long as the plain loop.\n\n", grouped(int64(f.Rows[0].Opportunities)))
		}
		r.rows(&f, false)
	}
}

func (r *report) slowest() {
	files := r.of("work")
	if len(files) == 0 {
		return
	}
	r.add("### The slowest queries\n\n`make bench PARTS=work`: a build that counts what the ranker does (and is a little slower for it).\n" +
		"Cells are documents times columns that are added up by vectors, postings those that are added one by one, scored\n" +
		"the documents that are scored from their records.\n\n")
	var rows [][]string
	for _, f := range files {
		row := &f.Rows[0]
		if row.Error != "" || row.Work == nil {
			r.add("%s: %s.\n\n", name(f.Set), row.Error)
			continue
		}
		line := func(what string, us1, us2, tags, postings float64, w *result.Work) {
			rows = append(rows, []string{
				name(f.Set) + ", " + what, decimals(tags, 1), grouped(int64(postings)), us(us2), us(us1), decimals(us2/us1, 1),
				decimals(w.Windows, 0), decimals(w.Sections, 0), grouped(int64(w.Cells)), grouped(int64(w.Array)), grouped(int64(w.Scored)),
			})
		}
		line("mean", of(row, ours).MeanUS, of(row, plain).MeanUS, row.QueryTags, row.Postings, row.Work)
		for i, s := range row.Slowest {
			if s.Work != nil {
				line(fmt.Sprintf("slowest %d", i+1), s.US, s.PlainUS, float64(s.Tags), float64(s.Postings), s.Work)
			}
		}
	}
	if rows != nil {
		r.table([]string{
			"data, query", "tags", "postings", "plain loop, us", "ranker, us", "ratio", "windows opened", "sections", "cells", "postings added", "scored",
		}, rows)
	}
}

func (r *report) design() {
	kernels, ablation := r.of("kernels"), r.of("ablation")
	if len(kernels)+len(ablation) == 0 {
		return
	}
	r.add("### What the parts are worth\n\n`make bench PARTS=kernels,ablation`. Each row is a program of its own, measured beside the plain loop in\n" +
		"it, which is the same in all; compare the ratios. Parts are taken out by a build that changes functions (bench/ablate),\n" +
		"not by switches in the product; the rankings stay exact.\n\n")
	for _, f := range slices.Concat(kernels, ablation) {
		r.add("%s:\n\n", name(f.Set))
		var rows [][]string
		for i := range f.Rows {
			row := &f.Rows[i]
			if row.Error != "" {
				rows = append(rows, []string{row.Variant, row.Error, "", "", ""})
				continue
			}
			a, b := of(row, ours), of(row, plain)
			rows = append(rows, []string{row.Variant, us(b.MeanUS), us(a.MeanUS), us(a.P99US), decimals(row.Ratio(plain, ours), 2)})
		}
		r.table([]string{"", "plain loop, us", "ranker, us", "p99", "ratio"}, rows)
		if f.Part == "ablation" {
			r.picture("ablation-"+f.Set, "Time of a ranking without each part of the design")
			r.charts["ablation-"+f.Set] = byAblation(&f)
		}
	}
}

// machines says what was measured when; parts that were taken alike are named
// together.
func (r *report) machines() {
	r.add("### What was measured\n\n")
	var order []result.Machine
	parts := make(map[result.Machine][]string)
	seconds := 0.0
	for _, f := range r.found {
		if parts[f.Machine] == nil {
			order = append(order, f.Machine)
		}
		parts[f.Machine] = append(parts[f.Machine], f.Part+" on "+f.Set)
		seconds += f.Seconds
	}
	for _, m := range order {
		r.add("- %s, %d cores, %s, kernel %s, commit %s, %s: %s\n", m.CPU, m.Cores, m.Go, m.Kernel, m.Commit, m.Date, strings.Join(parts[m], ", "))
	}
	r.add("\nAll of it took %.0f minutes, builds of indexes with it.\n\n", seconds/60)
}

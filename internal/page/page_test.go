package page_test

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/kindred-match/kindred/internal/district"
	"github.com/kindred-match/kindred/internal/generate"
	"github.com/kindred-match/kindred/internal/page"
	"github.com/kindred-match/kindred/internal/placement"
	"github.com/kindred-match/kindred/internal/ranking"
	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/matcher/place"
)

// invented is a district that nobody lives in.
func invented(t *testing.T, students, opportunities int) *district.Folder {
	t.Helper()
	v, err := generate.District(generate.Options{Students: students, Opportunities: opportunities, Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	return v.Folder()
}

// newYork is the real district.
func newYork(t *testing.T) *district.Folder {
	t.Helper()
	dir := filepath.Join(cmp.Or(os.Getenv("KINDRED_DATA"), filepath.Join("..", "..", "..", "shared", "data")), "district-nyc")
	if _, err := os.Stat(dir); err != nil {
		t.Skip("no real data: set KINDRED_DATA to the folder that has district-nyc")
	}
	f, err := district.Read(t.Context(), dir, district.Options{Students: true, AsOf: 20260901})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// run places the students of a folder.
func run(t *testing.T, f *district.Folder, objective place.Objective) *page.Input {
	t.Helper()
	c, err := placement.New(t.Context(), f, placement.Options{
		Ranking: ranking.Options{
			Settings: matcher.Settings{Decay: matcher.DefaultDecay, Measure: matcher.Cosine}, AsOf: 20260901, K: 20,
		},
		Objective: objective, Lottery: place.Lottery{Seed: 1},
	})
	if err != nil {
		t.Fatal(err)
	}
	placed, err := c.Solve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return &page.Input{
		Asked:   page.Asked{Objective: objective, Seed: 1, AsOf: "2026-09-01", Files: f.Hashes},
		Problem: c.Problem, Placement: placed,
		Tags: f.Tags, Partners: f.Partners, Opportunities: f.Opportunities, Students: f.Students,
	}
}

// html is a report as a page.
func html(t *testing.T, r interface{ WriteHTML(io.Writer) error }) string {
	t.Helper()
	var b bytes.Buffer
	if err := r.WriteHTML(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

var code = regexp.MustCompile(`(?s)(<script[^>]*>|<style>).*?(</script>|</style>)`)

// wellFormed holds that every element of a page is closed.
func wellFormed(t *testing.T, text string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(code.ReplaceAllString(text, "")))
	for {
		_, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatalf("the page is not well-formed: %v", err)
		}
	}
}

// TestNoStudent holds that nothing but the students' page names a student.
func TestNoStudent(t *testing.T) {
	for _, objective := range []place.Objective{place.Stable, place.Welfare} {
		in := run(t, invented(t, 600, 80), objective)
		r := page.New(in)
		var all bytes.Buffer
		all.WriteString(html(t, r))
		if err := r.WriteJSON(&all); err != nil {
			t.Fatal(err)
		}
		for _, table := range r.Tables() {
			if err := table.Write(&all); err != nil {
				t.Fatal(err)
			}
		}
		words := make(map[string]bool)
		for _, word := range regexp.MustCompile(`\w+`).FindAllString(all.String(), -1) {
			words[word] = true
		}
		if !words[in.Problem.Opportunities[0]] {
			t.Fatal("ids are not words, so that none can be found")
		}
		for s, id := range in.Problem.Students {
			if words[id] || words[fmt.Sprint(in.Problem.Numbers[s])] {
				t.Fatalf("%s: the report has a student's id or number in the lottery", objective)
			}
		}
	}
}

func TestWellFormed(t *testing.T) {
	in := run(t, newYork(t), place.Welfare)
	in.Compared = []page.Compared{
		{Objective: place.Stable, Outcome: page.Outcome{Students: 9, Placed: 7, First: 3, MeanScore: 0.4}},
		{Objective: place.Greedy, Failed: "minimums are out of reach"},
	}
	in.Opportunities[0].Title = `</script><script>alert("&amp;")</script>`
	text := html(t, page.New(in))
	wellFormed(t, text)
	if strings.Contains(text, "<script>alert") {
		t.Error("a title became a script")
	}
	for _, elsewhere := range []string{"http:", "https:", "//", "url(", "@import", "src="} {
		if strings.Contains(code.ReplaceAllString(text, ""), elsewhere) {
			t.Errorf("the page has %q", elsewhere)
		}
	}
	wellFormed(t, html(t, &page.Students{
		Asked: in.Asked, Opportunities: []string{"<b>"}, IDs: []string{"o"},
		Placed: []page.PlacedStudent{{Student: "s1", Rank: 1, Score: 0.5}}, Unplaced: []page.UnplacedStudent{{Student: "s2", Reason: place.Outcompeted}},
	}))
	empty := run(t, &district.Folder{}, place.Stable)
	wellFormed(t, html(t, page.New(empty)))
}

// TestSameBytes holds that a report is a function of the run.
func TestSameBytes(t *testing.T) {
	f := invented(t, 300, 40)
	first, second := page.New(run(t, f, place.Stable)), page.New(run(t, f, place.Stable))
	if html(t, first) != html(t, second) {
		t.Error("two pages of one run differ")
	}
}

func TestCells(t *testing.T) {
	table := page.Table{Header: []string{"a", "b"}, Rows: [][]string{
		{"=1+1", "+1"}, {"@sum(a1)", "-2"}, {"-2+3", "\tx"}, {"plain", "a=b"}, {"", "＝1"},
	}}
	var b bytes.Buffer
	if err := table.Write(&b); err != nil {
		t.Fatal(err)
	}
	const want = "a,b\n'=1+1,'+1\n'@sum(a1),-2\n'-2+3,'\tx\nplain,a=b\n,'＝1\n"
	if b.String() != want {
		t.Errorf("%q, want %q", b.String(), want)
	}
}

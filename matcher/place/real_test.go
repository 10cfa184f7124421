package place

import (
	"cmp"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/kindred-match/kindred/matcher"
)

// realData is the path of a file of the shared data.
func realData(t *testing.T, path ...string) string {
	t.Helper()
	root := cmp.Or(os.Getenv("KINDRED_DATA"), filepath.Join("..", "..", "..", "shared", "data"))
	name := filepath.Join(append([]string{root}, path...)...)
	if _, err := os.Stat(name); err != nil {
		t.Skipf("no real data: set KINDRED_DATA to the folder that has %s", filepath.Join(path...))
	}
	return name
}

// table reads a CSV file: by row the cells by column.
func table(t *testing.T, name string) []map[string]string {
	t.Helper()
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := file.Close(); err != nil {
			t.Error(err)
		}
	}()
	records, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var rows []map[string]string
	for _, r := range records[1:] {
		row := make(map[string]string)
		for i, cell := range r {
			row[records[0][i]] = cell
		}
		rows = append(rows, row)
	}
	return rows
}

func integer(t *testing.T, cell string) int32 {
	t.Helper()
	n, err := strconv.ParseInt(cell, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	return int32(n)
}

// glasgow is a year of the University of Glasgow's projects.
func glasgow(t *testing.T, year string) *Problem {
	t.Helper()
	dir := realData(t, "district-glasgow-"+year)
	var in Input
	for _, r := range table(t, filepath.Join(dir, "partners.csv")) {
		limit := integer(t, r["max_seats"])
		in.Partners = append(in.Partners, matcher.Partner{ID: r["partner"], MaxSeats: &limit})
	}
	for _, r := range table(t, filepath.Join(dir, "opportunities.csv")) {
		o := offer(r["opportunity"], integer(t, r["seats"]), 0, "")
		o.Partner = r["partner"]
		in.Opportunities = append(in.Opportunities, o)
	}
	for _, r := range table(t, filepath.Join(dir, "students.csv")) {
		in.Students = append(in.Students, matcher.Student{ID: r["student"]})
	}
	p, err := NewProblem(in)
	if err != nil {
		t.Fatal(err)
	}
	at := numbered(p.Opportunities)
	ranked := make(map[string][]Ranked)
	for _, r := range table(t, filepath.Join(dir, "preferences.csv")) {
		ranked[r["student"]] = append(ranked[r["student"]], Ranked{at[r["opportunity"]], integer(t, r["rank"])})
	}
	for _, s := range p.Students {
		p.Lists.Append(AppendList(nil, &Sources{
			Preferences: ranked[s],
			Eligible:    func(int32) bool { return true },
			Score:       func(int32) float64 { return 0 },
		}), false)
	}
	return p
}

func TestGlasgowHasItsOptima(t *testing.T) {
	content, err := os.ReadFile(realData(t, "spa-glasgow", "expected.json"))
	if err != nil {
		t.Fatal(err)
	}
	var expected map[string]struct {
		Placed    int64   `json:"max_matching"`
		TotalRank int64   `json:"min_total_rank"`
		Greedy    []int64 `json:"greedy_max_profile"`
		Generous  []int64 `json:"generous_max_profile"`
	}
	if err := json.Unmarshal(content, &expected); err != nil {
		t.Fatal(err)
	}
	for year, want := range expected {
		t.Run(year, func(t *testing.T) {
			p := glasgow(t, year)
			for _, o := range Objectives {
				f, err := Solve(t.Context(), p, Options{Objective: o})
				if err != nil {
					t.Fatal(err)
				}
				got := p.Totals(f)
				switch {
				case o.Flow() && got.Placed != want.Placed:
					t.Errorf("%s places %d, want %d", o, got.Placed, want.Placed)
				case o == MinRank && got.TotalRank != want.TotalRank:
					t.Errorf("%s has the total rank %d, want %d", o, got.TotalRank, want.TotalRank)
				case o == Greedy && !slices.Equal(got.Profile, want.Greedy), o == Generous && !slices.Equal(got.Profile, want.Generous):
					t.Errorf("%s has the profile %v, want %v and %v", o, got.Profile, want.Greedy, want.Generous)
				case o == Stable && f.BlockingPairs != 0:
					t.Errorf("%d pairs block", f.BlockingPairs)
				}
			}
		})
	}
}

// The known minimum of assign100 of the OR-Library (Beasley 1990) is 305.
func TestAssign100(t *testing.T) {
	content, err := os.ReadFile(realData(t, "orlib-assign", "assign100.txt"))
	if err != nil {
		t.Fatal(err)
	}
	cells := strings.Fields(string(content))
	n := int(integer(t, cells[0]))
	var in Input
	for i := range n {
		in.Students = append(in.Students, matcher.Student{ID: fmt.Sprintf("s%03d", i)})
		in.Opportunities = append(in.Opportunities, offer(fmt.Sprintf("o%03d", i), 1, 0, ""))
	}
	p, err := NewProblem(in)
	if err != nil {
		t.Fatal(err)
	}
	const most = 1000
	for _, row := range p.StudentRows {
		var entries []Entry
		for o := range n {
			entries = append(entries, Entry{int32(o), int32(o + 1), most - integer(t, cells[1+int(row)*n+o])})
		}
		p.Lists.Append(entries, false)
	}
	f, err := Solve(t.Context(), p, Options{Objective: MaxPlaced})
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Totals(f); got.Placed != int64(n) || most*got.Placed-got.TotalScore != 305 {
		t.Errorf("%d placed at a cost of %d, want all at 305", got.Placed, most*got.Placed-got.TotalScore)
	}
}

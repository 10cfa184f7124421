package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kindred-match/kindred/internal/district"
	"github.com/kindred-match/kindred/internal/oracle"
	"github.com/kindred-match/kindred/internal/progress"
	"github.com/kindred-match/kindred/matcher"
)

func fixedDay() time.Time { return time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC) }

func noBars() *progress.Bars { return progress.On(io.Discard) }

// line is a line of match --output jsonl.
type line struct {
	Student, Opportunity string
	Candidates           []struct {
		Student, Opportunity string
		Rank                 int
		Score                float64
		Units                string
		Tags                 []struct {
			Tag                  string
			Profile, Opportunity float64
			Importance           int64
			Units                string
		}
	}
}

func lines(t *testing.T, out string) []line {
	t.Helper()
	var all []line
	scanner := bufio.NewScanner(strings.NewReader(out))
	scanner.Buffer(nil, 1<<24)
	for scanner.Scan() {
		var l line
		if err := json.Unmarshal(scanner.Bytes(), &l); err != nil {
			t.Fatalf("%v in %s", err, scanner.Text())
		}
		all = append(all, l)
	}
	return all
}

// TestMatchEqualsTheOracle compares whole outputs of the real binary on a real
// district with brute force.
func TestMatchEqualsTheOracle(t *testing.T) {
	dir := data(t, "district-nyc")
	f, err := district.Read(t.Context(), dir, district.Options{Students: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, measure := range matcher.Measures {
		for _, idf := range []bool{false, true} {
			truth := oracle.New(f.Tags, f.Partners, f.Opportunities, oracle.Settings{
				Decay: matcher.DefaultDecay, IDF: idf, Measure: string(measure),
			})
			for _, limit := range []int{0, 2} {
				t.Run(fmt.Sprintf("%s,idf=%v,cap=%d", measure, idf, limit), func(t *testing.T) {
					if testing.Short() && limit > 0 {
						t.Skip("short: one in two")
					}
					args := []string{
						"match", dir, "--output", "jsonl", "--as-of", "2026-09-01", "--measure", string(measure),
						fmt.Sprintf("--idf=%v", idf), fmt.Sprintf("--max-per-partner=%d", limit), fmt.Sprintf("--explain=%v", idf != (limit > 0)),
					}
					want := truth.RankAll(f.Students, oracle.Options{AsOf: 20260901, K: 10, MaxPerPartner: limit}, nil)
					compare(t, f.Students, lines(t, succeed(t, args...)), want)
				})
			}
		}
	}
}

func compare(t *testing.T, students []matcher.Student, got []line, want [][]oracle.Candidate) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d lines, want %d", len(got), len(want))
	}
	for i := range want {
		if got[i].Student != students[i].ID || len(got[i].Candidates) != len(want[i]) {
			t.Fatalf("line %d: student %s with %d candidates, want %s with %d",
				i+1, got[i].Student, len(got[i].Candidates), students[i].ID, len(want[i]))
		}
		for j, w := range want[i] {
			g := got[i].Candidates[j]
			if g.Opportunity != w.ID || g.Rank != w.Rank || g.Units != w.Units.String() || math.Abs(g.Score-w.Score) > 5.1e-7 {
				t.Fatalf("line %d: candidate %+v, want %+v", i+1, g, w)
			}
		}
	}
}

func TestMatchOutputs(t *testing.T) {
	dir := small(t)
	for args, want := range map[string]string{
		"--student s1 --output jsonl": `{"student":"s1","candidates":[{"opportunity":"o1","rank":1,"score":0.964151,"units":"379108000000"},`,
		"--student s3 --output jsonl": `{"student":"s3","candidates":[]}` + "\n",
		"--student s3 --output json":  "[\n" + `{"student":"s3","candidates":[]}` + "\n]\n",
		"--student s2 --output csv":   "student,opportunity,rank,score,units\ns2,o2,1,",
		"--opportunity o2 -o jsonl":   `{"opportunity":"o2","candidates":[{"student":"s1","rank":1,`,
		"--opportunity o3 -o jsonl":   `{"opportunity":"o3","candidates":[]}` + "\n",
		"--opportunity o2 -o csv":     "opportunity,student,rank,score,units\no2,s1,1,",
		"--student s1":                "Build a robot · Harbor Makers",
		"--student s1 --explain":      "robotics ",
	} {
		out := succeed(t, append([]string{"match", dir}, strings.Fields(args)...)...)
		if !strings.HasPrefix(out, want) && !(strings.HasPrefix(args, "--student s1") && strings.Contains(out, want)) {
			t.Errorf("match %s prints %q, want it to begin with %q", args, out, want)
		}
	}
}

func TestMatchExplainAddsUp(t *testing.T) {
	out := succeed(t, "match", small(t), "--explain", "--output", "jsonl")
	found := 0
	for _, l := range lines(t, out) {
		for _, c := range l.Candidates {
			var sum int64
			for _, p := range c.Tags {
				sum += digits(t, p.Units)
				found++
			}
			units := digits(t, c.Units)
			if sum != units {
				t.Errorf("the parts of %s for %s add up to %d, want %d", c.Opportunity, l.Student, sum, units)
			}
		}
	}
	if found == 0 {
		t.Error("no parts at all")
	}
}

func digits(t *testing.T, s string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestExplain(t *testing.T) {
	dir := small(t)
	var e struct {
		Eligible bool
		Failures []string
		Rank     int
		Units    string
		Tags     []struct{ Tag string }
	}
	explain := func(student, opportunity string) {
		e.Rank, e.Tags, e.Failures = 0, nil, nil
		out := succeed(t, "explain", dir, "--student", student, "--opportunity", opportunity, "--output", "json")
		if err := json.Unmarshal([]byte(out), &e); err != nil {
			t.Fatal(err)
		}
	}
	if explain("s1", "o1"); !e.Eligible || e.Rank != 1 || len(e.Tags) != 3 {
		t.Errorf("s1 and o1: %+v, want eligible, rank 1, 3 tags", e)
	}
	if explain("s2", "o1"); e.Eligible || fmt.Sprint(e.Failures) != "[GRADE]" || e.Rank != 0 {
		t.Errorf("s2 and o1: %+v, want GRADE", e)
	}
	if explain("s1", "o3"); e.Eligible || fmt.Sprint(e.Failures) != "[FULL]" {
		t.Errorf("s1 and o3: %+v, want FULL", e)
	}
	if out := succeed(t, "explain", dir, "--student", "s2", "--opportunity", "o1"); !strings.Contains(out, "GRADE") {
		t.Errorf("the table lacks the code:\n%s", out)
	}
}

package main

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kindred-match/kindred/internal/runfolder"
	"github.com/kindred-match/kindred/matcher/place"
)

// verified runs verify and returns its exit code and what it says.
func verified(t *testing.T, dir, input string, args ...string) (code int, says string) {
	t.Helper()
	r := run(t, append([]string{"verify", dir, "--input", input}, args...)...)
	if r.stdout != "" {
		t.Errorf("standard output: %q", r.stdout)
	}
	return r.code, r.stderr
}

func TestVerifyRealDistricts(t *testing.T) {
	for _, dir := range []string{"district-glasgow-2007-08", "district-glasgow-2010-11", "district-glasgow-2014-15", "district-nyc"} {
		input := data(t, dir)
		for i, objective := range place.Objectives {
			args := []string{"--objective", string(objective), "--as-of", "2026-09-01"}
			if i%2 == 0 {
				args = append(args, "--fill", "--candidates", "4", "--priority", "score", "--reverse-lottery")
			}
			run, _ := placed(t, input, args...)
			if code, says := verified(t, run, input); code != exitDone {
				t.Errorf("%s, %s: exit code %d: %s", dir, objective, code, says)
			}
		}
	}
}

func TestVerifySample(t *testing.T) {
	input := crowded(t)
	run, _ := placed(t, input, "--idf", "--max-per-partner", "2")
	if code, says := verified(t, run, input, "--sample", "20"); code != exitDone {
		t.Fatalf("exit code %d: %s", code, says)
	}
	change(t, filepath.Join(run, runfolder.SummaryFile), `"candidates": 50`, `"candidates": 1`)
	if code, says := verified(t, run, input, "--sample", "20"); code != exitNo {
		t.Errorf("other options: exit code %d: %s", code, says)
	}
}

// Reviewers bid for the papers of AAMAS 2021. Those with a conflict are kept
// apart by locks, whatever a run is the best of; and all of it holds.
func TestPlaceAndVerifyAAMAS(t *testing.T) {
	rows, err := csv.NewReader(bytes.NewReader(readFile(t, data(t, filepath.Join("aamas", "00037-00000003.csv"))))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	students, papers := make(map[string]bool), make(map[string]bool)
	scores, locks := "student,opportunity,score\n", "student,opportunity,action\n"
	conflicts := make(map[[2]string]bool)
	for _, r := range rows[1:] {
		students[r[0]], papers[r[1]] = true, true
		scores += fmt.Sprintf("%s,%s,%s\n", r[0], r[1], map[string]string{"yes": "1", "maybe": "0.5", "conflict": "0.9"}[r[2]])
		if r[2] == "conflict" {
			conflicts[[2]string{r[0], r[1]}] = true
			locks += r[0] + "," + r[1] + ",forbid\n"
		}
	}
	list := func(header string, ids map[string]bool, rest string) string {
		for _, id := range slices.Sorted(maps.Keys(ids)) {
			header += id + rest + "\n"
		}
		return header
	}
	input := folder(t, map[string]string{
		"students.csv": list("student\n", students, ""), "opportunities.csv": list("opportunity,seats\n", papers, ",2"),
		"scores.csv": scores, "locks.csv": locks,
	})
	for i, objective := range place.Objectives {
		args := []string{"--objective", string(objective)}
		if i%2 == 1 {
			args = append(args, "--fill")
		}
		run, got := placed(t, input, args...)
		for _, row := range got.Placed {
			if conflicts[[2]string{row.Student, row.Opportunity}] {
				t.Errorf("%s places a conflict", objective)
			}
		}
		if code, says := verified(t, run, input); code != exitDone || len(got.Placed) == 0 {
			t.Errorf("%s: exit code %d: %s", objective, code, says)
		}
	}
}

// change replaces a text of a file that must be there.
func change(t *testing.T, name, from, to string) {
	t.Helper()
	content := readFile(t, name)
	changed := bytes.Replace(content, []byte(from), []byte(to), 1)
	if bytes.Equal(content, changed) {
		t.Fatalf("%s has no %s", name, from)
	}
	if err := os.WriteFile(name, changed, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestVerifyExitCodes(t *testing.T) {
	input := folder(t, map[string]string{
		"opportunities.csv": "opportunity,seats\na,1\nb,1\n",
		"students.csv":      "student\nhidden-s1\nhidden-s2\n",
		"preferences.csv":   "student,opportunity,rank\nhidden-s1,a,1\nhidden-s1,b,2\nhidden-s2,a,1\nhidden-s2,b,2\n",
	})
	other := folder(t, map[string]string{
		"opportunities.csv": "opportunity,seats\na,1\nb,2\n",
		"students.csv":      "student\nhidden-s1\nhidden-s2\n",
	})
	bad := folder(t, map[string]string{"opportunities.csv": "opportunity,seats\na,-1\n"})
	made := func() string {
		dir, _ := placed(t, input)
		return dir
	}
	swapped := made()
	rows := strings.Split(string(readFile(t, swapped, runfolder.PlacementsFile)), "\n")
	first, second := strings.SplitN(rows[1], ",", 2), strings.SplitN(rows[2], ",", 2)
	rows[1], rows[2] = first[0]+","+second[1], second[0]+","+first[1]
	if err := os.WriteFile(filepath.Join(swapped, runfolder.PlacementsFile), []byte(strings.Join(rows, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	lacking := made()
	if err := os.Remove(filepath.Join(lacking, runfolder.CertificateFile)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, run, input string
		code             int
		says             string
	}{
		{"holds", made(), input, exitDone, "holds"},
		{"students swapped", swapped, input, exitNo, "placements.csv:"},
		{"another input", made(), other, exitNo, "input_sha256"},
		{"a file is missing", lacking, input, exitNo, "certificate.json: is missing"},
		{"no run", t.TempDir(), input, exitInput, "no run.json"},
		{"nothing there", filepath.Join(t.TempDir(), "nothing"), input, exitInput, "no run.json"},
		{"bad input", made(), bad, exitInput, "seats"},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, says := verified(t, c.run, c.input)
			if code != c.code || !strings.Contains(says, c.says) {
				t.Errorf("exit code %d, want %d; it says %q, want %q", code, c.code, says, c.says)
			}
			if strings.Contains(says, "hidden-") {
				t.Errorf("it names a student: %q", says)
			}
		})
	}
}

// The known minimum of assign100 of the OR-Library (Beasley 1990) is 305.
func TestPlaceAndVerifyAssign100(t *testing.T) {
	cells := strings.Fields(string(readFile(t, data(t, filepath.Join("orlib-assign", "assign100.txt")))))
	const n = 100
	opportunities, students, scores := "opportunity\n", "student\n", "student,opportunity,score\n"
	for i := range n {
		opportunities += fmt.Sprintf("o%d\n", i)
		students += fmt.Sprintf("s%d\n", i)
		for o := range n {
			cost := digits(t, cells[1+i*n+o])
			scores += fmt.Sprintf("s%d,o%d,0.%03d\n", i, o, 1000-cost)
		}
	}
	input := folder(t, map[string]string{"opportunities.csv": opportunities, "students.csv": students, "scores.csv": scores})
	run, got := placed(t, input, "--objective", string(place.MaxPlaced))
	if cost := n*1000 - got.Summary.TotalScoreMicro/1000; got.Summary.Placed != n || cost != 305 {
		t.Errorf("%d placed at a cost of %d, want all at 305", got.Summary.Placed, cost)
	}
	if code, says := verified(t, run, input); code != exitDone {
		t.Errorf("exit code %d: %s", code, says)
	}
}

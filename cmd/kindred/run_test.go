package main

import (
	"encoding/csv"
	"encoding/json"
	"flag"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/kindred-match/kindred/internal/runfolder"
	"github.com/kindred-match/kindred/matcher/place"
	kindredv1 "github.com/kindred-match/kindred/proto/kindred/v1"
)

var everyObjective = flag.Bool("every-objective", false, "run a real district through a server by every objective")

// remote runs a command about the runs of a server, which must end with 0.
func remote(t *testing.T, s *served, args ...string) string {
	t.Helper()
	return succeed(t, append(append([]string{"run"}, args...), "--server", s.address)...)
}

// refused runs a command about runs that must end with a code, and returns what
// it says.
func refused(t *testing.T, s *served, code int, args ...string) string {
	t.Helper()
	r := run(t, append(append([]string{"run"}, args...), "--server", s.address)...)
	if r.code != code || r.stdout != "" {
		t.Fatalf("run %s: exit code %d, want %d: %s%s", strings.Join(args, " "), r.code, code, r.stderr, r.stdout)
	}
	return r.stderr
}

// view reads a run out of JSON.
func view(t *testing.T, text string) *runView {
	t.Helper()
	var v runView
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v:\n%s", err, text)
	}
	return &v
}

// standing are the placements that stand, by student.
func standing(t *testing.T, s *served) map[string]string {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(remote(t, s, "placements", "--output", "csv"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	found := make(map[string]string)
	for _, r := range rows[1:] {
		found[r[0]] = r[1]
	}
	return found
}

// placedBy are the placements of a run folder, by student.
func placedBy(f *runfolder.Folder) map[string]string {
	found := make(map[string]string)
	for i := range f.Placed {
		found[f.Placed[i].Student] = f.Placed[i].Opportunity
	}
	return found
}

// TestSemester takes a coordinator's semester through the real program: look at
// what would go wrong, run, look, compare, publish, run again.
func TestSemester(t *testing.T) {
	dir := harbor(t)
	s := serve(t, t.TempDir())
	succeed(t, "import", dir, "--server", s.address)
	if got := remote(t, s, "list", "--output", "json"); strings.TrimSpace(got) != "[]" {
		t.Errorf("runs before the first: %s", got)
	}
	day := []string{"--as-of", "2026-09-01"}
	var check checkView
	if err := json.Unmarshal([]byte(remote(t, s, append(day, "create", "--check", "--output", "json")...)), &check); err != nil {
		t.Fatal(err)
	}
	if check.Students != 7 || check.Opportunities != 5 || check.Seats != 12 || check.Standing != 0 || check.Options.Objective != "stable" {
		t.Errorf("the check: %+v", check)
	}
	first := strings.TrimSpace(remote(t, s, append(day, "create", "--wait")...))
	if len(first) != idSize {
		t.Fatalf("the id is %q", first)
	}
	if v := view(t, remote(t, s, "get", first[:prefix], "--output", "json")); v.State != "draft" || v.Run != first || v.Options.Seed != 1 || v.Outcome.Students != 7 {
		t.Errorf("the run: %+v", v)
	}
	if len(standing(t, s)) > 0 {
		t.Error("a draft takes seats")
	}

	out := filepath.Join(t.TempDir(), "run")
	remote(t, s, "get", latest, "--out", out)
	_, folder := placed(t, dir, day...)
	got, err := runfolder.Read(out)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got.Placed, folder.Placed) || !slices.Equal(got.Unplaced, folder.Unplaced) {
		t.Errorf("the server places\n%+v\nthe folder\n%+v", got.Placed, folder.Placed)
	}
	for _, u := range folder.Unplaced {
		if strings.Contains(string(readFile(t, out, runfolder.ReportFile)), strconv.Quote(u.Student)) {
			t.Error("the report names a student")
		}
	}
	if text := refused(t, s, exitInput, "get", latest, "--out", out); !strings.Contains(text, "not empty") {
		t.Errorf("into a folder that is there: %s", text)
	}

	var diff diffView
	if err := json.Unmarshal([]byte(remote(t, s, "diff", latest, "--output", "json")), &diff); err != nil {
		t.Fatal(err)
	}
	if n := int64(len(folder.Placed)); diff.Gain != n || diff.Stay+diff.Move+diff.Lose != 0 || diff.Without != 7-n || len(diff.Opportunities) == 0 {
		t.Errorf("the difference to nothing: %+v", diff)
	}

	if offered := succeed(t, "__complete", "run", "publish", "--server", s.address, ""); !strings.Contains(offered, first+"\tdraft, stable, seed 1") {
		t.Errorf("the shell is offered %q", offered)
	}
	remote(t, s, "publish", first)
	if got := standing(t, s); len(got) == 0 || fmt.Sprint(got) != fmt.Sprint(placedBy(folder)) {
		t.Errorf("%v stand, the run has %v", got, placedBy(folder))
	}
	if text := refused(t, s, exitNo, "publish", first); !strings.Contains(text, "published") {
		t.Errorf("again: %s", text)
	}
	full := make(map[string]bool)
	for _, o := range placedBy(folder) {
		full[o] = full[o] || o == "build" || o == "paint" // one seat each
	}
	if len(full) == 0 {
		t.Fatal("nothing is full")
	}
	for _, l := range lines(t, succeed(t, "match", "--server", s.address, "--student", "s1", "--output", "jsonl", "--as-of", "2026-09-01")) {
		for _, c := range l.Candidates {
			if full[c.Opportunity] {
				t.Errorf("%s is full, and still matched", c.Opportunity)
			}
		}
	}

	second := view(t, remote(t, s, append(day, "create", "--wait", "--keep", "freeze", "--fill", "--seed", "7", "--output", "json")...))
	if second.State != "draft" || second.Options.Keep != "freeze" || second.Options.Seed != 7 || !second.Options.Fill {
		t.Errorf("the second run: %+v", second)
	}
	if err := json.Unmarshal([]byte(remote(t, s, "diff", latest, "--output", "json")), &diff); err != nil {
		t.Fatal(err)
	}
	if diff.Stay != int64(len(folder.Placed)) || diff.Move+diff.Lose != 0 {
		t.Errorf("frozen, %+v", diff)
	}
	var explained map[string]any
	if err := json.Unmarshal([]byte(remote(t, s, "explain", latest, "--student", "s1", "--output", "json")), &explained); err != nil {
		t.Fatal(err)
	}
	if explained["reason"] != "PLACED" || explained["lottery"] == 0.0 || explained["text"] == "" {
		t.Errorf("explained: %v", explained)
	}
	refused(t, s, exitNo, "cancel", second.Run)
	if v := view(t, remote(t, s, "discard", second.Run, "--output", "json")); v.State != "discarded" {
		t.Errorf("discarded: %+v", v)
	}
	refused(t, s, exitNo, "publish", second.Run)
	refused(t, s, exitNo, "discard", first)
	var all []runView
	if err := json.Unmarshal([]byte(remote(t, s, "list", "--output", "json")), &all); err != nil {
		t.Fatal(err)
	}
	if len(all) != 2 || all[0].Run != second.Run || all[1].State != "published" || all[1].Publish == "" {
		t.Errorf("the list: %+v", all)
	}
	for _, table := range [][]string{{"list"}, {"get", first}, {"diff", first, "--base", first}, {"placements"}, {"placements", first}, {"create", "--check"}} {
		if text := remote(t, s, table...); len(text) < 10 {
			t.Errorf("%v: %q", table, text)
		}
	}
}

func TestRunRefuses(t *testing.T) {
	s := serve(t, t.TempDir())
	succeed(t, "import", small(t), "--server", s.address)
	for name, c := range map[string]struct {
		args []string
		code int
		want string
	}{
		"no command":   {[]string{"begin"}, exitInput, "unknown command"},
		"no run":       {[]string{"get"}, exitInput, "one run"},
		"none yet":     {[]string{"get", "latest"}, exitInput, "run create"},
		"short":        {[]string{"get", "abc"}, exitInput, "4 characters"},
		"prefix":       {[]string{"get", "abcd"}, exitInput, "no run begins"},
		"unknown":      {[]string{"watch", "00000000-0000-4000-8000-000000000000"}, exitInput, ""},
		"objective":    {[]string{"create", "--objective", "best"}, exitInput, "--objective"},
		"seed":         {[]string{"create", "--seed", "-1"}, exitInput, "--seed"},
		"candidates":   {[]string{"create", "--candidates", "0"}, exitInput, "--candidates"},
		"many":         {[]string{"create", "--candidates", "100000"}, exitInput, "candidates"},
		"day":          {[]string{"create", "--as-of", "2026-02-30"}, exitInput, "--as-of"},
		"measure":      {[]string{"create", "--measure", "sine"}, exitInput, "--measure"},
		"keep":         {[]string{"create", "--keep", "min-moves"}, exitInput, "keep"},
		"output":       {[]string{"list", "--output", "csv"}, exitInput, "--output must be table, json, jsonl"},
		"limit":        {[]string{"list", "--limit", "-1"}, exitInput, "--limit"},
		"no student":   {[]string{"explain", "abcd"}, exitInput, "--student"},
		"no server":    {[]string{"list", "--server", "127.0.0.1:1"}, exitMachine, "127.0.0.1:1"},
		"other place":  {[]string{"list", "--district", "elsewhere"}, exitInput, "district"},
		"no such file": {[]string{"list", "--tls-ca", "none.pem"}, exitInput, "--tls-ca"},
	} {
		t.Run(name, func(t *testing.T) {
			args := append([]string{"run"}, c.args...)
			if c.want != "unknown command" && !slices.Contains(args, "--server") {
				args = append(args, "--server", s.address)
			}
			r := run(t, args...)
			if r.code != c.code || r.stdout != "" || !strings.Contains(r.stderr, c.want) {
				t.Errorf("exit code %d, want %d and %q: %s%s", r.code, c.code, c.want, r.stderr, r.stdout)
			}
		})
	}
}

// TestRunOutOfReach holds that minimums out of reach are told of by a check, and
// by the run.
func TestRunOutOfReach(t *testing.T) {
	dir := folder(t, map[string]string{
		"opportunities.csv": "opportunity,seats,min_seats,tags\no1,3,2,art\n",
		"students.csv":      "student,interests\ns1,art\n",
	})
	s := serve(t, t.TempDir())
	succeed(t, "import", dir, "--server", s.address)
	r := run(t, "run", "create", "--check", "--objective", "welfare", "--server", s.address)
	if r.code != exitNo || !strings.Contains(r.stdout, "o1") {
		t.Errorf("the check: exit code %d: %s%s", r.code, r.stderr, r.stdout)
	}
	r = run(t, "run", "create", "--wait", "--objective", "welfare", "--server", s.address)
	if r.code != exitNo || !strings.Contains(r.stderr, "o1") {
		t.Errorf("the run: exit code %d: %s%s", r.code, r.stderr, r.stdout)
	}
	refused(t, s, exitNo, "publish", latest)
}

// TestServedRunsEqualThoseOfTheFolder holds that a run on a server has the
// placements of 'kindred place', to the byte.
func TestServedRunsEqualThoseOfTheFolder(t *testing.T) {
	if testing.Short() {
		t.Skip("short: the program that runs has no race detector")
	}
	objectives := []place.Objective{place.Stable, place.MinRank}
	if *everyObjective {
		objectives = place.Objectives
	}
	for _, name := range []string{"district-nyc", "district-glasgow-2014-15"} {
		dir := data(t, name)
		s := serve(t, t.TempDir())
		succeed(t, "import", dir, "--server", s.address)
		for _, objective := range objectives {
			for _, more := range [][]string{{"--seed", "3"}, {"--fill", "--priority", "score", "--reverse-lottery"}} {
				t.Run(fmt.Sprintf("%s,%s,%s", name, objective, more[0]), func(t *testing.T) {
					args := append([]string{"--objective", string(objective), "--as-of", "2026-09-01", "--candidates", "5", "--measure", "cosine"}, more...)
					want, folder := placed(t, dir, args...)
					id := strings.TrimSpace(remote(t, s, append([]string{"create", "--wait"}, args...)...))
					out := filepath.Join(t.TempDir(), "run")
					got := view(t, remote(t, s, "get", id, "--out", out, "--output", "json"))
					for _, file := range []string{runfolder.PlacementsFile, runfolder.UnplacedFile, runfolder.CertificateFile} {
						if string(readFile(t, want, file)) != string(readFile(t, out, file)) {
							t.Errorf("%s differs", file)
						}
					}
					if s := &folder.Summary; got.Outcome.Placed != s.Placed || got.Outcome.TotalRank != s.TotalRank ||
						got.Outcome.TotalScoreMicro != s.TotalScoreMicro || !slices.Equal(got.Outcome.Profile, s.Profile) {
						t.Errorf("the server says %+v, run.json %+v", got.Outcome, s)
					}
				})
			}
		}
	}
}

// TestRunGoesOnAlone holds that a run outlives the client that created it, and
// the one that watches it.
func TestRunGoesOnAlone(t *testing.T) {
	s := serve(t, t.TempDir())
	succeed(t, "import", invented(t, 1500, 200), "--server", s.address)
	client := kindredv1.NewPlacementServiceClient(s.dial(t))
	id := strings.TrimSpace(remote(t, s, "create", "--objective", "generous"))
	watching := start(t, "run", "watch", id, "--server", s.address)
	watching.kill()
	if got := watchRun(t, client, id); got.GetState() != kindredv1.RunState_RUN_STATE_DRAFT {
		t.Errorf("the run is %v: %s", got.GetState(), got.GetFailure())
	}
	if text := remote(t, s, "watch", id); text != "" {
		t.Errorf("standard output: %q", text)
	}
	var states []string
	for _, line := range strings.Split(strings.TrimSpace(remote(t, s, "watch", id, "--output", "jsonl")), "\n") {
		states = append(states, view(t, line).State)
	}
	if !slices.Equal(states, []string{"draft"}) {
		t.Errorf("watched when complete: %v", states)
	}
}

package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/kindred-match/kindred/internal/runfolder"
	"github.com/kindred-match/kindred/matcher/place"
)

// placed runs place, which must end with 0, and reads the run folder.
func placed(t *testing.T, dir string, args ...string) (string, *runfolder.Folder) {
	t.Helper()
	out := filepath.Join(t.TempDir(), "run")
	if stdout := succeed(t, append([]string{"place", dir, "--out", out}, args...)...); stdout != "" {
		t.Errorf("standard output: %q", stdout)
	}
	read, err := runfolder.Read(out)
	if err != nil {
		t.Fatal(err)
	}
	return out, read
}

func readFile(t *testing.T, name ...string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(name...))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// consistent holds that a summary is that of its rows.
func consistent(t *testing.T, f *runfolder.Folder) {
	t.Helper()
	s := &f.Summary
	var profile []int64
	var ranks, sum int64
	for i := range f.Placed {
		r := &f.Placed[i]
		for int(r.Rank) > len(profile) {
			profile = append(profile, 0)
		}
		if r.Rank > 0 {
			profile[r.Rank-1]++
		}
		ranks += int64(r.Rank)
		sum += int64(max(1, r.Score))
	}
	if s.Placed != int64(len(f.Placed)) || s.Students != len(f.Placed)+len(f.Unplaced) ||
		!slices.Equal(s.Profile, profile) || s.TotalRank != ranks || s.TotalScoreMicro != sum {
		t.Errorf("%+v; the rows have the profile %v, ranks of %d and weights of %d", s, profile, ranks, sum)
	}
}

// optima are those of expected.json, by year.
type optima struct {
	Students, Projects int
	Placed             int64   `json:"max_matching"`
	TotalRank          int64   `json:"min_total_rank"`
	Greedy             []int64 `json:"greedy_max_profile"`
	Generous           []int64 `json:"generous_max_profile"`
}

func TestPlaceGlasgow(t *testing.T) {
	var expected map[string]optima
	if err := json.Unmarshal(readFile(t, data(t, filepath.Join("spa-glasgow", "expected.json"))), &expected); err != nil {
		t.Fatal(err)
	}
	for year, want := range expected {
		for _, objective := range place.Objectives {
			t.Run(fmt.Sprintf("%s,%s", year, objective), func(t *testing.T) {
				_, got := placed(t, data(t, "district-glasgow-"+year), "--objective", string(objective))
				consistent(t, got)
				s := &got.Summary
				switch {
				case s.Students != want.Students || s.Opportunities != want.Projects:
					t.Errorf("%d students and %d opportunities", s.Students, s.Opportunities)
				case objective == place.Stable && s.BlockingPairs != 0:
					t.Errorf("%d pairs block", s.BlockingPairs)
				case objective.Flow() && s.Placed != want.Placed:
					t.Errorf("%d placed, want %d", s.Placed, want.Placed)
				case objective == place.MinRank && s.TotalRank != want.TotalRank:
					t.Errorf("a total rank of %d, want %d", s.TotalRank, want.TotalRank)
				case objective == place.Greedy && !slices.Equal(s.Profile, want.Greedy),
					objective == place.Generous && !slices.Equal(s.Profile, want.Generous):
					t.Errorf("the profile %v, want %v and %v", s.Profile, want.Greedy, want.Generous)
				}
			})
		}
	}
}

func TestPlaceNewYork(t *testing.T) {
	dir := data(t, "district-nyc")
	results := make(map[place.Objective]*runfolder.Summary)
	for _, objective := range place.Objectives {
		_, got := placed(t, dir, "--objective", string(objective), "--as-of", "2026-09-01", "--candidates", "5")
		consistent(t, got)
		results[objective] = &got.Summary
		if len(got.Unplaced) == 0 {
			t.Errorf("%s: everybody is placed, so that the objectives don't differ", objective)
		}
	}
	most, stable := results[place.MaxPlaced], results[place.Stable]
	for objective, s := range results {
		switch {
		case s.Placed > most.Placed, objective.Flow() && objective != place.Welfare && s.Placed != most.Placed:
			t.Errorf("%s places %d, max-placed %d", objective, s.Placed, most.Placed)
		case s.TotalScoreMicro > results[place.Welfare].TotalScoreMicro:
			t.Errorf("%s has a larger sum than welfare", objective)
		case objective.Flow() && objective != place.Welfare && s.TotalRank < results[place.MinRank].TotalRank:
			t.Errorf("%s has a smaller total rank than min-rank", objective)
		case objective.Flow() && objective != place.Welfare && s.Profile[0] > results[place.Greedy].Profile[0]:
			t.Errorf("%s has more first choices than greedy", objective)
		}
	}
	if stable.BlockingPairs != 0 {
		t.Errorf("%d pairs block", stable.BlockingPairs)
	}
}

// shuffled is a folder with the rows of all files, and the columns, in another
// order.
func shuffled(t *testing.T, dir string) string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.csv"))
	if err != nil {
		t.Fatal(err)
	}
	files := make(map[string]string)
	for _, name := range names {
		rows, err := csv.NewReader(bytes.NewReader(readFile(t, name))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		dice := rand.New(rand.NewPCG(1, 1))
		dice.Shuffle(len(rows)-1, func(a, b int) { rows[1+a], rows[1+b] = rows[1+b], rows[1+a] })
		for _, r := range rows {
			slices.Reverse(r)
		}
		var b strings.Builder
		if err := csv.NewWriter(&b).WriteAll(rows); err != nil {
			t.Fatal(err)
		}
		files[filepath.Base(name)] = b.String()
	}
	return folder(t, files)
}

// crowded is an invented district of which not everybody can be placed.
func crowded(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "district")
	succeed(t, "generate", dir, "--students", "400", "--opportunities", "60", "--seed", "7")
	return dir
}

// keepHalf gives a district the placements of a run, of every second student.
func keepHalf(t *testing.T, dir string) {
	t.Helper()
	_, first := placed(t, dir, "--seed", "3")
	rows := "student,opportunity\n"
	for i := range first.Placed {
		if row := &first.Placed[i]; i%2 == 0 {
			rows += row.Student + "," + row.Opportunity + "\n"
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "placements.csv"), []byte(rows), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestPlaceDoesNotDependOnRowsAndThreads(t *testing.T) {
	dir := crowded(t)
	keepHalf(t, dir)
	other := shuffled(t, dir)
	for i, objective := range place.Objectives {
		args := []string{"--objective", string(objective), "--seed", "9", "--fill", "--seeds", "2"}
		if i%2 == 0 {
			args = append(args, "--keep", "no-worse")
		}
		one, _ := placed(t, dir, args...)
		t.Setenv("GOMAXPROCS", "1")
		two, _ := placed(t, other, args...)
		t.Setenv("GOMAXPROCS", "2")
		three, _ := placed(t, other, args...)
		for _, file := range []string{
			runfolder.PlacementsFile, runfolder.UnplacedFile, runfolder.CertificateFile, runfolder.ProbabilitiesFile,
		} {
			want := readFile(t, one, file)
			if !bytes.Equal(readFile(t, two, file), want) || !bytes.Equal(readFile(t, three, file), want) {
				t.Errorf("%s: %s depends on the order of rows, or the number of threads", objective, file)
			}
		}
		if code, says := verified(t, one, dir); code != exitDone {
			t.Errorf("%s: exit code %d: %s", objective, code, says)
		}
	}
}

func TestPlaceWritesTheLists(t *testing.T) {
	dir := folder(t, map[string]string{
		"opportunities.csv": "opportunity,grades,tags\na,,x\nb,,x=0.5;y\nc,12,x\nd,,z\n",
		"students.csv":      "student,grade,interests\ns3,9,x\ns1,9,x\ns2,9,x\ns4,9,unknown\ns5,9,x\n",
		"preferences.csv":   "student,opportunity,rank\ns1,d,7\ns1,c,2\ns1,a,5\ns5,c,1\n",
		"scores.csv":        "student,opportunity,score\ns2,b,0.25\ns2,a,0.25\ns2,c,0.9\ns2,d,1\ns1,a,0.125\n",
	})
	lists := filepath.Join(t.TempDir(), "lists.csv")
	_, got := placed(t, dir, "--write-candidates", lists)
	want := "student,opportunity,rank,weight\n" +
		"s1,a,2,125000\ns1,d,3,1\n" +
		"s2,d,1,1000000\ns2,a,2,250000\ns2,b,3,250000\n" +
		"s3,a,1,1000000\ns3,b,2,447218\n"
	if text := string(readFile(t, lists)); text != want {
		t.Errorf("the lists are\n%s\nwant\n%s", text, want)
	}
	reasons := []runfolder.Unplaced{{Student: "s4", Reason: place.NoCandidates}, {Student: "s5", Reason: place.AllIneligible}}
	if !slices.Equal(got.Unplaced, reasons) {
		t.Errorf("without a placement %v, want %v", got.Unplaced, reasons)
	}
}

func TestPlaceLocksFillsAndShowsScores(t *testing.T) {
	dir := folder(t, map[string]string{
		"opportunities.csv": "opportunity,seats,tags\na,1,x\nb,1,y\nc,1,z\n",
		"students.csv":      "student,interests\ns1,x\ns2,x\ns3,x\n",
		"preferences.csv":   "student,opportunity,rank\ns1,a,1\ns2,a,1\ns3,a,1\n",
		"scores.csv":        "student,opportunity,score\ns2,b,0.123456\n",
		"locks.csv":         "student,opportunity,action\ns2,b,place\ns1,a,forbid\n",
	})
	out, got := placed(t, dir, "--fill")
	want := "student,opportunity,rank,score\ns1,c,,0.000000\ns2,b,,0.123456\ns3,a,1,1.000000\n"
	if text := string(readFile(t, out, runfolder.PlacementsFile)); text != want {
		t.Errorf("placed\n%s\nwant\n%s", text, want)
	}
	s := &got.Summary
	if s.Placed != 3 || !slices.Equal(s.Profile, []int64{1}) || s.TotalRank != 1 || s.TotalScoreMicro != 1123457 || s.Seats != 3 {
		t.Errorf("%+v", s)
	}
}

func TestRunHasItsOptions(t *testing.T) {
	out, got := placed(t, small(t), "--as-of", "2026-09-01", "--seed", "18446744073709551615", "--objective", "welfare",
		"--measure", "overlap", "--idf", "--ancestor-decay", "0.25", "--term", "", "--candidates", "7", "--max-per-partner", "2",
		"--priority", "score", "--reserves", "last", "--keep", "min-moves", "--fill", "--reverse-lottery", "--with-students",
		"--compare", "--seeds", "3", "--small-groups", "5")
	want := runfolder.Options{
		Input: got.Summary.Options.Input, AsOf: "2026-09-01", Measure: "overlap", IDF: true, AncestorDecay: 0.25, MaxPerPartner: 2,
		Candidates: 7, Priority: "score", Reserves: "last", Keep: "min-moves", Fill: true, ReverseLottery: true,
		WithStudents: true, Compare: true, Seeds: 3, SmallGroups: 5,
	}
	if s := &got.Summary; s.Options != want || s.Seed != 1<<64-1 || s.Objective != place.Welfare {
		t.Errorf("%+v, want %+v", s, want)
	}
	if hashes := got.Summary.InputSHA256; len(hashes) != 4 || len(hashes["students.csv"]) != 64 {
		t.Errorf("hashes: %v", hashes)
	}
	report := string(readFile(t, out, runfolder.ReportFile))
	for _, student := range []string{"s1", "s2", "s3"} {
		if named, _ := regexp.MatchString(`\b`+student+`\b`, report); named {
			t.Errorf("report.html names %s", student)
		}
		if !strings.Contains(string(readFile(t, out, runfolder.StudentsFile)), student) {
			t.Errorf("report-students.html lacks %s", student)
		}
	}
	for _, text := range []string{"Groups of fewer than 5 students", "Comparison of objectives", "min-moves needs an objective", "By other lotteries", "Build a robot"} {
		if !strings.Contains(report, text) {
			t.Errorf("report.html lacks %q", text)
		}
	}
	if strings.Contains(report, "://") {
		t.Error("report.html points elsewhere")
	}
}

func TestPlaceRefuses(t *testing.T) {
	good := small(t)
	short := folder(t, map[string]string{
		"opportunities.csv": "opportunity,seats,min_seats,tags\na,5,3,x\nb,5,2,x\n",
		"students.csv":      "student,interests\nsecret1,x\nsecret2,x\nsecret3,x\n",
	})
	other := folder(t, map[string]string{
		"opportunities.csv": "opportunity,term,tags\na,spring,x\n",
		"students.csv":      "student,interests\nsecret1,x\n",
		"locks.csv":         "student,opportunity,action\nsecret1,a,place\n",
	})
	standing := folder(t, map[string]string{
		"opportunities.csv": "opportunity,seats,tags\na,1,x\n",
		"students.csv":      "student,interests\nsecret1,x\nsecret2,x\n",
		"placements.csv":    "student,opportunity\nsecret1,a\nsecret2,a\n",
	})
	for name, c := range map[string]struct {
		args []string
		code int
		want string
	}{
		"no run folder":      {[]string{good}, exitInput, "--out"},
		"it is there":        {[]string{good, "--out", good}, exitInput, "name another or empty it"},
		"objective":          {[]string{good, "--objective", "best"}, exitInput, "--objective must be one of"},
		"priority":           {[]string{good, "--priority", "first"}, exitInput, "--priority must be"},
		"reserves":           {[]string{good, "--reserves", "never"}, exitInput, "--reserves must be"},
		"keep":               {[]string{good, "--keep", "some"}, exitInput, "--keep must be"},
		"moves":              {[]string{good, "--keep", "min-moves"}, exitInput, "--keep min-moves needs"},
		"seed":               {[]string{good, "--seed", "-1"}, exitInput, "--seed must be"},
		"candidates":         {[]string{good, "--candidates", "0"}, exitInput, "--candidates must be"},
		"seeds":              {[]string{good, "--seeds", "-1"}, exitInput, "--seeds must be"},
		"small groups":       {[]string{good, "--small-groups", "4"}, exitInput, "--small-groups must be 5 to 30"},
		"large groups":       {[]string{good, "--small-groups", "31"}, exitInput, "--small-groups must be 5 to 30"},
		"per partner":        {[]string{good, "--max-per-partner", "-1"}, exitInput, "--max-per-partner must be"},
		"minimums of a flow": {[]string{short, "--objective", "welfare"}, exitNo, "b needs 2, 3 eligible students"},
		"minimums, stable":   {[]string{short}, exitNo, "needs 2, 3 eligible students have it on their lists, 0 are placed there"},
		"lock":               {[]string{other, "--term", "fall"}, exitInput, "locks.csv:2: action: "},
		"standing":           {[]string{standing, "--keep", "freeze"}, exitInput, "opportunity a has seats"},
		"unwritable":         {[]string{good, "--out", filepath.Join(good, "tags.csv", "run")}, exitMachine, "tags.csv"},
		"unwritable lists":   {[]string{good, "--write-candidates", filepath.Join(good, "no", "lists.csv")}, exitMachine, "write the candidates"},
	} {
		t.Run(name, func(t *testing.T) {
			args := append([]string{"place"}, c.args...)
			out := filepath.Join(t.TempDir(), "run")
			if name != "no run folder" && !slices.Contains(args, "--out") {
				args = append(args, "--out", out)
			}
			r := run(t, args...)
			if r.code != c.code || !strings.Contains(r.stderr, c.want) || r.stdout != "" {
				t.Errorf("exit code %d, want %d; standard error wants %q:\n%s%s", r.code, c.code, c.want, r.stderr, r.stdout)
			}
			if strings.Contains(r.stderr, "secret") {
				t.Errorf("a student's data in an error: %s", r.stderr)
			}
			if left, err := filepath.Glob(filepath.Join(filepath.Dir(out), "*")); err != nil || len(left) > 0 {
				t.Errorf("left: %v, %v", left, err)
			}
		})
	}
}

// Minimums out of reach are the answer no, with the opportunities, what they need
// and who could be there, whatever the objective; and there is no run.
func TestMinimumsOutOfReach(t *testing.T) {
	dir := folder(t, map[string]string{
		"partners.csv":      "partner,max_seats\np,4\n",
		"opportunities.csv": "opportunity,partner,seats,min_seats,tags\na,p,5,2,x\nb,p,5,2,x\nc,,5,3,y\n",
		"reserves.csv":      "opportunity,group,seats\nb,g=1,3\n",
		"students.csv":      "student,groups,interests\nsecret1,,x\nsecret2,g=1,x\nsecret3,g=1,x\nsecret4,,x;y\nsecret5,,y\n",
	})
	for _, objective := range place.Objectives {
		out := filepath.Join(t.TempDir(), "run")
		r := run(t, "place", dir, "--out", out, "--objective", string(objective))
		if r.code != exitNo || r.stdout != "" || !strings.Contains(r.stderr, "  c needs 3, 2 eligible students have it on their lists") {
			t.Errorf("%s: exit code %d: %s%s", objective, r.code, r.stderr, r.stdout)
		}
		if strings.Contains(r.stderr, "secret") {
			t.Errorf("%s: a student's data in an error: %s", objective, r.stderr)
		}
		if left, err := os.ReadDir(filepath.Dir(out)); err != nil || len(left) > 0 {
			t.Errorf("%s: left: %v, %v", objective, left, err)
		}
	}
}

func TestSeedAuto(t *testing.T) {
	dir := small(t)
	out, got := placed(t, dir, "--seed", "auto")
	_, again := placed(t, dir, "--seed", strconv.FormatUint(got.Summary.Seed, 10))
	if !slices.Equal(got.Placed, again.Placed) || got.Summary.Seed >= 1<<53 {
		t.Errorf("seed %d gives %v, then %v", got.Summary.Seed, got.Placed, again.Placed)
	}
	if r := run(t, "place", dir, "--out", out); r.code != exitInput || !strings.Contains(r.stderr, "name another or empty it") {
		t.Errorf("into a run that is there: %d, %s", r.code, r.stderr)
	}
}

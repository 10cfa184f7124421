package verification_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/kindred-match/kindred/internal/district"
	"github.com/kindred-match/kindred/internal/placement"
	"github.com/kindred-match/kindred/internal/ranking"
	"github.com/kindred-match/kindred/internal/runfolder"
	"github.com/kindred-match/kindred/internal/verification"
	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/matcher/place"
	"github.com/kindred-match/kindred/matcher/place/verify"
)

// scored is a district of students with scores for opportunities, in thousandths.
func scored(opportunities []matcher.Opportunity, scores map[string]map[string]int) *district.Folder {
	f := &district.Folder{Opportunities: opportunities, Hashes: map[string]string{"scores.csv": "00"}}
	for i := range f.Opportunities {
		o := &f.Opportunities[i]
		o.Boost, o.Status = 1, matcher.Published
	}
	for s, row := range scores {
		f.Students = append(f.Students, matcher.Student{ID: s})
		for o, score := range row {
			f.Rows.Scores = append(f.Rows.Scores, place.Score{Student: s, Opportunity: o, Score: float64(score) / 1000})
		}
	}
	return f
}

// runOf places and returns the run folder.
func runOf(t *testing.T, f *district.Folder, objective place.Objective, seeds int) fstest.MapFS {
	t.Helper()
	c, err := placement.New(t.Context(), f, placement.Options{
		Ranking: ranking.Options{
			Settings: matcher.Settings{Measure: matcher.Cosine, Decay: matcher.DefaultDecay}, AsOf: 20260901, K: 50,
		},
		Objective: objective, Lottery: place.Lottery{Seed: 1}, Priority: place.ByLottery,
		Reserves: place.ReservesFirst, Keep: place.Full,
	})
	if err != nil {
		t.Fatal(err)
	}
	placed, err := c.Solve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	rows, unplaced, err := c.Outcome(placed)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "run")
	w, err := runfolder.Create(dir)
	if err != nil {
		t.Fatal(err)
	}
	summary := c.Summary(placed)
	summary.Options.Seeds = seeds
	if seeds > 0 {
		several, err := c.Seeds(t.Context(), placed, seeds)
		if err != nil {
			t.Fatal(err)
		}
		w.Probabilities(several.Rows)
	}
	w.Placements(rows)
	w.Unplaced(unplaced)
	w.Certificate(&placed.Certificate)
	w.Report(c.Report(placed, summary, nil, nil))
	w.Summary(summary)
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	files := make(fstest.MapFS)
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		content, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		files[e.Name()] = &fstest.MapFile{Data: content}
	}
	return files
}

// change replaces texts of a file that must be there.
func change(t *testing.T, files fstest.MapFS, name string, pairs ...string) {
	t.Helper()
	content := files[name].Data
	for i := 0; i < len(pairs); i += 2 {
		changed := bytes.ReplaceAll(content, []byte(pairs[i]), []byte(pairs[i+1]))
		if bytes.Equal(changed, content) {
			t.Fatalf("%s has no %s:\n%s", name, pairs[i], content)
		}
		content = changed
	}
	files[name] = &fstest.MapFile{Data: content}
}

// holds checks a run, and that the violation, if there is to be one, is in a
// file.
func holds(t *testing.T, f *district.Folder, files fstest.MapFS, proofOnly bool, file string) {
	t.Helper()
	run, err := verify.Read(files)
	if err == nil {
		err = verification.Check(t.Context(), files, run, f, verification.Options{ProofOnly: proofOnly})
	}
	bad, violates := errors.AsType[*verify.Violation](err)
	switch {
	case err != nil && !violates:
		t.Fatal(err)
	case file == "" && violates:
		t.Errorf("it does not hold: %v", err)
	case file != "" && (!violates || bad.File != file):
		t.Errorf("%v, want a violation in %s", err, file)
	}
}

// Two students are worth the same at two opportunities: which has which is for
// the seed.
func TestAnotherOptimumIsNotTheRun(t *testing.T) {
	even := map[string]int{"a": 500, "b": 500}
	f := scored([]matcher.Opportunity{{ID: "a", Seats: 1}, {ID: "b", Seats: 1}}, map[string]map[string]int{"s1": even, "s2": even})
	files := runOf(t, f, place.Welfare, 0)
	holds(t, f, files, false, "")
	// s1 comes first by seed 1. Of two that are worth the same both like a better.
	change(t, files, runfolder.PlacementsFile, "s1,a,1,", "s1,b,2,", "s2,b,2,", "s2,a,1,")
	change(t, files, runfolder.SummaryFile, `"blocking_pairs": 0`, `"blocking_pairs": 1`)
	holds(t, f, files, true, "")
	holds(t, f, files, false, runfolder.PlacementsFile)
}

// Prices prove the end, not that an opportunity on the way to it was rightly
// cancelled.
func TestWronglyCancelled(t *testing.T) {
	offers := func(least int32) []matcher.Opportunity {
		return []matcher.Opportunity{{ID: "a", Seats: 2, MinSeats: least, MinPolicy: matcher.MinCancel}, {ID: "b", Seats: 2}}
	}
	scores := map[string]map[string]int{"s1": {"a": 900, "b": 100}, "s2": {"a": 800, "b": 100}}
	short, enough := scored(offers(3), scores), scored(offers(2), scores)
	files := runOf(t, short, place.Welfare, 0)
	holds(t, short, files, false, "")
	change(t, files, runfolder.CertificateFile, `"minimum":3,"placed":2`, `"minimum":2,"placed":1`)
	holds(t, enough, files, true, "")
	holds(t, enough, files, false, runfolder.CertificateFile)
}

func TestProbabilities(t *testing.T) {
	all := map[string]int{"a": 500, "b": 400}
	f := scored([]matcher.Opportunity{{ID: "a", Seats: 1}, {ID: "b", Seats: 1}},
		map[string]map[string]int{"s1": all, "s2": all, "s3": all})
	files := runOf(t, f, place.Stable, 8)
	holds(t, f, files, false, "")
	rows := strings.Split(strings.TrimSpace(string(files[runfolder.ProbabilitiesFile].Data)), "\n")
	share := rows[1][strings.LastIndex(rows[1], ",")+1:]
	change(t, files, runfolder.ProbabilitiesFile, rows[1], strings.TrimSuffix(rows[1], share)+"0.0001")
	holds(t, f, files, true, "")
	holds(t, f, files, false, runfolder.ProbabilitiesFile)
	delete(files, runfolder.ProbabilitiesFile)
	holds(t, f, files, true, runfolder.ProbabilitiesFile)
}

// What the options of run.json ask for has to be there, nothing else, and each
// field once.
func TestRunsThatContradictThemselves(t *testing.T) {
	f := scored([]matcher.Opportunity{{ID: "a", Seats: 1}}, map[string]map[string]int{"s1": {"a": 500}})
	f.Students[0].Interests = []matcher.Weighted{{Tag: "unlisted", Weight: 10000}}
	for name, c := range map[string]struct {
		file, from, to, wrong string
	}{
		"a list of students":  {runfolder.SummaryFile, `"with_students": false`, `"with_students": true`, runfolder.StudentsFile},
		"several lotteries":   {runfolder.SummaryFile, `"seeds": 0`, `"seeds": 2`, runfolder.ProbabilitiesFile},
		"not a number":        {runfolder.SummaryFile, `"seeds": 0`, `"seeds": "none"`, runfolder.SummaryFile},
		"strict":              {runfolder.SummaryFile, `"strict": false`, `"strict": true`, runfolder.SummaryFile},
		"two seeds":           {runfolder.SummaryFile, `"seed": 1`, `"seed": 7, "seed": 1`, runfolder.SummaryFile},
		"two policies":        {runfolder.SummaryFile, `"keep": "full"`, `"keep": "freeze", "keep": "full"`, runfolder.SummaryFile},
		"a field in capitals": {runfolder.CertificateFile, `"stages"`, `"STAGES"`, runfolder.CertificateFile},
		"a stage twice over":  {runfolder.CertificateFile, `"measure":`, `"measure":"x","measure":`, runfolder.CertificateFile},
	} {
		t.Run(name, func(t *testing.T) {
			files := runOf(t, f, place.Welfare, 0)
			holds(t, f, files, false, "")
			change(t, files, c.file, c.from, c.to)
			holds(t, f, files, true, c.wrong)
		})
	}
}

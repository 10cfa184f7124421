package placement_test

import (
	"cmp"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/kindred-match/kindred/internal/district"
	"github.com/kindred-match/kindred/internal/placement"
	"github.com/kindred-match/kindred/internal/ranking"
	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/matcher/place"
)

// realData reads a file of the shared data, or skips the test.
func realData(t *testing.T, path ...string) string {
	t.Helper()
	root := cmp.Or(os.Getenv("KINDRED_DATA"), filepath.Join("..", "..", "..", "shared", "data"))
	content, err := os.ReadFile(filepath.Join(append([]string{root}, path...)...))
	if err != nil {
		t.Skipf("no real data: set KINDRED_DATA to the folder that has %s", filepath.Join(path...))
	}
	return string(content)
}

const day matcher.Date = 20260901

// defaults are the options of the command line.
func defaults(objective place.Objective) placement.Options {
	return placement.Options{
		Ranking: ranking.Options{
			Settings: matcher.Settings{Measure: matcher.Cosine, Decay: matcher.DefaultDecay}, AsOf: day, K: 50,
		},
		Objective: objective, Lottery: place.Lottery{Seed: 1},
	}
}

// onDisk writes a folder and reads it again, as the program has it.
func onDisk(t *testing.T, f *district.Folder) *district.Folder {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "district")
	if err := district.Write(dir, f); err != nil {
		t.Fatal(err)
	}
	read, err := district.Read(t.Context(), dir, district.Options{Students: true, AsOf: day})
	if err != nil {
		t.Fatal(err)
	}
	return read
}

func offer(id string, seats int32) matcher.Opportunity {
	return matcher.Opportunity{ID: id, Seats: seats, MinPolicy: matcher.MinHard, Boost: 1, Status: matcher.Published}
}

func solve(t *testing.T, f *district.Folder, o placement.Options) (*placement.Case, *place.Placement) {
	t.Helper()
	c, err := placement.New(t.Context(), f, o)
	if err != nil {
		t.Fatal(err)
	}
	placed, err := c.Solve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return c, placed
}

// The known minimum of assign100 of the OR-Library (Beasley 1990) is 305.
func TestAssign100(t *testing.T) {
	cells := strings.Fields(realData(t, "orlib-assign", "assign100.txt"))
	n, err := strconv.Atoi(cells[0])
	if err != nil {
		t.Fatal(err)
	}
	var f district.Folder
	for i := range n {
		f.Students = append(f.Students, matcher.Student{ID: fmt.Sprintf("s%03d", i)})
		f.Opportunities = append(f.Opportunities, offer(fmt.Sprintf("o%03d", i), 1))
		for j := range n {
			cost, err := strconv.Atoi(cells[1+n*i+j])
			if err != nil {
				t.Fatal(err)
			}
			f.Rows.Scores = append(f.Rows.Scores, place.Score{
				Student: f.Students[i].ID, Opportunity: fmt.Sprintf("o%03d", j), Score: float64(1000-cost) / 1000,
			})
		}
	}
	c, placed := solve(t, onDisk(t, &f), defaults(place.MaxPlaced))
	got := c.Problem.Totals(placed)
	if cost := 1000*got.Placed - got.TotalScore/1000; got.Placed != int64(n) || cost != 305 {
		t.Errorf("%d placed at a cost of %d, want all at 305", got.Placed, cost)
	}
}

// Of AAMAS 2021 reviewers bid for papers; with a conflict none may be placed.
func TestAAMASPlacesNoConflict(t *testing.T) {
	rows, err := csv.NewReader(strings.NewReader(realData(t, "aamas", "00037-00000003.csv"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	const seats = 2
	var f district.Folder
	conflicts := make(map[[2]string]bool)
	students, papers := make(map[string]bool), make(map[string]bool)
	for _, r := range rows[1:] {
		if !students[r[0]] {
			students[r[0]] = true
			f.Students = append(f.Students, matcher.Student{ID: r[0]})
		}
		if !papers[r[1]] {
			papers[r[1]] = true
			f.Opportunities = append(f.Opportunities, offer(r[1], seats))
		}
		score := map[string]float64{"yes": 1, "maybe": 0.5, "conflict": 0.9}[r[2]]
		f.Rows.Scores = append(f.Rows.Scores, place.Score{Student: r[0], Opportunity: r[1], Score: score})
		if r[2] == "conflict" {
			conflicts[[2]string{r[0], r[1]}] = true
			f.Rows.Locks = append(f.Rows.Locks, place.Lock{Student: r[0], Opportunity: r[1], Action: place.Forbid})
		}
	}
	read := onDisk(t, &f)
	most := int64(0)
	for _, objective := range []place.Objective{
		place.MaxPlaced, place.Stable, place.Welfare, place.MinRank, place.Greedy, place.Generous, place.Maximin, place.Serial,
	} {
		o := defaults(objective)
		o.Fill = true
		c, placed := solve(t, read, o)
		for s, at := range placed.At {
			if at >= 0 && conflicts[[2]string{c.Problem.Students[s], c.Problem.Opportunities[at]}] {
				t.Errorf("%s places a conflict", objective)
			}
		}
		listed := int64(0)
		for _, how := range placed.How {
			if how == place.Listed {
				listed++
			}
		}
		most = max(most, listed)
		if listed == 0 || objective.Flow() && objective != place.Welfare && listed != most {
			t.Errorf("%s places %d on lists, want %d", objective, listed, most)
		}
		if total := c.Problem.Totals(placed).Placed; total != min(int64(len(f.Students)), int64(seats*len(f.Opportunities))) {
			t.Errorf("%s fills up to %d placed", objective, total)
		}
		if got := slices.Max(placed.Placed); got > seats {
			t.Errorf("%s: %d at one paper", objective, got)
		}
	}
}

package verification_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"pgregory.net/rapid"

	"github.com/kindred-match/kindred/internal/district"
	"github.com/kindred-match/kindred/internal/generate"
	"github.com/kindred-match/kindred/internal/placement"
	"github.com/kindred-match/kindred/internal/ranking"
	"github.com/kindred-match/kindred/internal/runfolder"
	"github.com/kindred-match/kindred/internal/verification"
	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/matcher/place"
	"github.com/kindred-match/kindred/matcher/place/verify"
)

// made is a run that isn't written yet.
type made struct {
	c           *placement.Case
	summary     *runfolder.Summary
	placed      []runfolder.Placed
	unplaced    []runfolder.Unplaced
	certificate place.Certificate
}

// drawDistrict draws an invented district with reserves and standing placements.
func drawDistrict(t *rapid.T) *district.Folder {
	v, err := generate.District(generate.Options{
		Students: rapid.IntRange(10, 60).Draw(t, "students"), Opportunities: rapid.IntRange(8, 30).Draw(t, "opportunities"),
		Seed: uint64(rapid.IntRange(0, 1000).Draw(t, "seed of the district")),
	})
	if err != nil {
		t.Fatal(err)
	}
	f := v.Folder()
	f.Hashes = map[string]string{"students.csv": "00"}
	group := matcher.Group{Name: "kept", Value: "yes"}
	for i := range f.Students {
		if i%3 == 0 {
			f.Students[i].Groups = append(f.Students[i].Groups, group)
		}
	}
	step := rapid.IntRange(1, 5).Draw(t, "step")
	for i := 0; i < len(f.Opportunities) && i < len(f.Students); i += step {
		o := &f.Opportunities[i]
		if i%2 == 0 {
			f.Rows.Reserves = append(f.Rows.Reserves, place.Reserve{Opportunity: o.ID, Group: group, Seats: 1})
		} else if o.Seats > 0 {
			f.Rows.Standing = append(f.Rows.Standing, place.Standing{Student: f.Students[i].ID, Opportunity: o.ID})
		}
	}
	return f
}

// drawRun places an invented district; nil where it can't be.
func drawRun(t *rapid.T) (*district.Folder, *made) {
	f := drawDistrict(t)
	o := placement.Options{
		Ranking: ranking.Options{
			Settings: matcher.Settings{Measure: matcher.Cosine, Decay: matcher.DefaultDecay}, AsOf: 20260901,
			K: rapid.IntRange(1, 8).Draw(t, "candidates"),
		},
		Objective: rapid.SampledFrom(place.Objectives).Draw(t, "objective"), Lottery: place.Lottery{Seed: 1},
		Priority: rapid.SampledFrom([]place.PriorityRule{place.ByLottery, place.ByScore}).Draw(t, "priority"),
		Reserves: place.ReservesFirst, Keep: rapid.SampledFrom([]place.Keep{place.Full, place.Freeze, place.NoWorse}).Draw(t, "keep"),
		Fill: rapid.Bool().Draw(t, "fill"),
	}
	c, err := placement.New(t.Context(), f, o)
	if err != nil {
		t.Fatal(err)
	}
	placed, err := c.Solve(t.Context())
	if _, bad := errors.AsType[*place.OptionError](err); bad || errors.Is(err, place.ErrMinimums) {
		return f, nil
	}
	if err != nil {
		t.Fatal(err)
	}
	m := &made{c: c, summary: c.Summary(placed), certificate: placed.Certificate}
	if m.placed, m.unplaced, err = c.Outcome(placed); err != nil {
		t.Fatal(err)
	}
	return f, m
}

// folder is the run as files.
func (m *made) folder(t *rapid.T) fstest.MapFS {
	files := fstest.MapFS{runfolder.ReportFile: {}}
	for name, write := range map[string]func(io.Writer) error{
		runfolder.SummaryFile:     func(w io.Writer) error { return runfolder.EncodeSummary(w, m.summary) },
		runfolder.PlacementsFile:  func(w io.Writer) error { return runfolder.EncodePlacements(w, m.placed) },
		runfolder.UnplacedFile:    func(w io.Writer) error { return runfolder.EncodeUnplaced(w, m.unplaced) },
		runfolder.CertificateFile: func(w io.Writer) error { return runfolder.EncodeCertificate(w, &m.certificate) },
	} {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		files[name] = &fstest.MapFile{Data: b.Bytes()}
	}
	return files
}

// tamper changes whom the run has where, and makes ranks, scores and figures those
// of it.
func (m *made) tamper(t *rapid.T) {
	p := m.c.Problem
	other := func(name string) int { return rapid.IntRange(0, len(m.placed)-1).Draw(t, name) }
	switch rapid.IntRange(0, 2).Draw(t, "how") {
	case 0:
		a, b := &m.placed[other("one")], &m.placed[other("another")]
		a.Opportunity, b.Opportunity = b.Opportunity, a.Opportunity
		m.value(a)
		m.value(b)
	case 1:
		a := &m.placed[other("moved")]
		a.Opportunity = rapid.SampledFrom(p.Opportunities).Draw(t, "to")
		m.value(a)
	case 2:
		at := other("dropped")
		reason := place.Outcompeted
		if m.summary.Objective.Flow() {
			reason = place.Tradeoff
		}
		m.unplaced = append(slices.Clone(m.unplaced), runfolder.Unplaced{Student: m.placed[at].Student, Reason: reason})
		slices.SortFunc(m.unplaced, func(a, b runfolder.Unplaced) int { return strings.Compare(a.Student, b.Student) })
		m.placed = slices.Delete(m.placed, at, at+1)
	}
	s := m.summary
	s.Placed, s.Profile, s.TotalRank, s.TotalScoreMicro = int64(len(m.placed)), []int64{}, 0, 0
	for _, row := range m.placed {
		s.TotalScoreMicro += max(1, int64(row.Score))
		s.TotalRank += int64(row.Rank)
		for len(s.Profile) < int(row.Rank) {
			s.Profile = append(s.Profile, 0)
		}
		if row.Rank > 0 {
			s.Profile[row.Rank-1]++
		}
	}
}

// value gives a row the rank and the score of its opportunity.
func (m *made) value(row *runfolder.Placed) {
	p := m.c.Problem
	s := slices.Index(p.Students, row.Student)
	o, _ := slices.BinarySearch(p.Opportunities, row.Opportunity)
	row.Rank, row.Score = 0, runfolder.Micro(math.Round(1e6*m.c.Score(p.StudentRows[s], int32(o))))
	from, to := p.Lists.Of(int32(s))
	if i := slices.Index(p.Lists.Opportunity[from:to], int32(o)); i >= 0 {
		row.Rank = p.Lists.Rank[from+int32(i)]
	}
}

// checked checks the run, whose blocking pairs are made those that the checker
// finds.
func (m *made) checked(t *rapid.T, f *district.Folder) error {
	for {
		files := m.folder(t)
		run, err := verify.Read(files)
		if err == nil {
			err = verification.Check(t.Context(), files, run, f, verification.Options{})
		}
		bad, violates := errors.AsType[*verify.Violation](err)
		if err != nil && !violates {
			t.Fatal(err)
		}
		var said, are int64
		if !violates {
			return nil
		}
		if n, _ := fmt.Sscanf(bad.Rule, "blocking_pairs is %d, the placement has %d", &said, &are); n != 2 {
			return err
		}
		m.summary.BlockingPairs = are
	}
}

// Whoever is somewhere else than placing puts it, with all figures those of that,
// is found.
func TestTamperedRowsAreFound(t *testing.T) {
	found := 0
	property := func(t *rapid.T) {
		f, m := drawRun(t)
		if m == nil {
			return
		}
		if err := m.checked(t, f); err != nil {
			t.Fatalf("a run does not hold: %v", err)
		}
		if len(m.placed) == 0 {
			return
		}
		before := slices.Clone(m.placed)
		m.tamper(t)
		if slices.Equal(m.placed, before) {
			return
		}
		if err := m.checked(t, f); err == nil {
			t.Fatalf("%s: not found: %+v became %+v", m.summary.Objective, before, m.placed)
		}
		found++
	}
	const rounds = 50 // the first is enough, unless it has few checks
	for range rounds {
		if rapid.Check(t, property); found >= 50 {
			return
		}
	}
	t.Errorf("only %d tamperings", found)
}

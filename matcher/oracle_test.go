package matcher_test

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/kindred-match/kindred/internal/oracle"
	"github.com/kindred-match/kindred/matcher"
)

// entry is a candidate of either side, units as digits.
type entry struct {
	id    string
	rank  int
	units string
	score float64
}

func forward(candidates []matcher.Candidate) []entry {
	entries := make([]entry, len(candidates))
	for i, c := range candidates {
		entries[i] = entry{c.Opportunity, c.Rank, fmt.Sprint(c.Units), c.Score}
	}
	return entries
}

func reverse(candidates []matcher.StudentCandidate) []entry {
	entries := make([]entry, len(candidates))
	for i, c := range candidates {
		entries[i] = entry{c.Student, c.Rank, fmt.Sprint(c.Units), c.Score}
	}
	return entries
}

func expected(candidates []oracle.Candidate) []entry {
	entries := make([]entry, len(candidates))
	for i, c := range candidates {
		entries[i] = entry{c.ID, c.Rank, c.Units.String(), c.Score}
	}
	return entries
}

// same fails with the first difference. Scores are compared bit by bit.
func same(t rapid.TB, got, want []entry) {
	t.Helper()
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			t.Fatalf("at %d: got %+v, want %+v", i, got[i], want[i])
		}
	}
	if len(got) != len(want) {
		t.Fatalf("got %d candidates, want %d:\n%+v\n%+v", len(got), len(want), got, want)
	}
}

func TestRankEqualsOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		r, d := w.index(t).NewRanker(), w.oracle()
		q := w.query(t)
		for i := range w.students {
			q.Student = &w.students[i]
			same(t, forward(r.Rank(nil, &q)), expected(d.Rank(q.Student, options(&q))))
		}
	})
}

func TestReverseEqualsOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		r, d := w.index(t).NewRanker(), w.oracle()
		q := w.query(t)
		forbidden := map[string]bool{}
		for _, s := range drawSome(t, "forbidden students", w.students) {
			forbidden[s.ID] = true
		}
		for i := range w.Opportunities {
			id := w.Opportunities[i].ID
			got, ok := r.RankStudents(&matcher.StudentQuery{
				Opportunity: id, AsOf: q.AsOf, Term: q.Term, Forbidden: forbidden, K: q.K,
			}, pointers(w.students))
			if !ok {
				t.Fatalf("opportunity %q isn't found", id)
			}
			same(t, reverse(got), expected(d.RankStudents(id, w.students, oracle.Options{
				AsOf: q.AsOf, Term: q.Term, Forbidden: forbidden, K: q.K,
			})))
		}
	})
}

func TestExplainEqualsOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		r, d := w.index(t).NewRanker(), w.oracle()
		q := w.query(t)
		q.Student = &w.students[0]
		all := options(&q)
		all.K, all.MaxPerPartner = 0, 0
		ranks := map[string]int{}
		for _, c := range d.Rank(q.Student, all) {
			ranks[c.ID] = c.Rank
		}
		for i := range w.Opportunities {
			id := w.Opportunities[i].ID
			got, ok := r.Explain(&q, id)
			if !ok || got.Opportunity != id {
				t.Fatalf("opportunity %q isn't found", id)
			}
			parts, units, score := d.Explain(q.Student, id)
			if fmt.Sprint(got.Units) != units.String() || got.Score != score || got.Rank != ranks[id] {
				t.Fatalf("got %+v, want units %s, score %v, rank %d", got, units, score, ranks[id])
			}
			sameParts(t, got.Parts, parts)
			codes, _ := d.Eligibility(q.Student, id, all)
			if failures := codeNames(got.Failures); !slices.Equal(failures, codes) {
				t.Fatalf("got the failures %q, want %q", failures, codes)
			}
		}
	})
}

func sameParts(t rapid.TB, got []matcher.Part, want []oracle.Part) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("got the parts %+v, want %+v", got, want)
	}
	for i, w := range want {
		g := got[i]
		if g.Tag != w.Tag || int64(g.Profile) != w.Profile || int64(g.Opportunity) != w.Opportunity ||
			g.Importance != w.Importance || fmt.Sprint(g.Units) != w.Units.String() {
			t.Fatalf("got the part %+v, want %+v", g, w)
		}
	}
}

func codeNames(codes []matcher.Code) []string {
	var result []string
	for _, c := range codes {
		result = append(result, string(c))
	}
	return result
}

func TestStatisticsEqualOracle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		w.settings.Statistics = nil
		v, err := matcher.NewVocabulary(w.Tags)
		if err != nil {
			t.Fatal(err)
		}
		got, want := matcher.StatisticsOf(v, w.Opportunities, w.settings.Decay), w.oracle().Statistics()
		if got.Published != want.Published || !maps.Equal(got.Frequency, want.Frequency) {
			t.Fatalf("got %+v, want %+v", got, want)
		}
	})
}

func pointers(students []matcher.Student) iter.Seq[*matcher.Student] {
	return func(yield func(*matcher.Student) bool) {
		for i := range students {
			if !yield(&students[i]) {
				return
			}
		}
	}
}

package oracle_test

import (
	"cmp"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/kindred-match/kindred/internal/district"
	"github.com/kindred-match/kindred/internal/oracle"
	"github.com/kindred-match/kindred/matcher"
)

// asOf lies in the terms of the real district.
const asOf matcher.Date = 20260901

// nyc reads the district of real partners and opportunities.
func nyc(t *testing.T) *district.Folder {
	t.Helper()
	data := cmp.Or(os.Getenv("KINDRED_DATA"), filepath.Join("..", "..", "..", "shared", "data"))
	dir := filepath.Join(data, "district-nyc")
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("needs the folder district-nyc: set KINDRED_DATA to where it is (%v)", err)
	}
	folder, err := district.Read(t.Context(), dir, district.Options{Students: true})
	if err != nil {
		t.Fatal(err)
	}
	if len(folder.Opportunities) == 0 || len(folder.Students) == 0 {
		t.Fatal("the folder is empty")
	}
	return folder
}

// sample is all students, or every so many of them in a short test.
func sample(all []matcher.Student) []matcher.Student {
	if !testing.Short() {
		return all
	}
	const wanted = 200
	var some []matcher.Student
	for i := range wanted {
		some = append(some, all[i*len(all)/wanted])
	}
	return some
}

func TestRealDistrict(t *testing.T) {
	folder := nyc(t)
	students := sample(folder.Students)
	catalogue := matcher.Catalogue{Tags: folder.Tags, Partners: folder.Partners, Opportunities: folder.Opportunities}
	for _, measure := range matcher.Measures {
		for _, idf := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/idf=%v", measure, idf), func(t *testing.T) {
				t.Parallel()
				x, err := matcher.NewIndex(catalogue, matcher.Settings{Decay: matcher.DefaultDecay, Measure: measure, IDF: idf})
				if err != nil {
					t.Fatal(err)
				}
				r := x.NewRanker()
				d := oracle.New(folder.Tags, folder.Partners, folder.Opportunities, oracle.Settings{
					Decay: matcher.DefaultDecay, Measure: string(measure), IDF: idf,
				})
				if !rankingsAgree(t, r, d, students) {
					return
				}
				explanationsAgree(t, r, d, students)
				reverseAgrees(t, r, d, folder.Opportunities, students)
			})
		}
	}
}

// rankingsAgree compares whole rankings, and the first with a cap per partner.
func rankingsAgree(t *testing.T, r *matcher.Ranker, d *oracle.District, students []matcher.Student) bool {
	candidates := 0
	for i := range students {
		s := &students[i]
		for _, o := range []oracle.Options{{AsOf: asOf}, {AsOf: asOf, K: 10, MaxPerPartner: 2}} {
			q := matcher.Query{Student: s, AsOf: asOf, K: cmp.Or(o.K, math.MaxInt), MaxPerPartner: o.MaxPerPartner}
			got, want := r.Rank(nil, &q), d.Rank(s, o)
			if !slices.EqualFunc(got, want, func(g matcher.Candidate, w oracle.Candidate) bool {
				return g.Opportunity == w.ID && g.Rank == w.Rank && g.Score == w.Score && w.Units.IsInt64() && g.Units == w.Units.Int64()
			}) {
				t.Errorf("the rankings of student %d with a cap of %d differ", i, o.MaxPerPartner)
				return false
			}
			candidates += len(got)
		}
	}
	if candidates < len(students) {
		t.Errorf("%d students have only %d candidates: the comparison says little", len(students), candidates)
	}
	return true
}

// explanationsAgree compares the explanation of a few candidates.
func explanationsAgree(t *testing.T, r *matcher.Ranker, d *oracle.District, students []matcher.Student) {
	for i := 0; i < len(students); i += 10 {
		q := matcher.Query{Student: &students[i], AsOf: asOf, K: 3}
		for _, c := range r.Rank(nil, &q) {
			e, _ := r.Explain(&q, c.Opportunity)
			parts, units, score := d.Explain(q.Student, c.Opportunity)
			if e.Units != c.Units || e.Units != units.Int64() || e.Score != score || e.Rank != c.Rank || len(e.Parts) != len(parts) {
				t.Errorf("the explanations of student %d differ", i)
				return
			}
			for j, p := range e.Parts {
				if w := parts[j]; p.Tag != w.Tag || p.Units != w.Units.Int64() || p.Importance != w.Importance {
					t.Errorf("part %d of an explanation for student %d differs", j, i)
					return
				}
			}
		}
	}
}

// reverseAgrees compares the ranking of the students for a few opportunities.
func reverseAgrees(t *testing.T, r *matcher.Ranker, d *oracle.District, opportunities []matcher.Opportunity, students []matcher.Student) {
	each := func(yield func(*matcher.Student) bool) {
		for i := range students {
			if !yield(&students[i]) {
				return
			}
		}
	}
	for i := 0; i < len(opportunities); i += 100 {
		id := opportunities[i].ID
		got, _ := r.RankStudents(&matcher.StudentQuery{Opportunity: id, AsOf: asOf, K: len(students)}, each)
		want := d.RankStudents(id, students, oracle.Options{AsOf: asOf})
		if !slices.EqualFunc(got, want, func(g matcher.StudentCandidate, w oracle.Candidate) bool {
			return g.Student == w.ID && g.Rank == w.Rank && g.Score == w.Score && g.Units == w.Units.Int64()
		}) {
			t.Errorf("the students ranked for opportunity %q differ", id)
		}
	}
}

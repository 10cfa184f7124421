package placement_test

import (
	"cmp"
	"math"
	"slices"
	"testing"

	"github.com/kindred-match/kindred/internal/district"
	"github.com/kindred-match/kindred/internal/generate"
	"github.com/kindred-match/kindred/internal/oracle"
	"github.com/kindred-match/kindred/internal/placement"
	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/matcher/place"
)

// wanted are the entries of a student's list by brute force.
func wanted(f *district.Folder, truth *oracle.District, s *matcher.Student, o oracle.Options) (list []place.Entry) {
	at := make(map[string]int32) // by opportunity its number: its place by id
	for i, id := range slices.Sorted(func(yield func(string) bool) {
		for i := range f.Opportunities {
			if !yield(f.Opportunities[i].ID) {
				return
			}
		}
	}) {
		at[id] = int32(i)
	}
	eligible := func(id string) bool {
		codes, known := truth.Eligibility(s, id, o)
		return known && len(codes) == 0
	}
	scored := make(map[string]float64)
	var rows []place.Score
	for _, r := range f.Rows.Scores {
		if r.Student == s.ID {
			scored[r.Opportunity] = r.Score
			rows = append(rows, r)
		}
	}
	weight := func(score float64) int32 { return max(1, int32(math.Round(1e6*score))) }
	var preferences []place.Preference
	for _, r := range f.Rows.Preferences {
		if r.Student == s.ID {
			preferences = append(preferences, r)
		}
	}
	slices.SortFunc(preferences, func(a, b place.Preference) int { return cmp.Compare(a.Rank, b.Rank) })
	for i, r := range preferences {
		score, given := scored[r.Opportunity]
		if !given {
			_, _, score = truth.Explain(s, r.Opportunity)
		}
		if eligible(r.Opportunity) {
			list = append(list, place.Entry{Opportunity: at[r.Opportunity], Rank: int32(i + 1), Weight: weight(score)})
		}
	}
	if len(preferences) > 0 {
		return list
	}
	slices.SortFunc(rows, func(a, b place.Score) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Opportunity, b.Opportunity))
	})
	for _, r := range rows {
		if eligible(r.Opportunity) {
			list = append(list, place.Entry{Opportunity: at[r.Opportunity], Rank: int32(len(list) + 1), Weight: weight(r.Score)})
		}
	}
	if len(rows) > 0 {
		return list
	}
	for _, c := range truth.Rank(s, o) {
		list = append(list, place.Entry{Opportunity: at[c.ID], Rank: int32(c.Rank), Weight: weight(c.Score)})
	}
	return list
}

func TestListsAreThoseOfBruteForce(t *testing.T) {
	v, err := generate.District(generate.Options{Students: 120, Opportunities: 150, Seed: 5})
	if err != nil {
		t.Fatal(err)
	}
	f := v.Folder()
	for i := range f.Students {
		if i%3 == 0 { // has rows of scores, also where it has preferences
			for j := range 5 {
				f.Rows.Scores = append(f.Rows.Scores, place.Score{
					Student: f.Students[i].ID, Opportunity: f.Opportunities[(11*i+29*j)%150].ID, Score: float64(1+(i+j)%4) / 4,
				})
			}
		}
		f.Rows.Locks = append(f.Rows.Locks, place.Lock{
			Student: f.Students[i].ID, Opportunity: f.Opportunities[(7*i)%150].ID, Action: place.Forbid,
		})
	}
	f = onDisk(t, f)
	forbidden := make(map[string]map[string]bool)
	for _, l := range f.Rows.Locks {
		forbidden[l.Student] = map[string]bool{l.Opportunity: true}
	}
	sources := make(map[string]int)
	for _, measure := range matcher.Measures {
		for _, most := range []int{0, 1} {
			o := defaults(place.Stable)
			o.Ranking.Settings.Measure, o.Ranking.Settings.IDF = measure, most > 0
			o.Ranking.K, o.Ranking.MaxPerPartner, o.Ranking.Term = 8, most, ""
			c, err := placement.New(t.Context(), f, o)
			if err != nil {
				t.Fatal(err)
			}
			truth := oracle.New(f.Tags, f.Partners, f.Opportunities, oracle.Settings{
				Decay: matcher.DefaultDecay, Measure: string(measure), IDF: most > 0,
			})
			for s, row := range c.Problem.StudentRows {
				student := &f.Students[row]
				want := wanted(f, truth, student, oracle.Options{
					AsOf: day, K: 8, MaxPerPartner: most, Forbidden: forbidden[student.ID],
				})
				var got []place.Entry
				from, to := c.Problem.Lists.Of(int32(s))
				for e := from; e < to; e++ {
					l := &c.Problem.Lists
					got = append(got, place.Entry{Opportunity: l.Opportunity[e], Rank: l.Rank[e], Weight: l.Weight[e]})
				}
				if !slices.Equal(got, want) {
					t.Fatalf("%s, %d of a partner: %s has the list %v, want %v", measure, most, student.ID, got, want)
				}
				if len(got) > 0 {
					sources[student.ID]++
				}
			}
		}
	}
	if len(sources) < len(f.Students)/2 || len(f.Rows.Preferences) == 0 {
		t.Errorf("%d of %d students have a list; %d rows of preferences", len(sources), len(f.Students), len(f.Rows.Preferences))
	}
}

package district

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/matcher/place"
)

// large writes a folder of n students and n opportunities, with ten
// preferences a student.
func large(b *testing.B, n int, format Format) string {
	dir := filepath.Join(b.TempDir(), "large")
	w, err := Create(dir, format)
	if err != nil {
		b.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	tags := func(n int) (ws []matcher.Weighted) {
		for range n {
			ws = append(ws, matcher.Weighted{Tag: fmt.Sprint("tag-", random.IntN(1<<random.IntN(13))), Weight: matcher.Weight(1 + random.IntN(10000))})
		}
		return ws
	}
	some := func(name string, n int) string { return fmt.Sprint(name, "-", random.IntN(n)) }
	for i := range 1 << 12 {
		must(b, w.Tag(&matcher.Tag{ID: fmt.Sprint("tag-", i), Label: fmt.Sprint("Tag number ", i), Importance: 1}))
	}
	for i := range n / 10 {
		must(b, w.Partner(&matcher.Partner{ID: fmt.Sprint("partner-", i), Name: fmt.Sprint("Partner, number ", i), Kind: "business"}))
	}
	for i := range n {
		must(b, w.Opportunity(&matcher.Opportunity{
			ID: fmt.Sprint("opportunity-", i), Partner: some("partner", max(1, n/10)), Title: fmt.Sprint("An opportunity, \"number\" ", i),
			Kind: "internship", Term: "2026-fall", Seats: int32(random.IntN(9)), MinPolicy: matcher.MinHard, Status: matcher.Published, Boost: 1,
			Grades: []string{"9", "10", "11"}, Regions: []string{some("region", 40)}, Slots: []string{some("slot", 20), some("slot", 20)},
			Position: &matcher.Position{Latitude: 40 + random.Float64(), Longitude: -74 + random.Float64()}, Opens: 20260801, Closes: 20261001,
			Tags: tags(3 + random.IntN(14)),
		}))
		age, far := int32(13+random.IntN(6)), float64(random.IntN(30))
		must(b, w.Student(&matcher.Student{
			ID: fmt.Sprint("student-", i), Grade: some("grade", 5), School: some("school", 300), Region: some("region", 40), Age: &age,
			Slots: []string{some("slot", 20), some("slot", 20), some("slot", 20)}, MaxKm: &far,
			Position: &matcher.Position{Latitude: 40 + random.Float64(), Longitude: -74 + random.Float64()},
			Groups:   []matcher.Group{{Name: "lunch", Value: some("l", 3)}}, Interests: tags(5 + random.IntN(18)),
		}))
		for rank := range 10 {
			must(b, w.Preference(place.Preference{
				Student: fmt.Sprint("student-", i), Opportunity: fmt.Sprint("opportunity-", (i*31+rank*977)%n), Rank: int32(rank + 1),
			}))
		}
	}
	must(b, w.Close())
	return dir
}

func must(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// BenchmarkRead reads 100 thousand students and as many opportunities, without
// and with a million preferences.
//
//	go test ./internal/district -run '^$' -bench Read -benchtime 3x -benchmem
func BenchmarkRead(b *testing.B) {
	for name, format := range map[string]Format{"csv": CSV, "jsonl": JSONL} {
		dir := large(b, 100_000, format)
		for files, only := range map[string][]File{"lists": {Students, Opportunities}, "all": nil} {
			b.Run(name+"/"+files, func(b *testing.B) {
				for b.Loop() {
					if _, err := Read(b.Context(), dir, Options{Students: true, Only: only}); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

package matcher_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/kindred-match/kindred/matcher"
)

func smallCatalogue() matcher.Catalogue {
	tags := []matcher.Weighted{{Tag: "t", Weight: matcher.One}}
	return matcher.Catalogue{
		Tags:     []matcher.Tag{{ID: "t", Importance: 1}},
		Partners: []matcher.Partner{{ID: "p"}, {ID: "q"}},
		Opportunities: []matcher.Opportunity{
			{ID: "o", Partner: "p", Seats: 1, Boost: 1, Status: matcher.Published, Tags: tags},
			{ID: "n", Seats: 1, Boost: 1, Status: matcher.Published, Tags: tags},
		},
	}
}

var cosine = matcher.Settings{Decay: matcher.DefaultDecay, Measure: matcher.Cosine}

func wantCatalogueError(t *testing.T, name string, err error, want string) {
	t.Helper()
	if !errors.Is(err, matcher.ErrCatalogue) || !strings.Contains(err.Error(), want) {
		t.Errorf("%s: got %v, want an ErrCatalogue with %q", name, err, want)
	}
}

func TestNewIndexRefuses(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*matcher.Catalogue, *matcher.Settings)
		want   string
	}{
		{"no measure", func(_ *matcher.Catalogue, s *matcher.Settings) { s.Measure = "" }, "measure"},
		{"decay", func(_ *matcher.Catalogue, s *matcher.Settings) { s.Decay = matcher.One + 1 }, "decay"},
		{"tags", func(c *matcher.Catalogue, _ *matcher.Settings) { c.Tags[0].Parent = "gone" }, "parent"},
		{"partner twice", func(c *matcher.Catalogue, _ *matcher.Settings) { c.Partners[1].ID = "p" }, `partner "p"`},
		{"opportunity twice", func(c *matcher.Catalogue, _ *matcher.Settings) { c.Opportunities[1].ID = "o" }, `opportunity "o"`},
		{"no such partner", func(c *matcher.Catalogue, _ *matcher.Settings) { c.Opportunities[1].Partner = "x" }, `partner "x"`},
	} {
		catalogue, settings := smallCatalogue(), cosine
		c.change(&catalogue, &settings)
		_, err := matcher.NewIndex(catalogue, settings)
		wantCatalogueError(t, c.name, err, c.want)
	}
}

func TestApplyRefuses(t *testing.T) {
	x := index(t, smallCatalogue(), cosine)
	lost := smallCatalogue().Opportunities[0]
	lost.Partner = "x"
	for _, c := range []struct {
		name    string
		changes []matcher.Change
		want    string // empty: accepted
	}{
		{"no such partner", []matcher.Change{{Opportunity: &lost}}, `partner "x"`},
		{"a partner that came along", []matcher.Change{{Partner: &matcher.Partner{ID: "x"}}, {Opportunity: &lost}}, ""},
		{"removed partner", []matcher.Change{{RemovedPartner: "p"}}, `partner "p"`},
		{"removed partner, and back", []matcher.Change{{RemovedPartner: "p"}, {Partner: &matcher.Partner{ID: "p"}}}, ""},
		{"removed partner of nobody", []matcher.Change{{RemovedPartner: "q"}}, ""},
		{"removed partner of nobody any more", []matcher.Change{{RemovedOpportunity: "o"}, {RemovedPartner: "p"}}, ""},
		{"what never was", []matcher.Change{{RemovedOpportunity: "x"}, {RemovedPartner: "x"}}, ""},
		{"nothing", nil, ""},
	} {
		y, err := x.Apply(c.changes...)
		if c.want != "" {
			wantCatalogueError(t, c.name, err, c.want)
		} else if err != nil || y == nil {
			t.Errorf("%s: got %v", c.name, err)
		}
		if x.Len() != 2 {
			t.Fatalf("%s: the index itself has changed", c.name)
		}
	}
}

// The partner of an opportunity beside the segment can't go either, and one
// that is gone can't be found.
func TestApplyTwice(t *testing.T) {
	x := index(t, smallCatalogue(), cosine)
	moved := smallCatalogue().Opportunities[0]
	moved.Partner, moved.Title = "q", "Moved"
	x, err := x.Apply(matcher.Change{Opportunity: &moved})
	if err != nil {
		t.Fatal(err)
	}
	_, err = x.Apply(matcher.Change{RemovedPartner: "q"})
	wantCatalogueError(t, "removed partner", err, `partner "q"`)
	if x, err = x.Apply(matcher.Change{RemovedPartner: "p"}, matcher.Change{RemovedOpportunity: "n"}); err != nil {
		t.Fatal(err)
	}
	if o, ok := x.Opportunity("o"); !ok || o.Title != "Moved" {
		t.Errorf("got %+v, %v", o, ok)
	}
	if _, ok := x.Opportunity("n"); ok {
		t.Error("a removed opportunity is found")
	}
	if _, ok := x.Partner("p"); ok {
		t.Error("a removed partner is found")
	}
	if p, ok := x.Partner("q"); !ok || p.ID != "q" {
		t.Errorf("got %+v, %v", p, ok)
	}
	if x.Len() != 1 || x.Settings() != cosine {
		t.Errorf("Len is %d, the settings are %+v", x.Len(), x.Settings())
	}
}

func TestUnknownOpportunity(t *testing.T) {
	r := index(t, smallCatalogue(), cosine).NewRanker()
	q := &matcher.Query{Student: &matcher.Student{}, K: 1}
	if _, ok := r.Explain(q, "x"); ok {
		t.Error("Explain finds it")
	}
	if _, ok := r.Parts(q.Student, "x"); ok {
		t.Error("Parts finds it")
	}
	if _, ok := r.RankStudents(&matcher.StudentQuery{Opportunity: "x"}, pointers(nil)); ok {
		t.Error("RankStudents finds it")
	}
}

func TestEveryCodeHasItsReason(t *testing.T) {
	q := matcher.Query{
		Student: &matcher.Student{Slots: []string{"tue"}, Position: &matcher.Position{Latitude: 1}, MaxKm: new(1.0)},
		Term:    "fall", Forbidden: map[string]bool{"o": true},
	}
	o := matcher.Opportunity{
		ID: "o", Opens: 20300101, Grades: []string{"9"}, Regions: []string{"n"}, Slots: []string{"mon"},
		Requires: []string{"cpr"}, MinAge: new(int32(14)), Position: &matcher.Position{},
	}
	codes := matcher.Failures(&q, &o, nil)
	want := "STATUS WINDOW TERM FULL GRADE REGION SLOTS CREDENTIALS AGE DISTANCE FORBIDDEN"
	if got := strings.Join(codeNames(codes), " "); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	var reasons []string
	for _, c := range codes {
		if c.Reason() == "" || slices.Contains(reasons, c.Reason()) {
			t.Errorf("%s has the reason %q", c, c.Reason())
		}
		reasons = append(reasons, c.Reason())
	}
}

// More students than are kept at a time; any of them may be the best.
func TestReverseOfManyStudents(t *testing.T) {
	c := smallCatalogue()
	c.Tags = append(c.Tags, matcher.Tag{ID: "u", Importance: 1})
	r, d := index(t, c, cosine).NewRanker(), brute(c, cosine)
	var students []matcher.Student
	for i := range 5000 {
		students = append(students, matcher.Student{ID: fmt.Sprint("s", i), Interests: []matcher.Weighted{
			{Tag: "t", Weight: matcher.Weight(1 + i*7919%5003)}, {Tag: "u", Weight: matcher.Weight(1 + i%9)},
		}})
	}
	ranked := expected(d.RankStudents("o", students, options(&matcher.Query{})))
	for _, k := range []int{0, 1, 10, 1500, 6000, math.MaxInt} {
		got, ok := r.RankStudents(&matcher.StudentQuery{Opportunity: "o", K: k}, pointers(students))
		if !ok {
			t.Fatal("the opportunity isn't found")
		}
		same(t, reverse(got), ranked[:min(k, len(ranked))])
	}
}

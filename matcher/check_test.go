package matcher_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/kindred-match/kindred/matcher"
)

// fields collects the fields of findings, and fails on a rule that says
// nothing or repeats a value.
func fields(t *testing.T, check func(matcher.Report)) []string {
	t.Helper()
	var found []string
	check(func(field, rule string) {
		if rule == "" || strings.Contains(rule, "offending") {
			t.Errorf("%s: the rule %q is empty or repeats the value", field, rule)
		}
		found = append(found, field)
	})
	return found
}

func wantFields(t *testing.T, name string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: findings in %q, want %q", name, got, want)
	}
}

func TestValidID(t *testing.T) {
	for id, want := range map[string]bool{
		"a":                      true,
		"o-1 é 学 ;=":             true,
		strings.Repeat("x", 128): true,
		strings.Repeat("x", 129): false,
		strings.Repeat("é", 64):  true,
		strings.Repeat("é", 65):  false,
		"":                       false,
		"a\tb":                   false,
		"a\n":                    false,
		"\x00":                   false,
		"a\x7f":                  false,
		"a\u0085":                false, // a control character of two bytes
		"a\u00a0":                true,  // no control character
		"a\xff":                  false,
	} {
		if got := matcher.ValidID(id); got != want {
			t.Errorf("ValidID(%q) = %v", id, got)
		}
		if got := matcher.ValidTagID(id); got != (want && !strings.ContainsAny(id, ";=")) {
			t.Errorf("ValidTagID(%q) = %v", id, got)
		}
	}
	if matcher.ValidTagID("a;b") || matcher.ValidTagID("a=b") {
		t.Error("a tag id with ';' or '=' is valid")
	}
}

// bad values of every type of field; each holds the word that rules must not.
var (
	badID    = "offending\n"
	badText  = "offending\xff"
	longText = "offending" + strings.Repeat("x", matcher.MaxTextBytes)
	longList = slices.Repeat([]string{"offending"}, matcher.MaxListItems+1)
)

func TestPartnerCheck(t *testing.T) {
	good := func() matcher.Partner {
		return matcher.Partner{ID: "p", Name: "Name", Kind: "business", Region: "r", MaxSeats: new(int32(0)), Goals: []string{"g"}}
	}
	for _, c := range []struct {
		name   string
		change func(*matcher.Partner)
		want   []string
	}{
		{"good", func(*matcher.Partner) {}, nil},
		{"the least that is said", func(p *matcher.Partner) { *p = matcher.Partner{ID: "p"} }, nil},
		{"no id", func(p *matcher.Partner) { p.ID = "" }, []string{"partner"}},
		{"long name", func(p *matcher.Partner) { p.Name = longText }, []string{"name"}},
		{"name not UTF-8", func(p *matcher.Partner) { p.Name = badText }, []string{"name"}},
		{"kind", func(p *matcher.Partner) { p.Kind = "offending" }, []string{"kind"}},
		{"region", func(p *matcher.Partner) { p.Region = badID }, []string{"region"}},
		{"most seats", func(p *matcher.Partner) { *p.MaxSeats = 1_000_000 }, nil},
		{"too many seats", func(p *matcher.Partner) { *p.MaxSeats = 1_000_001 }, []string{"max_seats"}},
		{"fewer than none", func(p *matcher.Partner) { *p.MaxSeats = -1 }, []string{"max_seats"}},
		{"goal", func(p *matcher.Partner) { p.Goals = []string{"g", ""} }, []string{"goals"}},
		{"goals", func(p *matcher.Partner) { p.Goals = longList }, []string{"goals"}},
	} {
		p := good()
		c.change(&p)
		wantFields(t, c.name, fields(t, p.Check), c.want...)
	}
}

func goodOpportunity() matcher.Opportunity {
	return matcher.Opportunity{
		ID: "o", Partner: "p", Title: "Title", Kind: "internship", Term: "fall", Seats: 1, MinPolicy: matcher.MinHard,
		Grades: []string{"9"}, Regions: []string{"r"}, Slots: []string{"mon"}, Requires: []string{"cpr"},
		MinAge: new(int32(14)), Position: &matcher.Position{Latitude: 90, Longitude: -180}, Goals: []string{"g"},
		Boost: 1, Status: matcher.Published, Tags: []matcher.Weighted{{Tag: "t", Weight: matcher.One}},
	}
}

func TestOpportunityCheck(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*matcher.Opportunity)
		want   []string
	}{
		{"good", func(*matcher.Opportunity) {}, nil},
		{"the least that is said", func(o *matcher.Opportunity) {
			*o = matcher.Opportunity{ID: "o", MinPolicy: matcher.MinCancel, Boost: 0.5, Status: matcher.Draft}
		}, nil},
		{"nothing", func(o *matcher.Opportunity) { *o = matcher.Opportunity{} }, []string{"opportunity", "min_policy", "boost", "status"}},
		{"partner", func(o *matcher.Opportunity) { o.Partner = badID }, []string{"partner"}},
		{"title", func(o *matcher.Opportunity) { o.Title = badText }, []string{"title"}},
		{"kind", func(o *matcher.Opportunity) { o.Kind = "offending" }, []string{"kind"}},
		{"term", func(o *matcher.Opportunity) { o.Term = badID }, []string{"term"}},
		{"seats", func(o *matcher.Opportunity) { o.Seats, o.MinSeats = -1, 1_000_001 }, []string{"seats", "min_seats"}},
		{"policy", func(o *matcher.Opportunity) { o.MinPolicy = "offending" }, []string{"min_policy"}},
		{"lists", func(o *matcher.Opportunity) {
			o.Grades, o.Regions, o.Slots, o.Requires = longList, []string{badID}, []string{""}, longList
		}, []string{"grades", "regions", "slots", "requires"}},
		{"age", func(o *matcher.Opportunity) { *o.MinAge = -1 }, []string{"min_age"}},
		{"off the globe", func(o *matcher.Opportunity) {
			o.Position = &matcher.Position{Latitude: 90.001, Longitude: -180.001}
		}, []string{"latitude", "longitude"}},
		{"nowhere", func(o *matcher.Opportunity) {
			o.Position = &matcher.Position{Latitude: math.NaN(), Longitude: math.Inf(1)}
		}, []string{"latitude", "longitude"}},
		{"goals", func(o *matcher.Opportunity) { o.Goals = []string{badID} }, []string{"goals"}},
		{"most boost", func(o *matcher.Opportunity) { o.Boost = 2 }, nil},
		{"too much boost", func(o *matcher.Opportunity) { o.Boost = 2.0001 }, []string{"boost"}},
		{"too little boost", func(o *matcher.Opportunity) { o.Boost = 0.4999 }, []string{"boost"}},
		{"no number as boost", func(o *matcher.Opportunity) { o.Boost = math.NaN() }, []string{"boost"}},
		{"status", func(o *matcher.Opportunity) { o.Status = "offending" }, []string{"status"}},
		{"tags", func(o *matcher.Opportunity) { o.Tags = []matcher.Weighted{{Tag: "a=offending", Weight: 1}} }, []string{"tags"}},
		{"weight", func(o *matcher.Opportunity) { o.Tags[0].Weight = 0 }, []string{"tags"}},
		{"large weight", func(o *matcher.Opportunity) { o.Tags[0].Weight = matcher.One + 1 }, []string{"tags"}},
	} {
		o := goodOpportunity()
		c.change(&o)
		wantFields(t, c.name, fields(t, func(r matcher.Report) { o.Check(nil, r) }), c.want...)
	}
}

func TestStudentCheck(t *testing.T) {
	good := func() matcher.Student {
		return matcher.Student{
			ID: "s", Grade: "9", School: "x", Region: "r", Age: new(int32(15)), Slots: []string{"mon"},
			Credentials: []string{"cpr"}, Position: &matcher.Position{}, MaxKm: new(0.0),
			Groups: []matcher.Group{{Name: "lunch", Value: "free"}}, Interests: []matcher.Weighted{{Tag: "t", Weight: 1}},
		}
	}
	for _, c := range []struct {
		name   string
		change func(*matcher.Student)
		want   []string
	}{
		{"good", func(*matcher.Student) {}, nil},
		{"the least that is said", func(s *matcher.Student) { *s = matcher.Student{ID: "s"} }, nil},
		{"id", func(s *matcher.Student) { s.ID = badID }, []string{"student"}},
		{"single ids", func(s *matcher.Student) { s.Grade, s.School, s.Region = badID, badID, badID }, []string{"grade", "school", "region"}},
		{"age", func(s *matcher.Student) { *s.Age = 1_000_001 }, []string{"age"}},
		{"lists", func(s *matcher.Student) { s.Slots, s.Credentials = longList, []string{""} }, []string{"slots", "credentials"}},
		{"position", func(s *matcher.Student) { s.Position.Latitude = -91 }, []string{"latitude"}},
		{"below no distance", func(s *matcher.Student) { *s.MaxKm = -0.1 }, []string{"max_km"}},
		{"no end of distance", func(s *matcher.Student) { *s.MaxKm = math.Inf(1) }, []string{"max_km"}},
		{"no number as distance", func(s *matcher.Student) { *s.MaxKm = math.NaN() }, []string{"max_km"}},
		{"group", func(s *matcher.Student) { s.Groups = append(s.Groups, matcher.Group{Name: "offending"}) }, []string{"groups"}},
		{"groups", func(s *matcher.Student) { s.Groups = slices.Repeat(s.Groups, 65) }, []string{"groups"}},
		{"interests", func(s *matcher.Student) { s.Interests[0].Tag = "" }, []string{"interests"}},
	} {
		s := good()
		c.change(&s)
		wantFields(t, c.name, fields(t, func(r matcher.Report) { s.Check(nil, r) }), c.want...)
	}
	inline := good()
	inline.ID = ""
	wantFields(t, "in-line", fields(t, func(r matcher.Report) { inline.CheckProfile(nil, r) }))
}

// 64 tags are the most, a tag that is named twice or by a synonym counted once.
func TestOwnTagsLimit(t *testing.T) {
	v, err := matcher.NewVocabulary([]matcher.Tag{{ID: "t0", Importance: 1, Synonyms: []string{"synonym"}}})
	if err != nil {
		t.Fatal(err)
	}
	o := goodOpportunity()
	o.Tags = nil
	for i := range matcher.MaxOwnTags {
		o.Tags = append(o.Tags, matcher.Weighted{Tag: fmt.Sprint("t", i), Weight: 1})
	}
	o.Tags = append(o.Tags, matcher.Weighted{Tag: "t1", Weight: 2})
	wantFields(t, "64 tags", fields(t, func(r matcher.Report) { o.Check(nil, r) }))
	o.Tags = append(o.Tags, matcher.Weighted{Tag: "synonym", Weight: 2})
	wantFields(t, "64 tags and a synonym", fields(t, func(r matcher.Report) { o.Check(v, r) }))
	wantFields(t, "without the vocabulary", fields(t, func(r matcher.Report) { o.Check(nil, r) }), "tags")
	o.Tags = append(o.Tags, matcher.Weighted{Tag: "t64", Weight: 2})
	wantFields(t, "65 tags", fields(t, func(r matcher.Report) { o.Check(v, r) }), "tags")
}

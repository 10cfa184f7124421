package oracle_test

import (
	"slices"
	"testing"

	"github.com/kindred-match/kindred/internal/oracle"
	"github.com/kindred-match/kindred/matcher"
)

// scene is a pair that passes every rule until a case changes it.
type scene struct {
	student     matcher.Student
	opportunity matcher.Opportunity
	partner     matcher.Partner
	options     oracle.Options
}

func (c *scene) codes() []string {
	d := oracle.New(nil, []matcher.Partner{c.partner}, []matcher.Opportunity{c.opportunity}, oracle.Settings{Measure: "dot"})
	codes, _ := d.Eligibility(&c.student, "o", c.options)
	return codes
}

func TestEligibility(t *testing.T) {
	// One degree along the equator is 6371.0088 * pi / 180 = 111.19508 km.
	here, there := &matcher.Position{}, &matcher.Position{Longitude: 1}
	cases := []struct {
		name   string
		change func(*scene)
		want   []string
	}{
		{"as it is", func(*scene) {}, nil},
		{"draft", func(c *scene) { c.opportunity.Status = "draft" }, []string{"STATUS"}},
		{"closed", func(c *scene) { c.opportunity.Status = "closed" }, []string{"STATUS"}},
		{"opens tomorrow", func(c *scene) { c.opportunity.Opens = 20260902 }, []string{"WINDOW"}},
		{"opens today", func(c *scene) { c.opportunity.Opens = 20260901 }, nil},
		{"closes today", func(c *scene) { c.opportunity.Closes = 20260901 }, nil},
		{"closed yesterday", func(c *scene) { c.opportunity.Closes = 20260831 }, []string{"WINDOW"}},
		{"the term", func(c *scene) { c.options.Term = "fall" }, nil},
		{"another term", func(c *scene) { c.options.Term = "spring" }, []string{"TERM"}},
		{"no term, one asked for", func(c *scene) { c.opportunity.Term, c.options.Term = "", "fall" }, []string{"TERM"}},
		{"no seat", func(c *scene) { c.opportunity.Seats = 0 }, []string{"FULL"}},
		{"no seat at the partner", func(c *scene) { c.partner.MaxSeats = new(int32(0)) }, []string{"FULL"}},
		{"a seat at the partner", func(c *scene) { c.partner.MaxSeats = new(int32(1)) }, nil},
		{"its grade", func(c *scene) { c.opportunity.Grades = []string{"9", "10"}; c.student.Grade = "10" }, nil},
		{"another grade", func(c *scene) { c.opportunity.Grades = []string{"9", "10"}; c.student.Grade = "11" }, []string{"GRADE"}},
		{"no grade", func(c *scene) { c.opportunity.Grades = []string{"9"} }, []string{"GRADE"}},
		{"its region", func(c *scene) { c.opportunity.Regions = []string{"n", "s"}; c.student.Region = "s" }, nil},
		{"another region", func(c *scene) { c.opportunity.Regions = []string{"n"}; c.student.Region = "s" }, []string{"REGION"}},
		{"another region, remote", func(c *scene) { c.opportunity.Regions = []string{"n"}; c.opportunity.Remote = true }, nil},
		{"always free", func(c *scene) { c.opportunity.Slots = []string{"mon"} }, nil},
		{"free then", func(c *scene) { c.opportunity.Slots = []string{"mon"}; c.student.Slots = []string{"tue", "mon"} }, nil},
		{"free but once", func(c *scene) { c.opportunity.Slots = []string{"mon", "tue"}; c.student.Slots = []string{"mon"} }, []string{"SLOTS"}},
		{"holds all", func(c *scene) {
			c.opportunity.Requires = []string{"cpr", "osha"}
			c.student.Credentials = []string{"osha", "x", "cpr"}
		}, nil},
		{"lacks one", func(c *scene) {
			c.opportunity.Requires = []string{"cpr", "osha"}
			c.student.Credentials = []string{"cpr"}
		}, []string{"CREDENTIALS"}},
		{"lacks all", func(c *scene) { c.opportunity.Requires = []string{"cpr"} }, []string{"CREDENTIALS"}},
		{"old enough", func(c *scene) { c.opportunity.MinAge = new(int32(16)); c.student.Age = new(int32(16)) }, nil},
		{"too young", func(c *scene) { c.opportunity.MinAge = new(int32(16)); c.student.Age = new(int32(15)) }, []string{"AGE"}},
		{"age unknown", func(c *scene) { c.opportunity.MinAge = new(int32(0)) }, []string{"AGE"}},
		{"near enough", func(c *scene) {
			c.opportunity.Position, c.student.Position, c.student.MaxKm = here, there, new(111.1951)
		}, nil},
		{"too far", func(c *scene) {
			c.opportunity.Position, c.student.Position, c.student.MaxKm = here, there, new(111.1950)
		}, []string{"DISTANCE"}},
		{"at the place", func(c *scene) { c.opportunity.Position, c.student.Position, c.student.MaxKm = there, there, new(0.0) }, nil},
		{"too far, remote", func(c *scene) {
			c.opportunity.Position, c.student.Position, c.student.MaxKm = here, there, new(1.0)
			c.opportunity.Remote = true
		}, nil},
		{"the student's position unknown", func(c *scene) { c.opportunity.Position, c.student.MaxKm = here, new(1.0) }, nil},
		{"its position unknown", func(c *scene) { c.student.Position, c.student.MaxKm = here, new(1.0) }, nil},
		{"goes everywhere", func(c *scene) { c.opportunity.Position, c.student.Position = here, there }, nil},
		{"forbidden", func(c *scene) { c.options.Forbidden = map[string]bool{"o": true} }, []string{"FORBIDDEN"}},
		{"another is forbidden", func(c *scene) { c.options.Forbidden = map[string]bool{"p": true} }, nil},
		{"everything at once", func(c *scene) {
			c.opportunity = matcher.Opportunity{
				ID: "o", Boost: 1, Status: "closed", Opens: 20270101, Grades: []string{"9"}, Regions: []string{"n"},
				Slots: []string{"mon"}, Requires: []string{"cpr"}, MinAge: new(int32(14)), Position: here,
			}
			c.student = matcher.Student{Slots: []string{"tue"}, Position: there, MaxKm: new(1.0)}
			c.options.Term, c.options.Forbidden = "fall", map[string]bool{"o": true}
		}, []string{"STATUS", "WINDOW", "TERM", "FULL", "GRADE", "REGION", "SLOTS", "CREDENTIALS", "AGE", "DISTANCE", "FORBIDDEN"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := scene{
				student:     matcher.Student{ID: "s"},
				opportunity: matcher.Opportunity{ID: "o", Partner: "p", Term: "fall", Seats: 1, Boost: 1, Status: "published"},
				partner:     matcher.Partner{ID: "p"},
				options:     oracle.Options{AsOf: 20260901},
			}
			c.change(&s)
			if got := s.codes(); !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	d := oracle.New(nil, nil, nil, oracle.Settings{})
	if _, known := d.Eligibility(&matcher.Student{}, "o", oracle.Options{}); known {
		t.Error("an opportunity that does not exist is known")
	}
}

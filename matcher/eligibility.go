package matcher

import (
	"math"
	"slices"
)

// Code is the stable name of an eligibility rule.
type Code string

// The rules, in the order in which they are given.
const (
	CodeStatus      Code = "STATUS"
	CodeWindow      Code = "WINDOW"
	CodeTerm        Code = "TERM"
	CodeFull        Code = "FULL"
	CodeGrade       Code = "GRADE"
	CodeRegion      Code = "REGION"
	CodeSlots       Code = "SLOTS"
	CodeCredentials Code = "CREDENTIALS"
	CodeAge         Code = "AGE"
	CodeDistance    Code = "DISTANCE"
	CodeForbidden   Code = "FORBIDDEN"
)

// pair is what the rules look at.
type pair struct {
	student     *Student
	opportunity *Opportunity
	partner     *Partner // nil: none
	asOf        Date
	term        string
	forbidden   bool
}

func newPair(q *Query, o *Opportunity, partner *Partner) pair {
	return pair{
		student: q.Student, opportunity: o, partner: partner,
		asOf: q.AsOf, term: q.Term, forbidden: q.Forbidden[o.ID],
	}
}

var rules = [...]struct {
	code  Code
	holds func(*pair) bool
}{
	{CodeStatus, func(p *pair) bool { return p.opportunity.Status == Published }},
	{CodeWindow, func(p *pair) bool {
		o := p.opportunity
		return (o.Opens == 0 || p.asOf >= o.Opens) && (o.Closes == 0 || p.asOf <= o.Closes)
	}},
	{CodeTerm, func(p *pair) bool { return p.term == "" || p.opportunity.Term == p.term }},
	{CodeFull, func(p *pair) bool {
		return p.opportunity.Seats > 0 && (p.partner == nil || p.partner.MaxSeats == nil || *p.partner.MaxSeats > 0)
	}},
	{CodeGrade, func(p *pair) bool {
		return len(p.opportunity.Grades) == 0 || slices.Contains(p.opportunity.Grades, p.student.Grade)
	}},
	{CodeRegion, func(p *pair) bool {
		o := p.opportunity
		return o.Remote || len(o.Regions) == 0 || slices.Contains(o.Regions, p.student.Region)
	}},
	{CodeSlots, func(p *pair) bool {
		return len(p.student.Slots) == 0 || containsAll(p.student.Slots, p.opportunity.Slots)
	}},
	{CodeCredentials, func(p *pair) bool { return containsAll(p.student.Credentials, p.opportunity.Requires) }},
	{CodeAge, func(p *pair) bool {
		least := p.opportunity.MinAge
		return least == nil || p.student.Age != nil && *p.student.Age >= *least
	}},
	{CodeDistance, func(p *pair) bool {
		s, o := p.student, p.opportunity
		return o.Remote || s.MaxKm == nil || s.Position == nil || o.Position == nil ||
			distance(*s.Position, *o.Position) <= *s.MaxKm
	}},
	{CodeForbidden, func(p *pair) bool { return !p.forbidden }},
}

func (p *pair) eligible() bool {
	for i := range rules {
		if !rules[i].holds(p) {
			return false
		}
	}
	return true
}

// failures lists every rule that the pair fails, in order.
func (p *pair) failures() []Code {
	var codes []Code
	for i := range rules {
		if !rules[i].holds(p) {
			codes = append(codes, rules[i].code)
		}
	}
	return codes
}

func containsAll(set, items []string) bool {
	for _, item := range items {
		if !slices.Contains(set, item) {
			return false
		}
	}
	return true
}

// earthRadiusKm is the mean radius R1 of the IUGG.
const earthRadiusKm = 6371.0088

// distance is the great-circle distance in kilometres by the haversine
// formula.
func distance(a, b Position) float64 {
	const radian = math.Pi / 180
	sinLat := math.Sin(float64(float64(b.Latitude-a.Latitude)*radian) / 2)
	sinLon := math.Sin(float64(float64(b.Longitude-a.Longitude)*radian) / 2)
	cos := float64(math.Cos(float64(a.Latitude*radian)) * math.Cos(float64(b.Latitude*radian)))
	h := float64(sinLat*sinLat) + float64(cos*float64(sinLon*sinLon))
	return 2 * earthRadiusKm * math.Asin(math.Min(1, math.Sqrt(h)))
}

// reasons say in plain words what a failed rule means.
var reasons = map[Code]string{
	CodeStatus:      "the opportunity is not published",
	CodeWindow:      "the opportunity is not open on that day",
	CodeTerm:        "the opportunity is of another term",
	CodeFull:        "no seat is left at the opportunity or with its partner",
	CodeGrade:       "the opportunity is for other grades",
	CodeRegion:      "the opportunity is in other regions",
	CodeSlots:       "the opportunity takes time that the student does not have",
	CodeCredentials: "the student lacks a credential that the opportunity requires",
	CodeAge:         "the student is younger than the opportunity allows, or of unknown age",
	CodeDistance:    "the opportunity is farther away than the student can travel",
	CodeForbidden:   "a lock forbids the pair",
}

// Reason says in plain words what it means that the rule fails.
func (c Code) Reason() string { return reasons[c] }

// Failures lists every rule that a pair fails, in order; none means that the
// opportunity is eligible for the query's student. The partner is nil for an
// opportunity without one.
func Failures(q *Query, o *Opportunity, partner *Partner) []Code {
	p := newPair(q, o, partner)
	return p.failures()
}

package oracle

import (
	"math"
	"slices"

	"github.com/kindred-match/kindred/matcher"
)

// Eligibility gives the codes of all rules that the pair fails, in the order
// of the contract's table; none when the opportunity is eligible. What the
// options leave out (kinds, exclusions) is no rule. Forbidden is read by
// opportunity. The second result is false for an unknown opportunity.
func (d *District) Eligibility(s *matcher.Student, opportunity string, opts Options) (codes []string, known bool) {
	i, known := d.at[opportunity]
	if !known {
		return nil, false
	}
	return d.refusals(s, &d.postings[i], opts, opts.Forbidden[opportunity]), true
}

// wanted reports whether the options ask for such an opportunity at all.
func (d *District) wanted(p *posting, opts Options) bool {
	if opts.Exclude[p.row.ID] {
		return false
	}
	if len(opts.Kinds) > 0 && !slices.Contains(opts.Kinds, p.row.Kind) {
		return false
	}
	if len(opts.PartnerKinds) > 0 {
		partner, ok := d.partners[p.row.Partner]
		return ok && slices.Contains(opts.PartnerKinds, partner.Kind)
	}
	return true
}

func (d *District) refusals(s *matcher.Student, p *posting, opts Options, forbidden bool) []string {
	o := &p.row
	var codes []string
	fail := func(failed bool, code string) {
		if failed {
			codes = append(codes, code)
		}
	}
	fail(o.Status != "published", "STATUS")
	fail((o.Opens != 0 && opts.AsOf < o.Opens) || (o.Closes != 0 && opts.AsOf > o.Closes), "WINDOW")
	fail(opts.Term != "" && o.Term != opts.Term, "TERM")
	partnerCap := d.partners[o.Partner].MaxSeats
	fail(o.Seats <= 0 || (partnerCap != nil && *partnerCap <= 0), "FULL")
	fail(len(o.Grades) > 0 && !slices.Contains(o.Grades, s.Grade), "GRADE")
	fail(!o.Remote && len(o.Regions) > 0 && !slices.Contains(o.Regions, s.Region), "REGION")
	fail(len(s.Slots) > 0 && !containsAll(s.Slots, o.Slots), "SLOTS")
	fail(!containsAll(s.Credentials, o.Requires), "CREDENTIALS")
	fail(o.MinAge != nil && (s.Age == nil || *s.Age < *o.MinAge), "AGE")
	fail(!o.Remote && s.MaxKm != nil && s.Position != nil && o.Position != nil &&
		kilometres(*s.Position, *o.Position) > *s.MaxKm, "DISTANCE")
	fail(forbidden, "FORBIDDEN")
	return codes
}

func containsAll(has, needed []string) bool {
	for _, n := range needed {
		if !slices.Contains(has, n) {
			return false
		}
	}
	return true
}

// kilometres is the great-circle distance by the haversine formula.
func kilometres(a, b matcher.Position) float64 {
	radians := func(degrees float64) float64 { return degrees * math.Pi / 180 }
	haversine := func(angle float64) float64 { return math.Pow(math.Sin(angle/2), 2) }
	h := haversine(radians(b.Latitude-a.Latitude)) +
		math.Cos(radians(a.Latitude))*math.Cos(radians(b.Latitude))*haversine(radians(b.Longitude-a.Longitude))
	return 2 * 6371.0088 * math.Asin(math.Sqrt(min(1, h)))
}

package district

import (
	"slices"
	"strconv"
	"strings"

	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/matcher/place"
)

// The encoders below are what decoder does, the other way round. Defaults are
// left out where that says the same.

func encodeTag(r *row, t *matcher.Tag) {
	r.text[tagID] = t.ID
	r.text[tagLabel] = t.Label
	r.text[tagParent] = t.Parent
	r.text[tagImportance] = formatUnless(t.Importance, 1)
	r.setList(tagSynonyms, t.Synonyms)
}

func encodePartner(r *row, p *matcher.Partner) {
	r.text[partnerID] = p.ID
	r.text[partnerName] = p.Name
	r.text[partnerKind] = string(p.Kind)
	r.text[partnerRegion] = p.Region
	r.text[partnerMaxSeats] = formatOptional(p.MaxSeats)
	r.setList(partnerGoals, p.Goals)
}

func encodeOpportunity(r *row, o *matcher.Opportunity) {
	r.text[opportunityID] = o.ID
	r.text[opportunityPartner] = o.Partner
	r.text[opportunityTitle] = o.Title
	r.text[opportunityKind] = string(o.Kind)
	r.text[opportunityTerm] = o.Term
	r.text[opportunitySeats] = formatInteger(o.Seats)
	if o.MinSeats != 0 {
		r.text[opportunityMinSeats] = formatInteger(o.MinSeats)
	}
	if o.MinPolicy != matcher.MinHard {
		r.text[opportunityMinPolicy] = string(o.MinPolicy)
	}
	r.setList(opportunityGrades, o.Grades)
	r.setList(opportunityRegions, o.Regions)
	if o.Remote {
		r.text[opportunityRemote] = "true"
	}
	r.setList(opportunitySlots, o.Slots)
	r.setList(opportunityRequires, o.Requires)
	r.text[opportunityMinAge] = formatOptional(o.MinAge)
	r.setPosition(opportunityLatitude, opportunityLongitude, o.Position)
	r.text[opportunityOpens] = o.Opens.String()
	r.text[opportunityCloses] = o.Closes.String()
	r.setList(opportunityGoals, o.Goals)
	r.text[opportunityBoost] = formatUnless(o.Boost, 1)
	r.text[opportunityStatus] = string(o.Status)
	r.setTags(opportunityTags, o.Tags)
}

func encodeStudent(r *row, s *matcher.Student) {
	r.text[studentID] = s.ID
	r.text[studentGrade] = s.Grade
	r.text[studentSchool] = s.School
	r.text[studentRegion] = s.Region
	r.text[studentAge] = formatOptional(s.Age)
	r.setList(studentSlots, s.Slots)
	r.setList(studentCredentials, s.Credentials)
	r.setPosition(studentLatitude, studentLongitude, s.Position)
	if s.MaxKm != nil {
		r.text[studentMaxKm] = formatDecimal(*s.MaxKm)
	}
	for _, g := range s.Groups {
		r.items[studentGroups] = append(r.items[studentGroups], item{name: formatGroup(g)})
	}
	r.setTags(studentInterests, s.Interests)
}

func encodePreference(r *row, p place.Preference) {
	r.text[rowFirst], r.text[rowSecond], r.text[rowThird] = p.Student, p.Opportunity, formatInteger(p.Rank)
}

func encodeScore(r *row, s place.Score) {
	r.text[rowFirst], r.text[rowSecond], r.text[rowThird] = s.Student, s.Opportunity, formatDecimal(s.Score)
}

func encodePriority(r *row, p place.Priority) {
	r.text[rowFirst], r.text[rowSecond], r.text[rowThird] = p.Opportunity, p.Student, formatInteger(p.Tier)
}

func encodeLock(r *row, l place.Lock) {
	r.text[rowFirst], r.text[rowSecond], r.text[rowThird] = l.Student, l.Opportunity, string(l.Action)
	r.text[rowReason] = l.Reason
}

func encodeReserve(r *row, v place.Reserve) {
	r.text[rowFirst], r.text[rowSecond], r.text[rowThird] = v.Opportunity, formatGroup(v.Group), formatInteger(v.Seats)
}

func encodeStanding(r *row, s place.Standing) {
	r.text[rowFirst], r.text[rowSecond] = s.Student, s.Opportunity
}

func (r *row) setList(column int, names []string) {
	for _, n := range names {
		r.items[column] = append(r.items[column], item{name: n})
	}
}

// setTags sets weighted tags, one that is named twice with the larger weight.
func (r *row) setTags(column int, ws []matcher.Weighted) {
	for i, w := range ws {
		same := func(x matcher.Weighted) bool { return x.Tag == w.Tag }
		if slices.ContainsFunc(ws[:i], same) {
			continue
		}
		for _, x := range ws[i+1:] {
			if same(x) {
				w.Weight = max(w.Weight, x.Weight)
			}
		}
		it := item{name: w.Tag}
		if w.Weight != matcher.One {
			it.weight = formatDecimal(matcher.Float(w.Weight))
		}
		r.items[column] = append(r.items[column], it)
	}
}

func (r *row) setPosition(latitude, longitude int, p *matcher.Position) {
	if p != nil {
		r.text[latitude], r.text[longitude] = formatDecimal(p.Latitude), formatDecimal(p.Longitude)
	}
}

func formatInteger(n int32) string { return strconv.Itoa(int(n)) }

func formatDecimal(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }

func formatOptional(n *int32) string {
	if n == nil {
		return ""
	}
	return formatInteger(*n)
}

func formatUnless(x, byDefault float64) string {
	if x == byDefault {
		return ""
	}
	return formatDecimal(x)
}

// formatGroup returns name=value, or nothing for a group that reads back as
// another one.
func formatGroup(g matcher.Group) string {
	if strings.Contains(g.Name, "=") || clean(g.Name) != g.Name || clean(g.Value) != g.Value {
		return ""
	}
	return g.Name + "=" + g.Value
}

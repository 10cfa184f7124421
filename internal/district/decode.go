package district

import (
	"slices"
	"strings"

	"github.com/kindred-match/kindred/matcher"
)

// decoder makes the folder's resources out of rows. What can't be parsed
// becomes a value that breaks the resource's own rule, so that each rule is
// written down, and reported, once.
type decoder struct {
	folder        *Folder
	strict        bool
	asOf          matcher.Date
	term          string
	texts         map[string]string // interned
	tags          tagNames
	tagLines      []int // by place in folder.Tags
	partners      index
	opportunities index
	students      index
	pairs         pairs // of the file that is being read
	groupNumbers  map[matcher.Group]int32
}

func (d *decoder) decode(t *table, r *row, rep reporter) {
	switch t.file {
	case Tags:
		d.tag(r, rep)
	case Partners:
		d.partner(r, rep)
	case Opportunities:
		d.opportunity(r, rep)
	case Students:
		d.student(r, rep)
	default:
		if !r.broken {
			d.pair(t, r, rep)
		}
	}
}

func (d *decoder) tag(r *row, rep reporter) {
	t := matcher.Tag{
		ID:         strings.Clone(r.text[tagID]),
		Label:      strings.Clone(r.text[tagLabel]),
		Parent:     d.intern(r.text[tagParent]),
		Importance: decimal(r.text[tagImportance], 1),
		Synonyms:   d.list(r.items[tagSynonyms]),
	}
	if !r.broken {
		t.Check(at(r, rep))
	} else if t.ID == "" {
		d.tags.whole = false
	}
	d.folder.Tags = append(d.folder.Tags, t)
	d.tagLines = append(d.tagLines, r.line)
}

func (d *decoder) partner(r *row, rep reporter) {
	p := matcher.Partner{
		ID:       strings.Clone(r.text[partnerID]),
		Name:     strings.Clone(r.text[partnerName]),
		Kind:     matcher.PartnerKind(d.intern(r.text[partnerKind])),
		Region:   d.intern(r.text[partnerRegion]),
		MaxSeats: optional(r.text[partnerMaxSeats], parseInteger),
		Goals:    d.list(r.items[partnerGoals]),
	}
	d.partners.add(p.ID, r, rep)
	d.folder.Partners = append(d.folder.Partners, p)
	if !r.broken {
		p.Check(at(r, rep))
	}
}

func (d *decoder) opportunity(r *row, rep reporter) {
	o := matcher.Opportunity{
		ID:        strings.Clone(r.text[opportunityID]),
		Partner:   d.intern(r.text[opportunityPartner]),
		Title:     strings.Clone(r.text[opportunityTitle]),
		Kind:      matcher.OpportunityKind(d.intern(r.text[opportunityKind])),
		Term:      d.intern(r.text[opportunityTerm]),
		Seats:     integer(r.text[opportunitySeats], 1),
		MinSeats:  integer(r.text[opportunityMinSeats], 0),
		MinPolicy: orDefault(matcher.MinPolicy(d.intern(r.text[opportunityMinPolicy])), matcher.MinHard),
		Grades:    d.list(r.items[opportunityGrades]),
		Regions:   d.list(r.items[opportunityRegions]),
		Remote:    boolean(r, opportunityRemote, rep),
		Slots:     d.list(r.items[opportunitySlots]),
		Requires:  d.list(r.items[opportunityRequires]),
		MinAge:    optional(r.text[opportunityMinAge], parseInteger),
		Position:  position(r, opportunityLatitude, opportunityLongitude, rep),
		Opens:     date(r, opportunityOpens, rep),
		Closes:    date(r, opportunityCloses, rep),
		Goals:     d.list(r.items[opportunityGoals]),
		Boost:     decimal(r.text[opportunityBoost], 1),
		Status:    orDefault(matcher.Status(d.intern(r.text[opportunityStatus])), matcher.Published),
		Tags:      d.weighted(r, opportunityTags, rep),
	}
	d.opportunities.add(o.ID, r, rep)
	d.folder.Opportunities = append(d.folder.Opportunities, o)
	if r.broken {
		return
	}
	o.Check(d.folder.Vocabulary, at(r, rep))
	if o.Partner != "" {
		d.partners.find(o.Partner, r, rep)
	}
}

func (d *decoder) student(r *row, rep reporter) {
	s := matcher.Student{
		ID:          strings.Clone(r.text[studentID]),
		Grade:       d.intern(r.text[studentGrade]),
		School:      d.intern(r.text[studentSchool]),
		Region:      d.intern(r.text[studentRegion]),
		Age:         optional(r.text[studentAge], parseInteger),
		Slots:       d.list(r.items[studentSlots]),
		Credentials: d.list(r.items[studentCredentials]),
		Position:    position(r, studentLatitude, studentLongitude, rep),
		MaxKm:       optional(r.text[studentMaxKm], parseDecimal),
		Groups:      d.groups(r.items[studentGroups]),
		Interests:   d.weighted(r, studentInterests, rep),
	}
	d.students.add(s.ID, r, rep)
	d.folder.Students = append(d.folder.Students, s)
	if !r.broken {
		s.Check(d.folder.Vocabulary, at(r, rep))
	}
}

// at reports the findings of a resource's Check at the row's line.
func at(r *row, rep reporter) matcher.Report {
	return func(field, rule string) { rep.error(r.line, field, rule) }
}

// intern returns a copy of s that all equal texts share.
func (d *decoder) intern(s string) string {
	if s == "" {
		return ""
	}
	if t, ok := d.texts[s]; ok {
		return t
	}
	s = strings.Clone(s)
	d.texts[s] = s
	return s
}

func (d *decoder) list(items []item) []string {
	if len(items) == 0 {
		return nil
	}
	l := make([]string, len(items))
	for i, it := range items {
		l[i] = d.intern(it.name)
	}
	return l
}

func (d *decoder) groups(items []item) []matcher.Group {
	if len(items) == 0 {
		return nil
	}
	gs := make([]matcher.Group, len(items))
	for i, it := range items {
		gs[i] = d.group(it.name)
	}
	return gs
}

// group reads name=value; of anything else it makes the empty group, which is
// against the rules.
func (d *decoder) group(s string) matcher.Group {
	name, value, _ := strings.Cut(s, "=")
	return matcher.Group{Name: d.intern(strings.TrimSpace(name)), Value: d.intern(strings.TrimSpace(value))}
}

// weighted takes over weighted tags, one that is named twice with the larger
// weight. A weight of 0, which none may have, stays to be reported.
func (d *decoder) weighted(r *row, column int, rep reporter) []matcher.Weighted {
	items := r.items[column]
	if len(items) == 0 {
		return nil
	}
	ws := make([]matcher.Weighted, 0, len(items))
	var many map[string]int // where the names are, once looking through them takes long
	for _, it := range items {
		w := matcher.Weighted{Tag: d.tagName(it.name, r, column, rep), Weight: parseWeight(it.weight)}
		if len(ws) == matcher.MaxOwnTags && many == nil {
			many = make(map[string]int)
			for i := range ws {
				many[ws[i].Tag] = i
			}
		}
		i, twice := find(ws, many, w.Tag)
		switch {
		case !twice:
			if ws = append(ws, w); many != nil {
				many[w.Tag] = len(ws) - 1
			}
		case w.Weight == 0 || ws[i].Weight == 0:
			ws[i].Weight = 0
		default:
			ws[i].Weight = max(ws[i].Weight, w.Weight)
		}
	}
	return ws
}

func find(ws []matcher.Weighted, many map[string]int, tag string) (int, bool) {
	if many != nil {
		i, ok := many[tag]
		return i, ok
	}
	i := slices.IndexFunc(ws, func(w matcher.Weighted) bool { return w.Tag == tag })
	return i, i >= 0
}

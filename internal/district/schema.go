package district

import (
	"slices"
	"strings"
)

// File is a file of a district folder, named without its ending.
type File string

// The files of a district folder.
const (
	Tags          File = "tags"
	Partners      File = "partners"
	Opportunities File = "opportunities"
	Students      File = "students"
	Preferences   File = "preferences"
	Scores        File = "scores"
	Priorities    File = "priorities"
	Locks         File = "locks"
	Reserves      File = "reserves"
	Placements    File = "placements"
)

// kind is what the cells of a column hold.
type kind uint8

const (
	text   kind = iota // a text, an id, a date or a word
	number             // an integer or a decimal
	flag               // true or false
	list               // texts
	tags               // weighted tags
)

type column struct {
	name     string
	kind     kind
	required bool // the header must have it
}

// table describes a file.
type table struct {
	file     File
	personal bool // about students: none of its values may be shown
	columns  []column
	// refers: its rows name students, or opportunities.
	students, opportunities bool
}

// The places of the columns in their tables.
const (
	tagID, tagLabel, tagParent, tagImportance, tagSynonyms = 0, 1, 2, 3, 4

	partnerID, partnerName, partnerKind, partnerRegion, partnerMaxSeats, partnerGoals = 0, 1, 2, 3, 4, 5
)

const (
	opportunityID = iota
	opportunityPartner
	opportunityTitle
	opportunityKind
	opportunityTerm
	opportunitySeats
	opportunityMinSeats
	opportunityMinPolicy
	opportunityGrades
	opportunityRegions
	opportunityRemote
	opportunitySlots
	opportunityRequires
	opportunityMinAge
	opportunityLatitude
	opportunityLongitude
	opportunityOpens
	opportunityCloses
	opportunityGoals
	opportunityBoost
	opportunityStatus
	opportunityTags
)

const (
	studentID = iota
	studentGrade
	studentSchool
	studentRegion
	studentAge
	studentSlots
	studentCredentials
	studentLatitude
	studentLongitude
	studentMaxKm
	studentGroups
	studentInterests
)

const (
	rowFirst  = 0 // student or opportunity
	rowSecond = 1 // opportunity, student or group
	rowThird  = 2 // rank, score, tier, action or seats
	rowReason = 3
)

var (
	student     = column{name: "student", required: true}
	opportunity = column{name: "opportunity", required: true}
)

// tables are the files in the order of the format's description, their columns
// too.
var tables = [...]table{
	{file: Tags, columns: []column{
		{name: "tag", required: true},
		{name: "label"},
		{name: "parent"},
		{name: "importance", kind: number},
		{name: "synonyms", kind: list},
	}},
	{file: Partners, columns: []column{
		{name: "partner", required: true},
		{name: "name"},
		{name: "kind"},
		{name: "region"},
		{name: "max_seats", kind: number},
		{name: "goals", kind: list},
	}},
	{file: Opportunities, columns: []column{
		opportunity,
		{name: "partner"},
		{name: "title"},
		{name: "kind"},
		{name: "term"},
		{name: "seats", kind: number},
		{name: "min_seats", kind: number},
		{name: "min_policy"},
		{name: "grades", kind: list},
		{name: "regions", kind: list},
		{name: "remote", kind: flag},
		{name: "slots", kind: list},
		{name: "requires", kind: list},
		{name: "min_age", kind: number},
		{name: "latitude", kind: number},
		{name: "longitude", kind: number},
		{name: "opens"},
		{name: "closes"},
		{name: "goals", kind: list},
		{name: "boost", kind: number},
		{name: "status"},
		{name: "tags", kind: tags},
	}},
	{file: Students, personal: true, columns: []column{
		student,
		{name: "grade"},
		{name: "school"},
		{name: "region"},
		{name: "age", kind: number},
		{name: "slots", kind: list},
		{name: "credentials", kind: list},
		{name: "latitude", kind: number},
		{name: "longitude", kind: number},
		{name: "max_km", kind: number},
		{name: "groups", kind: list},
		{name: "interests", kind: tags},
	}},
	{file: Preferences, personal: true, students: true, opportunities: true, columns: []column{
		student, opportunity, {name: "rank", kind: number, required: true},
	}},
	{file: Scores, personal: true, students: true, opportunities: true, columns: []column{
		student, opportunity, {name: "score", kind: number, required: true},
	}},
	{file: Priorities, personal: true, students: true, opportunities: true, columns: []column{
		opportunity, student, {name: "tier", kind: number, required: true},
	}},
	{file: Locks, personal: true, students: true, opportunities: true, columns: []column{
		student, opportunity, {name: "action", required: true}, {name: "reason"},
	}},
	{file: Reserves, opportunities: true, columns: []column{
		opportunity, {name: "group", required: true}, {name: "seats", kind: number, required: true},
	}},
	{file: Placements, personal: true, students: true, opportunities: true, columns: []column{
		student, opportunity,
	}},
}

func tableOf(f File) *table {
	i := slices.IndexFunc(tables[:], func(t table) bool { return t.file == f })
	if i < 0 {
		return nil
	}
	return &tables[i]
}

// order is the table's place among the files; of a file that is none of the
// folder's, after all of them.
func (t *table) order() int {
	if t == nil {
		return len(tables)
	}
	return slices.IndexFunc(tables[:], func(u table) bool { return u.file == t.file })
}

func (t *table) index(name string) int {
	return slices.IndexFunc(t.columns, func(c column) bool { return c.name == name })
}

// knows reports whether a name is a column's, but for capitals, or one of those that
// identify a person.
func (t *table) knows(name string) bool {
	return personalName(name) || slices.ContainsFunc(t.columns, func(c column) bool { return strings.EqualFold(c.name, name) })
}

// columnOrder is the place of a column in findings: what concerns the whole
// row first, columns that the table doesn't have last.
func (t *table) columnOrder(column string) int {
	if column == columnFile || column == columnHeader || column == columnRow || t == nil {
		return -1
	}
	if i := t.index(column); i >= 0 {
		return i
	}
	return len(t.columns)
}

func (t *table) names() string {
	names := make([]string, len(t.columns))
	for i, c := range t.columns {
		names[i] = c.name
	}
	return strings.Join(names, ", ")
}

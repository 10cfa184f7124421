package page

import (
	"slices"

	"github.com/kindred-match/kindred/matcher/place"
)

// list is a table that the page's script searches, sorts and pages.
type list struct {
	ID      string       `json:"-"`
	Caption string       `json:"-"`
	Search  string       `json:"-"` // what the search looks through
	Columns []listColumn `json:"columns"`
	Rows    [][]any      `json:"rows"`
}

// listColumn says how a column is shown. With values, a cell is a place in them.
type listColumn struct {
	Name     string   `json:"name"`
	Number   bool     `json:"number,omitempty"`
	Decimals int      `json:"decimals,omitempty"`
	Values   []string `json:"values,omitempty"`
	rare     bool     // a number that is mostly 0
}

// opportunityList is a list of those that are wanted.
func (r *Report) opportunityList(id, caption string, wanted func(*Opportunity) bool) *list {
	l := &list{ID: id, Caption: caption, Search: "title, id, partner or kind", Rows: [][]any{}}
	l.Columns = []listColumn{
		{Name: "opportunity"},
		{Name: "id"},
		{Name: "partner"},
		{Name: "kind"},
		{Name: "seats", Number: true},
		{Name: "minimum", Number: true, rare: true},
		{Name: "placed", Number: true},
		{Name: "first choices", Number: true},
		{Name: "on lists", Number: true},
		{Name: "waiting", Number: true, rare: true},
		{Name: "cutoff"},
		{Name: oneMoreSeat},
	}
	for i := range r.Offered {
		if o := &r.Offered[i]; wanted(o) {
			l.Rows = append(l.Rows, []any{
				o.Name(), o.ID, o.Partner, spoken(o.Kind), o.Seats, o.Minimum, o.Placed, o.First, o.Listed, o.Waiting,
				o.Cutoff.text(), o.oneMore(r.Asked.Objective.Flow()),
			})
		}
	}
	l.dropEmpty()
	return l
}

// dropEmpty takes out the columns of text that no row says anything in, and the
// rare numbers that are all 0.
func (l *list) dropEmpty() {
	for c := len(l.Columns) - 1; c >= 0; c-- {
		nothing := any("")
		if l.Columns[c].rare {
			nothing = int64(0)
		}
		if slices.ContainsFunc(l.Rows, func(row []any) bool { return row[c] != nothing }) {
			continue
		}
		l.Columns = slices.Delete(l.Columns, c, c+1)
		for i, row := range l.Rows {
			l.Rows[i] = slices.Delete(row, c, c+1)
		}
	}
}

// Students are who got what: for the students' page alone.
type Students struct {
	Asked         Asked
	Opportunities []string // titles or ids, which placements name by their place
	IDs           []string // of the same
	Placed        []PlacedStudent
	Unplaced      []UnplacedStudent
}

// PlacedStudent is a student with its placement.
type PlacedStudent struct {
	Student     string
	Opportunity int
	Rank        int32 // 0: it is not on the student's list
	Score       float64
}

// UnplacedStudent is a student without.
type UnplacedStudent struct {
	Student string
	Reason  place.Reason
}

// placedList and unplacedList are lists of students.
func (s *Students) placedList() *list {
	l := &list{ID: "placements", Caption: "Placements", Search: "student, opportunity or id", Rows: make([][]any, 0, len(s.Placed))}
	l.Columns = []listColumn{
		{Name: "student"},
		{Name: "opportunity", Values: s.Opportunities},
		{Name: "id", Values: s.IDs},
		{Name: "rank", Number: true},
		{Name: "score", Number: true, Decimals: 3},
	}
	for i := range s.Placed {
		p := &s.Placed[i]
		var rank any
		if p.Rank > 0 {
			rank = p.Rank
		}
		l.Rows = append(l.Rows, []any{p.Student, p.Opportunity, p.Opportunity, rank, p.Score})
	}
	return l
}

func (s *Students) unplacedList() *list {
	l := &list{ID: "unplaced", Caption: "Students without a placement", Search: "student or reason", Rows: make([][]any, 0, len(s.Unplaced))}
	var codes, words []string
	places := make(map[place.Reason]int)
	for _, reason := range reasons {
		places[reason] = len(codes)
		codes, words = append(codes, string(reason)), append(words, reasonText(reason))
	}
	l.Columns = []listColumn{{Name: "student"}, {Name: "reason", Values: codes}, {Name: "in words", Values: words}}
	for _, u := range s.Unplaced {
		l.Rows = append(l.Rows, []any{u.Student, places[u.Reason], places[u.Reason]})
	}
	return l
}

// reasonText says a reason for having no placement in words.
func reasonText(r place.Reason) string {
	switch r {
	case place.NoCandidates:
		return "nothing matches the student's interests"
	case place.AllIneligible:
		return "nothing that the student asked for, or that matches, is eligible"
	case place.Outcompeted:
		return "everything on the student's list went to students of higher priority"
	default:
		return "with a placement for the student the sum over all students would be smaller"
	}
}

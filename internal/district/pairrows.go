package district

import (
	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/matcher/place"
)

// pair decodes a row of the files that refer to students and opportunities.
func (d *decoder) pair(t *table, r *row, rep reporter) {
	rows := &d.folder.Rows
	switch t.file {
	case Preferences:
		s, o := d.pairs.add(r, &d.students, &d.opportunities, rep)
		rows.Preferences = append(rows.Preferences, place.Preference{Student: s, Opportunity: o, Rank: fromOne(r, rep)})
	case Scores:
		s, o := d.pairs.add(r, &d.students, &d.opportunities, rep)
		rows.Scores = append(rows.Scores, place.Score{Student: s, Opportunity: o, Score: score(r, rep)})
	case Priorities:
		o, s := d.pairs.add(r, &d.opportunities, &d.students, rep)
		rows.Priorities = append(rows.Priorities, place.Priority{Opportunity: o, Student: s, Tier: fromOne(r, rep)})
	case Locks:
		s, o := d.pairs.add(r, &d.students, &d.opportunities, rep)
		l := place.Lock{Student: s, Opportunity: o, Action: place.Action(d.intern(r.text[rowThird])), Reason: d.intern(r.text[rowReason])}
		checkLock(l, r, rep)
		rows.Locks = append(rows.Locks, l)
	case Reserves:
		rows.Reserves = append(rows.Reserves, d.reserve(r, rep))
	case Placements:
		s, o := d.pairs.add(r, &d.students, &d.opportunities, rep)
		rows.Standing = append(rows.Standing, place.Standing{Student: s, Opportunity: o})
	default: // the others have rows of their own
	}
}

func fromOne(r *row, rep reporter) int32 {
	n := parseInteger(r.text[rowThird])
	if n < 1 {
		rep.error(r.line, rep.table.columns[rowThird].name, ruleFromOne)
	}
	return n
}

func score(r *row, rep reporter) float64 {
	x := parseDecimal(r.text[rowThird])
	if !(x > 0 && x <= 1) {
		rep.error(r.line, "score", ruleScore)
	}
	return x
}

func checkLock(l place.Lock, r *row, rep reporter) {
	if l.Action != place.Place && l.Action != place.Forbid {
		rep.error(r.line, "action", ruleAction)
	}
	if len(l.Reason) > matcher.MaxTextBytes {
		rep.error(r.line, "reason", ruleReason())
	}
}

// reserve decodes a row of the reserves. Its minor number is its group's among
// those of the file.
func (d *decoder) reserve(r *row, rep reporter) place.Reserve {
	i, id := d.opportunities.find(r.text[rowFirst], r, rep)
	g := d.group(r.text[rowSecond])
	j, seen := d.groupNumbers[g]
	switch {
	case !matcher.ValidID(g.Name) || !matcher.ValidID(g.Value):
		rep.error(r.line, "group", ruleGroup)
		j = -1
	case !seen:
		j = int32(len(d.groupNumbers))
		d.groupNumbers[g] = j
	}
	d.pairs.append(r.line, i, j)
	seats := parseInteger(r.text[rowThird])
	if seats < 0 {
		rep.error(r.line, "seats", ruleInteger)
	}
	return place.Reserve{Opportunity: id, Group: g, Seats: seats}
}

package generate

import (
	"cmp"
	"iter"
	"slices"

	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/matcher/place"
)

// Preferences yields the rows of about a seventh of the students, by student
// and rank: of some opportunities that the student came across, those that
// share the most tags.
func (v *Invented) Preferences() iter.Seq[place.Preference] {
	return lists(v.options.Students, v.preferences)
}

func (v *Invented) preferences(student int) []place.Preference {
	d := newDraw(v.options.Seed, drawPreferences, student)
	if v.options.Plain || v.options.Opportunities == 0 || !d.chance(150) {
		return nil
	}
	profile := v.vocabulary.spread(v.interests(student))
	type seen struct{ opportunity, shared int }
	var known []seen
	for range 24 {
		s := seen{opportunity: d.below(v.options.Opportunities)}
		for _, tag := range v.vocabulary.spread(v.Opportunity(s.opportunity).Tags) {
			if slices.Contains(profile, tag) {
				s.shared++
			}
		}
		if s.shared > 0 {
			known = appendNew(known, s)
		}
	}
	slices.SortFunc(known, func(a, b seen) int {
		return cmp.Or(cmp.Compare(b.shared, a.shared), cmp.Compare(a.opportunity, b.opportunity))
	})
	known = known[:min(len(known), d.between(2, 6))]
	rows := make([]place.Preference, len(known))
	for i, k := range known {
		rows[i] = place.Preference{
			Student:     rowID('s', student, v.digits.student),
			Opportunity: rowID('o', k.opportunity, v.digits.opportunity),
			Rank:        int32(i + 1),
		}
	}
	return rows
}

// Reserves yields seats kept for groups, by opportunity: up to a half of the
// seats of some that have four or more.
func (v *Invented) Reserves() iter.Seq[place.Reserve] {
	return lists(v.options.Opportunities, v.reserves)
}

func (v *Invented) reserves(opportunity int) []place.Reserve {
	d := newDraw(v.options.Seed, drawReserves, opportunity)
	if v.options.Plain || !d.chance(200) {
		return nil
	}
	o := v.Opportunity(opportunity)
	if o.Seats < 4 {
		return nil
	}
	rows := []place.Reserve{{Opportunity: o.ID, Group: matcher.Group{Name: "lunch", Value: "free"}, Seats: o.Seats / 4}}
	if d.chance(200) {
		school := matcher.Group{Name: "school", Value: schoolID(d.below(v.schools))}
		rows = append(rows, place.Reserve{Opportunity: o.ID, Group: school, Seats: o.Seats / 4})
	}
	return rows
}

// Priorities yields the tiers of a few students at some opportunities, by
// opportunity.
func (v *Invented) Priorities() iter.Seq[place.Priority] {
	return lists(v.options.Opportunities, v.priorities)
}

func (v *Invented) priorities(opportunity int) []place.Priority {
	d := newDraw(v.options.Seed, drawPriorities, opportunity)
	if v.options.Plain || v.options.Students == 0 || !d.chance(30) {
		return nil
	}
	var students []int
	for range d.between(1, 4) {
		students = appendNew(students, d.below(v.options.Students))
	}
	rows := make([]place.Priority, len(students))
	for i, s := range students {
		rows[i] = place.Priority{
			Opportunity: rowID('o', opportunity, v.digits.opportunity),
			Student:     rowID('s', s, v.digits.student),
			Tier:        int32(d.between(1, 2)),
		}
	}
	return rows
}

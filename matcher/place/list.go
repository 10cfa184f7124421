package place

import (
	"cmp"
	"math"
	"slices"
)

// Entry is a place on a student's list.
type Entry struct {
	Opportunity int32 // its number in the problem
	// Rank, from 1, is the place among all of the student's rows of preferences
	// where the list comes from them, else the place on the list.
	Rank int32
	// Weight is at least 1; see WeightOf.
	Weight int32
}

// Ranked is one of a student's rows of preferences.
type Ranked struct {
	Opportunity int32
	Rank        int32
}

// Scored is one of a student's rows of scores, or a candidate.
type Scored struct {
	Opportunity int32
	Score       float64
}

// Sources are what a student's list can come from. They are used in this order;
// one that has rows is the only one used, even where none is eligible.
type Sources struct {
	Preferences []Ranked // all rows of the student, in any order
	Scores      []Scored // all rows of the student, in any order
	Candidates  []Scored // the first ones, ranked; eligible all

	Eligible func(opportunity int32) bool
	// Score is the computed score of a pair, for preferences without a row in
	// Scores.
	Score func(opportunity int32) float64
}

// WeightOf is a pair's weight: its score in millionths, at least 1.
func WeightOf(score float64) int32 { return max(1, int32(math.Round(1e6*score))) }

// AppendList appends the student's list to dst: its eligible rows of
// preferences by rank, if it has any row there; else its eligible rows of
// scores, by score and then opportunity, if it has any there; else its
// candidates. It sorts the rows of the sources.
func AppendList(dst []Entry, from *Sources) []Entry {
	switch {
	case len(from.Preferences) > 0:
		return appendPreferences(dst, from)
	case len(from.Scores) > 0:
		slices.SortFunc(from.Scores, func(a, b Scored) int {
			return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Opportunity, b.Opportunity))
		})
		eligible := slices.DeleteFunc(slices.Clone(from.Scores), func(s Scored) bool {
			return !from.Eligible(s.Opportunity)
		})
		return appendScored(dst, eligible)
	default:
		return appendScored(dst, from.Candidates)
	}
}

func appendPreferences(dst []Entry, from *Sources) []Entry {
	slices.SortFunc(from.Preferences, func(a, b Ranked) int { return cmp.Compare(a.Rank, b.Rank) })
	slices.SortFunc(from.Scores, func(a, b Scored) int { return cmp.Compare(a.Opportunity, b.Opportunity) })
	for i, r := range from.Preferences {
		if from.Eligible(r.Opportunity) {
			dst = append(dst, Entry{r.Opportunity, int32(i + 1), WeightOf(from.pairScore(r.Opportunity))})
		}
	}
	return dst
}

// pairScore is the pair's score in the rows, which are sorted by opportunity,
// else the computed one.
func (from *Sources) pairScore(opportunity int32) float64 {
	i, found := slices.BinarySearchFunc(from.Scores, opportunity, func(s Scored, o int32) int {
		return cmp.Compare(s.Opportunity, o)
	})
	if found {
		return from.Scores[i].Score
	}
	return from.Score(opportunity)
}

func appendScored(dst []Entry, scored []Scored) []Entry {
	for i, s := range scored {
		dst = append(dst, Entry{s.Opportunity, int32(i + 1), WeightOf(s.Score)})
	}
	return dst
}

// Lists are the lists of all students, in the order of the problem's students.
type Lists struct {
	// First has the first entry of each student, and one more: the entries of
	// student s are First[s] to First[s+1].
	First []int32
	// Opportunity, Rank and Weight are by entry.
	Opportunity, Rank, Weight []int32
	// Ineligible says of each student whether its list is empty because nothing
	// that it could have had is eligible.
	Ineligible []bool
}

// Append adds the next student's list. Where it is empty, ineligible says that
// the student has rows, or shares tags, but with nothing that is eligible.
func (l *Lists) Append(entries []Entry, ineligible bool) {
	if len(l.First) == 0 {
		l.First = append(l.First, 0)
	}
	for _, e := range entries {
		l.Opportunity = append(l.Opportunity, e.Opportunity)
		l.Rank = append(l.Rank, e.Rank)
		l.Weight = append(l.Weight, e.Weight)
	}
	l.First = append(l.First, int32(len(l.Opportunity)))
	l.Ineligible = append(l.Ineligible, ineligible && len(entries) == 0)
}

// Len is how many students have a list, which may be empty.
func (l *Lists) Len() int { return max(0, len(l.First)-1) }

// Of returns the bounds of a student's entries.
func (l *Lists) Of(student int32) (from, to int32) { return l.First[student], l.First[student+1] }

// find returns the student's entry for an opportunity, or -1.
func (l *Lists) find(student, opportunity int32) int32 {
	from, to := l.Of(student)
	if i := slices.Index(l.Opportunity[from:to], opportunity); i >= 0 {
		return from + int32(i)
	}
	return none
}

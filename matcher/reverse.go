package matcher

import (
	"cmp"
	"iter"
	"slices"
)

// StudentQuery asks for the students who suit one opportunity.
type StudentQuery struct {
	Opportunity string
	AsOf        Date
	Term        string
	// Forbidden are the student ids that a lock forbids the opportunity.
	Forbidden map[string]bool
	K         int
}

// StudentCandidate is a ranked student.
type StudentCandidate struct {
	Student string
	Rank    int // from 1
	Units   int64
	Score   float64 // as Candidate.Score of the same pair
}

// RankStudents returns the first K of the students who are eligible for an
// opportunity and share a tag with it, by units descending, then by id
// ascending. It reports false when there is no such opportunity. The students
// are used only until the next one is asked for.
func (r *Ranker) RankStudents(q *StudentQuery, students iter.Seq[*Student]) ([]StudentCandidate, bool) {
	o, ok := r.x.Opportunity(q.Opportunity)
	if !ok {
		return nil, false
	}
	doc, _ := r.x.find(q.Opportunity)
	rec := r.x.record(doc)
	var best []StudentCandidate
	for s := range students {
		p := r.x.pairOf(&Query{Student: s, AsOf: q.AsOf, Term: q.Term}, o)
		p.forbidden = q.Forbidden[s.ID]
		if !p.eligible() {
			continue
		}
		r.profile.spread(s.Interests)
		units := r.score(&rec)
		if units == 0 {
			continue
		}
		best = append(best, StudentCandidate{Student: s.ID, Units: units, Score: float64(units) / r.denominator()})
		if len(best)/2 >= max(q.K, 1024) {
			best = firstStudents(best, q.K)
		}
	}
	best = firstStudents(best, q.K)
	for i := range best {
		best[i].Rank = i + 1
	}
	return best, true
}

func firstStudents(c []StudentCandidate, k int) []StudentCandidate {
	slices.SortFunc(c, func(a, b StudentCandidate) int {
		return cmp.Or(cmp.Compare(b.Units, a.Units), cmp.Compare(a.Student, b.Student))
	})
	return c[:max(0, min(k, len(c)))]
}

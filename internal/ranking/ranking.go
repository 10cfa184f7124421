// Package ranking ranks the students of a district folder against its
// opportunities, and the reverse, over all cores and in the folder's order.
package ranking

import (
	"slices"

	"github.com/kindred-match/kindred/internal/district"
	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/matcher/place"
)

// Options are how to rank.
type Options struct {
	Settings      matcher.Settings
	AsOf          matcher.Date
	Term          string
	K             int
	MaxPerPartner int // 0: no cap
	Explain       bool
}

// Candidate is a ranked opportunity, with the parts of its score when
// Options.Explain is set.
type Candidate struct {
	matcher.Candidate
	Parts []matcher.Part
}

// Result is the ranking of one student.
type Result struct {
	Student    string
	Candidates []Candidate
}

// Folder is a district folder that can be ranked.
type Folder struct {
	*district.Folder
	Index   *matcher.Index
	options Options
	// forbidden opportunity ids by student, and student ids by opportunity.
	byStudent, byOpportunity map[string]map[string]bool
}

// New builds the index of a folder.
func New(f *district.Folder, o Options) (*Folder, error) {
	x, err := matcher.NewIndex(matcher.Catalogue{
		Tags: f.Tags, Partners: f.Partners, Opportunities: f.Opportunities,
	}, o.Settings)
	if err != nil {
		return nil, err
	}
	r := &Folder{
		Folder: f, Index: x, options: o,
		byStudent: make(map[string]map[string]bool), byOpportunity: make(map[string]map[string]bool),
	}
	for _, l := range f.Rows.Locks {
		if l.Action == place.Forbid {
			forbid(r.byStudent, l.Student, l.Opportunity)
			forbid(r.byOpportunity, l.Opportunity, l.Student)
		}
	}
	return r, nil
}

func forbid(in map[string]map[string]bool, a, b string) {
	if in[a] == nil {
		in[a] = make(map[string]bool)
	}
	in[a][b] = true
}

// Student finds a student by id.
func (f *Folder) Student(id string) (*matcher.Student, bool) {
	i := slices.IndexFunc(f.Students, func(s matcher.Student) bool { return s.ID == id })
	if i < 0 {
		return nil, false
	}
	return &f.Students[i], true
}

// Query is the question for one student.
func (f *Folder) Query(s *matcher.Student) *matcher.Query {
	return &matcher.Query{
		Student: s, AsOf: f.options.AsOf, Term: f.options.Term, Forbidden: f.byStudent[s.ID],
		K: f.options.K, MaxPerPartner: f.options.MaxPerPartner,
	}
}

// StudentCandidate is a ranked student, with the parts of its score when
// Options.Explain is set.
type StudentCandidate struct {
	matcher.StudentCandidate
	Parts []matcher.Part
}

// Opportunity ranks the folder's students for one opportunity. It reports
// false when the folder has no such opportunity.
func (f *Folder) Opportunity(id string) ([]StudentCandidate, bool) {
	r := f.Index.NewRanker()
	ranked, ok := r.RankStudents(&matcher.StudentQuery{
		Opportunity: id, AsOf: f.options.AsOf, Term: f.options.Term,
		Forbidden: f.byOpportunity[id], K: f.options.K,
	}, func(yield func(*matcher.Student) bool) {
		for i := range f.Students {
			if !yield(&f.Students[i]) {
				return
			}
		}
	})
	if !ok {
		return nil, false
	}
	candidates := make([]StudentCandidate, len(ranked))
	for i, c := range ranked {
		candidates[i].StudentCandidate = c
		if !f.options.Explain {
			continue
		}
		if s, found := f.Student(c.Student); found {
			candidates[i].Parts, _ = r.Parts(s, id)
		}
	}
	return candidates, true
}

// Explain explains the pair of a student and an opportunity. It reports false
// when the folder has no such opportunity.
func (f *Folder) Explain(s *matcher.Student, opportunity string) (matcher.Explanation, bool) {
	return f.Index.NewRanker().Explain(f.Query(s), opportunity)
}

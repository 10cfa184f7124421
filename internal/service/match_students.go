package service

import (
	"cmp"
	"context"
	"slices"

	"github.com/kindred-match/kindred/matcher"
	kindredv1 "github.com/kindred-match/kindred/proto/kindred/v1"
	"github.com/kindred-match/kindred/store"
)

// studentPage is how many students are read and ranked at a time.
const studentPage = 1000

// rankedStudent is a candidate of the reverse ranking, with the student as it
// was when it was ranked and, where asked for, the parts of its score.
type rankedStudent struct {
	matcher.StudentCandidate
	student *matcher.Student // nil where an index ranked it
	parts   []matcher.Part
}

// MatchStudents implements kindredv1.MatchServiceServer.
func (m *matchService) MatchStudents(
	ctx context.Context, req *kindredv1.MatchStudentsRequest,
) (*kindredv1.MatchStudentsResponse, error) {
	k, err := countOf(req.GetK(), "k", DefaultK)
	if err != nil {
		return nil, err
	}
	var v violations
	v.id("opportunity", req.GetOpportunity())
	w, err := m.where(ctx, req, &v)
	if err != nil {
		return nil, err
	}
	if _, ok := w.ranking.Index.Opportunity(req.GetOpportunity()); !ok {
		return nil, refuse(reasonNoOpportunity, "")
	}
	forbidden, err := m.forbidden(ctx, w.district, req.GetOpportunity())
	if err != nil {
		return nil, err
	}
	best, err := m.rankStudents(ctx, &w, req.GetExplain(), &matcher.StudentQuery{
		Opportunity: req.GetOpportunity(), AsOf: w.asOf, Term: req.GetTerm(), Forbidden: forbidden, K: k,
	})
	if err != nil {
		return nil, err
	}
	resp := &kindredv1.MatchStudentsResponse{
		Candidates:        make([]*kindredv1.StudentCandidate, len(best)),
		Epoch:             uint64(w.snapshot.Epoch),
		StatisticsVersion: w.snapshot.StatisticsVersion,
	}
	for i, b := range best {
		c := &kindredv1.StudentCandidate{
			Student: b.Student, Rank: int32(i + 1), Score: matcher.Shown(b.Score), Units: b.Units,
		}
		if req.GetExplain() {
			c.Tags = partsProto(b.parts)
		}
		resp.Candidates[i] = c
	}
	return resp, nil
}

// rankStudents ranks by the district's index of students, if there is one and
// else by going through them.
func (m *matchService) rankStudents(
	ctx context.Context, w *where, explain bool, q *matcher.StudentQuery,
) ([]rankedStudent, error) {
	best, ok, err := m.students.rank(ctx, w, explain, q)
	if ok || err != nil {
		return best, missing(err, reasonNoDistrict)
	}
	ranker := w.ranking.Acquire()
	if best, err = m.bestStudents(ctx, w.district, ranker, q); err != nil {
		return nil, err
	}
	for i := range best {
		if explain {
			best[i].parts, _ = ranker.Parts(best[i].student, q.Opportunity)
		}
	}
	w.ranking.Release(ranker)
	return best, nil
}

// bestStudents ranks all students of the district, page by page. Of each page
// the best are kept, so that memory is bounded and what is explained is what was
// ranked.
func (m *matchService) bestStudents(
	ctx context.Context, district string, ranker *matcher.Ranker, q *matcher.StudentQuery,
) ([]rankedStudent, error) {
	var best []rankedStudent
	for after := ""; ; {
		page, err := m.Store.ListStudents(ctx, district, after, studentPage)
		if err != nil {
			return nil, missing(err, reasonNoDistrict)
		}
		if len(page) == 0 {
			return best, nil
		}
		candidates, _ := ranker.RankStudents(q, func(yield func(*matcher.Student) bool) {
			for i := range page {
				if !yield(&page[i].Student) {
					return
				}
			}
		})
		for _, c := range candidates {
			at, _ := slices.BinarySearchFunc(page, c.Student, func(r store.StudentRecord, id string) int {
				return cmp.Compare(r.ID, id)
			})
			kept := page[at].Student // a copy, so that the page itself can go
			best = append(best, rankedStudent{StudentCandidate: c, student: &kept})
		}
		best = firstStudents(best, q.K)
		after = page[len(page)-1].ID
	}
}

// firstStudents are the k best by units, then by student id.
func firstStudents(all []rankedStudent, k int) []rankedStudent {
	slices.SortFunc(all, func(a, b rankedStudent) int {
		return cmp.Or(cmp.Compare(b.Units, a.Units), cmp.Compare(a.Student, b.Student))
	})
	clear(all[min(k, len(all)):])
	return all[:min(k, len(all))]
}

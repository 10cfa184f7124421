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
// was when it was ranked.
type rankedStudent struct {
	matcher.StudentCandidate
	student *matcher.Student
}

// MatchStudents implements kindredv1.MatchServiceServer. Of each page of
// students the best are kept, so that memory is bounded and what is explained
// is what was ranked.
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
	ranker := w.ranking.Acquire()
	best, err := m.bestStudents(ctx, w.district, ranker, &matcher.StudentQuery{
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
			parts, _ := ranker.Parts(b.student, req.GetOpportunity())
			c.Tags = partsProto(parts)
		}
		resp.Candidates[i] = c
	}
	w.ranking.Release(ranker)
	return resp, nil
}

// bestStudents ranks all students of the district, page by page.
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
			best = append(best, rankedStudent{c, &kept})
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

package verify

import (
	"context"
	"slices"
)

// checkRows checks what the rows of the files say of each student.
func (m *market) checkRows(f *placement) error {
	for _, row := range m.run.placements {
		s := m.number[row.student]
		switch rank := m.rank(f, s); {
		case row.rank != rank && rank == 0:
			return violation(placementsFile, row.line, "the rank must be empty, as %s is not on the list, or was given as a free seat", row.opportunity)
		case row.rank != rank:
			return violation(placementsFile, row.line, "the rank is not that of %s", row.opportunity)
		case row.score != decimal(f.micro[s]):
			return violation(placementsFile, row.line, "the score is not that of %s", row.opportunity)
		}
	}
	for _, row := range m.run.unplaced {
		if row.reason != m.reason(m.number[row.student]) {
			return violation(unplacedFile, row.line, "the reason is not why the student has no placement")
		}
	}
	return nil
}

// reason is why a student has no placement.
func (m *market) reason(s int32) string {
	switch {
	case len(m.lists[s]) == 0 && m.barred[s]:
		return "ALL_INELIGIBLE"
	case len(m.lists[s]) == 0:
		return "NO_CANDIDATES"
	case flows(m.run.summary.Objective):
		return "TRADEOFF"
	default:
		return "OUTCOMPETED"
	}
}

// checkFigures compares the figures of run.json with the placement's.
func (m *market) checkFigures(ctx context.Context, f *placement) error {
	blocking, first, err := m.countBlocking(ctx, f)
	if err != nil {
		return err
	}
	s := &m.run.summary
	if s.Objective == stable && blocking > 0 && !m.options.Fill {
		return m.wrong(first.student, "the student and opportunity %s block the placement", m.offers[first.offer].row.ID)
	}
	placed, totalRank, totalScore := int64(0), int64(0), int64(0)
	var profile []int64
	for at, o := range f.at {
		if o < 0 {
			continue
		}
		placed++
		totalScore += int64(f.weight(int32(at)))
		if rank := m.rank(f, int32(at)); rank > 0 {
			for int32(len(profile)) < rank {
				profile = append(profile, 0)
			}
			profile[rank-1]++
			totalRank += int64(rank)
		}
	}
	if !slices.Equal(s.Profile, profile) {
		return violation(summaryFile, 0, "profile is not how many got their rank 1, 2, ...")
	}
	for _, figure := range []struct {
		name      string
		said, are int64
	}{
		{"placed", s.Placed, placed},
		{"total_rank", s.TotalRank, totalRank},
		{"total_score_micro", s.TotalScore, totalScore},
		{"blocking_pairs", s.BlockingPairs, blocking},
	} {
		if figure.said != figure.are {
			return violation(summaryFile, 0, "%s is %d, the placement has %d", figure.name, figure.said, figure.are)
		}
	}
	return nil
}

package service

import (
	"context"

	kindredv1 "github.com/kindred-match/kindred/proto/kindred/v1"
	"github.com/kindred-match/kindred/store"
)

func (s *studentService) ListPreferences(ctx context.Context, req *kindredv1.ListPreferencesRequest) (*kindredv1.ListPreferencesResponse, error) {
	rows, next, err := preferenceRows.list(ctx, s.Service, req, pairFilter(req))
	return &kindredv1.ListPreferencesResponse{Preferences: rows, NextPageToken: next}, err
}

func (s *studentService) WritePreferences(ctx context.Context, req *kindredv1.WritePreferencesRequest) (*kindredv1.WritePreferencesResponse, error) {
	return writeRows(ctx, s.Service, preferenceRows, req, func(sequence uint64) *kindredv1.WritePreferencesResponse {
		return &kindredv1.WritePreferencesResponse{Sequence: sequence}
	})
}

func (s *studentService) ListScores(ctx context.Context, req *kindredv1.ListScoresRequest) (*kindredv1.ListScoresResponse, error) {
	rows, next, err := scoreRows.list(ctx, s.Service, req, pairFilter(req))
	return &kindredv1.ListScoresResponse{Scores: rows, NextPageToken: next}, err
}

func (s *studentService) WriteScores(ctx context.Context, req *kindredv1.WriteScoresRequest) (*kindredv1.WriteScoresResponse, error) {
	return writeRows(ctx, s.Service, scoreRows, req, func(sequence uint64) *kindredv1.WriteScoresResponse {
		return &kindredv1.WriteScoresResponse{Sequence: sequence}
	})
}

func (s *studentService) ListPriorities(ctx context.Context, req *kindredv1.ListPrioritiesRequest) (*kindredv1.ListPrioritiesResponse, error) {
	rows, next, err := priorityRows.list(ctx, s.Service, req, pairFilter(req))
	return &kindredv1.ListPrioritiesResponse{Priorities: rows, NextPageToken: next}, err
}

func (s *studentService) WritePriorities(ctx context.Context, req *kindredv1.WritePrioritiesRequest) (*kindredv1.WritePrioritiesResponse, error) {
	return writeRows(ctx, s.Service, priorityRows, req, func(sequence uint64) *kindredv1.WritePrioritiesResponse {
		return &kindredv1.WritePrioritiesResponse{Sequence: sequence}
	})
}

func (s *studentService) ListLocks(ctx context.Context, req *kindredv1.ListLocksRequest) (*kindredv1.ListLocksResponse, error) {
	rows, next, err := lockRows.list(ctx, s.Service, req, pairFilter(req))
	return &kindredv1.ListLocksResponse{Locks: rows, NextPageToken: next}, err
}

func (s *studentService) WriteLocks(ctx context.Context, req *kindredv1.WriteLocksRequest) (*kindredv1.WriteLocksResponse, error) {
	return writeRows(ctx, s.Service, lockRows, req, func(sequence uint64) *kindredv1.WriteLocksResponse {
		return &kindredv1.WriteLocksResponse{Sequence: sequence}
	})
}

func (s *studentService) ListReserves(ctx context.Context, req *kindredv1.ListReservesRequest) (*kindredv1.ListReservesResponse, error) {
	rows, next, err := reserveRows.list(ctx, s.Service, req, store.RowFilter{Opportunity: req.GetOpportunity()})
	return &kindredv1.ListReservesResponse{Reserves: rows, NextPageToken: next}, err
}

func (s *studentService) WriteReserves(ctx context.Context, req *kindredv1.WriteReservesRequest) (*kindredv1.WriteReservesResponse, error) {
	return writeRows(ctx, s.Service, reserveRows, req, func(sequence uint64) *kindredv1.WriteReservesResponse {
		return &kindredv1.WriteReservesResponse{Sequence: sequence}
	})
}

func (s *studentService) ListStandingPlacements(ctx context.Context, req *kindredv1.ListStandingPlacementsRequest) (*kindredv1.ListStandingPlacementsResponse, error) {
	rows, next, err := standingRows.list(ctx, s.Service, req, pairFilter(req))
	return &kindredv1.ListStandingPlacementsResponse{StandingPlacements: rows, NextPageToken: next}, err
}

func (s *studentService) WriteStandingPlacements(ctx context.Context, req *kindredv1.WriteStandingPlacementsRequest) (*kindredv1.WriteStandingPlacementsResponse, error) {
	return writeRows(ctx, s.Service, standingRows, req, func(sequence uint64) *kindredv1.WriteStandingPlacementsResponse {
		return &kindredv1.WriteStandingPlacementsResponse{Sequence: sequence}
	})
}

// pairFilter keeps the rows of the student and the opportunity that a request
// names.
func pairFilter(req interface {
	GetStudent() string
	GetOpportunity() string
},
) store.RowFilter {
	return store.RowFilter{Student: req.GetStudent(), Opportunity: req.GetOpportunity()}
}

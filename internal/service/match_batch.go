package service

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"go.uber.org/zap"

	"github.com/kindred-match/kindred/internal/sets"
	"github.com/kindred-match/kindred/matcher"
	kindredv1 "github.com/kindred-match/kindred/proto/kindred/v1"
)

// BatchMatch implements kindredv1.MatchServiceServer. All items are answered
// with one snapshot, over all cores.
func (m *matchService) BatchMatch(
	ctx context.Context, req *kindredv1.BatchMatchRequest,
) (*kindredv1.BatchMatchResponse, error) {
	items := req.GetItems()
	switch {
	case len(items) == 0:
		return nil, invalid("items", ruleGiven)
	case len(items) > MaxBatchItems:
		return nil, limitExceeded("items", MaxBatchItems, "students")
	}
	a, err := m.ask(ctx, req)
	if err != nil {
		return nil, err
	}
	m.prefetch(ctx, a, items)
	results := make([]*kindredv1.BatchMatchResult, len(items))
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(items)) {
		workers.Go(func() {
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= len(items) {
					return
				}
				results[i] = m.batchItem(ctx, a, items[i])
			}
		})
	}
	workers.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return &kindredv1.BatchMatchResponse{
		Results:           results,
		Epoch:             uint64(a.snapshot.Epoch),
		StatisticsVersion: a.snapshot.StatisticsVersion,
	}, nil
}

// prefetch has the candidate sets of the students of a batch fetched together.
func (m *matchService) prefetch(ctx context.Context, a *asked, items []*kindredv1.BatchMatchItem) {
	a.batch = true
	if m.Sets == nil {
		return
	}
	var asks []*sets.Ask
	for _, item := range items {
		if item.GetProfile() != nil {
			continue
		}
		s, err := m.stored(ctx, a.district, item.GetStudentId())
		if err != nil {
			continue // its item says so
		}
		asks = append(asks, &sets.Ask{
			District: a.district, Snapshot: a.snapshot, Ranking: a.ranking, Query: &a.query, Subject: s.Subject,
		})
	}
	m.Sets.Prefetch(ctx, asks)
}

func (m *matchService) batchItem(
	ctx context.Context, a *asked, item *kindredv1.BatchMatchItem,
) *kindredv1.BatchMatchResult {
	match, err := m.guarded(func() (*kindredv1.MatchResponse, error) {
		if err := checkCorrelation(item.GetCorrelationId()); err != nil {
			return nil, err
		}
		return m.answer(ctx, a, item)
	})
	return &kindredv1.BatchMatchResult{
		CorrelationId: item.GetCorrelationId(),
		Status:        m.itemStatus(ctx, kindredv1.MatchService_BatchMatch_FullMethodName, err),
		Match:         match,
	}
}

// guarded turns a panic into an error: the one of a goroutine of our own would
// end the program, past every interceptor.
func (m *matchService) guarded(do func() (*kindredv1.MatchResponse, error)) (resp *kindredv1.MatchResponse, err error) {
	defer func() {
		if p := recover(); p != nil {
			// Not the value: it may hold something of a student.
			err = fmt.Errorf("panic of type %T", p)
			m.Logger.Error("panic", zap.Error(err), zap.ByteString("stack", debug.Stack()))
		}
	}()
	return do()
}

// itemStatus is the status of an item. As with calls, what is not the caller's
// doing is logged.
func (s *Service) itemStatus(ctx context.Context, method string, err error) *kindredv1.Status {
	if err != nil && isInternal(statusOf(ctx, err)) {
		s.Logger.Error("item failed", zap.String("method", method), zap.Error(err))
	}
	return itemStatus(ctx, err)
}

func checkCorrelation(id string) error {
	if len(id) > matcher.MaxIDBytes {
		return limitExceeded("correlation_id", matcher.MaxIDBytes, "bytes")
	}
	return nil
}

// streamAhead is how many questions of a stream are read before the first of
// them is answered.
const streamAhead = 16

// StreamMatches implements kindredv1.MatchServiceServer. Questions are read
// ahead a little, then flow control stops the caller.
func (m *matchService) StreamMatches(stream kindredv1.MatchService_StreamMatchesServer) error {
	ctx, stop := m.streamContext(stream.Context())
	defer stop()
	questions := make(chan *kindredv1.StreamMatchesRequest, streamAhead)
	var broken error // read once questions is closed
	go func() {
		defer close(questions)
		for {
			// Once the handler has returned, Recv fails.
			q, err := stream.Recv()
			if err == nil {
				select {
				case questions <- q:
					continue
				case <-ctx.Done():
					err = context.Cause(ctx)
				}
			}
			broken = err
			return
		}
	}()
	for {
		select {
		case q, ok := <-questions:
			if !ok {
				if broken == io.EOF { //nolint:errorlint // Recv returns it as it is
					return nil
				}
				return broken
			}
			if err := stream.Send(m.streamAnswer(ctx, q)); err != nil {
				return err
			}
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (m *matchService) streamAnswer(
	ctx context.Context, q *kindredv1.StreamMatchesRequest,
) *kindredv1.StreamMatchesResponse {
	match, err := m.streamMatch(ctx, q)
	return &kindredv1.StreamMatchesResponse{
		CorrelationId: q.GetCorrelationId(),
		Status:        m.itemStatus(ctx, kindredv1.MatchService_StreamMatches_FullMethodName, err),
		Match:         match,
	}
}

func (m *matchService) streamMatch(
	ctx context.Context, q *kindredv1.StreamMatchesRequest,
) (*kindredv1.MatchResponse, error) {
	if err := checkCorrelation(q.GetCorrelationId()); err != nil {
		return nil, err
	}
	if q.GetMatch() == nil {
		return nil, invalid("match", ruleGiven)
	}
	if err := checkDistrict(q.GetMatch()); err != nil {
		return nil, err
	}
	return m.Match(ctx, q.GetMatch())
}

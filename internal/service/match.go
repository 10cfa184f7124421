package service

import (
	"context"
	"errors"
	"slices"
	"sync"

	"google.golang.org/grpc"

	"github.com/kindred-match/kindred/internal/live"
	"github.com/kindred-match/kindred/internal/sets"
	"github.com/kindred-match/kindred/matcher"
	kindredv1 "github.com/kindred-match/kindred/proto/kindred/v1"
	"github.com/kindred-match/kindred/store"
)

// RegisterLive registers the services that answer out of the live catalogues:
// MatchService and PlacementService.
func (s *Service) RegisterLive(r grpc.ServiceRegistrar, c *live.Catalogues, e *live.Expiry) {
	m := &matchService{Service: s, catalogues: c, students: newStudentIndexes(s.Store, maxIndexedStudents)}
	registerMatch(r, m)
	kindredv1.RegisterPlacementServiceServer(r, &placementService{Service: s, match: m, expiry: e})
}

// matchService ranks on the snapshots of the live catalogues.
type matchService struct {
	kindredv1.UnimplementedMatchServiceServer
	*Service
	catalogues *live.Catalogues
	scratches  sync.Pool // of *scratch
	students   *studentIndexes
}

// scratch is what a ranking needs beside its ranker, kept for the next one.
type scratch struct {
	query      matcher.Query
	candidates []matcher.Candidate
}

// registerMatch registers the service as the generated code does, but that the
// requests of Match are decoded into a matchRequest.
func registerMatch(r grpc.ServiceRegistrar, m *matchService) {
	desc := kindredv1.MatchService_ServiceDesc
	desc.Methods = slices.Clone(desc.Methods)
	for i := range desc.Methods {
		if "/"+desc.ServiceName+"/"+desc.Methods[i].MethodName == kindredv1.MatchService_Match_FullMethodName {
			desc.Methods[i].Handler = m.handleMatch
		}
	}
	r.RegisterService(&desc, m)
}

func (m *matchService) handleMatch(
	server any, ctx context.Context, //nolint:revive // the order is gRPC's
	decode func(any) error, interceptor grpc.UnaryServerInterceptor,
) (any, error) {
	req := new(matchRequest)
	if err := decode(req); err != nil {
		return nil, err
	}
	if interceptor == nil {
		return m.match(ctx, req)
	}
	info := &grpc.UnaryServerInfo{Server: server, FullMethod: kindredv1.MatchService_Match_FullMethodName}
	return interceptor(ctx, req, info, func(ctx context.Context, req any) (any, error) {
		return m.match(ctx, req.(*matchRequest))
	})
}

// Match implements kindredv1.MatchServiceServer.
func (m *matchService) Match(ctx context.Context, req *kindredv1.MatchRequest) (*kindredv1.MatchResponse, error) {
	return m.match(ctx, req)
}

func (m *matchService) match(ctx context.Context, req interface {
	rankRequest
	subjectRequest
},
) (*kindredv1.MatchResponse, error) {
	a, err := m.ask(ctx, req)
	if err != nil {
		return nil, err
	}
	return m.answer(ctx, a, req)
}

// answer ranks for one student.
func (m *matchService) answer(ctx context.Context, a *asked, req subjectRequest) (*kindredv1.MatchResponse, error) {
	s, err := m.subject(ctx, &a.where, req)
	if err != nil {
		return nil, err
	}
	list, source := m.rank(ctx, a, s)
	return &kindredv1.MatchResponse{
		Candidates:        list,
		Epoch:             uint64(a.snapshot.Epoch),
		StatisticsVersion: a.snapshot.StatisticsVersion,
		Source:            source,
	}, nil
}

func (m *matchService) rank(ctx context.Context, a *asked, s subject) ([]*kindredv1.Candidate, kindredv1.MatchSource) {
	sc, ok := m.scratches.Get().(*scratch)
	if !ok {
		sc = new(scratch)
	}
	sc.query = a.query
	sc.query.Student, sc.query.Forbidden = s.Student, s.Forbidden
	source := m.candidates(ctx, sc, a, s)
	list := candidatesProto(sc.candidates)
	if a.explain {
		ranker := a.ranking.Acquire()
		for _, c := range list {
			parts, _ := ranker.Parts(s.Student, c.GetOpportunity())
			c.Tags = partsProto(parts)
		}
		a.ranking.Release(ranker)
	}
	// Not deferred: what a panic leaves behind must not be used again.
	sc.query = matcher.Query{}
	m.scratches.Put(sc)
	return list, source
}

// candidates ranks the query of the scratch, out of candidate sets where there
// are any.
func (m *matchService) candidates(ctx context.Context, sc *scratch, a *asked, s subject) kindredv1.MatchSource {
	if m.Sets == nil {
		ranker := a.ranking.Acquire()
		sc.candidates = ranker.Rank(sc.candidates[:0], &sc.query)
		a.ranking.Release(ranker)
		return kindredv1.MatchSource_MATCH_SOURCE_RANKED
	}
	var source sets.Source
	sc.candidates, source = m.Sets.Rank(ctx, sc.candidates[:0], &sets.Ask{
		District: a.district, Snapshot: a.snapshot, Ranking: a.ranking,
		Query: &sc.query, Subject: s.Subject, InLine: s.inLine, Batch: a.batch,
	})
	switch source {
	case sets.Cached:
		return kindredv1.MatchSource_MATCH_SOURCE_CACHED
	case sets.Repaired:
		return kindredv1.MatchSource_MATCH_SOURCE_REPAIRED
	default:
		return kindredv1.MatchSource_MATCH_SOURCE_RANKED
	}
}

func candidatesProto(ranked []matcher.Candidate) []*kindredv1.Candidate {
	rows := make([]kindredv1.Candidate, len(ranked))
	list := make([]*kindredv1.Candidate, len(rows))
	for i := range rows {
		c := &ranked[i]
		list[i] = &rows[i]
		list[i].Opportunity = c.Opportunity
		list[i].Rank = int32(c.Rank)
		list[i].Score = matcher.Shown(c.Score)
		list[i].Units = c.Units
	}
	return list
}

// Explain implements kindredv1.MatchServiceServer.
func (m *matchService) Explain(ctx context.Context, req *kindredv1.ExplainRequest) (*kindredv1.ExplainResponse, error) {
	var v violations
	v.id("opportunity", req.GetOpportunity())
	w, err := m.where(ctx, req, &v)
	if err != nil {
		return nil, err
	}
	s, err := m.subject(ctx, &w, req)
	if err != nil {
		return nil, err
	}
	ranker := w.ranking.Acquire()
	e, ok := ranker.Explain(&matcher.Query{
		Student: s.Student, Forbidden: s.Forbidden, AsOf: w.asOf, Term: req.GetTerm(),
	}, req.GetOpportunity())
	w.ranking.Release(ranker)
	if !ok {
		return nil, refuse(reasonNoOpportunity, "")
	}
	resp := &kindredv1.ExplainResponse{
		Eligible:          len(e.Failures) == 0,
		Rank:              int32(e.Rank),
		Score:             matcher.Shown(e.Score),
		Units:             e.Units,
		Tags:              partsProto(e.Parts),
		Epoch:             uint64(w.snapshot.Epoch),
		StatisticsVersion: w.snapshot.StatisticsVersion,
	}
	for _, code := range e.Failures {
		resp.Failed = append(resp.Failed, kindredv1.EligibilityCode(eligibilityCodes.number(code)))
	}
	return resp, nil
}

var eligibilityCodes = enum[kindredv1.EligibilityCode, matcher.Code]{
	"ELIGIBILITY_CODE_", kindredv1.EligibilityCode_value, kindredv1.EligibilityCode_name,
}

func partsProto(parts []matcher.Part) []*kindredv1.TagPart {
	list := make([]*kindredv1.TagPart, len(parts))
	for i := range parts {
		p := &parts[i]
		list[i] = &kindredv1.TagPart{
			Tag:         p.Tag,
			Profile:     matcher.Float(p.Profile),
			Opportunity: matcher.Float(p.Opportunity),
			Importance:  p.Importance,
			Units:       p.Units,
		}
	}
	return list
}

// snapshot is the district's at the least epoch or later.
func (m *matchService) snapshot(ctx context.Context, district string, least store.Epoch) (*live.Snapshot, error) {
	s, err := m.catalogues.At(ctx, district, least)
	return s, ofCatalogues(err)
}

// ofCatalogues gives an error of the live catalogues its reason.
func ofCatalogues(err error) error {
	if errors.Is(err, live.ErrClosed) {
		return errDraining
	}
	return missing(err, reasonNoDistrict)
}

// Package service answers the API: it checks requests, turns them into the
// domain's types, calls the store and the live index, and turns the results
// and errors back. Generated types and gRPC codes go no further.
package service

import (
	"context"
	"time"

	"go.uber.org/zap"
	"google.golang.org/grpc"

	"github.com/kindred-match/kindred/internal/runs"
	"github.com/kindred-match/kindred/internal/sets"
	kindredv1 "github.com/kindred-match/kindred/proto/kindred/v1"
	"github.com/kindred-match/kindred/store"
)

// Deps are what a Service works with. All but Sets are required; Runs are for
// PlacementService.
type Deps struct {
	Store  store.Store
	Now    func() time.Time
	NewID  func() string // a new UUID
	Logger *zap.Logger
	// Sets answers rankings out of candidate sets; nil: all are ranked.
	Sets *sets.Sets
	// Runs carries runs out.
	Runs *runs.Engine
	// Version of the program, for GetServerInfo.
	Version string
}

// Service is all services of the API. Its interceptors must be the innermost
// ones of the server that it is registered with.
type Service struct {
	Deps
	life context.Context
	end  context.CancelCauseFunc
}

// New returns a Service.
func New(d Deps) *Service {
	s := &Service{Deps: d}
	s.life, s.end = context.WithCancelCause(context.Background())
	return s
}

// Register registers all services.
func (s *Service) Register(r grpc.ServiceRegistrar) {
	kindredv1.RegisterCatalogServiceServer(r, &catalogService{Service: s})
	kindredv1.RegisterStudentServiceServer(r, &studentService{Service: s})
	kindredv1.RegisterSystemServiceServer(r, &systemService{Service: s})
}

// Drain ends the streams that would otherwise last as long as their callers
// want, with UNAVAILABLE, so that a graceful stop comes to an end.
func (s *Service) Drain() { s.end(errDraining) }

// streamContext is a stream's context that also ends, with errDraining as its
// cause, when the service drains.
func (s *Service) streamContext(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(s.life, func() { cancel(context.Cause(s.life)) })
	return ctx, func() {
		stop()
		cancel(context.Canceled)
	}
}

// UnaryInterceptor refuses requests without a valid district and turns errors
// into statuses.
func (s *Service) UnaryInterceptor() grpc.UnaryServerInterceptor {
	return func(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
		if err := checkDistrict(req); err != nil {
			return nil, s.toStatus(ctx, info.FullMethod, err)
		}
		resp, err := next(ctx, req)
		if err != nil {
			return nil, s.toStatus(ctx, info.FullMethod, err)
		}
		return resp, nil
	}
}

// StreamInterceptor turns errors into statuses. The messages of a stream are
// checked where they are read.
func (s *Service) StreamInterceptor() grpc.StreamServerInterceptor {
	return func(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) error {
		if err := next(srv, ss); err != nil {
			return s.toStatus(ss.Context(), info.FullMethod, err)
		}
		return nil
	}
}

// checkDistrict refuses a request that has a field for its district but no
// valid one in it.
func checkDistrict(req any) error {
	r, ok := req.(interface{ GetDistrict() string })
	if !ok {
		return nil
	}
	return checkID("district", r.GetDistrict())
}

// toStatus is the error that the caller gets. What is not the caller's doing is
// logged here, once.
func (s *Service) toStatus(ctx context.Context, method string, err error) error {
	st := statusOf(ctx, err)
	if isInternal(st) {
		s.Logger.Error("request failed", zap.String("method", method), zap.Error(err))
	}
	return st.Err()
}

// Package server is the running program: the gRPC server with its services,
// the HTTP server for those who operate it, and their life from the opening of
// the store to a graceful end. It is a value, so that tests start the real
// thing.
package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/recovery"
	"go.uber.org/zap"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/reflection"

	"github.com/kindred-match/kindred/internal/live"
	"github.com/kindred-match/kindred/internal/runs"
	"github.com/kindred-match/kindred/internal/service"
	"github.com/kindred-match/kindred/internal/sets"
	"github.com/kindred-match/kindred/store"
	"github.com/kindred-match/kindred/store/candidates"
	"github.com/kindred-match/kindred/store/sqlstore"
)

// Server is a server that listens. Run serves.
type Server struct {
	config     Config
	log        *zap.Logger
	access     *access
	store      store.Store
	catalogues *live.Catalogues
	expiry     *live.Expiry
	redis      *candidates.Redis // nil: there is none
	sets       *sets.Sets        // nil: none are kept
	runs       *runs.Engine
	service    *service.Service
	metrics    *metrics
	health     *health.Server
	grpc       *grpc.Server
	ops        *http.Server
	listener   net.Listener
	opsListen  net.Listener
	opsSecured bool
	ready      atomic.Bool
	draining   chan struct{}               // closed when calls without an end are ended
	flush      func(context.Context) error // of traces
}

// New checks the configuration, opens the store and listens; Run serves, and
// frees all of it at its end. The error wraps ErrConfig, store.ErrLocked (naming
// the process that uses the folder), or says what the machine lacks.
func New(ctx context.Context, config Config) (_ *Server, err error) {
	c := config.withDefaults()
	if err := c.check(); err != nil {
		return nil, err
	}
	address, err := c.address("listen", c.Listen)
	if err != nil {
		return nil, err
	}
	opsAddress, err := c.address("ops-listen", c.OpsListen)
	if err != nil {
		return nil, err
	}
	s := &Server{config: c, log: c.Log, health: health.NewServer(), draining: make(chan struct{})}
	s.opsSecured = c.secured() && !opsAddress.IP.IsLoopback()
	if s.access, err = newAccess(&c); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.free(ctx))
		}
	}()
	opened, err := sqlstore.Open(ctx, sqlstore.Options{Dir: c.DataDir, Clock: c.Clock.Now})
	if err != nil {
		return nil, err
	}
	s.store = opened
	if s.listener, err = net.ListenTCP("tcp", address); err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	if s.opsListen, err = net.ListenTCP("tcp", opsAddress); err != nil {
		return nil, fmt.Errorf("ops-listen: %w", err)
	}
	if err := s.assemble(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// assemble makes the parts that stand on the store.
func (s *Server) assemble(ctx context.Context) (err error) {
	c := &s.config
	s.metrics = newMetrics(c.Version, func() int { return s.catalogues.Len() })
	s.catalogues, err = live.Open(ctx, live.Options{
		Store: s.store, Clock: c.Clock, Log: c.Log, Built: s.metrics.built, Merged: s.metrics.merged,
	})
	if err != nil {
		return err
	}
	s.expiry = live.NewExpiry(s.store, c.Clock, c.Log)
	if s.redis, err = openRedis(c); err != nil {
		return err
	}
	s.metrics.followRedis(s.redis)
	if s.sets, err = newSets(c, s.store, s.redis); err != nil {
		return err
	}
	s.metrics.followSets(s.sets)
	s.runs = runs.New(runs.Deps{Store: s.store, Clock: c.Clock, Log: c.Log, Ended: s.metrics.ranRun})
	s.metrics.followRuns(s.runs)
	s.service = service.New(service.Deps{
		Store: s.store, Now: c.Clock.Now, NewID: c.NewID, Logger: c.Log, Sets: s.sets, Runs: s.runs, Version: c.Version,
	})
	options, flush, err := tracing(ctx, c.Version)
	if err != nil {
		return err
	}
	s.flush = flush
	s.grpc = grpc.NewServer(append(options, s.options()...)...)
	s.service.Register(s.grpc)
	s.service.RegisterLive(s.grpc, s.catalogues, s.expiry)
	healthv1.RegisterHealthServer(s.grpc, s.health)
	reflection.Register(s.grpc)
	s.metrics.calls.InitializeMetrics(s.grpc)
	s.setServing(healthv1.HealthCheckResponse_NOT_SERVING)
	s.ops = &http.Server{
		Handler:           s.OpsHandler(),
		ReadHeaderTimeout: 5 * time.Second,
		ErrorLog:          zap.NewStdLog(c.Log),
	}
	return nil
}

// options are those of the gRPC server. Interceptors, the first outermost:
// recovery around everything; the log and the metrics, which see refused calls
// too; recovery again, so that they see panics as well; who may call; and the
// services' own, which turn errors into statuses.
func (s *Server) options() []grpc.ServerOption {
	c := &s.config
	l := &requestLog{log: c.Log, clock: c.Clock}
	recovered := recovery.WithRecoveryHandlerContext(l.recovered)
	options := []grpc.ServerOption{
		grpc.ChainUnaryInterceptor(
			recovery.UnaryServerInterceptor(recovered),
			l.unary, s.metrics.calls.UnaryServerInterceptor(),
			recovery.UnaryServerInterceptor(recovered),
			s.access.unary, s.service.UnaryInterceptor()),
		grpc.ChainStreamInterceptor(
			recovery.StreamServerInterceptor(recovered),
			l.stream, s.metrics.calls.StreamServerInterceptor(),
			recovery.StreamServerInterceptor(recovered),
			s.access.stream, s.untilDrain(recovery.StreamServerInterceptor(recovered)), s.service.StreamInterceptor()),
		grpc.ForceServerCodecV2(service.Codec()),
		grpc.MaxRecvMsgSize(c.MaxMessageBytes),
		grpc.MaxConcurrentStreams(c.MaxConcurrentStreams),
		grpc.KeepaliveParams(keepalive.ServerParameters{
			MaxConnectionAge:      c.MaxConnectionAge,
			MaxConnectionAgeGrace: c.MaxConnectionAgeGrace,
			Time:                  time.Minute,
			Timeout:               20 * time.Second,
		}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{
			MinTime: 10 * time.Second, PermitWithoutStream: true,
		}),
		grpc.WaitForHandlers(true),
	}
	if s.access.tls != nil {
		options = append(options, grpc.Creds(credentials.NewTLS(s.access.tls)))
	}
	return options
}

// untilDrain ends the streams of health and reflection, whose callers may hold
// them for ever, when the server drains. The services end their own.
func (s *Server) untilDrain(recover grpc.StreamServerInterceptor) grpc.StreamServerInterceptor {
	return func(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) error {
		if !strings.HasPrefix(info.FullMethod, "/grpc.") {
			return next(srv, ss)
		}
		ended := make(chan error, 1)
		// It ends soon after the stream, on which it waits.
		go func() { ended <- recover(srv, ss, info, next) }()
		select {
		case err := <-ended:
			return err
		case <-s.draining:
			return service.Status(ss.Context(), service.ErrDraining)
		}
	}
}

// Addr is where gRPC is served.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// OpsAddr is where HTTP is served.
func (s *Server) OpsAddr() net.Addr { return s.opsListen.Addr() }

// Ready is closed once every district of the store can be ranked.
func (s *Server) Ready() <-chan struct{} { return s.catalogues.Ready() }

func (s *Server) setServing(status healthv1.HealthCheckResponse_ServingStatus) {
	s.health.SetServingStatus("", status)
	for name := range s.grpc.GetServiceInfo() {
		s.health.SetServingStatus(name, status)
	}
}

// opsTLS wraps the listener for HTTP where it is secured.
func (s *Server) opsTLS() net.Listener {
	if !s.opsSecured {
		return s.opsListen
	}
	return tls.NewListener(s.opsListen, s.access.tls)
}

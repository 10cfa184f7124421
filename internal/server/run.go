package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"go.uber.org/zap"
	"google.golang.org/grpc"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
)

// Run serves until the context ends, then drains: it says that it is going,
// lets calls in flight come to their end, and closes the store last. It may be
// called once. An error says what failed; the end of the context is none.
func (s *Server) Run(ctx context.Context) error {
	serving, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var tasks, announced sync.WaitGroup
	tasks.Go(func() { s.expiry.Run(serving) })
	tasks.Go(func() {
		if err := s.runs.Start(serving); err != nil && serving.Err() == nil {
			stop(err)
		}
	})
	announced.Go(func() { s.announce(serving) })
	tasks.Go(func() {
		if err := s.ops.Serve(s.opsTLS()); !errors.Is(err, http.ErrServerClosed) {
			stop(fmt.Errorf("ops-listen: %w", err))
		}
	})
	tasks.Go(func() {
		if err := s.grpc.Serve(s.listener); err != nil && !errors.Is(err, grpc.ErrServerStopped) {
			stop(fmt.Errorf("listen: %w", err))
		}
	})
	s.log.Info("listening", zap.Stringer("grpc", s.Addr()), zap.Stringer("ops", s.OpsAddr()),
		zap.String("version", s.config.Version))

	<-serving.Done()
	announced.Wait() // or it might still say ready
	var failed error
	if ctx.Err() == nil {
		failed = context.Cause(serving)
	}
	after := context.WithoutCancel(ctx)
	s.drain(after)
	err := s.free(after)
	tasks.Wait()
	s.log.Info("stopped")
	return errors.Join(failed, err)
}

// announce says that the server is ready once it is.
func (s *Server) announce(ctx context.Context) {
	select {
	case <-s.catalogues.Ready():
		s.setReady(true)
		s.log.Info("ready", zap.Int("districts", s.catalogues.Len()))
	case <-ctx.Done():
	}
}

// setReady is the one switch of readiness.
func (s *Server) setReady(ready bool) {
	if ready {
		s.setServing(healthv1.HealthCheckResponse_SERVING)
		s.metrics.ready.Set(1)
	} else {
		s.health.Shutdown()
		s.metrics.ready.Set(0)
	}
	s.ready.Store(ready)
}

// drain lets the calls in flight come to their end, for as long as it may take.
func (s *Server) drain(ctx context.Context) {
	s.setReady(false)
	s.log.Info("draining")
	if d := s.config.DrainDelay; d > 0 {
		_ = s.config.Clock.Until(ctx, s.config.Clock.Now().Add(d)) // this context has no end
	}
	close(s.draining)
	s.service.Drain()
	// Runs stay where they are, and go on with the next start.
	var ended sync.WaitGroup
	ended.Go(s.runs.Stop)
	defer ended.Wait()
	// A machine's timer, not the clock: it bounds how long a stuck caller can
	// hold up the end.
	timer := time.AfterFunc(s.config.DrainTimeout, func() {
		s.log.Warn("calls are still in flight; they are ended")
		s.grpc.Stop()
	})
	s.grpc.GracefulStop()
	timer.Stop()
}

// free gives back what New took, the store last.
func (s *Server) free(ctx context.Context) error {
	var errs []error
	if s.ops != nil {
		// What is still read of metrics and profiles may be cut off.
		errs = append(errs, s.ops.Close())
	}
	if s.runs != nil {
		s.runs.Stop()
	}
	if s.catalogues != nil {
		s.catalogues.Close()
	}
	if s.redis != nil {
		errs = append(errs, s.redis.Close())
	}
	if s.flush != nil {
		ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
		if err := s.flush(ctx); err != nil {
			s.log.Warn("the last traces could not be delivered", zap.Error(err))
		}
		cancel()
	}
	if s.listener != nil {
		_ = s.listener.Close() // the servers may have closed both
	}
	if s.opsListen != nil {
		_ = s.opsListen.Close()
	}
	if s.store != nil {
		errs = append(errs, s.store.Close())
	}
	return errors.Join(errs...)
}

package server

import (
	"context"
	"fmt"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/status"

	"github.com/kindred-match/kindred/internal/clock"
	"github.com/kindred-match/kindred/internal/service"
	"github.com/kindred-match/kindred/matcher"
	kindredv1 "github.com/kindred-match/kindred/proto/kindred/v1"
)

// requestLog writes a line per call: its method, district, outcome, duration
// and request id. Nothing of a message is logged but these, and these only when
// they are what they should be, so that no caller's slip puts a student there.
type requestLog struct {
	log   *zap.Logger
	clock clock.Clock
}

// subject is what the log says of a call beside its method.
type subject struct{ district, requestID string }

func (s *subject) read(message any) {
	switch m := message.(type) {
	case *kindredv1.ImportCatalogRequest:
		message = m.GetHeader()
	case *kindredv1.StreamMatchesRequest:
		message = m.GetMatch()
	}
	if m, ok := message.(interface{ GetDistrict() string }); ok && matcher.ValidID(m.GetDistrict()) {
		s.district = m.GetDistrict()
	}
	if m, ok := message.(interface{ GetRequestId() string }); ok && uuid.Validate(m.GetRequestId()) == nil {
		s.requestID = m.GetRequestId()
	}
}

// firstMessage is a stream whose first message from the caller is looked at.
type firstMessage struct {
	grpc.ServerStream
	subject subject
	once    sync.Once
}

func (f *firstMessage) RecvMsg(m any) error {
	err := f.ServerStream.RecvMsg(m)
	if err == nil {
		f.once.Do(func() { f.subject.read(m) })
	}
	return err
}

func (l *requestLog) unary(
	ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler,
) (any, error) {
	start := l.clock.Now()
	resp, err := next(ctx, req)
	var s subject
	s.read(req)
	l.write(ctx, info.FullMethod, s, start, err)
	return resp, err
}

func (l *requestLog) stream(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) error {
	start := l.clock.Now()
	first := &firstMessage{ServerStream: ss}
	err := next(srv, first)
	first.once.Do(func() {}) // what is read from now on no longer counts
	l.write(ss.Context(), info.FullMethod, first.subject, start, err)
	return err
}

func (l *requestLog) write(ctx context.Context, method string, s subject, start time.Time, err error) {
	if strings.HasPrefix(method, unprotected) {
		return // probes come every few seconds
	}
	message := "call"
	if err != nil {
		// Another message, so that a log that leaves out some of many like ones
		// keeps few failures among many calls.
		message = "call failed"
	}
	entry := l.log.Check(zap.InfoLevel, message)
	if entry == nil {
		return
	}
	st := status.Convert(err)
	fields := make([]zap.Field, 0, 7)
	fields = append(fields,
		zap.String("method", method),
		zap.Stringer("code", st.Code()),
		zap.Duration("duration", l.clock.Now().Sub(start)))
	if s.district != "" {
		fields = append(fields, zap.String("district", s.district))
	}
	if s.requestID != "" {
		fields = append(fields, zap.String("request_id", s.requestID))
	}
	if err != nil {
		fields = append(fields, zap.String("reason", reasonOf(st)))
	}
	if span := trace.SpanContextFromContext(ctx); span.IsValid() {
		fields = append(fields, zap.Stringer("trace_id", span.TraceID()))
	}
	entry.Write(fields...)
}

func reasonOf(st *status.Status) string {
	for _, d := range st.Details() {
		if info, ok := d.(*errdetails.ErrorInfo); ok {
			return info.GetReason()
		}
	}
	return ""
}

// recovered turns a panic into an error. The value isn't logged, since it may
// hold something of a student; the stack says where it was.
func (l *requestLog) recovered(ctx context.Context, p any) error {
	err := fmt.Errorf("panic of type %T", p)
	l.log.Error("panic", zap.Error(err), zap.ByteString("stack", debug.Stack()))
	return service.Status(ctx, err)
}

package server

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/recovery"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/kindred-match/kindred/internal/clock"
)

func TestPanicBecomesAnErrorAndIsLoggedWithoutItsValue(t *testing.T) {
	core, logged := observer.New(zap.DebugLevel)
	l := &requestLog{log: zap.New(core), clock: clock.NewManual(time.Unix(0, 0))}
	interceptor := recovery.UnaryServerInterceptor(recovery.WithRecoveryHandlerContext(l.recovered))
	_, err := l.unary(t.Context(), nil, &grpc.UnaryServerInfo{FullMethod: "/a/B"}, func(ctx context.Context, req any) (any, error) {
		return interceptor(ctx, req, &grpc.UnaryServerInfo{}, func(context.Context, any) (any, error) { panic("canary") })
	})
	if status.Code(err) != codes.Internal || strings.Contains(err.Error(), "canary") {
		t.Errorf("the caller gets %v", err)
	}
	entries := logged.All()
	if len(entries) != 2 || entries[0].Message != "panic" || entries[1].ContextMap()["reason"] != "INTERNAL" {
		t.Fatalf("logged %v", entries)
	}
	for _, e := range entries {
		for name, value := range e.ContextMap() {
			if text, ok := value.(string); ok && strings.Contains(text, "canary") {
				t.Errorf("%s of %q has the value: %s", name, e.Message, text)
			}
		}
	}
	stack, ok := entries[0].ContextMap()["stack"].(string)
	if !ok || !strings.Contains(stack, "requestlog_test.go") {
		t.Errorf("the stack doesn't say where: %v", entries[0].ContextMap()["stack"])
	}
}

package server_test

import (
	"testing"

	"go.uber.org/zap"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/kindred-match/kindred/internal/generate"
	"github.com/kindred-match/kindred/internal/server"
	kindredv1 "github.com/kindred-match/kindred/proto/kindred/v1"
)

// BenchmarkServer compares Match (k = 10, 10 thousand opportunities) with a call
// that does nothing, over loopback, and measures how long it takes until a
// change can be read.
func BenchmarkServer(b *testing.B) {
	f := invent(b, generate.Options{Students: 1000, Opportunities: 10_000, Seed: 1})
	p := run(b, b.TempDir(), func(c *server.Config) { c.Log = zap.NewNop() })
	epoch := p.load(b, f)
	requests := make([]*kindredv1.MatchRequest, len(f.Students))
	for i := range requests {
		requests[i] = &kindredv1.MatchRequest{
			District: district, MinEpoch: epoch,
			Subject: &kindredv1.MatchRequest_Profile{Profile: profile(&f.Students[i])},
		}
	}
	b.Run("match in line", func(b *testing.B) {
		b.RunParallel(func(pb *testing.PB) {
			for i := 0; pb.Next(); i++ {
				must(p.match.Match(b.Context(), requests[i%len(requests)]))(b)
			}
		})
	})
	b.Run("match stored", func(b *testing.B) {
		b.RunParallel(func(pb *testing.PB) {
			for i := 0; pb.Next(); i++ {
				must(p.match.Match(b.Context(), &kindredv1.MatchRequest{
					District: district, Subject: &kindredv1.MatchRequest_StudentId{StudentId: f.Students[i%len(f.Students)].ID},
				}))(b)
			}
		})
	})
	probe := healthv1.NewHealthClient(p.conn)
	b.Run("nothing", func(b *testing.B) {
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				must(probe.Check(b.Context(), &healthv1.HealthCheckRequest{}))(b)
			}
		})
	})
	b.Run("batch of 1000", func(b *testing.B) {
		req := &kindredv1.BatchMatchRequest{District: district, MinEpoch: epoch, K: 50}
		for i := range f.Students {
			req.Items = append(req.Items, &kindredv1.BatchMatchItem{
				Subject: &kindredv1.BatchMatchItem_Profile{Profile: profile(&f.Students[i])},
			})
		}
		for b.Loop() {
			must(p.match.BatchMatch(b.Context(), req))(b)
		}
	})
	b.Run("write", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			p.put(b, cad("changing", func(o *kindredv1.Opportunity) { o.Seats = ptr(int32(i%1000 + 1)) }))
		}
	})
	b.Run("write and read it", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			at := p.put(b, cad("changing", func(o *kindredv1.Opportunity) { o.Seats = ptr(int32(i%1000 + 1)) }))
			must(p.match.Match(b.Context(), &kindredv1.MatchRequest{
				District: district, MinEpoch: at, Subject: requests[0].GetSubject(),
			}))(b)
		}
	})
}

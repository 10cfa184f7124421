package server_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/kindred-match/kindred/internal/clock"
	"github.com/kindred-match/kindred/internal/server"
	kindredv1 "github.com/kindred-match/kindred/proto/kindred/v1"
	"github.com/kindred-match/kindred/store"
)

// gate is a clock at which the next who asks for the time is held up, once it
// is shut.
type gate struct {
	*clock.Manual
	shut    atomic.Bool
	entered chan struct{}
	opened  chan struct{}
}

func (g *gate) Now() time.Time {
	if g.shut.CompareAndSwap(true, false) {
		close(g.entered)
		<-g.opened
	}
	return g.Manual.Now()
}

// TestDrain: on its way out the server says so, finishes the calls that it has,
// ends streams that have no end, and then is gone.
func TestDrain(t *testing.T) {
	g := &gate{entered: make(chan struct{}), opened: make(chan struct{})}
	p := run(t, t.TempDir(), func(c *server.Config) {
		g.Manual = c.Clock.(*clock.Manual)
		c.Clock = g
	})
	p.putStudent(t, &kindredv1.Student{Student: "s", Interests: map[string]float64{"cad": 1}})
	epoch := p.put(t, cad("o"))
	if got := p.offered(t, "s", epoch); len(got) != 1 { // so that no snapshot is being made
		t.Fatalf("offered %v", got)
	}
	if code, _ := p.fetch(t, "/readyz"); code != http.StatusOK {
		t.Fatalf("readyz says %d", code)
	}
	probe := healthv1.NewHealthClient(p.conn)
	watch := must(probe.Watch(t.Context(), &healthv1.HealthCheckRequest{Service: "kindred.v1.MatchService"}))(t)
	if r := must(watch.Recv())(t); r.GetStatus() != healthv1.HealthCheckResponse_SERVING {
		t.Fatalf("health says %v", r.GetStatus())
	}
	matches := must(p.match.StreamMatches(t.Context()))(t)
	changes := must(p.catalog.WatchChanges(t.Context(), &kindredv1.WatchChangesRequest{District: district, AfterEpoch: epoch - 1}))(t)
	// Both streams are under way, or the gate might hold one of them up.
	question := &kindredv1.MatchRequest{District: district, Subject: &kindredv1.MatchRequest_StudentId{StudentId: "s"}}
	if err := matches.Send(&kindredv1.StreamMatchesRequest{Match: question}); err != nil {
		t.Fatal(err)
	}
	must(matches.Recv())(t)
	must(changes.Recv())(t)

	g.shut.Store(true)
	answered := make(chan error, 1)
	go func() {
		_, err := p.match.Match(context.Background(), question)
		answered <- err
	}()
	<-g.entered // the call is in flight
	p.cancel()
	for { // health says so, or ends
		if r, err := watch.Recv(); err != nil || r.GetStatus() == healthv1.HealthCheckResponse_NOT_SERVING {
			break
		}
	}
	if code, _ := p.fetch(t, "/readyz"); code != http.StatusServiceUnavailable {
		t.Errorf("readyz says %d while draining", code)
	}
	if code, _ := p.fetch(t, "/livez"); code != http.StatusOK {
		t.Errorf("livez says %d while draining", code)
	}
	if _, err := matches.Recv(); status.Code(err) != codes.Unavailable {
		t.Errorf("a stream of matches ended with %v", err)
	}
	if _, err := changes.Recv(); status.Code(err) != codes.Unavailable {
		t.Errorf("a stream of changes ended with %v", err)
	}
	select {
	case err := <-answered:
		t.Fatalf("the call came back before it could: %v", err)
	default:
	}
	close(g.opened)
	if err := <-answered; err != nil {
		t.Errorf("the call in flight: %v", err)
	}
	if err := p.end(); err != nil {
		t.Errorf("Run: %v", err)
	}
	if _, err := p.match.Match(t.Context(), &kindredv1.MatchRequest{}); status.Code(err) != codes.Unavailable {
		t.Errorf("a call after the end: %v", err)
	}
}

// TestDrainHasALimit: a caller who never comes to an end holds nothing up.
func TestDrainHasALimit(t *testing.T) {
	p := run(t, t.TempDir(), func(c *server.Config) { c.DrainTimeout = time.Millisecond })
	stream := must(p.catalog.ImportCatalog(t.Context()))(t)
	if err := stream.Send(&kindredv1.ImportCatalogRequest{Part: &kindredv1.ImportCatalogRequest_Header{
		Header: &kindredv1.ImportCatalogHeader{District: district},
	}}); err != nil {
		t.Fatal(err)
	}
	if err := p.end(); err != nil {
		t.Fatal(err)
	}
	if _, err := stream.CloseAndRecv(); err == nil {
		t.Error("an import that was cut off was acknowledged")
	}
}

func TestNotReadyBeforeRun(t *testing.T) {
	s, err := server.New(t.Context(), server.Config{DataDir: t.TempDir(), Listen: "127.0.0.1:0", OpsListen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	code := func(path string) int {
		w := &recorder{header: http.Header{}}
		s.OpsHandler().ServeHTTP(w, must(http.NewRequest(http.MethodGet, path, http.NoBody))(t))
		return w.code
	}
	if got := code("/readyz"); got != http.StatusServiceUnavailable {
		t.Errorf("readyz says %d before anything runs", got)
	}
	if got := code("/livez"); got != http.StatusOK {
		t.Errorf("livez says %d", got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Run(ctx); err != nil { // frees what New took
		t.Error(err)
	}
	if got := code("/readyz"); got != http.StatusServiceUnavailable {
		t.Errorf("readyz says %d after the end", got)
	}
}

type recorder struct {
	header http.Header
	code   int
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) Write(b []byte) (int, error) { return len(b), nil }
func (r *recorder) WriteHeader(code int)        { r.code = code }

func TestSecondServerOnTheSameFolderNamesTheFirst(t *testing.T) {
	dir := t.TempDir()
	p := run(t, dir)
	config := server.Config{DataDir: dir, Listen: "127.0.0.1:0", OpsListen: "127.0.0.1:0"}
	_, err := server.New(t.Context(), config)
	if !errors.Is(err, store.ErrLocked) || !strings.Contains(err.Error(), fmt.Sprint("process ", os.Getpid())) {
		t.Fatalf("a second server: %v; want it to name the first", err)
	}
	p.put(t, cad("o")) // the first is none the worse
	if err := p.end(); err != nil {
		t.Fatal(err)
	}
	again := run(t, dir)
	if got := again.offeredTo(t); len(got) != 1 {
		t.Fatalf("after a restart offered %v", got)
	}
}

// offeredTo is what somebody who likes drawing is offered.
func (p *program) offeredTo(t testing.TB) []string {
	t.Helper()
	return ids(must(p.match.Match(t.Context(), &kindredv1.MatchRequest{
		District: district, Subject: &kindredv1.MatchRequest_Profile{
			Profile: &kindredv1.Profile{Interests: map[string]float64{"cad": 1}},
		},
	}))(t))
}

func TestAddressInUse(t *testing.T) {
	p := run(t, t.TempDir())
	for _, c := range []server.Config{
		{Listen: p.Addr().String(), OpsListen: "127.0.0.1:0"},
		{Listen: "127.0.0.1:0", OpsListen: p.OpsAddr().String()},
	} {
		c.DataDir = t.TempDir()
		if _, err := server.New(t.Context(), c); err == nil || !strings.Contains(err.Error(), "listen") {
			t.Errorf("an address in use: %v", err)
		}
		// Everything was given back: the folder can be used.
		c.Listen, c.OpsListen = "127.0.0.1:0", "127.0.0.1:0"
		s, err := server.New(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := s.Run(ctx); err != nil {
			t.Error(err)
		}
	}
}

func TestOps(t *testing.T) {
	p := run(t, t.TempDir())
	p.put(t, cad("o"))
	p.offeredTo(t)
	for path, want := range map[string]string{
		"/livez":               "alive",
		"/readyz":              "ready",
		"/debug/pprof/":        "goroutine",
		"/debug/pprof/cmdline": "",
	} {
		if code, body := p.fetch(t, path); code != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s: %d %s", path, code, body)
		}
	}
	code, body := p.fetch(t, "/metrics")
	if code != http.StatusOK {
		t.Fatalf("metrics: %d", code)
	}
	for _, want := range []string{
		`grpc_server_handled_total{grpc_code="OK",grpc_method="Match",grpc_service="kindred.v1.MatchService",grpc_type="unary"} 1`,
		`kindred_index_build_seconds_count 1`, `kindred_districts 1`, `kindred_ready 1`,
		`kindred_build_info{version="v0.0.0-test"} 1`, `go_goroutines `, `process_open_fds `,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("metrics lack %s", want)
		}
	}
	if strings.Contains(body, district) {
		t.Error("a label names a district: their number has no bound")
	}
}

func TestMessagesHaveALimit(t *testing.T) {
	p := run(t, t.TempDir(), func(c *server.Config) { c.MaxMessageBytes = 1000 })
	_, err := p.match.Match(t.Context(), &kindredv1.MatchRequest{District: district, Term: strings.Repeat("x", 2000)})
	if status.Code(err) != codes.ResourceExhausted || !strings.Contains(err.Error(), "1000") {
		t.Errorf("a message over the limit: %v; want RESOURCE_EXHAUSTED with the limit", err)
	}
}

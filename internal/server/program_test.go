package server_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"github.com/kindred-match/kindred/internal/clock"
	"github.com/kindred-match/kindred/internal/generate"
	"github.com/kindred-match/kindred/internal/server"
	"github.com/kindred-match/kindred/internal/service"
	"github.com/kindred-match/kindred/matcher"
	kindredv1 "github.com/kindred-match/kindred/proto/kindred/v1"
	"github.com/kindred-match/kindred/store/candidates/redistest"
)

const district = "north"

var start = time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)

// program is a running server with clients of it.
type program struct {
	*server.Server
	dir      string
	clock    *clock.Manual
	log      *buffer
	logger   *zap.Logger
	conn     *grpc.ClientConn
	match    kindredv1.MatchServiceClient
	catalog  kindredv1.CatalogServiceClient
	students kindredv1.StudentServiceClient
	seats    kindredv1.PlacementServiceClient
	system   kindredv1.SystemServiceClient
	cancel   context.CancelFunc
	end      func() error
}

// buffer is where the log goes.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func (b *buffer) logger() *zap.Logger {
	encoder := zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig())
	return zap.New(zapcore.NewCore(encoder, zapcore.AddSync(b), zapcore.DebugLevel))
}

// setsOfTests names the variable that says how servers keep candidate sets whose
// test doesn't: "" as they do by themselves, "process" all of them in process,
// "redis" all of them in a Redis of the server's own.
const setsOfTests = "KINDRED_TEST_SETS"

// withSets does so, and returns the URL of the Redis, if any.
func withSets(t testing.TB, c *server.Config) (redis string) {
	t.Helper()
	switch how := os.Getenv(setsOfTests); how {
	case "":
	case "process":
		c.CandidateSets = server.SetsAlways
	case "redis":
		c.CandidateSets, c.CandidateSetsBytes, c.RedisBudget = server.SetsAlways, 1, patient
		c.Redis = redistest.Start(t).URL()
	default:
		t.Fatalf("%s is %q, which must be process, redis or nothing", setsOfTests, how)
	}
	return c.Redis
}

// run starts the program on free ports and waits until it is ready.
func run(t testing.TB, dir string, change ...func(*server.Config)) *program {
	t.Helper()
	p := &program{dir: dir, clock: clock.NewManual(start), log: &buffer{}}
	p.logger = p.log.logger()
	c := server.Config{
		DataDir: dir, Listen: "127.0.0.1:0", OpsListen: "127.0.0.1:0",
		Clock: p.clock, Log: p.logger, Version: "v0.0.0-test",
	}
	redis := withSets(t, &c)
	for _, f := range change {
		f(&c)
	}
	s, err := server.New(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	p.Server = s
	ctx, cancel := context.WithCancel(context.Background())
	p.cancel = cancel
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	p.end = sync.OnceValue(func() error {
		cancel()
		return <-ended
	})
	t.Cleanup(func() {
		if err := p.end(); err != nil {
			t.Error(err)
		}
	})
	<-s.Ready()
	for redis != "" && c.Redis == redis && c.Log == p.logger && !strings.Contains(p.log.String(), nowShared) {
		<-time.After(time.Millisecond) // between two looks
	}
	p.dial(t, grpc.WithTransportCredentials(insecure.NewCredentials()))
	return p
}

func (p *program) dial(t testing.TB, options ...grpc.DialOption) {
	t.Helper()
	options = append(options, grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(64<<20)))
	conn, err := grpc.NewClient(p.Addr().String(), options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	})
	p.conn = conn
	p.match = kindredv1.NewMatchServiceClient(conn)
	p.catalog = kindredv1.NewCatalogServiceClient(conn)
	p.students = kindredv1.NewStudentServiceClient(conn)
	p.seats = kindredv1.NewPlacementServiceClient(conn)
	p.system = kindredv1.NewSystemServiceClient(conn)
}

// fetch gets a page of the ops server.
func (p *program) fetch(t testing.TB, path string) (code int, body string) {
	t.Helper()
	req := must(http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+p.OpsAddr().String()+path, http.NoBody))(t)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(resp.Body)
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// folder is a district's rows, as they are imported.
type folder struct {
	service.Content
}

// invent invents a district in which everybody is eligible often enough.
func invent(t testing.TB, o generate.Options) *folder {
	t.Helper()
	v, err := generate.District(o)
	if err != nil {
		t.Fatal(err)
	}
	f := &folder{Content: service.Content{
		Catalogue: matcher.Catalogue{
			Tags:          v.Tags(),
			Partners:      slices.Collect(v.Partners()),
			Opportunities: slices.Collect(v.Opportunities()),
		},
		Students: slices.Collect(v.Students()),
	}}
	return f
}

// indexes builds an index for each measure, as the district's settings are.
func (f *folder) indexes(t testing.TB) map[matcher.Measure]*matcher.Index {
	t.Helper()
	all := make(map[matcher.Measure]*matcher.Index)
	for _, m := range matcher.Measures {
		x, err := matcher.NewIndex(f.Catalogue, matcher.Settings{Decay: matcher.DefaultDecay, Measure: m})
		if err != nil {
			t.Fatal(err)
		}
		all[m] = x
	}
	return all
}

func (p *program) load(t testing.TB, f *folder) uint64 {
	t.Helper()
	r, err := service.Import(t.Context(), p.conn, &f.Content, service.ImportOptions{
		District: district, NewID: uuid.NewString, Progress: func(int64, int64) {},
	})
	if err != nil {
		t.Fatal(err)
	}
	return r.GetEpoch()
}

// refused makes sure that an error has the code and the reason, and returns its
// details.
func refused(t testing.TB, err error, code codes.Code, reason string) *refusal {
	t.Helper()
	r := refusalOf(t, err)
	if status.Code(err) != code || r.reason != reason {
		t.Fatalf("got %v %s (%s), want %v %s", status.Code(err), r.reason, r.message, code, reason)
	}
	return r
}

// refusalOf reads the details of an error, which must be a status.
func refusalOf(t testing.TB, err error) *refusal {
	t.Helper()
	st, ok := status.FromError(err)
	if !ok {
		t.Fatalf("got %v, want a status", err)
	}
	r := &refusal{message: st.Message()}
	for _, d := range st.Details() {
		switch d := d.(type) {
		case *errdetails.ErrorInfo:
			r.reason, r.metadata = d.GetReason(), d.GetMetadata()
		case *errdetails.BadRequest:
			for _, v := range d.GetFieldViolations() {
				r.fields = append(r.fields, v.GetField())
			}
		}
	}
	return r
}

type refusal struct {
	message, reason string
	metadata        map[string]string
	fields          []string
}

// must passes on what a call returns, which is not to fail.
func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func (p *program) put(t testing.TB, o *kindredv1.Opportunity) uint64 {
	t.Helper()
	return must(p.catalog.UpsertOpportunity(t.Context(), &kindredv1.UpsertOpportunityRequest{
		District: district, Opportunity: o,
	}))(t).GetEpoch()
}

func (p *program) putPartner(t testing.TB, o *kindredv1.Partner) uint64 {
	t.Helper()
	return must(p.catalog.UpsertPartner(t.Context(), &kindredv1.UpsertPartnerRequest{
		District: district, Partner: o,
	}))(t).GetEpoch()
}

func (p *program) putStudent(t testing.TB, s *kindredv1.Student) {
	t.Helper()
	must(p.students.UpsertStudent(t.Context(), &kindredv1.UpsertStudentRequest{District: district, Student: s}))(t)
}

// ids are the opportunity ids of a match, in their order.
func ids(r *kindredv1.MatchResponse) []string {
	list := []string{}
	for _, c := range r.GetCandidates() {
		list = append(list, c.GetOpportunity())
	}
	return list
}

func ptr[T any](v T) *T { return &v }

// same compares what was answered with what the ranker says.
func same(got []*kindredv1.Candidate, want []matcher.Candidate) error {
	if len(got) != len(want) {
		return fmt.Errorf("%d candidates, want %d", len(got), len(want))
	}
	for i, w := range want {
		g := got[i]
		score := fmt.Sprintf("%.6f", w.Score)
		if g.GetOpportunity() != w.Opportunity || int(g.GetRank()) != w.Rank || g.GetUnits() != w.Units ||
			fmt.Sprintf("%.6f", g.GetScore()) != score || fmt.Sprint(g.GetScore()) != trimmed(score) {
			return fmt.Errorf("candidate %d is %v, want %+v", i, g, w)
		}
	}
	return nil
}

// trimmed is a decimal as the shortest one that is the same number.
func trimmed(decimal string) string {
	var x float64
	if _, err := fmt.Sscan(decimal, &x); err != nil {
		return err.Error()
	}
	return fmt.Sprint(x)
}

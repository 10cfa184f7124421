package service

import (
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	kindredv1 "github.com/kindred-match/kindred/proto/kindred/v1"
	"github.com/kindred-match/kindred/store"
	"github.com/kindred-match/kindred/store/sqlstore"
)

const district = "default"

// start is the time of the tests' clock, which stands still.
var start = time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)

// harness is a server on a free port with a store in a temporary folder, and
// clients of it.
type harness struct {
	store    store.Store
	service  *Service
	conn     *grpc.ClientConn
	catalog  kindredv1.CatalogServiceClient
	students kindredv1.StudentServiceClient
	system   kindredv1.SystemServiceClient
	log      *observer.ObservedLogs
}

func newHarness(t testing.TB) *harness {
	t.Helper()
	st, err := sqlstore.Open(t.Context(), sqlstore.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	return serve(t, st)
}

// serve serves a store that is the caller's to close.
func serve(t testing.TB, st store.Store) *harness {
	t.Helper()
	core, log := observer.New(zap.InfoLevel)
	s := New(Deps{
		Store:   st,
		Now:     func() time.Time { return start },
		NewID:   uuid.NewString,
		Logger:  zap.New(core),
		Version: "v1.2.3",
	})
	server := grpc.NewServer(
		grpc.UnaryInterceptor(s.UnaryInterceptor()),
		grpc.StreamInterceptor(s.StreamInterceptor()),
		grpc.MaxRecvMsgSize(MaxMessageBytes),
	)
	s.Register(server)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
		server.Stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return &harness{
		store:    st,
		service:  s,
		conn:     conn,
		catalog:  kindredv1.NewCatalogServiceClient(conn),
		students: kindredv1.NewStudentServiceClient(conn),
		system:   kindredv1.NewSystemServiceClient(conn),
		log:      log,
	}
}

// refused makes sure that an error has the code, the reason and, if any are
// given, exactly these fields as violations.
func refused(t testing.TB, err error, code codes.Code, r reason, fields ...string) {
	t.Helper()
	st, ok := status.FromError(err)
	if err == nil || !ok {
		t.Fatalf("got %v, want a status %v %s", err, code, r)
	}
	got, violated := details(st)
	if st.Code() != code || got != string(r) {
		t.Fatalf("got %v %s (%s), want %v %s", st.Code(), got, st.Message(), code, r)
	}
	if len(fields) > 0 && !slices.Equal(violated, fields) {
		t.Fatalf("got violations of %q (%s), want %q", violated, st.Message(), fields)
	}
}

// details returns the reason and the fields that are violated.
func details(st *status.Status) (r string, fields []string) {
	for _, d := range st.Details() {
		switch d := d.(type) {
		case *errdetails.ErrorInfo:
			if d.GetDomain() == errorDomain {
				r = d.GetReason()
			}
		case *errdetails.BadRequest:
			for _, v := range d.GetFieldViolations() {
				if v.GetDescription() != "" {
					fields = append(fields, v.GetField())
				}
			}
		}
	}
	return r, fields
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

func (h *harness) putTag(t testing.TB, tag *kindredv1.Tag) *kindredv1.UpsertTagResponse {
	t.Helper()
	return must(h.catalog.UpsertTag(t.Context(), &kindredv1.UpsertTagRequest{District: district, Tag: tag}))(t)
}

func (h *harness) putOpportunity(t testing.TB, o *kindredv1.Opportunity) *kindredv1.UpsertOpportunityResponse {
	t.Helper()
	return must(h.catalog.UpsertOpportunity(t.Context(), &kindredv1.UpsertOpportunityRequest{District: district, Opportunity: o}))(t)
}

func (h *harness) putStudents(t testing.TB, ids string) {
	t.Helper()
	req := &kindredv1.BatchUpsertStudentsRequest{District: district}
	for id := range strings.FieldsSeq(ids) {
		req.Students = append(req.Students, &kindredv1.Student{Student: id})
	}
	must(h.students.BatchUpsertStudents(t.Context(), req))(t)
}

func (h *harness) epoch(t testing.TB) uint64 {
	t.Helper()
	return must(h.system.GetServerInfo(t.Context(), &kindredv1.GetServerInfoRequest{District: district}))(t).GetEpoch()
}

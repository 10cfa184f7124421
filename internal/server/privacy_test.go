package server_test

import (
	"context"
	"encoding/json"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	collectorv1 "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/encoding/prototext"

	kindredv1 "github.com/kindred-match/kindred/proto/kindred/v1"
)

// The canaries are what nobody but the caller may ever see of a student.
const (
	canary      = "canary-7f3a91"
	canaryValue = "canary-value-c04d"
)

// collector is an OpenTelemetry collector that keeps what it gets.
type collector struct {
	collectorv1.UnimplementedTraceServiceServer
	mu    sync.Mutex
	spans map[string]int
	text  strings.Builder
}

func (c *collector) Export(
	_ context.Context, req *collectorv1.ExportTraceServiceRequest,
) (*collectorv1.ExportTraceServiceResponse, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.text.WriteString(prototext.Format(req))
	for _, r := range req.GetResourceSpans() {
		for _, s := range r.GetScopeSpans() {
			for _, span := range s.GetSpans() {
				c.spans[span.GetName()]++
			}
		}
	}
	return &collectorv1.ExportTraceServiceResponse{}, nil
}

// collect starts a collector and names it in the environment, as operators do.
func collect(t *testing.T) *collector {
	t.Helper()
	c := &collector{spans: map[string]int{}}
	s := grpc.NewServer()
	collectorv1.RegisterTraceServiceServer(s, c)
	listener := must(net.Listen("tcp", "127.0.0.1:0"))(t)
	served := make(chan error, 1)
	go func() { served <- s.Serve(listener) }()
	t.Cleanup(func() {
		s.Stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://"+listener.Addr().String())
	return c
}

// TestNothingOfStudentsLeaks: whatever is asked about a student, well or badly,
// neither the log nor the metrics nor the traces tell anything of it.
func TestNothingOfStudentsLeaks(t *testing.T) {
	traces := collect(t)
	p := run(t, t.TempDir())
	request := uuid.NewString()
	p.put(t, cad("o"))
	calls := map[string]func(ctx context.Context) error{
		"upsert": func(ctx context.Context) error {
			_, err := p.students.UpsertStudent(ctx, &kindredv1.UpsertStudentRequest{
				District: district, RequestId: request, Student: &kindredv1.Student{
					Student: canary, School: canaryValue, Region: canaryValue, Interests: map[string]float64{"cad": 1, canaryValue: 1},
				},
			})
			return err
		},
		"bad upsert": func(ctx context.Context) error {
			_, err := p.students.UpsertStudent(ctx, &kindredv1.UpsertStudentRequest{
				District: district, RequestId: canary, Student: &kindredv1.Student{
					Student: canary, Grade: canaryValue + "\x00", Interests: map[string]float64{canaryValue + ";": 7},
				},
			})
			return err
		},
		"district": func(ctx context.Context) error { // a slip: the student where the district goes
			_, err := p.students.GetStudent(ctx, &kindredv1.GetStudentRequest{District: canary + "\n", Student: canary})
			return err
		},
		"match": func(ctx context.Context) error {
			_, err := p.match.Match(ctx, &kindredv1.MatchRequest{
				District: district, Explain: true, Subject: &kindredv1.MatchRequest_StudentId{StudentId: canary},
			})
			return err
		},
		"match of nobody": func(ctx context.Context) error {
			_, err := p.match.Match(ctx, &kindredv1.MatchRequest{
				District: district, Subject: &kindredv1.MatchRequest_StudentId{StudentId: canary + "-2"},
			})
			return err
		},
		"bad profile": func(ctx context.Context) error {
			_, err := p.match.Match(ctx, &kindredv1.MatchRequest{District: district, Subject: &kindredv1.MatchRequest_Profile{
				Profile: &kindredv1.Profile{School: canaryValue + "\x00", Interests: map[string]float64{canaryValue: 9}},
			}})
			return err
		},
		"batch": func(ctx context.Context) error {
			_, err := p.match.BatchMatch(ctx, &kindredv1.BatchMatchRequest{District: district, Items: []*kindredv1.BatchMatchItem{
				{CorrelationId: canary, Subject: &kindredv1.BatchMatchItem_StudentId{StudentId: canary}},
				{CorrelationId: canary, Subject: &kindredv1.BatchMatchItem_StudentId{StudentId: canary + "-2"}},
			}})
			return err
		},
		"reverse": func(ctx context.Context) error {
			_, err := p.match.MatchStudents(ctx, &kindredv1.MatchStudentsRequest{District: district, Opportunity: "o"})
			return err
		},
		"reserve": func(ctx context.Context) error {
			_, err := p.seats.ReserveSeat(ctx, &kindredv1.ReserveSeatRequest{District: district, Student: canary, Opportunity: "o"})
			return err
		},
		"reserve again": func(ctx context.Context) error {
			_, err := p.seats.ReserveSeat(ctx, &kindredv1.ReserveSeatRequest{
				District: district, RequestId: uuid.NewString(), Student: canary, Opportunity: "o",
			})
			return err
		},
		"stream": func(ctx context.Context) error {
			stream, err := p.match.StreamMatches(ctx)
			if err != nil {
				return err
			}
			if err := stream.Send(&kindredv1.StreamMatchesRequest{CorrelationId: canary, Match: &kindredv1.MatchRequest{
				District: district, Subject: &kindredv1.MatchRequest_StudentId{StudentId: canary},
			}}); err != nil {
				return err
			}
			if err := stream.CloseSend(); err != nil {
				return err
			}
			_, err = stream.Recv()
			return err
		},
		"delete": func(ctx context.Context) error {
			_, err := p.students.DeleteStudent(ctx, &kindredv1.DeleteStudentRequest{District: district, Student: canary})
			return err
		},
	}
	order := append([]string{"upsert"}, slices.DeleteFunc(slices.Sorted(maps.Keys(calls)), func(name string) bool {
		return name == "upsert" || name == "delete"
	})...)
	for _, name := range append(order, "delete") {
		ctx := metadata.AppendToOutgoingContext(t.Context(), "x-student", canary)
		// Errors go to the caller alone, but into other people's logs from there.
		if err := calls[name](ctx); err != nil && strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: the error tells of the student: %v", name, err)
		}
	}
	_, metrics := p.fetch(t, "/metrics")
	if err := p.end(); err != nil { // which delivers the traces
		t.Fatal(err)
	}
	traces.mu.Lock()
	defer traces.mu.Unlock()
	for what, text := range map[string]string{"log": p.log.String(), "metrics": metrics, "traces": traces.text.String()} {
		if strings.Contains(text, "canary") {
			t.Errorf("the %s tell of the student:\n%s", what, text)
		}
	}
	if n := traces.spans["kindred.v1.MatchService/Match"]; n != 3 {
		t.Errorf("%d traces of Match, want 3: %v", n, traces.spans)
	}
	checkLog(t, p.log.String(), request)
}

// checkLog looks for the line of the call that had the request id.
func checkLog(t *testing.T, log, request string) {
	t.Helper()
	found := false
	for line := range strings.Lines(log) {
		var l struct {
			Msg, Method, District, Code, Reason string
			RequestID                           string `json:"request_id"`
			TraceID                             string `json:"trace_id"`
			Duration                            *float64
		}
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatalf("not JSON: %s", line)
		}
		if l.Msg != "call" && l.Msg != "call failed" {
			continue
		}
		if l.Method == "" || l.Code == "" || l.Duration == nil || *l.Duration != time.Duration(0).Seconds() ||
			l.TraceID == "" || (l.Code != "OK") != (l.Reason != "") {
			t.Errorf("a line lacks something: %s", line)
		}
		if l.RequestID == request && l.District == district && l.Code == "OK" &&
			l.Method == kindredv1.StudentService_UpsertStudent_FullMethodName {
			found = true
		}
	}
	if !found {
		t.Errorf("no line for the request %s", request)
	}
}

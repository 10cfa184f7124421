package service

import (
	"context"
	"errors"
	"fmt"

	"google.golang.org/grpc"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"

	kindredv1 "github.com/kindred-match/kindred/proto/kindred/v1"
)

// LoadOptions say what a server is to be asked over and over.
type LoadOptions struct {
	District string
	K        int
	Students int // for how many students at most
}

// LoadCalls are calls to measure a server with. Each makes the n-th call of its
// kind, and any number of goroutines may do so at once. Requests are encoded
// beforehand and answers stay encoded, so that the caller costs little and for
// all kinds the same.
type LoadCalls struct {
	ByID   func(ctx context.Context, n uint64) error // Match for a student of the district
	InLine func(ctx context.Context, n uint64) error // Match with the student's profile in the request
	// Empty is the health check: no call does less, and it goes through the same
	// interceptors.
	Empty func(ctx context.Context, n uint64) error

	Students       int // 0: the district has none
	CandidatesMean float64
	Version        string // of the server
	Epoch          uint64 // of the district
}

// PrepareLoad makes calls for the first students of a district, over the
// connections in turn. It ranks for each student once.
func PrepareLoad(ctx context.Context, conns []*grpc.ClientConn, o LoadOptions) (*LoadCalls, error) {
	info, err := kindredv1.NewSystemServiceClient(conns[0]).GetServerInfo(ctx, &kindredv1.GetServerInfoRequest{District: o.District})
	if err != nil {
		return nil, fmt.Errorf("ask the server what it is: %w", err)
	}
	students, err := studentsToAsk(ctx, conns[0], &o)
	if err != nil {
		return nil, fmt.Errorf("list students: %w", err)
	}
	var stored, inLine, empty encoded
	if err := empty.add(&healthv1.HealthCheckRequest{}); err != nil {
		return nil, err
	}
	candidates := 0
	for _, s := range students {
		byID := &kindredv1.MatchRequest{
			District: o.District, K: int32(o.K), Subject: &kindredv1.MatchRequest_StudentId{StudentId: s.GetStudent()},
		}
		err := errors.Join(stored.add(byID), inLine.add(&kindredv1.MatchRequest{
			District: o.District, K: int32(o.K), Subject: &kindredv1.MatchRequest_Profile{Profile: inLineOf(s)},
		}))
		if err != nil {
			return nil, err
		}
		byID.MinEpoch = info.GetEpoch() // once the server has it, it keeps it
		answer, err := kindredv1.NewMatchServiceClient(conns[0]).Match(ctx, byID)
		if err != nil {
			return nil, fmt.Errorf("rank once for each student: %w", err)
		}
		candidates += len(answer.GetCandidates())
	}
	return &LoadCalls{
		ByID:           stored.over(conns, kindredv1.MatchService_Match_FullMethodName),
		InLine:         inLine.over(conns, kindredv1.MatchService_Match_FullMethodName),
		Empty:          empty.over(conns, healthv1.Health_Check_FullMethodName),
		Students:       len(students),
		CandidatesMean: float64(candidates) / float64(max(1, len(students))),
		Version:        info.GetVersion(),
		Epoch:          info.GetEpoch(),
	}, nil
}

func studentsToAsk(ctx context.Context, conn *grpc.ClientConn, o *LoadOptions) ([]*kindredv1.Student, error) {
	client := kindredv1.NewStudentServiceClient(conn)
	request := &kindredv1.ListStudentsRequest{District: o.District}
	var list []*kindredv1.Student
	for {
		request.PageSize = int32(min(MaxPageSize, o.Students-len(list)))
		page, err := client.ListStudents(ctx, request)
		if err != nil {
			return nil, err
		}
		list = append(list, page.GetStudents()...)
		request.PageToken = page.GetNextPageToken()
		if request.PageToken == "" || len(list) >= o.Students {
			return list, nil
		}
	}
}

// inLineOf is a student without the id.
func inLineOf(s *kindredv1.Student) *kindredv1.Profile {
	return &kindredv1.Profile{
		Grade: s.GetGrade(), School: s.GetSchool(), Region: s.GetRegion(), Age: s.Age,
		Slots: s.GetSlots(), Credentials: s.GetCredentials(),
		Latitude: s.Latitude, Longitude: s.Longitude, MaxKm: s.MaxKm,
		Groups: s.GetGroups(), Interests: s.GetInterests(),
	}
}

// encoded are requests of one method.
type encoded []mem.BufferSlice

func (e *encoded) add(m proto.Message) error {
	b, err := proto.Marshal(m)
	*e = append(*e, mem.BufferSlice{mem.SliceBuffer(b)})
	return err
}

// over sends the requests in turn, over the connections in turn.
func (e encoded) over(conns []*grpc.ClientConn, method string) func(context.Context, uint64) error {
	return func(ctx context.Context, n uint64) error {
		return conns[n%uint64(len(conns))].Invoke(ctx, method, e[n%uint64(len(e))], nil, grpc.ForceCodecV2(asIs{}))
	}
}

// asIs is a codec of messages that are encoded already. Answers are passed
// over.
type asIs struct{}

func (asIs) Name() string { return "proto" }

func (asIs) Marshal(v any) (mem.BufferSlice, error) {
	b, _ := v.(mem.BufferSlice)
	b.Ref()
	return b, nil
}

func (asIs) Unmarshal(mem.BufferSlice, any) error { return nil }

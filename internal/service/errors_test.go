package service

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"go.uber.org/zap"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	kindredv1 "github.com/kindred-match/kindred/proto/kindred/v1"
	"github.com/kindred-match/kindred/store"
)

func TestReasonsAreStableNamesWithACodeAndAMessage(t *testing.T) {
	name := regexp.MustCompile(`^[A-Z][A-Z_]*[A-Z]$`)
	for r, is := range reasons {
		if !name.MatchString(string(r)) || len(r) > 63 {
			t.Errorf("%s is not a name in capitals of at most 63 letters", r)
		}
		if is.code == codes.OK || is.code == codes.Unknown || is.message == "" {
			t.Errorf("%s has the code %v and the message %q", r, is.code, is.message)
		}
	}
	for _, s := range sentinels {
		if _, ok := reasons[s.reason]; !ok {
			t.Errorf("%s, for %q, is not in the table", s.reason, s.err)
		}
	}
}

func TestEachErrorHasItsReason(t *testing.T) {
	for _, test := range []struct {
		err    error
		code   codes.Code
		reason reason
	}{
		{store.ErrNotFound, codes.NotFound, reasonNotFound},
		{store.ErrInvalid, codes.InvalidArgument, reasonInvalidField},
		{store.ErrConflict, codes.Aborted, reasonEtag},
		{store.ErrInUse, codes.FailedPrecondition, reasonInUse},
		{store.ErrRequestReused, codes.InvalidArgument, reasonRequestReused},
		{store.ErrEpoch, codes.OutOfRange, reasonEpoch},
		{store.ErrTruncated, codes.FailedPrecondition, reasonTruncated},
		{store.ErrNotOffered, codes.FailedPrecondition, reasonNotOffered},
		{store.ErrFull, codes.FailedPrecondition, reasonFull},
		{store.ErrAlreadyHeld, codes.AlreadyExists, reasonAlreadyHeld},
		{store.ErrAlreadyPlaced, codes.FailedPrecondition, reasonAlreadyPlaced},
		{store.ErrClosed, codes.Unavailable, reasonDraining},
		{errDraining, codes.Unavailable, reasonDraining},
		{context.Canceled, codes.Canceled, reasonCancelled},
		{context.DeadlineExceeded, codes.DeadlineExceeded, reasonDeadline},
		{status.Error(codes.Canceled, "gone"), codes.Canceled, reasonCancelled},
		{status.Error(codes.Unimplemented, "not here"), codes.Unimplemented, "UNIMPLEMENTED"},
		{errors.New("disk"), codes.Internal, reasonInternal},
	} {
		refused(t, statusOf(t.Context(), test.err).Err(), test.code, test.reason)
		if _, of := status.FromError(test.err); !of {
			refused(t, statusOf(t.Context(), fmt.Errorf("write: %w", test.err)).Err(), test.code, test.reason)
		}
	}
	violation := fmt.Errorf("write: %w", &store.Violation{Index: 2, Field: "partner", Rule: "must exist"})
	refused(t, statusOf(t.Context(), violation).Err(), codes.InvalidArgument, reasonInvalidField, "partner")
}

func TestAnInterruptedStoreIsTheCallersDoing(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	refused(t, statusOf(ctx, errors.New("interrupted (9)")).Err(), codes.Canceled, reasonCancelled)
}

func TestLimitsAreInTheText(t *testing.T) {
	st := statusOf(t.Context(), limitExceeded("k", 200, "candidates"))
	refused(t, st.Err(), codes.InvalidArgument, reasonLimitExceeded, "k")
	if !strings.Contains(st.Message(), "200") {
		t.Errorf("the limit is not in %q", st.Message())
	}
}

// failing is a store whose disk is gone.
type failing struct{ store.Store }

func (failing) Head(context.Context, string) (*store.Head, error) {
	return nil, errors.New("read /secret/path: input/output error")
}

func TestInternalErrorsAreLoggedAndTellTheCallerNothing(t *testing.T) {
	h := serve(t, failing{})
	_, err := h.system.GetServerInfo(t.Context(), &kindredv1.GetServerInfoRequest{District: district})
	refused(t, err, codes.Internal, reasonInternal)
	if strings.Contains(err.Error(), "secret") {
		t.Errorf("the caller is told %q", err)
	}
	if h.log.FilterLevelExact(zap.ErrorLevel).Len() != 1 {
		t.Errorf("the log has %d errors, want 1", h.log.Len())
	}
}

func TestAnItemsStatusSaysWhatACallsWould(t *testing.T) {
	var v violations
	v.add("profile.interests", "is wrong")
	item := itemStatus(t.Context(), v.err())
	want := &kindredv1.Status{
		Code:       int32(codes.InvalidArgument),
		Reason:     "INVALID_FIELD",
		Message:    "profile.interests: is wrong",
		Violations: []*kindredv1.FieldViolation{{Field: "profile.interests", Description: "is wrong"}},
	}
	if !proto.Equal(item, want) {
		t.Errorf("got %v, want %v", item, want)
	}
	if ok := itemStatus(t.Context(), nil); !proto.Equal(ok, &kindredv1.Status{}) {
		t.Errorf("got %v for no error", ok)
	}
}

func TestFindingsAreBounded(t *testing.T) {
	var v violations
	for range 100_000 {
		v.add("rows.tags[7].label", "is wrong")
	}
	st := statusOf(t.Context(), v.err())
	if _, fields := details(st); len(fields) != maxViolations {
		t.Errorf("got %d violations, want %d", len(fields), maxViolations)
	}
	if size := proto.Size(st.Proto()); size > 8<<10 || !strings.Contains(st.Message(), "99999 more") {
		t.Errorf("got %d bytes and %q", size, st.Message())
	}
}

// methods calls f for each method of the services, but for streams.
func methods(t *testing.T, f func(service, method string, req, resp proto.Message)) {
	t.Helper()
	for _, file := range []protoreflect.FileDescriptor{
		kindredv1.File_kindred_v1_catalog_proto, kindredv1.File_kindred_v1_student_proto, kindredv1.File_kindred_v1_system_proto,
	} {
		service := file.Services().Get(0)
		for i := range service.Methods().Len() {
			m := service.Methods().Get(i)
			if m.IsStreamingClient() || m.IsStreamingServer() {
				continue
			}
			f(string(service.FullName()), string(m.Name()), newMessage(t, m.Input()), newMessage(t, m.Output()))
		}
	}
}

func newMessage(t *testing.T, d protoreflect.MessageDescriptor) proto.Message {
	t.Helper()
	m, err := protoregistry.GlobalTypes.FindMessageByName(d.FullName())
	if err != nil {
		t.Fatal(err)
	}
	return m.New().Interface()
}

func TestEveryRequestNamesItsDistrict(t *testing.T) {
	h := newHarness(t)
	called := 0
	methods(t, func(service, method string, req, resp proto.Message) {
		called++
		err := h.conn.Invoke(t.Context(), "/"+service+"/"+method, req, resp)
		refused(t, err, codes.InvalidArgument, reasonInvalidField, "district")
	})
	if called < 33 {
		t.Errorf("only %d methods were called", called)
	}
	stream := must(h.catalog.WatchChanges(t.Context(), &kindredv1.WatchChangesRequest{}))(t)
	_, err := stream.Recv()
	refused(t, err, codes.InvalidArgument, reasonInvalidField, "district")
}

func TestAnUnknownDistrictIsNotFound(t *testing.T) {
	h := newHarness(t)
	reads := 0
	methods(t, func(service, method string, req, resp proto.Message) {
		reading := strings.HasPrefix(method, "Get") || strings.HasPrefix(method, "List") ||
			strings.HasPrefix(method, "Delete") || method == "RefreshStatistics"
		if !reading || method == "GetServerInfo" {
			return
		}
		reads++
		m := req.ProtoReflect()
		for i := range m.Descriptor().Fields().Len() {
			switch fd := m.Descriptor().Fields().Get(i); fd.Name() {
			case "district", "tag", "partner", "opportunity", "student":
				m.Set(fd, protoreflect.ValueOfString("x"))
			}
		}
		err := h.conn.Invoke(t.Context(), "/"+service+"/"+method, req, resp)
		if status.Code(err) != codes.NotFound {
			t.Errorf("%s: got %v", method, err)
			return
		}
		refused(t, err, codes.NotFound, reasonNoDistrict)
	})
	if reads < 19 {
		t.Errorf("only %d methods were called", reads)
	}
	stream := must(h.catalog.WatchChanges(t.Context(), &kindredv1.WatchChangesRequest{District: "x"}))(t)
	_, err := stream.Recv()
	refused(t, err, codes.NotFound, reasonNoDistrict)
	if districts := must(h.store.Districts(t.Context()))(t); len(districts) != 0 {
		t.Errorf("asking made the districts %q", districts)
	}
}

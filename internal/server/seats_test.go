package server_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/google/uuid"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	kindredv1 "github.com/kindred-match/kindred/proto/kindred/v1"
)

func mask(paths ...string) *fieldmaskpb.FieldMask { return &fieldmaskpb.FieldMask{Paths: paths} }

func TestReserveSeatChecksEligibility(t *testing.T) {
	p := run(t, t.TempDir())
	p.putStudent(t, &kindredv1.Student{Student: "s", Grade: "9", Age: ptr(int32(14))})
	p.putStudent(t, &kindredv1.Student{Student: "other"})
	p.put(t, &kindredv1.Opportunity{Opportunity: "o", Grades: []string{"12"}, MinAge: ptr(int32(16)), Seats: ptr(int32(0))})
	p.put(t, &kindredv1.Opportunity{Opportunity: "full", Seats: ptr(int32(0))})
	p.put(t, &kindredv1.Opportunity{Opportunity: "draft", Status: kindredv1.OpportunityStatus_OPPORTUNITY_STATUS_DRAFT})
	p.put(t, &kindredv1.Opportunity{Opportunity: "locked"})
	must(p.students.WriteLocks(t.Context(), &kindredv1.WriteLocksRequest{District: district, Upsert: []*kindredv1.Lock{{
		Student: "s", Opportunity: "locked", Action: kindredv1.LockAction_LOCK_ACTION_FORBID,
	}}}))(t)
	for _, id := range []string{"", uuid.NewString()} {
		for opportunity, want := range map[string]struct {
			code          codes.Code
			reason, codes string
		}{
			"o":      {codes.FailedPrecondition, "NOT_ELIGIBLE", "FULL,GRADE,AGE"},
			"locked": {codes.FailedPrecondition, "NOT_ELIGIBLE", "FORBIDDEN"},
			"full":   {codes.FailedPrecondition, "NO_SEAT_LEFT", ""},
			"draft":  {codes.FailedPrecondition, "OPPORTUNITY_NOT_OFFERED", ""},
			"none":   {codes.NotFound, "OPPORTUNITY_NOT_FOUND", ""},
		} {
			_, err := p.seats.ReserveSeat(t.Context(), &kindredv1.ReserveSeatRequest{
				District: district, RequestId: id, Student: "s", Opportunity: opportunity,
			})
			if r := refused(t, err, want.code, want.reason); r.metadata["codes"] != want.codes {
				t.Errorf("%s: codes %q, want %q", opportunity, r.metadata["codes"], want.codes)
			}
		}
	}
	for name, req := range map[string]*kindredv1.ReserveSeatRequest{
		"STUDENT_NOT_FOUND":  {District: district, Student: "nobody", Opportunity: "o"},
		"DISTRICT_NOT_FOUND": {District: "nowhere", Student: "s", Opportunity: "o"},
	} {
		_, err := p.seats.ReserveSeat(t.Context(), req)
		refused(t, err, codes.NotFound, name)
	}
	for _, hold := range []time.Duration{0, -time.Second, 8 * 24 * time.Hour} {
		_, err := p.seats.ReserveSeat(t.Context(), &kindredv1.ReserveSeatRequest{
			District: district, Student: "other", Opportunity: "locked", Hold: durationpb.New(hold),
		})
		if status.Code(err) != codes.InvalidArgument || !strings.Contains(err.Error(), "hold") {
			t.Errorf("hold %v: %v", hold, err)
		}
	}
}

// TestRetriesOfSeatsAreHarmless: the same request gets the same answer, even
// when what it did has made it impossible.
func TestRetriesOfSeatsAreHarmless(t *testing.T) {
	p := run(t, t.TempDir())
	p.putStudent(t, &kindredv1.Student{Student: "s"})
	p.put(t, &kindredv1.Opportunity{Opportunity: "o"})
	reserve := &kindredv1.ReserveSeatRequest{District: district, RequestId: uuid.NewString(), Student: "s", Opportunity: "o"}
	held := must(p.seats.ReserveSeat(t.Context(), reserve))(t)
	seat := held.GetSeat()
	if seat.GetState() != kindredv1.SeatState_SEAT_STATE_RESERVED ||
		!seat.GetExpireTime().AsTime().Equal(start.Add(15*time.Minute)) {
		t.Fatalf("reserved %v, want 15 minutes from now", seat)
	}
	again := func() {
		t.Helper()
		if r := must(p.seats.ReserveSeat(t.Context(), reserve))(t); !proto.Equal(r, held) {
			t.Fatalf("a retry got %v, want %v", r, held)
		}
	}
	again()
	p.put(t, &kindredv1.Opportunity{Opportunity: "o", Grades: []string{"12"}}) // for which s isn't eligible
	again()
	other := proto.CloneOf(reserve)
	other.Hold = durationpb.New(time.Hour)
	_, err := p.seats.ReserveSeat(t.Context(), other)
	refused(t, err, codes.InvalidArgument, "REQUEST_ID_REUSED")
	p.put(t, &kindredv1.Opportunity{Opportunity: "o", Seats: ptr(int32(2))})
	other.RequestId = uuid.NewString()
	_, err = p.seats.ReserveSeat(t.Context(), other)
	refused(t, err, codes.AlreadyExists, "SEAT_ALREADY_HELD")

	confirm := &kindredv1.ConfirmSeatRequest{District: district, RequestId: uuid.NewString(), Seat: seat.GetSeat()}
	placed := must(p.seats.ConfirmSeat(t.Context(), confirm))(t)
	if s := placed.GetSeat(); s.GetState() != kindredv1.SeatState_SEAT_STATE_PLACED || s.GetExpireTime() != nil ||
		s.GetStudent() != "s" || s.GetOpportunity() != "o" {
		t.Fatalf("placed %v", s)
	}
	_, err = p.seats.ReleaseSeat(t.Context(), &kindredv1.ReleaseSeatRequest{District: district, Seat: seat.GetSeat()})
	refused(t, err, codes.FailedPrecondition, "ALREADY_PLACED")
	p.clock.Advance(time.Hour) // a placement doesn't expire
	if r := must(p.seats.ConfirmSeat(t.Context(), confirm))(t); !proto.Equal(r, placed) {
		t.Fatalf("a retry got %v, want %v", r, placed)
	}
	confirm.RequestId = ""
	if r := must(p.seats.ConfirmSeat(t.Context(), confirm))(t); !proto.Equal(r.GetSeat(), placed.GetSeat()) {
		t.Fatalf("confirmed again: %v", r)
	}
}

func TestSeatsThatAreNotThere(t *testing.T) {
	p := run(t, t.TempDir())
	p.putStudent(t, &kindredv1.Student{Student: "s"})
	p.put(t, &kindredv1.Opportunity{Opportunity: "o"})
	seat := p.reserve(t, "s", "o", time.Minute).GetSeat().GetSeat()
	p.clock.Advance(time.Minute)
	for _, id := range []string{seat, uuid.NewString()} {
		for _, request := range []string{"", uuid.NewString()} {
			_, err := p.seats.ConfirmSeat(t.Context(), &kindredv1.ConfirmSeatRequest{District: district, RequestId: request, Seat: id})
			refused(t, err, codes.NotFound, "SEAT_NOT_FOUND")
			_, err = p.seats.ReleaseSeat(t.Context(), &kindredv1.ReleaseSeatRequest{District: district, RequestId: request, Seat: id})
			refused(t, err, codes.NotFound, "SEAT_NOT_FOUND")
		}
	}
	_, err := p.seats.ReleaseSeat(t.Context(), &kindredv1.ReleaseSeatRequest{District: "nowhere", Seat: seat})
	refused(t, err, codes.NotFound, "DISTRICT_NOT_FOUND")
	_, err = p.seats.ConfirmSeat(t.Context(), &kindredv1.ConfirmSeatRequest{District: district})
	if r := refused(t, err, codes.InvalidArgument, "INVALID_FIELD"); !slices.Equal(r.fields, []string{"seat"}) {
		t.Errorf("no seat: %+v", r)
	}
}

// seatCall is what a client asked of the one opportunity of the history.
type seatCall struct {
	release bool
	student string
}

// seatModel is an opportunity with its seats, as those who hold them.
func seatModel(seats int) porcupine.Model {
	return porcupine.Model{
		Init: func() any { return "" },
		Step: func(state, input, output any) (bool, any) {
			held := map[string]bool{}
			for s := range strings.FieldsSeq(state.(string)) {
				held[s] = true
			}
			call, reason := input.(seatCall), output.(string)
			want := ""
			switch {
			case call.release:
				delete(held, call.student)
			case held[call.student]:
				want = "SEAT_ALREADY_HELD"
			case len(held) >= seats:
				want = "NO_SEAT_LEFT"
			default:
				held[call.student] = true
			}
			return reason == want, strings.Join(slices.Sorted(maps.Keys(held)), " ")
		},
		DescribeOperation: func(input, output any) string { return fmt.Sprint(input, " -> ", output) },
	}
}

// TestSeatsAreNeverGivenTwice: whatever clients do at once, what they are told
// is what some order of their calls would give.
func TestSeatsAreNeverGivenTwice(t *testing.T) {
	const clients, rounds, seats = 6, 15, 2
	p := run(t, t.TempDir())
	for i := range clients {
		p.putStudent(t, &kindredv1.Student{Student: fmt.Sprint("s", i/2)}) // two clients for a student
	}
	p.put(t, &kindredv1.Opportunity{Opportunity: "o", Seats: ptr(int32(seats))})
	began := time.Now()
	var mu sync.Mutex
	var history []porcupine.Operation
	var all sync.WaitGroup
	for i := range clients {
		all.Go(func() {
			student := fmt.Sprint("s", i/2)
			held := ""
			for range rounds {
				call := seatCall{release: held != "", student: student}
				called := time.Since(began)
				reason, seat := p.seatStep(t, call, held)
				returned := time.Since(began)
				held = seat
				mu.Lock()
				history = append(history, porcupine.Operation{
					ClientId: i, Input: call, Output: reason, Call: called.Nanoseconds(), Return: returned.Nanoseconds(),
				})
				mu.Unlock()
			}
		})
	}
	all.Wait()
	if !porcupine.CheckOperations(seatModel(seats), history) {
		t.Fatalf("no order of the calls explains what was answered: %v", history)
	}
}

// seatStep carries out a call and returns its reason and the seat then held.
func (p *program) seatStep(t testing.TB, call seatCall, held string) (reason, seat string) {
	if call.release {
		_, err := p.seats.ReleaseSeat(context.Background(), &kindredv1.ReleaseSeatRequest{
			District: district, RequestId: uuid.NewString(), Seat: held,
		})
		return refusalOf(t, err).reason, ""
	}
	r, err := p.seats.ReserveSeat(context.Background(), &kindredv1.ReserveSeatRequest{
		District: district, RequestId: uuid.NewString(), Student: call.student, Opportunity: "o",
	})
	return refusalOf(t, err).reason, r.GetSeat().GetSeat()
}

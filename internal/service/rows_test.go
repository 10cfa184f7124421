package service

import (
	"fmt"
	"testing"

	"github.com/google/uuid"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	kindredv1 "github.com/kindred-match/kindred/proto/kindred/v1"
)

// withPlaces is a harness with two students and two opportunities.
func withPlaces(t *testing.T) *harness {
	t.Helper()
	h := newHarness(t)
	h.putOpportunity(t, &kindredv1.Opportunity{Opportunity: "o1"})
	h.putOpportunity(t, &kindredv1.Opportunity{Opportunity: "o2"})
	h.putStudents(t, "s1 s2")
	return h
}

// rowKind is one kind of rows as the API has it: its methods are List and Write
// with this name behind.
type rowKind struct {
	name  string
	rows  []proto.Message // valid, in the order of their keys, of three keys
	other proto.Message   // over the first one, with another value if it has one
	bad   proto.Message
	field string // that is bad
}

func rowKinds() []rowKind {
	return []rowKind{
		{
			"Preferences",
			[]proto.Message{
				&kindredv1.Preference{Student: "s1", Opportunity: "o1", Rank: 2},
				&kindredv1.Preference{Student: "s1", Opportunity: "o2", Rank: 1},
				&kindredv1.Preference{Student: "s2", Opportunity: "o1", Rank: 1_000_000},
			},
			&kindredv1.Preference{Student: "s1", Opportunity: "o1", Rank: 3},
			&kindredv1.Preference{Student: "s1", Opportunity: "o1"}, "rank",
		},
		{
			"Scores",
			[]proto.Message{
				&kindredv1.Score{Student: "s1", Opportunity: "o1", Score: 0.123456789},
				&kindredv1.Score{Student: "s1", Opportunity: "o2", Score: 1},
				&kindredv1.Score{Student: "s2", Opportunity: "o1", Score: 0.5},
			},
			&kindredv1.Score{Student: "s1", Opportunity: "o1", Score: 0.2},
			&kindredv1.Score{Student: "s1", Opportunity: "o1", Score: 1.01}, "score",
		},
		{
			"Priorities",
			[]proto.Message{
				&kindredv1.Priority{Opportunity: "o1", Student: "s1", Tier: 1},
				&kindredv1.Priority{Opportunity: "o2", Student: "s1", Tier: 7},
				&kindredv1.Priority{Opportunity: "o1", Student: "s2", Tier: 1},
			},
			&kindredv1.Priority{Opportunity: "o1", Student: "s1", Tier: 2},
			&kindredv1.Priority{Opportunity: "o1", Student: "s1", Tier: -1}, "tier",
		},
		{
			"Locks",
			[]proto.Message{
				&kindredv1.Lock{Student: "s1", Opportunity: "o1", Action: kindredv1.LockAction_LOCK_ACTION_PLACE, Reason: "sibling"},
				&kindredv1.Lock{Student: "s1", Opportunity: "o2", Action: kindredv1.LockAction_LOCK_ACTION_FORBID},
				&kindredv1.Lock{Student: "s2", Opportunity: "o1", Action: kindredv1.LockAction_LOCK_ACTION_FORBID},
			},
			&kindredv1.Lock{Student: "s1", Opportunity: "o1", Action: kindredv1.LockAction_LOCK_ACTION_FORBID},
			&kindredv1.Lock{Student: "s1", Opportunity: "o1"}, "action",
		},
		{
			"Reserves",
			[]proto.Message{
				&kindredv1.Reserve{Opportunity: "o1", Group: "lunch=free", Seats: 1},
				&kindredv1.Reserve{Opportunity: "o1", Group: "school=a=b", Seats: 0},
				&kindredv1.Reserve{Opportunity: "o2", Group: "lunch=free", Seats: 3},
			},
			&kindredv1.Reserve{Opportunity: "o1", Group: "lunch=free", Seats: 2},
			&kindredv1.Reserve{Opportunity: "o1", Group: "lunch"}, "group",
		},
		{
			"StandingPlacements",
			[]proto.Message{
				&kindredv1.StandingPlacement{Student: "s1", Opportunity: "o1"},
				&kindredv1.StandingPlacement{Student: "s1", Opportunity: "o2"},
				&kindredv1.StandingPlacement{Student: "s2", Opportunity: "o1"},
			},
			&kindredv1.StandingPlacement{Student: "s1", Opportunity: "o1"},
			&kindredv1.StandingPlacement{Student: "s1"}, "opportunity",
		},
	}
}

// fields are those of a request, by name.
type fields map[protoreflect.Name]any

// call calls List or Write of the kind with a request of these fields.
func (k *rowKind) call(t *testing.T, h *harness, method string, with fields) (proto.Message, error) {
	t.Helper()
	m := kindredv1.File_kindred_v1_student_proto.Services().Get(0).Methods().ByName(protoreflect.Name(method + k.name))
	req, resp := newMessage(t, m.Input()), newMessage(t, m.Output())
	with["district"] = district
	for name, value := range with {
		fd := m.Input().Fields().ByName(name)
		if messages, ok := value.([]proto.Message); ok {
			list := req.ProtoReflect().Mutable(fd).List()
			for _, row := range messages {
				list.Append(protoreflect.ValueOfMessage(row.ProtoReflect()))
			}
			continue
		}
		req.ProtoReflect().Set(fd, protoreflect.ValueOf(value))
	}
	return resp, h.conn.Invoke(t.Context(), "/kindred.v1.StudentService/"+string(m.Name()), req, resp)
}

// list is all rows that fit, page by page of the given size.
func (k *rowKind) list(t *testing.T, h *harness, size int32, with fields) []proto.Message {
	t.Helper()
	with["page_size"] = size
	var rows []proto.Message
	for {
		resp := must(k.call(t, h, "List", with))(t).ProtoReflect()
		page := resp.Get(resp.Descriptor().Fields().ByNumber(1)).List()
		if page.Len() > int(size) {
			t.Fatalf("a page of %d has %d rows", size, page.Len())
		}
		for i := range page.Len() {
			rows = append(rows, page.Get(i).Message().Interface())
		}
		token := resp.Get(resp.Descriptor().Fields().ByName("next_page_token")).String()
		if token == "" {
			return rows
		}
		with["page_token"] = token
	}
}

func (k *rowKind) want(t *testing.T, h *harness, want []proto.Message, filter fields) {
	t.Helper()
	got := k.list(t, h, 2, filter)
	if len(got) != len(want) {
		t.Fatalf("got %v, want %v", got, want)
	}
	for i := range got {
		if !proto.Equal(got[i], want[i]) {
			t.Fatalf("got %v, want %v", got, want)
		}
	}
}

func TestRowsAreWrittenListedAndDeleted(t *testing.T) {
	for _, k := range rowKinds() {
		t.Run(k.name, func(t *testing.T) {
			h := withPlaces(t)
			req := fields{"upsert": k.rows, "request_id": uuid.NewString()}
			first := must(k.call(t, h, "Write", req))(t)
			k.want(t, h, k.rows, fields{})
			last := fields{"student": "s2"}
			if k.name == "Reserves" {
				last = fields{"opportunity": "o2"}
			}
			k.want(t, h, k.rows[2:], last)
			must(k.call(t, h, "Write", fields{"upsert": []proto.Message{k.other}}))(t)
			k.want(t, h, []proto.Message{k.other, k.rows[1], k.rows[2]}, fields{})
			if again := must(k.call(t, h, "Write", req))(t); !proto.Equal(first, again) {
				t.Errorf("the retry got %v, want %v", again, first)
			}
			k.want(t, h, []proto.Message{k.other, k.rows[1], k.rows[2]}, fields{})
			must(k.call(t, h, "Write", fields{"delete": []proto.Message{k.rows[0], k.rows[0]}}))(t)
			k.want(t, h, k.rows[1:], fields{})
			everything := []proto.Message{&kindredv1.RowScope{}}
			must(k.call(t, h, "Write", fields{"clear": everything, "upsert": k.rows[:1]}))(t)
			k.want(t, h, k.rows[:1], fields{})
		})
	}
}

func TestRowsThatBreakRulesAreNamed(t *testing.T) {
	for _, k := range rowKinds() {
		t.Run(k.name, func(t *testing.T) {
			h := withPlaces(t)
			_, err := k.call(t, h, "Write", fields{"upsert": []proto.Message{k.rows[1], k.bad}})
			refused(t, err, codes.InvalidArgument, reasonInvalidField, "upsert[1]."+k.field)

			stranger := proto.Clone(k.rows[0])
			stranger.ProtoReflect().Set(stranger.ProtoReflect().Descriptor().Fields().ByName("opportunity"), protoreflect.ValueOf("none"))
			_, err = k.call(t, h, "Write", fields{"upsert": []proto.Message{k.rows[1], k.rows[2], stranger}})
			refused(t, err, codes.InvalidArgument, reasonInvalidField, "upsert[2].opportunity")
			k.want(t, h, nil, fields{})

			_, err = k.call(t, h, "Write", fields{
				"clear": []proto.Message{&kindredv1.RowScope{Opportunity: "\n"}}, "delete": []proto.Message{newMessage(t, k.rows[0].ProtoReflect().Descriptor())},
			})
			if k.name == "Reserves" {
				refused(t, err, codes.InvalidArgument, reasonInvalidField, "clear[0].opportunity", "delete[0].opportunity", "delete[0].group")
			} else {
				refused(t, err, codes.InvalidArgument, reasonInvalidField, "clear[0].opportunity", "delete[0].student", "delete[0].opportunity")
			}
			_, err = k.call(t, h, "List", fields{"opportunity": "\n"})
			refused(t, err, codes.InvalidArgument, reasonInvalidField, "opportunity")
		})
	}
}

func TestTwoEqualRanksOfAStudentAreRefused(t *testing.T) {
	h := withPlaces(t)
	k := rowKinds()[0]
	must(k.call(t, h, "Write", fields{"upsert": k.rows}))(t)
	second := &kindredv1.Preference{Student: "s1", Opportunity: "o2", Rank: 2}
	_, err := k.call(t, h, "Write", fields{"upsert": []proto.Message{second}})
	refused(t, err, codes.InvalidArgument, reasonInvalidField, "upsert[0].rank")
	// In one request two ranks can change places.
	swapped := []proto.Message{&kindredv1.Preference{Student: "s1", Opportunity: "o1", Rank: 1}, second}
	must(k.call(t, h, "Write", fields{"upsert": swapped}))(t)
	k.want(t, h, swapped, fields{"student": "s1"})
}

func TestAWriteOfTooManyRows(t *testing.T) {
	h := withPlaces(t)
	req := &kindredv1.WriteScoresRequest{District: district}
	for i := range MaxWriteRows + 1 {
		req.Upsert = append(req.Upsert, &kindredv1.Score{Student: fmt.Sprint(i), Opportunity: "o1", Score: 1})
	}
	_, err := h.students.WriteScores(t.Context(), req)
	refused(t, err, codes.InvalidArgument, reasonLimitExceeded, "upsert")
}

func TestAReserveHasNoStudent(t *testing.T) {
	h := withPlaces(t)
	_, err := h.students.WriteReserves(t.Context(), &kindredv1.WriteReservesRequest{
		District: district, Clear: []*kindredv1.RowScope{{Student: "s1"}},
	})
	refused(t, err, codes.InvalidArgument, reasonInvalidField, "clear[0].student")
}

package service

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	kindredv1 "github.com/kindred-match/kindred/proto/kindred/v1"
	"github.com/kindred-match/kindred/store"
)

func TestAStudentIsWrittenReadAndErased(t *testing.T) {
	h := newHarness(t)
	ctx := t.Context()
	written := must(h.students.UpsertStudent(ctx, &kindredv1.UpsertStudentRequest{District: district, Student: &kindredv1.Student{
		Student: "s1", Grade: "9", Age: new(int32(0)), Groups: []string{"school=lincoln"}, Interests: map[string]float64{"cad": 0.5},
	}}))(t)
	got := must(h.students.GetStudent(ctx, &kindredv1.GetStudentRequest{District: district, Student: "s1"}))(t).GetStudent()
	if !got.GetWriteTime().AsTime().Equal(start) {
		t.Errorf("it was written at %v, want %v", got.GetWriteTime().AsTime(), start)
	}
	got.WriteTime = nil
	if !proto.Equal(got, written.GetStudent()) {
		t.Errorf("got %v, want %v", got, written.GetStudent())
	}
	merged := must(h.students.UpsertStudent(ctx, &kindredv1.UpsertStudentRequest{
		District: district, Student: &kindredv1.Student{Student: "s1", Grade: "10"},
		UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"grade", "age"}}, Etag: got.GetEtag(),
	}))(t).GetStudent()
	if merged.GetGrade() != "10" || merged.Age != nil || merged.GetInterests()["cad"] != 0.5 {
		t.Errorf("got %v", merged)
	}

	_, err := h.students.DeleteStudent(ctx, &kindredv1.DeleteStudentRequest{District: district, Student: "s1", Etag: got.GetEtag()})
	refused(t, err, codes.Aborted, reasonEtag)
	_, err = h.students.DeleteStudent(ctx, &kindredv1.DeleteStudentRequest{District: district})
	refused(t, err, codes.InvalidArgument, reasonInvalidField, "student")
	must(h.students.DeleteStudent(ctx, &kindredv1.DeleteStudentRequest{District: district, Student: "s1", Etag: merged.GetEtag()}))(t)
	_, err = h.students.GetStudent(ctx, &kindredv1.GetStudentRequest{District: district, Student: "s1"})
	refused(t, err, codes.NotFound, reasonNoStudent)
	_, err = h.students.DeleteStudent(ctx, &kindredv1.DeleteStudentRequest{District: district, Student: "s1"})
	refused(t, err, codes.NotFound, reasonNoStudent)
}

func TestABatchOfStudentsIsAllOrNothing(t *testing.T) {
	h := newHarness(t)
	ctx := t.Context()
	req := &kindredv1.BatchUpsertStudentsRequest{District: district, RequestId: uuid.NewString()}
	_, err := h.students.BatchUpsertStudents(ctx, req)
	refused(t, err, codes.InvalidArgument, reasonInvalidField, "students")
	for i := range MaxBatchItems + 1 {
		req.Students = append(req.Students, &kindredv1.Student{Student: fmt.Sprintf("s%04d", i)})
	}
	_, err = h.students.BatchUpsertStudents(ctx, req)
	refused(t, err, codes.InvalidArgument, reasonLimitExceeded, "students")
	req.Students = req.GetStudents()[:MaxBatchItems]
	req.Students[3].Age = new(int32(-1))
	req.Students[5].Student = "s0004"
	_, err = h.students.BatchUpsertStudents(ctx, req)
	refused(t, err, codes.InvalidArgument, reasonInvalidField, "students[3].age", "students[5].student")
	_, err = h.students.ListStudents(ctx, &kindredv1.ListStudentsRequest{District: district})
	refused(t, err, codes.NotFound, reasonNoDistrict)

	req.Students[3].Age, req.Students[5].Student = nil, "s0005"
	first := must(h.students.BatchUpsertStudents(ctx, req))(t)
	again := must(h.students.BatchUpsertStudents(ctx, req))(t)
	if len(first.GetEtags()) != MaxBatchItems || !proto.Equal(first, again) {
		t.Errorf("got %d etags, sequences %d and %d", len(first.GetEtags()), first.GetSequence(), again.GetSequence())
	}
	page := must(h.students.ListStudents(ctx, &kindredv1.ListStudentsRequest{District: district, PageSize: MaxPageSize}))(t)
	if len(page.GetStudents()) != MaxBatchItems || page.GetNextPageToken() != "" {
		t.Errorf("got %d students and the token %q", len(page.GetStudents()), page.GetNextPageToken())
	}
	for i, s := range page.GetStudents() {
		if s.GetEtag() != first.GetEtags()[i] {
			t.Fatalf("the etag of %d is %s, the answer said %s", i, s.GetEtag(), first.GetEtags()[i])
		}
	}
}

func TestErasingAStudentFreesTheSeat(t *testing.T) {
	h := newHarness(t)
	ctx := t.Context()
	h.putOpportunity(t, &kindredv1.Opportunity{Opportunity: "o"})
	h.putStudents(t, "s1 s2")
	must(h.store.Reserve(ctx, district, store.Request{Now: start}, store.Reservation{
		ID: uuid.NewString(), Student: "s1", Opportunity: "o", Expires: start.Add(time.Hour),
	}))(t)
	was := h.epoch(t)
	answer := must(h.students.DeleteStudent(ctx, &kindredv1.DeleteStudentRequest{District: district, Student: "s1"}))(t)
	if answer.GetEpoch() <= was || answer.GetEpoch() != h.epoch(t) {
		t.Errorf("the epoch went from %d to %d, the answer says %d", was, h.epoch(t), answer.GetEpoch())
	}
	must(h.store.Reserve(ctx, district, store.Request{Now: start}, store.Reservation{
		ID: uuid.NewString(), Student: "s2", Opportunity: "o", Expires: start.Add(time.Hour),
	}))(t)
}

package service

import (
	"context"
	"fmt"

	"github.com/kindred-match/kindred/matcher"
	kindredv1 "github.com/kindred-match/kindred/proto/kindred/v1"
	"github.com/kindred-match/kindred/store"
)

type studentService struct {
	kindredv1.UnimplementedStudentServiceServer
	*Service
}

func (s *studentService) GetStudent(ctx context.Context, req *kindredv1.GetStudentRequest) (*kindredv1.GetStudentResponse, error) {
	if err := checkID("student", req.GetStudent()); err != nil {
		return nil, err
	}
	r, err := s.Store.Student(ctx, req.GetDistrict(), req.GetStudent())
	if err != nil {
		return nil, s.missingIn(ctx, req.GetDistrict(), err, reasonNoStudent)
	}
	return &kindredv1.GetStudentResponse{Student: studentRecordProto(r)}, nil
}

func (s *studentService) ListStudents(ctx context.Context, req *kindredv1.ListStudentsRequest) (*kindredv1.ListStudentsResponse, error) {
	students, next, err := listByID(ctx, s.Service, req, s.Store.ListStudents,
		func(r *store.StudentRecord) string { return r.ID }, studentRecordProto)
	return &kindredv1.ListStudentsResponse{Students: students, NextPageToken: next}, err
}

func (s *studentService) UpsertStudent(ctx context.Context, req *kindredv1.UpsertStudentRequest) (*kindredv1.UpsertStudentResponse, error) {
	return upsert[*kindredv1.Student, *kindredv1.UpsertStudentResponse, *matcher.Student]{
		path: "student",
		row:  req.GetStudent(),
		kept: func() (*kindredv1.Student, store.Revision, error) {
			r, err := s.Store.Student(ctx, req.GetDistrict(), req.GetStudent().GetStudent())
			if err != nil {
				return nil, 0, err
			}
			return studentRecordProto(r), r.Revision, nil
		},
		parse: func(row *kindredv1.Student, v *violations) (*matcher.Student, error) {
			student := studentOf(row, v.under("student"))
			vocabulary, err := s.vocabularyFor(ctx, req.GetDistrict(), student.Interests)
			student.Check(vocabulary, v.under("student"))
			return student, err
		},
		put: func(rq store.Request, student *matcher.Student, r store.Revision) (store.Receipt, error) {
			return s.Store.PutStudents(ctx, req.GetDistrict(), rq, []store.StudentPut{{Student: student, IfRevision: r}})
		},
		answer: func(student *matcher.Student, r store.Receipt) *kindredv1.UpsertStudentResponse {
			return &kindredv1.UpsertStudentResponse{Student: studentProto(student, r.Revisions[0]), Sequence: r.Sequence}
		},
	}.do(s.Service, req)
}

func (s *studentService) BatchUpsertStudents(ctx context.Context, req *kindredv1.BatchUpsertStudentsRequest) (*kindredv1.BatchUpsertStudentsResponse, error) {
	puts, err := s.studentPuts(ctx, req)
	if err != nil {
		return nil, err
	}
	answer, err := carryOut(s.Service, req, func(rq store.Request) (store.Receipt, error) {
		return s.Store.PutStudents(ctx, req.GetDistrict(), rq, puts)
	}, func(r store.Receipt) *kindredv1.BatchUpsertStudentsResponse {
		etags := make([]string, len(r.Revisions))
		for i, revision := range r.Revisions {
			etags[i] = etagOf(revision)
		}
		return &kindredv1.BatchUpsertStudentsResponse{Etags: etags, Sequence: r.Sequence}
	})
	return answer, located(err, studentPath)
}

func (s *studentService) studentPuts(ctx context.Context, req *kindredv1.BatchUpsertStudentsRequest) ([]store.StudentPut, error) {
	rows := req.GetStudents()
	switch {
	case len(rows) == 0:
		return nil, invalid("students", ruleGiven)
	case len(rows) > MaxBatchItems:
		return nil, limitExceeded("students", MaxBatchItems, "in one request")
	}
	var v violations
	puts := make([]store.StudentPut, len(rows))
	interests := make([][]matcher.Weighted, len(rows))
	for i, row := range rows {
		puts[i].Student = studentOf(row, v.under(studentPath(i)))
		interests[i] = puts[i].Student.Interests
	}
	vocabulary, err := s.vocabularyFor(ctx, req.GetDistrict(), interests...)
	if err != nil {
		return nil, err
	}
	ids := make(map[string]struct{}, len(rows))
	for i := range puts {
		report := v.under(studentPath(i))
		puts[i].Student.Check(vocabulary, report)
		if _, twice := ids[puts[i].Student.ID]; twice {
			report("student", ruleTwice)
		}
		ids[puts[i].Student.ID] = struct{}{}
	}
	return puts, v.err()
}

func studentPath(i int) string { return fmt.Sprintf("students[%d]", i) }

func (s *studentService) DeleteStudent(ctx context.Context, req *kindredv1.DeleteStudentRequest) (*kindredv1.DeleteStudentResponse, error) {
	var v violations
	v.id("student", req.GetStudent())
	revision := revisionOf(req.GetEtag(), &v)
	if err := v.err(); err != nil {
		return nil, err
	}
	answer, err := carryOut(s.Service, req, func(rq store.Request) (store.Receipt, error) {
		return s.Store.DeleteStudent(ctx, req.GetDistrict(), rq, req.GetStudent(), revision)
	}, func(r store.Receipt) *kindredv1.DeleteStudentResponse {
		return &kindredv1.DeleteStudentResponse{Sequence: r.Sequence, Epoch: uint64(r.Epoch)}
	})
	if err == nil && s.Sets != nil {
		s.Sets.Erase(ctx, req.GetDistrict(), req.GetStudent())
	}
	if err == nil && s.Runs != nil {
		s.Runs.Erased(ctx, req.GetDistrict())
	}
	return answer, s.missingIn(ctx, req.GetDistrict(), err, reasonNoStudent)
}

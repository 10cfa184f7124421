package service

import (
	"context"
	"slices"

	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/kindred-match/kindred/internal/live"
	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/matcher/place"
	kindredv1 "github.com/kindred-match/kindred/proto/kindred/v1"
	"github.com/kindred-match/kindred/store"
)

// whereRequest says on which index and day a request is answered.
type whereRequest interface {
	GetDistrict() string
	GetMeasure() kindredv1.Measure
	GetTerm() string
	GetMinEpoch() uint64
	GetAsOf() string
}

// rankRequest says what rankings are wanted.
type rankRequest interface {
	whereRequest
	GetK() int32
	GetKinds() []kindredv1.OpportunityKind
	GetPartnerKinds() []kindredv1.PartnerKind
	GetExcludeOpportunities() []string
	GetMaxPerPartner() int32
	GetExplain() bool
}

// subjectRequest names the student of a ranking.
type subjectRequest interface {
	GetStudentId() string
	GetProfile() *kindredv1.Profile
}

// where is the index and the day that a request is answered with.
type where struct {
	district string
	snapshot *live.Snapshot
	ranking  *live.Ranking
	asOf     matcher.Date
}

// asked is a checked request for rankings, but for their students. It is
// immutable.
type asked struct {
	where
	query   matcher.Query // without the student and what is forbidden
	explain bool
	batch   bool // it is one for many students
}

// where checks what it needs of the request, reports what else v holds, and
// waits for the snapshot.
func (m *matchService) where(ctx context.Context, req whereRequest, v *violations) (where, error) {
	v.optionalID("term", req.GetTerm())
	measure := measures.domain(req.GetMeasure(), "measure", v.add)
	asOf := dateOf(req.GetAsOf(), "as_of", v.add)
	if err := v.err(); err != nil {
		return where{}, err
	}
	s, err := m.snapshot(ctx, req.GetDistrict(), store.Epoch(req.GetMinEpoch()))
	if err != nil {
		return where{}, err
	}
	ranking, ok := s.Ranking(measure)
	if !ok {
		return where{}, &failure{
			reason: reasonMeasure,
			fields: []violation{{"measure", "must be one that the district offers"}},
		}
	}
	if asOf == 0 {
		asOf = s.AsOf(m.Now())
	}
	return where{req.GetDistrict(), s, ranking, asOf}, nil
}

// ask checks a request for rankings.
func (m *matchService) ask(ctx context.Context, req rankRequest) (*asked, error) {
	k, err := countOf(req.GetK(), "k", DefaultK)
	if err != nil {
		return nil, err
	}
	perPartner, err := countOf(req.GetMaxPerPartner(), "max_per_partner", 0)
	if err != nil {
		return nil, err
	}
	if len(req.GetExcludeOpportunities()) > matcher.MaxListItems {
		return nil, limitExceeded("exclude_opportunities", matcher.MaxListItems, "items")
	}
	var v violations
	kinds := wishes(opportunityKinds, req.GetKinds(), "kinds", &v)
	partners := wishes(partnerKinds, req.GetPartnerKinds(), "partner_kinds", &v)
	w, err := m.where(ctx, req, &v)
	if err != nil {
		return nil, err
	}
	return &asked{
		where:   w,
		explain: req.GetExplain(),
		query: matcher.Query{
			AsOf:          w.asOf,
			Term:          req.GetTerm(),
			Kinds:         kinds,
			PartnerKinds:  partners,
			Exclude:       setOf(req.GetExcludeOpportunities()),
			K:             k,
			MaxPerPartner: perPartner,
		},
	}, nil
}

// countOf reads a number of candidates: 0 stands for fallback.
func countOf(n int32, field string, fallback int) (int, error) {
	switch {
	case n < 0:
		return 0, invalid(field, "must not be negative")
	case n > MaxK:
		return 0, limitExceeded(field, MaxK, "")
	case n == 0:
		return fallback, nil
	}
	return int(n), nil
}

// wishes reads a list of kinds, each once.
func wishes[E protoreflect.Enum, S ~string](e enum[E, S], values []E, field string, v *violations) []S {
	var list []S
	for _, value := range values {
		kind := e.domain(value, field, v.add)
		if kind == "" {
			if value.Number() == 0 {
				v.add(field, "each must be a kind that is specified")
			}
			return nil
		}
		if !slices.Contains(list, kind) {
			list = append(list, kind)
		}
	}
	return list
}

func setOf(ids []string) map[string]bool {
	if len(ids) == 0 {
		return nil
	}
	set := make(map[string]bool, len(ids))
	for _, id := range ids {
		set[id] = true
	}
	return set
}

// subject is the student of a ranking.
type subject struct {
	*store.Subject
	inLine bool // not one of the store
}

// subject reads the student out of the request or the store.
func (m *matchService) subject(ctx context.Context, w *where, req subjectRequest) (subject, error) {
	if p := req.GetProfile(); p != nil {
		var v violations
		report := v.under("profile")
		var s *matcher.Student
		if r, ok := req.(*matchRequest); ok {
			s = r.student(report)
		} else {
			s = profileOf(p, report)
		}
		s.CheckProfile(w.snapshot.Vocabulary(), report)
		return subject{&store.Subject{Student: s}, true}, v.err()
	}
	id := req.GetStudentId()
	if id == "" {
		return subject{}, invalid("student_id", "must be given, or a profile in its place")
	}
	var v violations
	v.id("student_id", id)
	if err := v.err(); err != nil {
		return subject{}, err
	}
	return m.stored(ctx, w.district, id)
}

// stored reads a student of the district with the locks.
func (m *matchService) stored(ctx context.Context, district, id string) (subject, error) {
	s, err := m.Store.Subject(ctx, district, id)
	if err != nil {
		return subject{}, missing(err, reasonNoStudent)
	}
	return subject{Subject: s}, nil
}

// forbidden is the set of students whom locks forbid the opportunity.
func (m *matchService) forbidden(ctx context.Context, district, opportunity string) (map[string]bool, error) {
	const page = 1000
	var set map[string]bool
	for cursor := ""; ; {
		rows, next, err := m.Store.ListRows(ctx, district, store.RowLocks, store.RowFilter{Opportunity: opportunity}, cursor, page)
		if err != nil {
			return nil, missing(err, reasonNoDistrict)
		}
		for i := range rows.Locks {
			if l := &rows.Locks[i]; l.Action == place.Forbid {
				if set == nil {
					set = make(map[string]bool)
				}
				set[l.Student] = true
			}
		}
		if cursor = next; cursor == "" {
			return set, nil
		}
	}
}

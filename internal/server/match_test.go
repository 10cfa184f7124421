package server_test

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"

	"github.com/kindred-match/kindred/internal/generate"
	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/matcher/place"
	kindredv1 "github.com/kindred-match/kindred/proto/kindred/v1"
)

var apiMeasures = map[matcher.Measure]kindredv1.Measure{
	matcher.Cosine:  kindredv1.Measure_MEASURE_COSINE,
	matcher.Dot:     kindredv1.Measure_MEASURE_DOT,
	matcher.Overlap: kindredv1.Measure_MEASURE_OVERLAP,
}

// forbid locks every seventh pair of the folder, and returns the opportunity
// ids by student and the student ids by opportunity.
func (f *folder) forbid() (byStudent, byOpportunity map[string]map[string]bool) {
	byStudent, byOpportunity = map[string]map[string]bool{}, map[string]map[string]bool{}
	for i, s := range f.Students {
		for j, o := range f.Catalogue.Opportunities {
			if (i+j)%7 != 0 {
				continue
			}
			f.Rows.Locks = append(f.Rows.Locks, place.Lock{Student: s.ID, Opportunity: o.ID, Action: place.Forbid})
			for _, e := range []struct {
				in     map[string]map[string]bool
				of, id string
			}{{byStudent, s.ID, o.ID}, {byOpportunity, o.ID, s.ID}} {
				if e.in[e.of] == nil {
					e.in[e.of] = map[string]bool{}
				}
				e.in[e.of][e.id] = true
			}
		}
	}
	return byStudent, byOpportunity
}

// profile is a stored student as one that is given in line.
func profile(s *matcher.Student) *kindredv1.Profile {
	p := &kindredv1.Profile{
		Grade: s.Grade, School: s.School, Region: s.Region, Age: s.Age, Slots: s.Slots,
		Credentials: s.Credentials, MaxKm: s.MaxKm, Interests: map[string]float64{},
	}
	if s.Position != nil {
		p.Latitude, p.Longitude = &s.Position.Latitude, &s.Position.Longitude
	}
	for _, w := range s.Interests {
		p.Interests[w.Tag] = matcher.Float(w.Weight)
	}
	return p
}

// TestMatchIsTheRanker: whatever way a student is given and whatever is asked,
// the answer is what the ranker says on an index of the same rows.
func TestMatchIsTheRanker(t *testing.T) {
	f := invent(t, generate.Options{Students: 25, Opportunities: 400, Seed: 11})
	byStudent, byOpportunity := f.forbid()
	p := run(t, t.TempDir())
	epoch := p.load(t, f)
	as := "2026-10-05"
	date, err := matcher.ParseDate(as)
	if err != nil {
		t.Fatal(err)
	}
	candidates := 0
	for measure, x := range f.indexes(t) {
		ranker := x.NewRanker()
		for i := range f.Students {
			s := &f.Students[i]
			req := &kindredv1.MatchRequest{
				District: district, Measure: apiMeasures[measure], K: 1 + int32(i)*3, AsOf: as, MinEpoch: epoch,
				Explain: i%2 == 0, MaxPerPartner: int32(i % 3),
			}
			q := matcher.Query{Student: s, AsOf: date, K: 1 + i*3, MaxPerPartner: i % 3}
			if i%4 == 0 {
				req.Kinds = []kindredv1.OpportunityKind{2, 1, 2}
				q.Kinds = []matcher.OpportunityKind{"internship", "mentorship"}
				req.PartnerKinds = []kindredv1.PartnerKind{1, 2, 3}
				q.PartnerKinds = []matcher.PartnerKind{"business", "community", "higher_education"}
				req.ExcludeOpportunities = []string{f.Catalogue.Opportunities[i].ID, "unknown"}
				q.Exclude = map[string]bool{f.Catalogue.Opportunities[i].ID: true}
			}
			if i%5 == 0 {
				req.Term = f.Catalogue.Opportunities[0].Term
				q.Term = req.GetTerm()
			}
			req.Subject = &kindredv1.MatchRequest_Profile{Profile: profile(s)}
			p.sameMatch(t, ranker, req, q)
			req.Subject = &kindredv1.MatchRequest_StudentId{StudentId: s.ID}
			q.Forbidden = byStudent[s.ID]
			candidates += p.sameMatch(t, ranker, req, q)
		}
		p.sameReverse(t, f, ranker, measure, byOpportunity, date)
	}
	if candidates < 500 {
		t.Fatalf("only %d candidates were compared", candidates)
	}
}

func (p *program) sameMatch(t testing.TB, ranker *matcher.Ranker, req *kindredv1.MatchRequest, q matcher.Query) int {
	t.Helper()
	resp := must(p.match.Match(t.Context(), req))(t)
	want := ranker.Rank(nil, &q)
	if err := same(resp.GetCandidates(), want); err != nil {
		t.Fatalf("%v: %v", req.GetMeasure(), err)
	}
	if resp.GetSource() != kindredv1.MatchSource_MATCH_SOURCE_RANKED || resp.GetEpoch() < req.GetMinEpoch() ||
		resp.GetStatisticsVersion() != 1 {
		t.Fatalf("source %v, epoch %d, statistics version %d", resp.GetSource(), resp.GetEpoch(), resp.GetStatisticsVersion())
	}
	for _, c := range resp.GetCandidates() {
		if !req.GetExplain() {
			if len(c.GetTags()) > 0 {
				t.Fatal("tags that nobody asked for")
			}
			continue
		}
		sum := int64(0)
		for _, part := range c.GetTags() {
			sum += part.GetUnits()
		}
		if sum != c.GetUnits() {
			t.Fatalf("parts add up to %d of %d units", sum, c.GetUnits())
		}
	}
	return len(want)
}

// sameReverse compares the reverse ranking, and explanations of its pairs.
func (p *program) sameReverse(
	t testing.TB, f *folder, ranker *matcher.Ranker, measure matcher.Measure,
	forbidden map[string]map[string]bool, date matcher.Date,
) {
	t.Helper()
	for i := range 40 {
		id := f.Catalogue.Opportunities[i].ID
		resp := must(p.match.MatchStudents(t.Context(), &kindredv1.MatchStudentsRequest{
			District: district, Opportunity: id, Measure: apiMeasures[measure], K: 5, AsOf: date.String(), Explain: true,
		}))(t)
		want, _ := ranker.RankStudents(&matcher.StudentQuery{
			Opportunity: id, AsOf: date, Forbidden: forbidden[id], K: 5,
		}, func(yield func(*matcher.Student) bool) {
			for j := range f.Students {
				if !yield(&f.Students[j]) {
					return
				}
			}
		})
		if len(resp.GetCandidates()) != len(want) {
			t.Fatalf("%d students, want %d", len(resp.GetCandidates()), len(want))
		}
		for j, w := range want {
			g := resp.GetCandidates()[j]
			if g.GetStudent() != w.Student || int(g.GetRank()) != w.Rank || g.GetUnits() != w.Units ||
				math.Abs(g.GetScore()-w.Score) > 5e-7 {
				t.Fatalf("student %d is %v, want %+v", j, g, w)
			}
			e := must(p.match.Explain(t.Context(), &kindredv1.ExplainRequest{
				District: district, Opportunity: id, Measure: apiMeasures[measure], AsOf: date.String(),
				Subject: &kindredv1.ExplainRequest_StudentId{StudentId: w.Student},
			}))(t)
			if !e.GetEligible() || e.GetRank() < 1 || e.GetUnits() != w.Units || len(e.GetTags()) != len(g.GetTags()) {
				t.Fatalf("the explanation of a candidate: %v, want %d units", e, w.Units)
			}
		}
	}
}

func TestExplainNamesEveryRule(t *testing.T) {
	p := run(t, t.TempDir())
	p.put(t, &kindredv1.Opportunity{
		Opportunity: "o", Seats: ptr(int32(0)), Grades: []string{"12"}, Regions: []string{"east"},
		Slots: []string{"mon"}, Requires: []string{"licence"}, MinAge: ptr(int32(18)), Term: "fall",
		Latitude: ptr(60.0), Longitude: ptr(10.0), Closes: "2020-01-01",
		Status: kindredv1.OpportunityStatus_OPPORTUNITY_STATUS_DRAFT, Tags: map[string]float64{"cad": 1},
	})
	p.putStudent(t, &kindredv1.Student{
		Student: "s", Grade: "9", Region: "west", Slots: []string{"tue"}, MaxKm: ptr(1.0),
		Latitude: ptr(0.0), Longitude: ptr(0.0), Interests: map[string]float64{"cad": 0.5},
	})
	must(p.students.WriteLocks(t.Context(), &kindredv1.WriteLocksRequest{District: district, Upsert: []*kindredv1.Lock{{
		Student: "s", Opportunity: "o", Action: kindredv1.LockAction_LOCK_ACTION_FORBID,
	}}}))(t)
	e := must(p.match.Explain(t.Context(), &kindredv1.ExplainRequest{
		District: district, Opportunity: "o", Term: "spring", Subject: &kindredv1.ExplainRequest_StudentId{StudentId: "s"},
	}))(t)
	if e.GetEligible() || len(e.GetFailed()) != 11 || !slices.IsSorted(e.GetFailed()) || e.GetRank() != 0 ||
		e.GetScore() != 1 || len(e.GetTags()) != 1 || e.GetTags()[0].GetProfile() != 0.5 {
		t.Errorf("got %v, want all 11 rules failed and the score nevertheless", e)
	}
}

func TestBatchMatchHasAStatusPerItem(t *testing.T) {
	f := invent(t, generate.Options{Students: 40, Opportunities: 100, Seed: 2})
	p := run(t, t.TempDir())
	epoch := p.load(t, f)
	many := map[string]float64{}
	for i := range 65 {
		many[fmt.Sprint(i)] = 1
	}
	var items []*kindredv1.BatchMatchItem
	for i := range f.Students {
		items = append(items, &kindredv1.BatchMatchItem{
			CorrelationId: fmt.Sprint("c", i),
			Subject:       &kindredv1.BatchMatchItem_StudentId{StudentId: f.Students[i].ID},
		})
	}
	items[3].Subject = &kindredv1.BatchMatchItem_StudentId{StudentId: "nobody"}
	items[5].Subject = &kindredv1.BatchMatchItem_Profile{Profile: &kindredv1.Profile{Interests: many}}
	items[7].Subject = nil
	items[9].CorrelationId = strings.Repeat("x", 129)
	resp := must(p.match.BatchMatch(t.Context(), &kindredv1.BatchMatchRequest{
		District: district, Items: items, K: 7, MinEpoch: epoch,
	}))(t)
	if resp.GetEpoch() != epoch || resp.GetStatisticsVersion() != 1 || len(resp.GetResults()) != len(items) {
		t.Fatalf("epoch %d, statistics version %d, %d results", resp.GetEpoch(), resp.GetStatisticsVersion(), len(resp.GetResults()))
	}
	failed := map[int]string{3: "STUDENT_NOT_FOUND", 5: "INVALID_FIELD", 7: "INVALID_FIELD", 9: "LIMIT_EXCEEDED"}
	ranker := f.indexes(t)[matcher.Cosine].NewRanker()
	for i, r := range resp.GetResults() {
		if r.GetCorrelationId() != items[i].GetCorrelationId() {
			t.Fatalf("result %d belongs to another item", i)
		}
		st := r.GetStatus()
		if reason, bad := failed[i]; bad {
			if st.GetReason() != reason || st.GetCode() == 0 || st.GetMessage() == "" || r.GetMatch() != nil {
				t.Errorf("item %d: %v, want %s", i, r, reason)
			}
			continue
		}
		want := ranker.Rank(nil, &matcher.Query{Student: &f.Students[i], AsOf: matcher.DateOf(start), K: 7})
		if err := same(r.GetMatch().GetCandidates(), want); st.GetCode() != 0 || err != nil || r.GetMatch().GetEpoch() != epoch {
			t.Errorf("item %d: status %v, %v", i, st, err)
		}
	}
	st := resp.GetResults()[5].GetStatus()
	if v := st.GetViolations(); len(v) != 1 || v[0].GetField() != "profile.interests" || !strings.Contains(v[0].GetDescription(), "64") {
		t.Errorf("65 tags: %v", st)
	}
}

func TestStreamMatchesAnswersInOrder(t *testing.T) {
	f := invent(t, generate.Options{Students: 60, Opportunities: 100, Seed: 2})
	p := run(t, t.TempDir())
	epoch := p.load(t, f)
	stream := must(p.match.StreamMatches(t.Context()))(t)
	question := func(i int) *kindredv1.StreamMatchesRequest {
		q := &kindredv1.StreamMatchesRequest{CorrelationId: fmt.Sprint("c", i), Match: &kindredv1.MatchRequest{
			District: district, MinEpoch: epoch, K: 3,
			Subject: &kindredv1.MatchRequest_StudentId{StudentId: f.Students[i].ID},
		}}
		switch i % 10 {
		case 3:
			q.Match.District = ""
		case 5:
			q.Match = nil
		case 7:
			q.Match.MinEpoch = epoch + 1
		}
		return q
	}
	sent := make(chan error, 1)
	go func() {
		for i := range f.Students {
			if err := stream.Send(question(i)); err != nil {
				sent <- err
				return
			}
		}
		sent <- stream.CloseSend()
	}()
	reasons := map[int]string{3: "INVALID_FIELD", 5: "INVALID_FIELD", 7: "EPOCH_NOT_ISSUED"}
	for i := range f.Students {
		r := must(stream.Recv())(t)
		if r.GetCorrelationId() != fmt.Sprint("c", i) || r.GetStatus().GetReason() != reasons[i%10] {
			t.Fatalf("answer %d is %v", i, r)
		}
		if reasons[i%10] == "" && r.GetMatch().GetEpoch() != epoch {
			t.Fatalf("answer %d has no match", i)
		}
	}
	if _, err := stream.Recv(); err != io.EOF { //nolint:errorlint // Recv returns it as it is
		t.Fatalf("after the last answer: %v", err)
	}
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
}

func TestMatchRefuses(t *testing.T) {
	f := invent(t, generate.Options{Students: 1, Opportunities: 10, Seed: 2})
	p := run(t, t.TempDir())
	epoch := p.load(t, f)
	must(p.catalog.UpdateSettings(t.Context(), &kindredv1.UpdateSettingsRequest{
		District: district, Settings: &kindredv1.Settings{Measures: []kindredv1.Measure{kindredv1.Measure_MEASURE_DOT}},
	}))(t)
	tags := map[string]float64{}
	for i := range 65 {
		tags[fmt.Sprint(i)] = 1
	}
	for name, c := range map[string]struct {
		change         func(*kindredv1.MatchRequest)
		code           codes.Code
		reason, field  string
		textHas, limit string
	}{
		"k": {
			func(r *kindredv1.MatchRequest) { r.K = 201 },
			codes.InvalidArgument, "LIMIT_EXCEEDED", "k", "200", "200",
		},
		"negative k": {
			func(r *kindredv1.MatchRequest) { r.K = -1 },
			codes.InvalidArgument, "INVALID_FIELD", "k", "", "",
		},
		"max_per_partner": {
			func(r *kindredv1.MatchRequest) { r.MaxPerPartner = 201 },
			codes.InvalidArgument, "LIMIT_EXCEEDED", "max_per_partner", "200", "200",
		},
		"exclude_opportunities": {
			func(r *kindredv1.MatchRequest) { r.ExcludeOpportunities = make([]string, 1001) },
			codes.InvalidArgument, "LIMIT_EXCEEDED", "exclude_opportunities", "1000", "1000",
		},
		"tags": {
			func(r *kindredv1.MatchRequest) { r.GetProfile().Interests = tags },
			codes.InvalidArgument, "INVALID_FIELD", "profile.interests", "64", "",
		},
		"weight": {
			func(r *kindredv1.MatchRequest) { r.GetProfile().Interests = map[string]float64{"a": 1.1} },
			codes.InvalidArgument, "INVALID_FIELD", "profile.interests", "", "",
		},
		"as_of": {
			func(r *kindredv1.MatchRequest) { r.AsOf = "2026-02-30" },
			codes.InvalidArgument, "INVALID_FIELD", "as_of", "YYYY-MM-DD", "",
		},
		"kind": {
			func(r *kindredv1.MatchRequest) { r.Kinds = []kindredv1.OpportunityKind{99} },
			codes.InvalidArgument, "INVALID_FIELD", "kinds", "", "",
		},
		"unspecified kind": {
			func(r *kindredv1.MatchRequest) { r.PartnerKinds = []kindredv1.PartnerKind{0} },
			codes.InvalidArgument, "INVALID_FIELD", "partner_kinds", "", "",
		},
		"measure": {
			func(r *kindredv1.MatchRequest) { r.Measure = kindredv1.Measure_MEASURE_COSINE },
			codes.InvalidArgument, "MEASURE_NOT_OFFERED", "measure", "", "",
		},
		"epoch": {
			func(r *kindredv1.MatchRequest) { r.MinEpoch = epoch + 100 },
			codes.OutOfRange, "EPOCH_NOT_ISSUED", "", "", "",
		},
		"district": {
			func(r *kindredv1.MatchRequest) { r.District = "nowhere" },
			codes.NotFound, "DISTRICT_NOT_FOUND", "", "", "",
		},
		"no district": {
			func(r *kindredv1.MatchRequest) { r.District = "" },
			codes.InvalidArgument, "INVALID_FIELD", "district", "", "",
		},
		"student": {
			func(r *kindredv1.MatchRequest) { r.Subject = &kindredv1.MatchRequest_StudentId{StudentId: "nobody"} },
			codes.NotFound, "STUDENT_NOT_FOUND", "", "", "",
		},
		"no subject": {
			func(r *kindredv1.MatchRequest) { r.Subject = nil },
			codes.InvalidArgument, "INVALID_FIELD", "student_id", "", "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			req := &kindredv1.MatchRequest{District: district, Subject: &kindredv1.MatchRequest_Profile{
				Profile: &kindredv1.Profile{Interests: map[string]float64{"a": 1}},
			}}
			c.change(req)
			_, err := p.match.Match(t.Context(), req)
			r := refused(t, err, c.code, c.reason)
			if c.field != "" && !slices.Equal(r.fields, []string{c.field}) || !strings.Contains(r.message, c.textHas) ||
				r.metadata["limit"] != c.limit {
				t.Errorf("got %+v", r)
			}
		})
	}
	_, err := p.match.BatchMatch(t.Context(), &kindredv1.BatchMatchRequest{
		District: district, Items: make([]*kindredv1.BatchMatchItem, 1001),
	})
	if r := refused(t, err, codes.InvalidArgument, "LIMIT_EXCEEDED"); !strings.Contains(r.message, "1000") {
		t.Errorf("a batch of 1,001: %+v", r)
	}
	_, err = p.match.Explain(t.Context(), &kindredv1.ExplainRequest{
		District: district, Opportunity: "none", Subject: &kindredv1.ExplainRequest_Profile{Profile: &kindredv1.Profile{}},
	})
	refused(t, err, codes.NotFound, "OPPORTUNITY_NOT_FOUND")
	_, err = p.match.MatchStudents(t.Context(), &kindredv1.MatchStudentsRequest{District: district, Opportunity: "none"})
	refused(t, err, codes.NotFound, "OPPORTUNITY_NOT_FOUND")
}

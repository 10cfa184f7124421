package server_test

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	kindredv1 "github.com/kindred-match/kindred/proto/kindred/v1"
)

// school is a district in which a and b want the one seat of first, and c wants
// it less than second.
func (p *program) school(t testing.TB) {
	t.Helper()
	for i, id := range []string{"first", "second", "third"} {
		p.put(t, &kindredv1.Opportunity{
			Opportunity: id, Title: "The " + id, Seats: ptr(int32(1 + i)), Tags: map[string]float64{"cad": 1},
		})
	}
	var preferences []*kindredv1.Preference
	for _, s := range []string{"a", "b", "c"} {
		p.putStudent(t, &kindredv1.Student{Student: s, Interests: map[string]float64{"cad": 1}})
	}
	for i, id := range []string{"first", "second"} {
		for _, s := range []string{"a", "b"} {
			preferences = append(preferences, &kindredv1.Preference{Student: s, Opportunity: id, Rank: int32(i + 1)})
		}
	}
	preferences = append(preferences, &kindredv1.Preference{Student: "c", Opportunity: "second", Rank: 1})
	must(p.students.WritePreferences(t.Context(), &kindredv1.WritePreferencesRequest{District: district, Upsert: preferences}))(t)
}

func (p *program) createRun(t testing.TB, o *kindredv1.RunOptions) string {
	t.Helper()
	return must(p.seats.CreateRun(t.Context(), &kindredv1.CreateRunRequest{District: district, Options: o}))(t).GetRun().GetRun()
}

// watched is the run once it is neither queued nor running.
func (p *program) watched(t testing.TB, id string) *kindredv1.Run {
	t.Helper()
	stream := must(p.seats.WatchRun(t.Context(), &kindredv1.WatchRunRequest{District: district, Run: id}))(t)
	var last *kindredv1.Run
	for {
		m, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return last
		}
		if err != nil {
			t.Fatal(err)
		}
		last = m.GetRun()
	}
}

func (p *program) draft(t testing.TB, o *kindredv1.RunOptions) *kindredv1.Run {
	t.Helper()
	r := p.watched(t, p.createRun(t, o))
	if r.GetState() != kindredv1.RunState_RUN_STATE_DRAFT {
		t.Fatalf("the run is %v: %s", r.GetState(), r.GetFailure())
	}
	return r
}

func (p *program) publish(t testing.TB, id string) *kindredv1.PublishRunResponse {
	t.Helper()
	return must(p.seats.PublishRun(t.Context(), &kindredv1.PublishRunRequest{District: district, Run: id}))(t)
}

// placements are those of a run, or those that stand, as student=opportunity.
func (p *program) placements(t testing.TB, run string) []string {
	t.Helper()
	all := []string{}
	for token := ""; ; {
		page := must(p.seats.ListPlacements(t.Context(), &kindredv1.ListPlacementsRequest{
			District: district, Run: run, PageSize: 2, PageToken: token,
		}))(t)
		for _, r := range page.GetPlacements() {
			all = append(all, r.GetStudent()+"="+r.GetOpportunity())
		}
		if token = page.GetNextPageToken(); token == "" {
			return all
		}
	}
}

func TestARunFromItsCreationToItsPublishing(t *testing.T) {
	p := run(t, t.TempDir())
	p.school(t)
	create := &kindredv1.CreateRunRequest{District: district, RequestId: uuid.NewString()}
	created := must(p.seats.CreateRun(t.Context(), create))(t)
	if again := must(p.seats.CreateRun(t.Context(), create))(t); !proto.Equal(again, created) {
		t.Errorf("a retry gets %v, the first got %v", again, created)
	}
	id := created.GetRun().GetRun()
	o := created.GetRun().GetOptions()
	if o.GetAsOf() != "2026-09-01" || o.GetSeed() != 1 || o.GetObjective() != kindredv1.Objective_OBJECTIVE_STABLE || o.GetCandidates() != 50 {
		t.Errorf("what was left open became %v", o)
	}
	draft := p.watched(t, id)
	if got := draft.GetOutcome(); draft.GetState() != kindredv1.RunState_RUN_STATE_DRAFT || got.GetPlaced() != 3 || got.GetStudents() != 3 ||
		!slices.Equal(got.GetProfile(), []int64{2, 1}) || draft.GetEndTime() == nil || draft.GetEpoch() == 0 {
		t.Fatalf("the run is %v", draft)
	}
	outcome := p.placements(t, id)
	winner := "a"
	if slices.Contains(outcome, "b=first") {
		winner = "b"
	}
	loser := map[string]string{"a": "b", "b": "a"}[winner]
	want := []string{"a=second", "b=second", "c=second"}
	want[slices.Index([]string{"a", "b", "c"}, winner)] = winner + "=first"
	if !slices.Equal(outcome, want) {
		t.Fatalf("the outcome is %v", outcome)
	}
	if got := p.placements(t, ""); len(got) > 0 {
		t.Errorf("a draft placed %v", got)
	}
	p.documents(t, id)
	p.explained(t, id, winner, loser)
	p.differs(t, id, &kindredv1.DiffRunResponse{Gain: 3})
	published := p.publish(t, id)
	if r := published.GetRun(); r.GetState() != kindredv1.RunState_RUN_STATE_PUBLISHED || r.GetPublishTime() == nil || r.GetEndTime() != nil {
		t.Errorf("it is published as %v", r)
	}
	if got := p.placements(t, ""); !slices.Equal(got, want) {
		t.Errorf("the placements are %v, want %v", got, want)
	}
	p.differs(t, id, &kindredv1.DiffRunResponse{Stay: 3})
	// What is full is no longer offered.
	match := must(p.match.Match(t.Context(), &kindredv1.MatchRequest{
		District: district, Subject: &kindredv1.MatchRequest_StudentId{StudentId: "c"}, MinEpoch: published.GetEpoch(),
	}))(t)
	if got := ids(match); !slices.Equal(got, []string{"third"}) {
		t.Errorf("Match offers %v", got)
	}
	_, err := p.seats.PublishRun(t.Context(), &kindredv1.PublishRunRequest{District: district, Run: id})
	if r := refused(t, err, codes.FailedPrecondition, "RUN_STATE"); !strings.Contains(r.message, "published") {
		t.Errorf("publishing again says %q", r.message)
	}
}

// documents looks at what a run leaves beside its placements.
func (p *program) documents(t *testing.T, id string) {
	t.Helper()
	r := must(p.seats.GetRun(t.Context(), &kindredv1.GetRunRequest{District: district, Run: id, WithReport: true, WithFiles: true}))(t)
	for name, content := range map[string][]byte{
		"<!DOCTYPE html>": r.GetReport(), `"total_rank":4`: r.GetSummary(), `"objective":"stable"`: r.GetCertificate(),
	} {
		if !strings.Contains(string(content), name) {
			t.Errorf("%q is not in %.80s", name, content)
		}
	}
	if bare := must(p.seats.GetRun(t.Context(), &kindredv1.GetRunRequest{District: district, Run: id}))(t); bare.GetReport() != nil || bare.GetSummary() != nil {
		t.Error("what wasn't asked for is given")
	}
}

// explained looks at why the loser has not what the winner has.
func (p *program) explained(t *testing.T, id, winner, loser string) {
	t.Helper()
	ask := &kindredv1.ExplainPlacementRequest{District: district, Run: id, Student: loser}
	e := must(p.seats.ExplainPlacement(t.Context(), ask))(t)
	if e.GetReason() != kindredv1.PlacementReason_PLACEMENT_REASON_PLACED || e.GetOpportunity() != "second" || e.GetTitle() != "The second" ||
		e.GetHow() != kindredv1.PlacementHow_PLACEMENT_HOW_LISTED || len(e.GetAnswers()) != 2 || e.GetText() == "" {
		t.Fatalf("explained by %v", e)
	}
	first := e.GetAnswers()[0]
	if first.GetReason() != kindredv1.PlacementReason_PLACEMENT_REASON_BELOW_CUTOFF || first.GetCutoff().GetLottery() >= first.GetOwn().GetLottery() {
		t.Errorf("first is answered by %v", first)
	}
	if strings.Contains(first.GetText(), winner+" ") {
		t.Errorf("it tells who was placed: %s", first.GetText())
	}
	ask.Opportunity = "third"
	e = must(p.seats.ExplainPlacement(t.Context(), ask))(t)
	if a := e.GetAnswers(); len(a) != 1 || a[0].GetReason() != kindredv1.PlacementReason_PLACEMENT_REASON_NOT_LISTED {
		t.Errorf("third is answered by %v", a)
	}
	for reason, ask := range map[string]*kindredv1.ExplainPlacementRequest{
		"STUDENT_NOT_FOUND":     {District: district, Run: id, Student: "nobody"},
		"OPPORTUNITY_NOT_FOUND": {District: district, Run: id, Student: loser, Opportunity: "nothing"},
		"RUN_NOT_FOUND":         {District: district, Run: uuid.NewString(), Student: loser},
		"DISTRICT_NOT_FOUND":    {District: "nowhere", Run: id, Student: loser},
	} {
		_, err := p.seats.ExplainPlacement(t.Context(), ask)
		refused(t, err, codes.NotFound, reason)
	}
}

// differs compares the numbers of a run's difference to what stands.
func (p *program) differs(t *testing.T, id string, want *kindredv1.DiffRunResponse) {
	t.Helper()
	d := must(p.seats.DiffRun(t.Context(), &kindredv1.DiffRunRequest{District: district, Run: id, PageSize: 1}))(t)
	changes := want.GetGain() + want.GetMove() + want.GetLose()
	if d.GetStay() != want.GetStay() || d.GetGain() != want.GetGain() || d.GetMove() != want.GetMove() || d.GetLose() != want.GetLose() ||
		(changes > 0) != (len(d.GetOpportunities()) == 1) {
		t.Fatalf("the difference is %v, want %v", d, want)
	}
	if changes == 0 {
		return
	}
	flows, arrive := int64(0), int64(0)
	for {
		for _, f := range d.GetFlows() {
			flows += f.GetStudents()
		}
		for _, o := range d.GetOpportunities() {
			arrive += o.GetArrive()
			if o.GetTitle() != "The "+o.GetOpportunity() {
				t.Errorf("%v", o)
			}
		}
		if d.GetNextPageToken() == "" {
			break
		}
		d = must(p.seats.DiffRun(t.Context(), &kindredv1.DiffRunRequest{
			District: district, Run: id, PageSize: 1, PageToken: d.GetNextPageToken(),
		}))(t)
	}
	if flows != changes || arrive != want.GetGain()+want.GetMove() {
		t.Errorf("%d students go, and %d arrive, want %v", flows, arrive, want)
	}
}

// TestADraftThatNoLongerFitsIsRefused: placements by hand since, and seats that
// are gone, stand in the way, and are named.
func TestADraftThatNoLongerFitsIsRefused(t *testing.T) {
	p := run(t, t.TempDir())
	p.school(t)
	stale := p.draft(t, nil).GetRun()
	by := must(p.seats.CreatePlacement(t.Context(), &kindredv1.CreatePlacementRequest{
		District: district, Student: "c", Opportunity: "third", Reason: "the family asked for it",
	}))(t)
	if s := by.GetSeat(); s.GetState() != kindredv1.SeatState_SEAT_STATE_PLACED || s.GetSeat() == "" {
		t.Fatalf("placed as %v", s)
	}
	for reason, req := range map[string]*kindredv1.CreatePlacementRequest{
		"ALREADY_PLACED":        {District: district, Student: "c", Opportunity: "second"},
		"STUDENT_NOT_FOUND":     {District: district, Student: "nobody", Opportunity: "second"},
		"OPPORTUNITY_NOT_FOUND": {District: district, Student: "a", Opportunity: "nothing"},
		"DISTRICT_NOT_FOUND":    {District: "nowhere", Student: "a", Opportunity: "second"},
		"INVALID_FIELD":         {District: district, Student: "a", Opportunity: "second", Reason: strings.Repeat("x", 5000)},
	} {
		_, err := p.seats.CreatePlacement(t.Context(), req)
		if got := refusalOf(t, err).reason; got != reason {
			t.Errorf("got %s, want %s", got, reason)
		}
	}
	_, err := p.seats.PublishRun(t.Context(), &kindredv1.PublishRunRequest{District: district, Run: stale})
	refused(t, err, codes.FailedPrecondition, "RUN_OUT_OF_DATE")
	// One that knows of it moves c, whose preference it is, to second.
	fresh := p.draft(t, nil).GetRun()
	p.differs(t, fresh, &kindredv1.DiffRunResponse{Gain: 2, Move: 1})
	kept := p.draft(t, &kindredv1.RunOptions{Keep: kindredv1.Keep_KEEP_FREEZE}).GetRun()
	p.differs(t, kept, &kindredv1.DiffRunResponse{Gain: 2, Stay: 1})
	p.put(t, &kindredv1.Opportunity{
		Opportunity: "second", Title: "The second", Seats: ptr(int32(0)), Tags: map[string]float64{"cad": 1},
	})
	_, err = p.seats.PublishRun(t.Context(), &kindredv1.PublishRunRequest{District: district, Run: kept})
	if r := refused(t, err, codes.FailedPrecondition, "RUN_OUT_OF_DATE"); !strings.Contains(r.message, "second lacks 1 seats (full)") {
		t.Errorf("it is refused with %q", r.message)
	}
	if got := p.placements(t, ""); !slices.Equal(got, []string{"c=third"}) {
		t.Errorf("the placements are %v", got)
	}
	withdraw := &kindredv1.WithdrawPlacementRequest{District: district, RequestId: uuid.NewString(), Student: "c", Reason: "moved away"}
	done := must(p.seats.WithdrawPlacement(t.Context(), withdraw))(t)
	if again := must(p.seats.WithdrawPlacement(t.Context(), withdraw))(t); !proto.Equal(again, done) {
		t.Errorf("a retry gets %v, the first got %v", again, done)
	}
	_, err = p.seats.WithdrawPlacement(t.Context(), &kindredv1.WithdrawPlacementRequest{District: district, Student: "c"})
	refused(t, err, codes.NotFound, "PLACEMENT_NOT_FOUND")
	_, err = p.seats.WithdrawPlacement(t.Context(), &kindredv1.WithdrawPlacementRequest{District: district, Student: "nobody"})
	refused(t, err, codes.NotFound, "STUDENT_NOT_FOUND")
}

func TestRunsAreListedCancelledAndDiscarded(t *testing.T) {
	p := run(t, t.TempDir())
	p.school(t)
	var made []string
	for seed := range 5 {
		made = append(made, p.draft(t, &kindredv1.RunOptions{Seed: ptr(uint64(seed))}).GetRun())
	}
	slices.Reverse(made)
	var listed []string
	for token := ""; ; {
		page := must(p.seats.ListRuns(t.Context(), &kindredv1.ListRunsRequest{District: district, PageSize: 2, PageToken: token}))(t)
		for _, r := range page.GetRuns() {
			listed = append(listed, r.GetRun())
		}
		if token = page.GetNextPageToken(); token == "" {
			break
		}
	}
	if !slices.Equal(listed, made) {
		t.Errorf("listed %v, want %v", listed, made)
	}
	_, err := p.seats.CancelRun(t.Context(), &kindredv1.CancelRunRequest{District: district, Run: made[0]})
	refused(t, err, codes.FailedPrecondition, "RUN_STATE")
	discard := &kindredv1.DiscardRunRequest{District: district, Run: made[0], RequestId: uuid.NewString()}
	gone := must(p.seats.DiscardRun(t.Context(), discard))(t)
	if r := gone.GetRun(); r.GetState() != kindredv1.RunState_RUN_STATE_DISCARDED || r.GetOutcome() != nil {
		t.Errorf("discarded as %v", r)
	}
	if again := must(p.seats.DiscardRun(t.Context(), discard))(t); !proto.Equal(again, gone) {
		t.Errorf("a retry gets %v, the first got %v", again, gone)
	}
	for _, err := range []error{
		second(p.seats.ListPlacements(t.Context(), &kindredv1.ListPlacementsRequest{District: district, Run: made[0]})),
		second(p.seats.DiffRun(t.Context(), &kindredv1.DiffRunRequest{District: district, Run: made[0]})),
		second(p.seats.DiffRun(t.Context(), &kindredv1.DiffRunRequest{District: district, Run: made[1], Base: made[0]})),
		second(p.seats.ExplainPlacement(t.Context(), &kindredv1.ExplainPlacementRequest{District: district, Run: made[0], Student: "a"})),
		second(p.seats.PublishRun(t.Context(), &kindredv1.PublishRunRequest{District: district, Run: made[0]})),
	} {
		refused(t, err, codes.FailedPrecondition, "RUN_STATE")
	}
	for _, id := range []string{uuid.NewString(), "x"} {
		_, err := p.seats.GetRun(t.Context(), &kindredv1.GetRunRequest{District: district, Run: id})
		refused(t, err, codes.NotFound, "RUN_NOT_FOUND")
	}
}

func second[T any](_ T, err error) error { return err }

// TestErasingAStudentErasesItFromRuns: its row and its explanation are gone, and
// those of others stay.
func TestErasingAStudentErasesItFromRuns(t *testing.T) {
	p := run(t, t.TempDir())
	p.school(t)
	id := p.draft(t, nil).GetRun()
	ask := &kindredv1.ExplainPlacementRequest{District: district, Run: id, Student: "c"}
	must(p.seats.ExplainPlacement(t.Context(), ask))(t)
	must(p.students.DeleteStudent(t.Context(), &kindredv1.DeleteStudentRequest{District: district, Student: "c"}))(t)
	_, err := p.seats.ExplainPlacement(t.Context(), ask)
	refused(t, err, codes.NotFound, "STUDENT_NOT_FOUND")
	if got := p.placements(t, id); len(got) != 2 || slices.Contains(got, "c=second") {
		t.Errorf("the outcome is %v", got)
	}
	ask.Student = "a"
	must(p.seats.ExplainPlacement(t.Context(), ask))(t)
}

// TestACheckAloneKeepsNothing: it says what would go wrong, and there is no run.
func TestACheckAloneKeepsNothing(t *testing.T) {
	p := run(t, t.TempDir())
	p.school(t)
	p.put(t, &kindredv1.Opportunity{
		Opportunity: "crowd", Seats: ptr(int32(9)), MinSeats: 2, Tags: map[string]float64{"x": 1},
	})
	p.putStudent(t, &kindredv1.Student{Student: "d", Interests: map[string]float64{"nobody-has-it": 1}})
	check := must(p.seats.CreateRun(t.Context(), &kindredv1.CreateRunRequest{District: district, ValidateOnly: true}))(t)
	c := check.GetCheck()
	if check.GetRun() != nil || c.GetStudents() != 4 || c.GetOpportunities() != 4 || c.GetSeats() != 15 || c.GetOptions().GetAsOf() != "2026-09-01" {
		t.Fatalf("the check is %v", check)
	}
	got := make(map[string]string)
	for _, f := range c.GetFindings() {
		got[strings.TrimPrefix(f.GetKind().String(), "FINDING_KIND_")] = fmt.Sprintf("%t %d %s", f.GetFatal(), f.GetCount(), f.GetOpportunity())
	}
	for kind, want := range map[string]string{"MINIMUM": "true 2 crowd", "NO_CANDIDATES": "false 1", "REFERENCE": "false 3"} {
		if strings.TrimSpace(got[kind]) != want {
			t.Errorf("%s is %q, want %q", kind, got[kind], want)
		}
	}
	if page := must(p.seats.ListRuns(t.Context(), &kindredv1.ListRunsRequest{District: district}))(t); len(page.GetRuns()) > 0 {
		t.Errorf("there is a run: %v", page)
	}
	failed := p.watched(t, p.createRun(t, nil))
	if failed.GetState() != kindredv1.RunState_RUN_STATE_FAILED || !strings.Contains(failed.GetFailure(), "crowd") {
		t.Errorf("the run is %v", failed)
	}
	for field, o := range map[string]*kindredv1.RunOptions{
		"options.candidates":      {Candidates: 1001},
		"options.keep":            {Keep: kindredv1.Keep_KEEP_MIN_MOVES},
		"options.as_of":           {AsOf: "2026-02-30"},
		"options.max_per_partner": {MaxPerPartner: -1},
		"options.objective":       {Objective: 99},
		"options.seeds":           {Seeds: 1001},
	} {
		_, err := p.seats.CreateRun(t.Context(), &kindredv1.CreateRunRequest{District: district, Options: o})
		if r := refused(t, err, codes.InvalidArgument, "INVALID_FIELD"); !slices.Equal(r.fields, []string{field}) {
			t.Errorf("%s: refused for %q", field, r.fields)
		}
	}
	_, err := p.seats.CreateRun(t.Context(), &kindredv1.CreateRunRequest{District: "nowhere"})
	refused(t, err, codes.NotFound, "DISTRICT_NOT_FOUND")
}

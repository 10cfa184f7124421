package service

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/google/uuid"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/kindred-match/kindred/matcher"
	kindredv1 "github.com/kindred-match/kindred/proto/kindred/v1"
	"github.com/kindred-match/kindred/store"
)

func TestACatalogueIsWrittenReadAndDeleted(t *testing.T) {
	h := newHarness(t)
	ctx := t.Context()
	tag := h.putTag(t, &kindredv1.Tag{Tag: "cad", Importance: new(2.5), Synonyms: []string{"drafting"}})
	partner := must(h.catalog.UpsertPartner(ctx, &kindredv1.UpsertPartnerRequest{
		District: district,
		Partner: &kindredv1.Partner{
			Partner: "acme", Kind: kindredv1.PartnerKind_PARTNER_KIND_BUSINESS, MaxSeats: new(int32(0)),
		},
	}))(t)
	opportunity := h.putOpportunity(t, &kindredv1.Opportunity{
		Opportunity: "o1", Partner: "acme", Opens: "2026-09-01", Tags: map[string]float64{"cad": 0.5},
		Latitude: new(40.7), Longitude: new(-74.0),
	})
	if tag.GetEpoch() != 1 || partner.GetEpoch() != 2 || opportunity.GetEpoch() != 3 {
		t.Errorf("got the epochs %d, %d, %d, want 1, 2, 3", tag.GetEpoch(), partner.GetEpoch(), opportunity.GetEpoch())
	}
	gotTag := must(h.catalog.GetTag(ctx, &kindredv1.GetTagRequest{District: district, Tag: "cad"}))(t)
	gotPartner := must(h.catalog.GetPartner(ctx, &kindredv1.GetPartnerRequest{District: district, Partner: "acme"}))(t)
	gotOpportunity := must(h.catalog.GetOpportunity(ctx, &kindredv1.GetOpportunityRequest{District: district, Opportunity: "o1"}))(t)
	for _, pair := range [][2]proto.Message{
		{gotTag.GetTag(), tag.GetTag()},
		{gotPartner.GetPartner(), partner.GetPartner()},
		{gotOpportunity.GetOpportunity(), opportunity.GetOpportunity()},
	} {
		if !proto.Equal(pair[0], pair[1]) {
			t.Errorf("got %v, want %v", pair[0], pair[1])
		}
	}
	partners := must(h.catalog.ListPartners(ctx, &kindredv1.ListPartnersRequest{District: district}))(t)
	opportunities := must(h.catalog.ListOpportunities(ctx, &kindredv1.ListOpportunitiesRequest{District: district}))(t)
	if len(partners.GetPartners()) != 1 || len(opportunities.GetOpportunities()) != 1 {
		t.Errorf("got %v and %v", partners, opportunities)
	}

	_, err := h.catalog.DeletePartner(ctx, &kindredv1.DeletePartnerRequest{District: district, Partner: "acme"})
	refused(t, err, codes.FailedPrecondition, reasonInUse)
	deleted := must(h.catalog.DeleteOpportunity(ctx, &kindredv1.DeleteOpportunityRequest{District: district, Opportunity: "o1"}))(t)
	if deleted.GetEpoch() != 4 {
		t.Errorf("got the epoch %d, want 4", deleted.GetEpoch())
	}
	must(h.catalog.DeletePartner(ctx, &kindredv1.DeletePartnerRequest{District: district, Partner: "acme"}))(t)
	must(h.catalog.DeleteTag(ctx, &kindredv1.DeleteTagRequest{District: district, Tag: "cad"}))(t)

	_, err = h.catalog.GetTag(ctx, &kindredv1.GetTagRequest{District: district, Tag: "cad"})
	refused(t, err, codes.NotFound, reasonNoTag)
	_, err = h.catalog.DeletePartner(ctx, &kindredv1.DeletePartnerRequest{District: district, Partner: "acme"})
	refused(t, err, codes.NotFound, reasonNoPartner)
	_, err = h.catalog.GetOpportunity(ctx, &kindredv1.GetOpportunityRequest{District: district, Opportunity: "o1"})
	refused(t, err, codes.NotFound, reasonNoOpportunity)
}

func TestWhatIsTakenOrReferredToIsInUse(t *testing.T) {
	h := newHarness(t)
	h.putTag(t, &kindredv1.Tag{Tag: "arts"})
	h.putTag(t, &kindredv1.Tag{Tag: "music", Parent: "arts"})
	_, err := h.catalog.DeleteTag(t.Context(), &kindredv1.DeleteTagRequest{District: district, Tag: "arts"})
	refused(t, err, codes.FailedPrecondition, reasonInUse)

	h.putOpportunity(t, &kindredv1.Opportunity{Opportunity: "o1"})
	h.putStudents(t, "s1")
	must(h.store.Reserve(t.Context(), district, store.Request{Now: start}, store.Reservation{
		ID: uuid.NewString(), Student: "s1", Opportunity: "o1", Expires: start.Add(DefaultHold),
	}))(t)
	_, err = h.catalog.DeleteOpportunity(t.Context(), &kindredv1.DeleteOpportunityRequest{District: district, Opportunity: "o1"})
	refused(t, err, codes.FailedPrecondition, reasonInUse)
	got := must(h.catalog.GetOpportunity(t.Context(), &kindredv1.GetOpportunityRequest{District: district, Opportunity: "o1"}))(t)
	if got.GetOpportunity().GetSeatsTaken() != 1 {
		t.Errorf("%d seats are taken, want 1", got.GetOpportunity().GetSeatsTaken())
	}
}

func TestFieldsThatBreakRulesAreNamed(t *testing.T) {
	h := newHarness(t)
	ctx := t.Context()
	_, err := h.catalog.UpsertTag(ctx, &kindredv1.UpsertTagRequest{District: district})
	refused(t, err, codes.InvalidArgument, reasonInvalidField, "tag")
	_, err = h.catalog.UpsertTag(ctx, &kindredv1.UpsertTagRequest{
		District: district,
		Tag:      &kindredv1.Tag{Tag: "a;b", Importance: new(11.0)},
	})
	refused(t, err, codes.InvalidArgument, reasonInvalidField, "tag.tag", "tag.importance")
	_, err = h.catalog.UpsertTag(ctx, &kindredv1.UpsertTagRequest{District: district, Tag: &kindredv1.Tag{Tag: "a", Parent: "none"}})
	refused(t, err, codes.InvalidArgument, reasonInvalidField, "tag.parent")
	_, err = h.catalog.UpsertOpportunity(ctx, &kindredv1.UpsertOpportunityRequest{
		District:    district,
		Opportunity: &kindredv1.Opportunity{Opportunity: "o", Partner: "none"},
	})
	refused(t, err, codes.InvalidArgument, reasonInvalidField, "opportunity.partner")
	_, err = h.catalog.UpsertPartner(ctx, &kindredv1.UpsertPartnerRequest{
		District: district, Partner: &kindredv1.Partner{Partner: "p", Kind: 99}, Etag: "W/x", RequestId: "1",
	})
	refused(t, err, codes.InvalidArgument, reasonInvalidField, "etag")
	_, err = h.catalog.DeleteTag(ctx, &kindredv1.DeleteTagRequest{District: district, Etag: "0"})
	refused(t, err, codes.InvalidArgument, reasonInvalidField, "tag", "etag")
}

func TestWhatIsAskedForIsNamed(t *testing.T) {
	h := newHarness(t)
	ctx := t.Context()
	_, err := h.catalog.GetTag(ctx, &kindredv1.GetTagRequest{District: district})
	refused(t, err, codes.InvalidArgument, reasonInvalidField, "tag")
	_, err = h.catalog.GetPartner(ctx, &kindredv1.GetPartnerRequest{District: district})
	refused(t, err, codes.InvalidArgument, reasonInvalidField, "partner")
	_, err = h.catalog.GetOpportunity(ctx, &kindredv1.GetOpportunityRequest{District: district})
	refused(t, err, codes.InvalidArgument, reasonInvalidField, "opportunity")
	_, err = h.students.GetStudent(ctx, &kindredv1.GetStudentRequest{District: district})
	refused(t, err, codes.InvalidArgument, reasonInvalidField, "student")
}

func TestSynonymsCountAsOneTag(t *testing.T) {
	h := newHarness(t)
	tags := map[string]float64{}
	for i := range 64 {
		h.putTag(t, &kindredv1.Tag{Tag: fmt.Sprint(i), Synonyms: []string{fmt.Sprint("also ", i)}})
		tags[fmt.Sprint(i)], tags[fmt.Sprint("also ", i)] = 0.5, 0.6
	}
	h.putOpportunity(t, &kindredv1.Opportunity{Opportunity: "o", Tags: tags})
	put := func() error {
		_, err := h.students.UpsertStudent(t.Context(), &kindredv1.UpsertStudentRequest{
			District: district, Student: &kindredv1.Student{Student: "s", Interests: tags},
		})
		return err
	}
	if err := put(); err != nil {
		t.Error(err)
	}
	tags["one more"] = 1
	refused(t, put(), codes.InvalidArgument, reasonInvalidField, "student.interests")
	_, err := h.catalog.UpsertOpportunity(t.Context(), &kindredv1.UpsertOpportunityRequest{
		District: district, Opportunity: &kindredv1.Opportunity{Opportunity: "o", Tags: tags},
	})
	refused(t, err, codes.InvalidArgument, reasonInvalidField, "opportunity.tags")
}

func TestARetryGetsTheFirstAnswer(t *testing.T) {
	h := newHarness(t)
	ctx := t.Context()
	req := &kindredv1.UpsertTagRequest{District: district, RequestId: uuid.NewString(), Tag: &kindredv1.Tag{Tag: "a"}}
	first := must(h.catalog.UpsertTag(ctx, req))(t)
	h.putTag(t, &kindredv1.Tag{Tag: "a", Label: "changed since"})
	if again := must(h.catalog.UpsertTag(ctx, req))(t); !proto.Equal(first, again) {
		t.Errorf("got %v, want %v", again, first)
	}
	if got := must(h.catalog.GetTag(ctx, &kindredv1.GetTagRequest{District: district, Tag: "a"}))(t); got.GetTag().GetLabel() == "" {
		t.Error("the retry was carried out")
	}
	other := proto.CloneOf(req)
	other.Tag.Label = "another body"
	_, err := h.catalog.UpsertTag(ctx, other)
	refused(t, err, codes.InvalidArgument, reasonRequestReused)
	_, err = h.catalog.DeleteTag(ctx, &kindredv1.DeleteTagRequest{District: district, RequestId: req.GetRequestId(), Tag: "a"})
	refused(t, err, codes.InvalidArgument, reasonRequestReused)
	for _, id := range []string{"1", "{" + uuid.NewString() + "}", uuid.NewString() + "0"} {
		other.RequestId = id
		_, err = h.catalog.UpsertTag(ctx, other)
		refused(t, err, codes.InvalidArgument, reasonInvalidField, "request_id")
	}

	deletion := &kindredv1.DeleteTagRequest{District: district, RequestId: uuid.NewString(), Tag: "a"}
	gone := must(h.catalog.DeleteTag(ctx, deletion))(t)
	if again := must(h.catalog.DeleteTag(ctx, deletion))(t); !proto.Equal(gone, again) {
		t.Errorf("got %v, want %v", again, gone)
	}
}

func TestAnEtagMustBeTheOneOfTheResource(t *testing.T) {
	h := newHarness(t)
	ctx := t.Context()
	old := h.putTag(t, &kindredv1.Tag{Tag: "a"}).GetTag().GetEtag()
	current := h.putTag(t, &kindredv1.Tag{Tag: "a", Label: "x"}).GetTag().GetEtag()
	if old == current {
		t.Fatal("a write left the etag as it was")
	}
	for _, mask := range []*fieldmaskpb.FieldMask{nil, {Paths: []string{"label"}}} {
		req := &kindredv1.UpsertTagRequest{District: district, Tag: &kindredv1.Tag{Tag: "a", Label: "y"}, Etag: old, UpdateMask: mask}
		_, err := h.catalog.UpsertTag(ctx, req)
		refused(t, err, codes.Aborted, reasonEtag)
	}
	_, err := h.catalog.UpsertTag(ctx, &kindredv1.UpsertTagRequest{District: district, Tag: &kindredv1.Tag{Tag: "new"}, Etag: old})
	refused(t, err, codes.Aborted, reasonEtag)
	_, err = h.catalog.DeleteTag(ctx, &kindredv1.DeleteTagRequest{District: district, Tag: "a", Etag: old})
	refused(t, err, codes.Aborted, reasonEtag)
	must(h.catalog.UpsertTag(ctx, &kindredv1.UpsertTagRequest{
		District: district, Tag: &kindredv1.Tag{Tag: "a", Label: "y"}, Etag: current,
	}))(t)
}

func TestAMaskWritesItsFieldsOnly(t *testing.T) {
	h := newHarness(t)
	put := func(o *kindredv1.Opportunity, paths ...string) (*kindredv1.UpsertOpportunityResponse, error) {
		o.Opportunity = "o"
		return h.catalog.UpsertOpportunity(t.Context(), &kindredv1.UpsertOpportunityRequest{
			District: district, Opportunity: o, UpdateMask: &fieldmaskpb.FieldMask{Paths: paths},
		})
	}
	// New: the mask is not looked at.
	must(put(&kindredv1.Opportunity{Title: "t", Seats: new(int32(7)), Tags: map[string]float64{"a": 1}}, "seats"))(t)
	got := must(put(&kindredv1.Opportunity{Title: "not this", Grades: []string{"9"}}, "grades", "seats"))(t).GetOpportunity()
	if got.GetTitle() != "t" || got.GetSeats() != 1 || len(got.GetGrades()) != 1 || got.GetTags()["a"] != 1 {
		t.Errorf("got %v", got)
	}
	got = must(put(&kindredv1.Opportunity{Title: "all"}, "*"))(t).GetOpportunity()
	if got.GetTitle() != "all" || len(got.GetGrades()) != 0 || len(got.GetTags()) != 0 {
		t.Errorf("got %v", got)
	}
	for _, path := range []string{"nothing", "etag", "seats_taken", "tags.a", ""} {
		_, err := put(&kindredv1.Opportunity{}, "title", path)
		refused(t, err, codes.InvalidArgument, reasonInvalidField, "update_mask")
	}
	_, err := put(&kindredv1.Opportunity{Latitude: new(1.0)}, "latitude")
	refused(t, err, codes.InvalidArgument, reasonInvalidField, "opportunity.longitude")
}

func TestWritersOfDifferentFieldsLoseNothing(t *testing.T) {
	h := newHarness(t)
	h.putOpportunity(t, &kindredv1.Opportunity{Opportunity: "o"})
	var writers sync.WaitGroup
	for field, o := range map[string]*kindredv1.Opportunity{
		"title": {Title: "t"}, "term": {Term: "fall"}, "remote": {Remote: true}, "goals": {Goals: []string{"g"}},
	} {
		writers.Go(func() {
			o.Opportunity = "o"
			_, err := h.catalog.UpsertOpportunity(t.Context(), &kindredv1.UpsertOpportunityRequest{
				District: district, Opportunity: o, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{field}},
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	writers.Wait()
	got := must(h.catalog.GetOpportunity(t.Context(), &kindredv1.GetOpportunityRequest{District: district, Opportunity: "o"}))(t).GetOpportunity()
	if got.GetTitle() != "t" || got.GetTerm() != "fall" || !got.GetRemote() || len(got.GetGoals()) != 1 {
		t.Errorf("got %v", got)
	}
}

// contended is a store in which others always write first.
type contended struct{ store.Store }

func (c contended) Write(context.Context, string, store.Request, store.Write) (store.Receipt, error) {
	return store.Receipt{}, store.ErrConflict
}

func TestAWriteThatOthersKeepUndoingGivesUp(t *testing.T) {
	h := newHarness(t)
	h.putTag(t, &kindredv1.Tag{Tag: "a"})
	h = serve(t, contended{h.store})
	label := &fieldmaskpb.FieldMask{Paths: []string{"label"}}
	_, err := h.catalog.UpsertTag(t.Context(), &kindredv1.UpsertTagRequest{
		District: district, Tag: &kindredv1.Tag{Tag: "a", Label: "x"}, UpdateMask: label,
	})
	refused(t, err, codes.Aborted, reasonConcurrentChanges)
	_, err = h.catalog.UpdateSettings(t.Context(), &kindredv1.UpdateSettingsRequest{District: district, Settings: &kindredv1.Settings{}})
	refused(t, err, codes.Aborted, reasonConcurrentChanges)
}

func TestSettings(t *testing.T) {
	h := newHarness(t)
	ctx := t.Context()
	h.putTag(t, &kindredv1.Tag{Tag: "a"})
	get := func() *kindredv1.Settings {
		t.Helper()
		return must(h.catalog.GetSettings(ctx, &kindredv1.GetSettingsRequest{District: district}))(t).GetSettings()
	}
	same := func(got *kindredv1.Settings) {
		t.Helper()
		if want := get(); !proto.Equal(got, want) {
			t.Errorf("the answer was %v, the settings are %v", got, want)
		}
	}
	if s := get(); s.GetAncestorDecay() != 0.5 || s.GetIdf() || len(s.GetMeasures()) != len(matcher.Measures) || s.GetTimeZone() != "UTC" {
		t.Errorf("by default the settings are %v", s)
	}
	update := func(req *kindredv1.UpdateSettingsRequest) (*kindredv1.UpdateSettingsResponse, error) {
		req.District = district
		return h.catalog.UpdateSettings(ctx, req)
	}
	first := must(update(&kindredv1.UpdateSettingsRequest{Settings: &kindredv1.Settings{
		Measures: []kindredv1.Measure{kindredv1.Measure_MEASURE_DOT}, TimeZone: "America/New_York", Idf: true,
	}}))(t)
	same(first.GetSettings())
	if head := must(h.store.Head(ctx, district))(t); head.StatisticsVersion == 0 || uint64(head.Epoch) != first.GetEpoch() {
		t.Errorf("with idf switched on the head is %+v, the answer's epoch %d", head, first.GetEpoch())
	}
	second := must(update(&kindredv1.UpdateSettingsRequest{
		Settings:   &kindredv1.Settings{AncestorDecay: new(0.0), TimeZone: "not this"},
		UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"ancestor_decay"}},
		Etag:       first.GetSettings().GetEtag(),
	}))(t)
	same(second.GetSettings())
	if s := second.GetSettings(); s.GetAncestorDecay() != 0 || s.GetTimeZone() != "America/New_York" || !s.GetIdf() {
		t.Errorf("got %v", s)
	}
	_, err := update(&kindredv1.UpdateSettingsRequest{Settings: &kindredv1.Settings{}, Etag: first.GetSettings().GetEtag()})
	refused(t, err, codes.Aborted, reasonEtag)
	_, err = update(&kindredv1.UpdateSettingsRequest{})
	refused(t, err, codes.InvalidArgument, reasonInvalidField, "settings")
	_, err = update(&kindredv1.UpdateSettingsRequest{Settings: &kindredv1.Settings{TimeZone: "Mars/Base"}})
	refused(t, err, codes.InvalidArgument, reasonInvalidField, "settings.time_zone")

	unchanged := must(update(&kindredv1.UpdateSettingsRequest{Settings: second.GetSettings()}))(t)
	same(unchanged.GetSettings())
	zone := must(update(&kindredv1.UpdateSettingsRequest{
		Settings: &kindredv1.Settings{TimeZone: "Europe/Paris"}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"time_zone"}},
	}))(t)
	same(zone.GetSettings())

	elsewhere := must(h.catalog.UpdateSettings(ctx, &kindredv1.UpdateSettingsRequest{
		District: "new", Settings: &kindredv1.Settings{Idf: true}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"idf"}},
	}))(t)
	if s := elsewhere.GetSettings(); !s.GetIdf() || s.GetAncestorDecay() != 0.5 || s.GetEtag() == "" {
		t.Errorf("a new district's settings are %v", s)
	}
}

func TestStatisticsAreComputedWhenAsked(t *testing.T) {
	h := newHarness(t)
	ctx := t.Context()
	h.putTag(t, &kindredv1.Tag{Tag: "arts"})
	h.putTag(t, &kindredv1.Tag{Tag: "music", Parent: "arts"})
	h.putOpportunity(t, &kindredv1.Opportunity{Opportunity: "o", Tags: map[string]float64{"music": 1}})
	h.putOpportunity(t, &kindredv1.Opportunity{Opportunity: "closed", Status: kindredv1.OpportunityStatus_OPPORTUNITY_STATUS_CLOSED})
	if v := must(h.store.Head(ctx, district))(t).StatisticsVersion; v != 0 {
		t.Errorf("before, the version is %d", v)
	}
	answer := must(h.catalog.RefreshStatistics(ctx, &kindredv1.RefreshStatisticsRequest{District: district}))(t)
	state := must(h.store.State(ctx, district))(t)
	if state.StatisticsVersion == 0 || uint64(state.Epoch) != answer.GetEpoch() {
		t.Errorf("version %d at epoch %d, the answer says %d", state.StatisticsVersion, state.Epoch, answer.GetEpoch())
	}
	if s := state.Statistics; s.Published != 1 || s.Frequency["music"] != 1 || s.Frequency["arts"] != 1 {
		t.Errorf("got %+v", s)
	}
}

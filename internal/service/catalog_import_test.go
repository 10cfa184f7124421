package service

import (
	"fmt"
	"testing"

	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	kindredv1 "github.com/kindred-match/kindred/proto/kindred/v1"
)

type importStream = grpc.ClientStreamingClient[kindredv1.ImportCatalogRequest, kindredv1.ImportCatalogResponse]

func header(h *kindredv1.ImportCatalogHeader) *kindredv1.ImportCatalogRequest {
	return &kindredv1.ImportCatalogRequest{Part: &kindredv1.ImportCatalogRequest_Header{Header: h}}
}

func rows(r *kindredv1.ImportCatalogRows) *kindredv1.ImportCatalogRequest {
	return &kindredv1.ImportCatalogRequest{Part: &kindredv1.ImportCatalogRequest_Rows{Rows: r}}
}

// send sends messages and returns the answer. When a message can't be sent the
// answer has come and says why.
func send(stream importStream, messages ...*kindredv1.ImportCatalogRequest) (*kindredv1.ImportCatalogResponse, error) {
	for _, m := range messages {
		if stream.Send(m) != nil {
			break
		}
	}
	return stream.CloseAndRecv()
}

// importAll imports rows, a message for each part.
func importAll(t testing.TB, stream importStream, h *kindredv1.ImportCatalogHeader, parts ...*kindredv1.ImportCatalogRows) *kindredv1.ImportCatalogResponse {
	t.Helper()
	messages := []*kindredv1.ImportCatalogRequest{header(h)}
	for _, part := range parts {
		messages = append(messages, rows(part))
	}
	return must(send(stream, messages...))(t)
}

func (h *harness) importing(t testing.TB) importStream {
	t.Helper()
	return must(h.catalog.ImportCatalog(t.Context()))(t)
}

func TestImport(t *testing.T) {
	h := newHarness(t)
	music := &kindredv1.Tag{Tag: "music", Parent: "arts"}
	arts := &kindredv1.Tag{Tag: "arts"}
	band := &kindredv1.Opportunity{Opportunity: "band", Partner: "hall", Tags: map[string]float64{"music": 1}}
	old := h.putOpportunity(t, &kindredv1.Opportunity{Opportunity: "old"})
	req := &kindredv1.ImportCatalogHeader{District: district, RequestId: uuid.NewString(), Replace: true}
	answer := importAll(t, h.importing(t), req,
		&kindredv1.ImportCatalogRows{Opportunities: []*kindredv1.Opportunity{band}},
		&kindredv1.ImportCatalogRows{Tags: []*kindredv1.Tag{music, arts}, Partners: []*kindredv1.Partner{{Partner: "hall"}}})
	if answer.GetTags() != 2 || answer.GetPartners() != 1 || answer.GetOpportunities() != 1 || answer.GetEpoch() <= old.GetEpoch() {
		t.Errorf("got %v", answer)
	}
	state := must(h.store.State(t.Context(), district))(t)
	if state.Statistics.Frequency["arts"] != 1 || state.StatisticsVersion == 0 || uint64(state.Epoch) != answer.GetEpoch() {
		t.Errorf("got the statistics %+v at epoch %d", state.Statistics, state.Epoch)
	}
	closed := must(h.catalog.GetOpportunity(t.Context(), &kindredv1.GetOpportunityRequest{District: district, Opportunity: "old"}))(t)
	if closed.GetOpportunity().GetStatus() != kindredv1.OpportunityStatus_OPPORTUNITY_STATUS_CLOSED {
		t.Errorf("what the import lacks is %v", closed.GetOpportunity().GetStatus())
	}

	// A retry that splits the rows otherwise is the same request.
	again := importAll(t, h.importing(t), req,
		&kindredv1.ImportCatalogRows{Tags: []*kindredv1.Tag{music}, Partners: []*kindredv1.Partner{{Partner: "hall"}}},
		&kindredv1.ImportCatalogRows{Tags: []*kindredv1.Tag{arts}, Opportunities: []*kindredv1.Opportunity{band}})
	if !proto.Equal(answer, again) || h.epoch(t) != answer.GetEpoch() {
		t.Errorf("got %v, want %v", again, answer)
	}
	_, err := send(h.importing(t), header(req), rows(&kindredv1.ImportCatalogRows{Tags: []*kindredv1.Tag{arts, music}}))
	refused(t, err, codes.InvalidArgument, reasonRequestReused)
}

func TestAnImportIsAllOrNothing(t *testing.T) {
	h := newHarness(t)
	ok := &kindredv1.ImportCatalogHeader{District: district}
	tag := &kindredv1.Tag{Tag: "a"}
	opportunities := func(list ...*kindredv1.Opportunity) *kindredv1.ImportCatalogRequest {
		return rows(&kindredv1.ImportCatalogRows{Tags: []*kindredv1.Tag{tag}, Opportunities: list})
	}
	for name, test := range map[string]struct {
		messages []*kindredv1.ImportCatalogRequest
		fields   []string
	}{
		"nothing":           {nil, []string{"header"}},
		"an empty message":  {[]*kindredv1.ImportCatalogRequest{{}}, []string{"header"}},
		"no header":         {[]*kindredv1.ImportCatalogRequest{opportunities()}, []string{"header"}},
		"two headers":       {[]*kindredv1.ImportCatalogRequest{header(ok), header(ok)}, []string{"rows"}},
		"no district":       {[]*kindredv1.ImportCatalogRequest{header(&kindredv1.ImportCatalogHeader{})}, []string{"header.district"}},
		"a bad request id":  {[]*kindredv1.ImportCatalogRequest{header(&kindredv1.ImportCatalogHeader{District: "d", RequestId: "1"})}, []string{"header.request_id"}},
		"an id twice":       {[]*kindredv1.ImportCatalogRequest{header(ok), opportunities(), opportunities()}, []string{"rows.tags[1].tag"}},
		"a missing partner": {[]*kindredv1.ImportCatalogRequest{header(ok), opportunities(&kindredv1.Opportunity{Opportunity: "o"}, &kindredv1.Opportunity{Opportunity: "p", Partner: "none"})}, []string{"rows.opportunities[1].partner"}},
		"a missing parent":  {[]*kindredv1.ImportCatalogRequest{header(ok), rows(&kindredv1.ImportCatalogRows{Tags: []*kindredv1.Tag{tag, {Tag: "b", Parent: "none"}}})}, []string{"rows.tags[1].parent"}},
		"several findings": {
			[]*kindredv1.ImportCatalogRequest{
				header(ok),
				opportunities(&kindredv1.Opportunity{Opportunity: "o", Seats: new(int32(-1))}),
				rows(&kindredv1.ImportCatalogRows{Partners: []*kindredv1.Partner{{Partner: "p", Kind: 77}}}),
				rows(&kindredv1.ImportCatalogRows{Opportunities: []*kindredv1.Opportunity{{Opportunity: "p", Opens: "x"}}}),
			},
			[]string{"rows.opportunities[0].seats", "rows.partners[0].kind", "rows.opportunities[1].opens"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := send(h.importing(t), test.messages...)
			refused(t, err, codes.InvalidArgument, reasonInvalidField, test.fields...)
		})
	}
	if e := h.epoch(t); e != 0 {
		t.Errorf("refused imports have left epoch %d", e)
	}
}

func TestAnImportCountsSynonymsAsOneTag(t *testing.T) {
	h := newHarness(t)
	var tags []*kindredv1.Tag
	weights := map[string]float64{}
	for i := range 64 {
		tags = append(tags, &kindredv1.Tag{Tag: fmt.Sprint(i), Synonyms: []string{fmt.Sprint("also ", i)}})
		weights[fmt.Sprint(i)], weights[fmt.Sprint("also ", i)] = 0.5, 0.6
	}
	h.putTag(t, tags[0]) // some of them are there already
	content := &kindredv1.ImportCatalogRows{
		Tags: tags[1:], Opportunities: []*kindredv1.Opportunity{{Opportunity: "o", Tags: weights}},
	}
	importAll(t, h.importing(t), &kindredv1.ImportCatalogHeader{District: district}, content)
	weights["one more"] = 1
	_, err := send(h.importing(t), header(&kindredv1.ImportCatalogHeader{District: district}), rows(content))
	refused(t, err, codes.InvalidArgument, reasonInvalidField, "rows.opportunities[0].tags")
}

func TestAnImportOfTooManyRows(t *testing.T) {
	im := must(newImport(&kindredv1.ImportCatalogHeader{District: district}))(t)
	im.rows[0].n = MaxImportRows - 1
	if err := im.add(&kindredv1.ImportCatalogRows{Partners: []*kindredv1.Partner{{Partner: "p"}}}); err != nil {
		t.Error(err)
	}
	err := im.add(&kindredv1.ImportCatalogRows{Partners: []*kindredv1.Partner{{Partner: "q"}}})
	refused(t, statusOf(t.Context(), err).Err(), codes.InvalidArgument, reasonLimitExceeded, "rows")
}

func TestAnImportWithManyErrorsIsBounded(t *testing.T) {
	h := newHarness(t)
	messages := []*kindredv1.ImportCatalogRequest{header(&kindredv1.ImportCatalogHeader{District: district})}
	for m := range 10 {
		part := &kindredv1.ImportCatalogRows{}
		for i := range 1000 {
			part.Tags = append(part.Tags, &kindredv1.Tag{Tag: fmt.Sprintf("%d;%d", m, i)})
		}
		messages = append(messages, rows(part))
	}
	_, err := send(h.importing(t), messages...)
	var want []string
	for i := range maxViolations {
		want = append(want, fmt.Sprintf("rows.tags[%d].tag", i))
	}
	refused(t, err, codes.InvalidArgument, reasonInvalidField, want...)
}

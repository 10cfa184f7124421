package service

import (
	"context"
	"fmt"
	"testing"

	"google.golang.org/grpc/codes"

	kindredv1 "github.com/kindred-match/kindred/proto/kindred/v1"
	"github.com/kindred-match/kindred/store/sqlstore"
)

func TestAWatchTellsWhatWasAndWhatComes(t *testing.T) {
	h := newHarness(t)
	h.putTag(t, &kindredv1.Tag{Tag: "a"})
	h.putTag(t, &kindredv1.Tag{Tag: "b"})
	stream := must(h.catalog.WatchChanges(t.Context(), &kindredv1.WatchChangesRequest{District: district, AfterEpoch: 1}))(t)
	next := func(want *kindredv1.Change) {
		t.Helper()
		m := must(stream.Recv())(t)
		if len(m.GetChanges()) != 1 {
			t.Fatalf("got %v, want one change", m)
		}
		got := m.GetChanges()[0]
		if got.GetEpoch() != want.GetEpoch() || got.GetKind() != want.GetKind() || got.GetId() != want.GetId() || got.GetDeleted() != want.GetDeleted() {
			t.Fatalf("got %v, want %v", got, want)
		}
	}
	next(&kindredv1.Change{Epoch: 2, Kind: kindredv1.ChangeKind_CHANGE_KIND_TAG, Id: "b"})
	h.putOpportunity(t, &kindredv1.Opportunity{Opportunity: "o"})
	next(&kindredv1.Change{Epoch: 3, Kind: kindredv1.ChangeKind_CHANGE_KIND_OPPORTUNITY, Id: "o"})
	must(h.catalog.DeleteTag(t.Context(), &kindredv1.DeleteTagRequest{District: district, Tag: "a"}))(t)
	next(&kindredv1.Change{Epoch: 4, Kind: kindredv1.ChangeKind_CHANGE_KIND_TAG, Id: "a", Deleted: true})

	h.service.Drain()
	_, err := stream.Recv()
	refused(t, err, codes.Unavailable, reasonDraining)
}

func TestAWatchEndsWithItsCaller(t *testing.T) {
	h := newHarness(t)
	h.putTag(t, &kindredv1.Tag{Tag: "a"})
	ctx, cancel := context.WithCancel(t.Context())
	stream := must(h.catalog.WatchChanges(ctx, &kindredv1.WatchChangesRequest{District: district}))(t)
	must(stream.Recv())(t)
	cancel()
	if _, err := stream.Recv(); err == nil {
		t.Error("the stream goes on")
	}
}

func TestAWatchFromAnEpochThatWasNotIssued(t *testing.T) {
	h := newHarness(t)
	h.putTag(t, &kindredv1.Tag{Tag: "a"})
	stream := must(h.catalog.WatchChanges(t.Context(), &kindredv1.WatchChangesRequest{District: district, AfterEpoch: 2}))(t)
	_, err := stream.Recv()
	refused(t, err, codes.OutOfRange, reasonEpoch)
}

func TestAWatchFromBeforeTheLogBegins(t *testing.T) {
	st, err := sqlstore.Open(t.Context(), sqlstore.Options{Dir: t.TempDir(), KeepChanges: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	h := serve(t, st)
	// The log is cut now and then, not with every change.
	for i := range 10_000 {
		h.putTag(t, &kindredv1.Tag{Tag: fmt.Sprint(i % 10), Label: fmt.Sprint(i)})
		if _, err := st.Changes(t.Context(), district, 1, 1); err != nil {
			break
		}
	}
	stream := must(h.catalog.WatchChanges(t.Context(), &kindredv1.WatchChangesRequest{District: district, AfterEpoch: 1}))(t)
	_, err = stream.Recv()
	refused(t, err, codes.FailedPrecondition, reasonTruncated)
}

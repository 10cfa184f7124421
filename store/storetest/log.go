package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/kindred-match/kindred/store"
)

func (s *suite) testLog(t *testing.T) {
	st := s.open(t)
	ctx := t.Context()
	_, err := st.Delta(ctx, "d", 0)
	wantError(t, err, store.ErrNotFound)
	_, err = st.Changes(ctx, "d", 0, 1)
	wantError(t, err, store.ErrNotFound)

	write(t, st, "d", putPartner(partner("p")), putOpportunity(opportunity("o1", "p")), putOpportunity(opportunity("o2", "")))
	write(t, st, "d", store.Mutation{DeleteOpportunity: "o2"})
	all := []store.Change{
		{Epoch: 1, Kind: store.KindPartner, ID: "p"},
		{Epoch: 2, Kind: store.KindOpportunity, ID: "o1", Number: 1},
		{Epoch: 3, Kind: store.KindOpportunity, ID: "o2", Number: 2},
		{Epoch: 4, Kind: store.KindOpportunity, ID: "o2", Number: 2, Deleted: true},
	}
	for after := range all {
		for limit := 1; limit < 6; limit++ {
			got, err := st.Changes(ctx, "d", store.Epoch(after), limit)
			must(t, err)
			wantEqual(t, "log", got, all[after:min(after+limit, len(all))])
		}
	}
	_, err = st.Changes(ctx, "d", 5, 1)
	wantError(t, err, store.ErrEpoch)
	_, err = st.Delta(ctx, "d", 5)
	wantError(t, err, store.ErrEpoch)
	wantViolation(t, second(st.Changes(ctx, "d", 0, 0)), -1, "limit")

	now := state(t, st, "d")
	delta, err := st.Delta(ctx, "d", 0)
	must(t, err)
	wantEqual(t, "delta", delta, &store.Delta{
		To: 4, Partners: now.Partners, Opportunities: now.Opportunities, RemovedOpportunities: []string{"o2"},
	})
	delta, err = st.Delta(ctx, "d", 4)
	must(t, err)
	wantEqual(t, "delta of nothing", delta, &store.Delta{From: 4, To: 4})
	write(t, st, "d", putTag(tag("t")), store.Mutation{DeleteOpportunity: "o1"})
	delta, err = st.Delta(ctx, "d", 4)
	must(t, err)
	wantEqual(t, "delta with a tag", delta, &store.Delta{From: 4, To: 6, Rebuild: true})
}

func (s *suite) testTruncation(t *testing.T) {
	if s.openShort == nil {
		t.Skip("the implementation's log is not cut in tests")
	}
	st := s.openShort(t)
	ctx := t.Context()
	total := 3 * s.keep
	for i := range total {
		write(t, st, "d", putPartner(partner(fmt.Sprint(i))))
	}
	_, err := st.Delta(ctx, "d", 0)
	wantError(t, err, store.ErrTruncated)
	_, err = st.Changes(ctx, "d", store.Epoch(total-2*s.keep), 1)
	wantError(t, err, store.ErrTruncated)
	from := store.Epoch(total - s.keep)
	delta, err := st.Delta(ctx, "d", from)
	must(t, err)
	if len(delta.Partners) != s.keep {
		t.Fatalf("%d partners in the delta, want %d", len(delta.Partners), s.keep)
	}
	changes, err := st.Changes(ctx, "d", from, total)
	must(t, err)
	if len(changes) != s.keep || changes[0].Epoch != from+1 {
		t.Fatalf("%d changes from %d on", len(changes), changes[0].Epoch)
	}
}

func (s *suite) testWait(t *testing.T) {
	st := s.open(t)
	ctx := t.Context()
	write(t, st, "other", putTag(tag("a")))
	woken := make(chan error)
	for range 3 { // before the district is there
		go func() { woken <- st.Wait(ctx, "d", 0) }()
	}
	must(t, st.Wait(ctx, "other", 0))
	r := write(t, st, "d", putTag(tag("a")))
	for range 3 {
		must(t, <-woken)
	}
	must(t, st.Wait(ctx, "d", r.Epoch-1))

	// Another district's change, or a write that changes nothing, wakes nobody.
	stopped, stop := context.WithCancelCause(ctx)
	go func() { woken <- st.Wait(stopped, "d", r.Epoch) }()
	write(t, st, "other", putTag(tag("b")))
	write(t, st, "d", putTag(tag("a")))
	select {
	case err := <-woken:
		t.Fatalf("woken by nothing: %v", err)
	default:
	}
	stop(errors.New("enough"))
	wantError(t, <-woken, context.Canceled)
	wantError(t, st.Wait(stopped, "d", 0), context.Canceled)

	// Seats are changes too.
	enrol(t, st, "d", "s")
	r = write(t, st, "d", putOpportunity(opportunity("o", "")))
	go func() { woken <- st.Wait(ctx, "d", r.Epoch) }()
	reserve(t, st, "d", "r", "s", "o")
	must(t, <-woken)

	go func() { woken <- st.Wait(ctx, "d", r.Epoch+1) }()
	must(t, st.Close())
	wantError(t, <-woken, store.ErrClosed)
}

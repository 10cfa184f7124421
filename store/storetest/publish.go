package storetest

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/matcher/place"
	"github.com/kindred-match/kindred/store"
)

// pairs are the placements in force: opportunity by student.
func pairs(t tb, st store.Store, district string) map[string]string {
	t.Helper()
	list, err := st.Placements(t.Context(), district, "", 1000)
	must(t, err)
	m := map[string]string{}
	for _, p := range list {
		m[p.Student] = p.Opportunity
	}
	return m
}

// testPublish publishes over placements of all kinds: one that stays, one that
// moves, one that ends, a reservation that becomes one, and one that is of no
// concern to the run.
func (s *suite) testPublish(t *testing.T) {
	st := s.open(t)
	ctx := t.Context()
	var m []store.Mutation
	for _, id := range []string{"o1", "o2", "o3", "o4"} {
		o := opportunity(id, "p")
		o.Seats = 2
		m = append(m, putOpportunity(o))
	}
	write(t, st, "d", append(m, putPartner(&matcher.Partner{ID: "p", MaxSeats: new(int32(6))}))...)
	enrol(t, st, "d", "ends", "kept", "moves", "new", "none", "reserves")
	for student, o := range map[string]string{"kept": "o1", "moves": "o2", "ends": "o2"} {
		must(t, second(st.CreatePlacement(ctx, "d", at(noon), placement("p-"+student, student, o))))
	}
	reserve(t, st, "d", "r1", "reserves", "o3")
	must(t, second(st.WriteRows(ctx, "d", at(noon), store.RowsWrite{Put: store.Rows{
		Standing: []place.Standing{{Student: "none", Opportunity: "o4"}, {Student: "new", Opportunity: "o4"}},
	}})))
	before := state(t, st, "d")
	kept, err := st.Placement(ctx, "d", "kept")
	must(t, err)
	draft(t, st, "d", "run", [2]string{"ends"}, [2]string{"kept", "o1"}, [2]string{"moves", "o1"},
		[2]string{"new", "o2"}, [2]string{"reserves", "o3"})
	enrol(t, st, "d", "outsider")
	must(t, second(st.CreatePlacement(ctx, "d", at(noon), placement("p-outsider", "outsider", "o4"))))

	r, err := st.PublishRun(ctx, "d", request("77", "published"), "run")
	must(t, err)
	// Beside the outsider's, one change for each of o1, o2 and o3.
	if r.Epoch != before.Epoch+4 || string(r.Response) != "published" {
		t.Fatalf("receipt %+v after epoch %d", r, before.Epoch)
	}
	wantEqual(t, "placements", pairs(t, st, "d"), map[string]string{
		"kept": "o1", "moves": "o1", "new": "o2", "reserves": "o3", "outsider": "o4",
	})
	after := state(t, st, "d")
	for i, want := range []int32{2, 1, 1, 1} {
		if got := after.Opportunities[i].Taken; got != want {
			t.Errorf("%s: %d taken, want %d", after.Opportunities[i].ID, got, want)
		}
	}
	if got := after.Partners[0].Taken; got != 5 {
		t.Errorf("%d taken at the partner, want 5", got)
	}
	delta, err := st.Delta(ctx, "d", before.Epoch)
	must(t, err)
	wantEqual(t, "the delta applied", applied(before, delta), after)
	s.wantPublished(t, st, kept, store.Revision(r.Epoch))

	again, err := st.PublishRun(ctx, "d", request("77", ""), "run")
	must(t, err)
	r.Replayed = true
	wantEqual(t, "a retry", again, r)
	wantError(t, second(st.PublishRun(ctx, "d", at(noon), "run")), store.ErrConflict)
	wantState(t, st, "d", "run", store.RunPublished)
}

func (s *suite) wantPublished(t *testing.T, st store.Store, kept *store.Placement, revision store.Revision) {
	ctx := t.Context()
	still, err := st.Placement(ctx, "d", "kept")
	must(t, err)
	wantEqual(t, "what stays", still, kept)
	for student, id := range map[string]string{"moves": "", "new": "", "reserves": "r1"} {
		p, err := st.Placement(ctx, "d", student)
		must(t, err)
		if p.Run != "run" || p.Reason != "" || !p.Expires.IsZero() || p.Revision != revision || id != "" && p.ID != id {
			t.Errorf("%s: %s", student, show(p))
		}
		entry, err := st.Entry(ctx, "d", p.ID, noon)
		must(t, err)
		wantEqual(t, "the entry", *entry, p.Entry)
	}
	for student, want := range map[string]int{"ends": 1, "moves": 1, "kept": 0, "outsider": 0, "new": 0} {
		list, err := st.Withdrawals(ctx, "d", student)
		must(t, err)
		if len(list) != want || want == 1 &&
			list[0] != (store.Withdrawal{Opportunity: "o2", Epoch: store.Epoch(revision), Run: "run"}) {
			t.Errorf("withdrawals of %s: %s", student, show(list))
		}
	}
	standing := listRows(t, st, store.RowStanding, store.RowFilter{})
	wantEqual(t, "standing", standing.Standing, []place.Standing{{Student: "none", Opportunity: "o4"}})
}

// testPublishRefused changes something after the snapshot: the draft no longer
// fits, and nothing is changed.
func (s *suite) testPublishRefused(t *testing.T) {
	offer := func(id string, seats int32) *matcher.Opportunity {
		o := opportunity(id, "p")
		o.Seats = seats
		return o
	}
	lost := func(l ...store.LostSeats) store.PublishError { return store.PublishError{Lost: l} }
	for name, test := range map[string]struct {
		change func(t *testing.T, st store.Store)
		want   store.PublishError
		pairs  [][2]string // of the draft, unless those below
	}{
		"deleted": {func(t *testing.T, st store.Store) {
			write(t, st, "d", store.Mutation{DeleteOpportunity: "x"})
		}, lost(store.LostSeats{Opportunity: "x", Why: store.LostDeleted, Seats: 2}), nil},
		"replaced": {func(t *testing.T, st store.Store) {
			write(t, st, "d", store.Mutation{DeleteOpportunity: "x"})
			write(t, st, "d", putOpportunity(offer("x", 2)))
		}, lost(store.LostSeats{Opportunity: "x", Why: store.LostDeleted, Seats: 2}), nil},
		"closed": {func(t *testing.T, st store.Store) {
			o := offer("y", 2)
			o.Status = matcher.Closed
			write(t, st, "d", putOpportunity(o))
		}, lost(store.LostSeats{Opportunity: "y", Why: store.LostNotPublished, Seats: 1}), [][2]string{{"a", "y"}, {"c", "y"}}},
		"fewer seats": {
			func(t *testing.T, st store.Store) { write(t, st, "d", putOpportunity(offer("x", 1))) },
			lost(store.LostSeats{Opportunity: "x", Why: store.LostFull, Seats: 1}), nil,
		},
		"a lower cap": {func(t *testing.T, st store.Store) {
			write(t, st, "d", putPartner(&matcher.Partner{ID: "p", MaxSeats: new(int32(2))}))
		}, lost(store.LostSeats{Partner: "p", Why: store.LostFull, Seats: 1}), nil},
		"reserved by others": {func(t *testing.T, st store.Store) {
			enrol(t, st, "d", "other", "another")
			reserve(t, st, "d", "r1", "other", "x")
			reserve(t, st, "d", "r2", "another", "x")
			reserve(t, st, "d", "r3", "another", "y")
		}, lost(store.LostSeats{Opportunity: "x", Why: store.LostFull, Seats: 2}, store.LostSeats{Partner: "p", Why: store.LostFull, Seats: 2}), nil},
		"placed by hand": {func(t *testing.T, st store.Store) {
			must(t, second(st.CreatePlacement(t.Context(), "d", at(noon), placement("p1", "b", "y"))))
		}, store.PublishError{Changed: 1}, nil},
		"confirmed": {func(t *testing.T, st store.Store) {
			reserve(t, st, "d", "r1", "b", "y")
			must(t, second(st.Confirm(t.Context(), "d", at(noon), "r1")))
		}, store.PublishError{Changed: 1}, nil},
		"withdrawn": {func(t *testing.T, st store.Store) {
			must(t, second(st.WithdrawPlacement(t.Context(), "d", at(noon), "c", "")))
		}, store.PublishError{Changed: 1}, nil},
		"published by another": {func(t *testing.T, st store.Store) {
			draft(t, st, "d", "other", [2]string{"a", "x"}, [2]string{"b"}, [2]string{"c", "x"})
			publish(t, st, "d", "other")
		}, store.PublishError{Changed: 2}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			st := s.open(t)
			write(t, st, "d", putPartner(&matcher.Partner{ID: "p", MaxSeats: new(int32(4))}),
				putOpportunity(offer("x", 2)), putOpportunity(offer("y", 2)))
			enrol(t, st, "d", "a", "b", "c")
			must(t, second(st.CreatePlacement(t.Context(), "d", at(noon), placement("p0", "c", "y"))))
			if test.pairs == nil {
				test.pairs = [][2]string{{"a", "x"}, {"b", "x"}, {"c", "y"}}
			}
			draft(t, st, "d", "run", test.pairs...)
			test.change(t, st)
			before, placed := state(t, st, "d"), pairs(t, st, "d")
			err := second(st.PublishRun(t.Context(), "d", request("99", ""), "run"))
			wantError(t, err, store.ErrOutOfDate)
			var refused *store.PublishError
			if !errors.As(err, &refused) {
				t.Fatalf("got %T", err)
			}
			wantEqual(t, "what is refused", *refused, test.want)
			wantEqual(t, "the state", state(t, st, "d"), before)
			wantEqual(t, "placements", pairs(t, st, "d"), placed)
			wantState(t, st, "d", "run", store.RunDraft)
		})
	}
}

// testPublishAllowed changes what is of no concern to the draft.
func (s *suite) testPublishAllowed(t *testing.T) {
	st := s.open(t)
	ctx := t.Context()
	x := opportunity("x", "")
	x.Seats = 3
	write(t, st, "d", putOpportunity(x), putOpportunity(opportunity("y", "")))
	enrol(t, st, "d", "a", "b", "c")
	must(t, second(st.CreatePlacement(ctx, "d", at(noon), placement("p0", "c", "y"))))
	draft(t, st, "d", "run", [2]string{"a", "x"}, [2]string{"b", "x"}, [2]string{"c", "y"})

	// A seat that is only kept isn't given: its opportunity may be closed.
	closed := opportunity("y", "")
	closed.Status = matcher.Closed
	x.Title = "another"
	write(t, st, "d", putOpportunity(x), putOpportunity(closed))
	// Others take what the draft leaves, and what they reserve expires.
	enrol(t, st, "d", "d", "e")
	must(t, second(st.CreatePlacement(ctx, "d", at(noon), placement("p1", "d", "x"))))
	// Who is erased and comes back isn't in the run.
	must(t, second(st.DeleteStudent(ctx, "d", at(noon), "b", 0)))
	enrol(t, st, "d", "b")
	reserve(t, st, "d", "r1", "e", "x")
	must(t, second(st.PublishRun(ctx, "d", at(noon.Add(time.Hour)), "run")))
	wantEqual(t, "placements", pairs(t, st, "d"), map[string]string{"a": "x", "c": "y", "d": "x"})
	if n := taken(t, st, "x"); n != 2 {
		t.Fatalf("%d taken, want 2", n)
	}
	// Published opportunities can't be deleted from under the placements.
	wantError(t, second(st.Write(ctx, "d", at(noon), batch(store.Mutation{DeleteOpportunity: "x"}))), store.ErrInUse)
	// A draft that changes nothing has no epoch of its own, and no seats to lose.
	draft(t, st, "d", "same", [2]string{"a", "x"}, [2]string{"b"}, [2]string{"c", "y"})
	before := state(t, st, "d")
	if r := publish(t, st, "d", "same"); r.Epoch != before.Epoch {
		t.Fatalf("epoch %d after %d", r.Epoch, before.Epoch)
	}
}

// testPublishRace publishes drafts that exclude one another, many times at
// once: one is put in force, and the others are told.
func (s *suite) testPublishRace(t *testing.T) {
	st := seatStore(t, s)
	ctx := t.Context()
	for round := range 4 {
		ids := []string{"a1", "b2", "c3", "d4"}
		for i, id := range ids {
			ids[i] = id + string(rune('0'+round))
			row := []([2]string){{"a"}, {"b"}, {"c"}}
			if row[(i+round)%3][1] = "one"; i == 3 {
				row[(i+round)%3][1] = "two"
			}
			draft(t, st, "d", ids[i], row...)
		}
		errs := make([]error, len(ids))
		var wg sync.WaitGroup
		for i, id := range ids {
			wg.Go(func() { _, errs[i] = st.PublishRun(ctx, "d", at(noon), id) })
		}
		wg.Wait()
		won := ""
		for i, err := range errs {
			switch {
			case err == nil && won == "":
				won = ids[i]
			case err == nil:
				t.Fatalf("%s and %s are both published", won, ids[i])
			case !errors.Is(err, store.ErrOutOfDate):
				t.Fatal(err)
			}
		}
		if won == "" {
			t.Fatalf("none was published: %v", errs)
		}
		wantState(t, st, "d", won, store.RunPublished)
		p := pairs(t, st, "d")
		if len(p) != 1 || taken(t, st, "one")+taken(t, st, "two") != 1 {
			t.Fatalf("placements %v", p)
		}
		// A draft of what stands already would exclude none of the next ones.
		for student := range p {
			must(t, second(st.WithdrawPlacement(ctx, "d", at(noon), student, "")))
		}
	}
}

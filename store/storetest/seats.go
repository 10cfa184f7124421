package storetest

import (
	"testing"
	"time"

	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/store"
)

// reservation holds for an hour from noon.
func reservation(id, student, opportunity string) store.Reservation {
	return store.Reservation{ID: id, Student: student, Opportunity: opportunity, Expires: noon.Add(time.Hour)}
}

func reserve(t tb, st store.Store, district, id, student, opportunity string) store.Receipt {
	t.Helper()
	r, err := st.Reserve(t.Context(), district, at(noon), reservation(id, student, opportunity))
	must(t, err)
	return r
}

// taken returns the seats taken at an opportunity.
func taken(t tb, st store.Store, opportunity string) int32 {
	t.Helper()
	o, err := st.Opportunity(t.Context(), "d", opportunity)
	must(t, err)
	return o.Taken
}

// seatStore has opportunities one (of partner p) and two (of none), with so
// many seats, and students a, b and c. Its epoch is 3.
func seatStore(t *testing.T, s *suite) store.Store {
	st := s.open(t)
	two := opportunity("two", "")
	two.Seats = 2
	write(t, st, "d", putPartner(partner("p")), putOpportunity(opportunity("one", "p")), putOpportunity(two))
	enrol(t, st, "d", "a", "b", "c")
	return st
}

func (s *suite) testSeats(t *testing.T) {
	st := seatStore(t, s)
	ctx := t.Context()
	before := state(t, st, "d")
	wantEqual(t, "receipt", reserve(t, st, "d", "r1", "a", "two"), store.Receipt{Epoch: 4, Sequence: 3, Revisions: []store.Revision{4}})
	entry, err := st.Entry(ctx, "d", "r1", noon)
	must(t, err)
	wantEqual(t, "entry", entry, &store.Entry{Reservation: reservation("r1", "a", "two"), Revision: 4})
	reserve(t, st, "d", "r2", "b", "two")
	reserve(t, st, "d", "r3", "b", "one")

	r, err := st.Confirm(ctx, "d", at(noon), "r1")
	must(t, err)
	wantEqual(t, "receipt", r, store.Receipt{Epoch: 7, Sequence: 3, Revisions: []store.Revision{7}})
	again, err := st.Confirm(ctx, "d", at(noon.Add(48*time.Hour)), "r1")
	must(t, err)
	wantEqual(t, "receipt of confirming again", again, r)
	entry, err = st.Entry(ctx, "d", "r1", noon.Add(48*time.Hour))
	must(t, err)
	placed := reservation("r1", "a", "two")
	placed.Expires = time.Time{}
	wantEqual(t, "entry", entry, &store.Entry{Reservation: placed, Placed: true, Revision: 7})

	r, err = st.Release(ctx, "d", at(noon), "r2")
	must(t, err)
	wantEqual(t, "receipt", r, store.Receipt{Epoch: 8, Sequence: 3, Revisions: []store.Revision{0}})
	_, err = st.Entry(ctx, "d", "r2", noon)
	wantError(t, err, store.ErrNotFound)

	after := state(t, st, "d")
	delta, err := st.Delta(ctx, "d", 3)
	must(t, err)
	wantEqual(t, "delta", delta, &store.Delta{From: 3, To: 8, Partners: after.Partners, Opportunities: after.Opportunities})
	for i, want := range []int32{1, 1} {
		o := after.Opportunities[i]
		if o.Taken != want || o.Revision != before.Opportunities[i].Revision {
			t.Errorf("%s: %d taken, want %d; revision %d was %d", o.ID, o.Taken, want, o.Revision, before.Opportunities[i].Revision)
		}
	}
	changes, err := st.Changes(ctx, "d", 7, 10)
	must(t, err)
	wantEqual(t, "log", changes, []store.Change{{Epoch: 8, Kind: store.KindSeats, ID: "two", Number: 2}})
}

func (s *suite) testSeatErrors(t *testing.T) {
	st := seatStore(t, s)
	ctx := t.Context()
	reserveErr := func(r store.Reservation) error { return second(st.Reserve(ctx, "d", at(noon), r)) }
	draft := opportunity("draft", "")
	draft.Status = matcher.Draft
	write(t, st, "d", putOpportunity(draft))
	reserve(t, st, "d", "r1", "a", "two")

	late := reservation("r9", "a", "one")
	late.Expires = noon
	wantViolation(t, reserveErr(late), -1, "expires")
	late.Expires = noon.AddDate(900, 0, 0)
	wantViolation(t, reserveErr(late), -1, "expires")
	wantViolation(t, reserveErr(reservation("", "a", "one")), -1, "reservation")
	wantViolation(t, reserveErr(reservation("r9", "a\n", "one")), -1, "student")
	wantViolation(t, reserveErr(reservation("r9", "a", "")), -1, "opportunity")
	wantError(t, reserveErr(reservation("r9", "z", "one")), store.ErrNotFound)
	wantError(t, reserveErr(reservation("r9", "a", "none")), store.ErrNotFound)
	wantError(t, second(st.Reserve(ctx, "nowhere", at(noon), reservation("r9", "a", "one"))), store.ErrNotFound)
	wantError(t, reserveErr(reservation("r9", "a", "draft")), store.ErrNotOffered)
	wantError(t, reserveErr(reservation("r9", "a", "two")), store.ErrAlreadyHeld)
	wantError(t, reserveErr(reservation("r1", "a", "two")), store.ErrAlreadyHeld)
	wantError(t, reserveErr(reservation("r1", "b", "two")), store.ErrConflict)
	reserve(t, st, "d", "r2", "b", "two")
	wantError(t, reserveErr(reservation("r9", "c", "two")), store.ErrFull)

	wantError(t, second(st.Confirm(ctx, "d", at(noon), "none")), store.ErrNotFound)
	wantError(t, second(st.Release(ctx, "d", at(noon), "none")), store.ErrNotFound)
	must(t, second(st.Confirm(ctx, "d", at(noon), "r1")))
	wantError(t, second(st.Release(ctx, "d", at(noon), "r1")), store.ErrAlreadyPlaced)
	wantError(t, reserveErr(reservation("r1", "a", "two")), store.ErrConflict)
	reserve(t, st, "d", "r3", "a", "one")
	wantError(t, second(st.Confirm(ctx, "d", at(noon), "r3")), store.ErrAlreadyPlaced)
	wantError(t, second(st.Write(ctx, "d", at(noon), batch(store.Mutation{DeleteOpportunity: "two"}))), store.ErrInUse)

	// Seats may be lowered below what is taken; then there is none.
	two := opportunity("two", "")
	write(t, st, "d", putOpportunity(two))
	if n := taken(t, st, "two"); n != 2 {
		t.Fatalf("%d taken, want 2", n)
	}
	must(t, second(st.Release(ctx, "d", at(noon), "r2")))
	wantError(t, reserveErr(reservation("r9", "c", "two")), store.ErrFull)
	two.Seats = 2
	write(t, st, "d", putOpportunity(two))
	reserve(t, st, "d", "r9", "c", "two")
}

func (s *suite) testSeatsOfPartners(t *testing.T) {
	st := s.open(t)
	ctx := t.Context()
	capped := &matcher.Partner{ID: "p", MaxSeats: new(int32(2))}
	var m []store.Mutation
	for _, id := range []string{"o1", "o2", "o3"} {
		o := opportunity(id, "p")
		o.Seats = 5
		m = append(m, putOpportunity(o))
	}
	write(t, st, "d", append(m, putPartner(capped), putPartner(partner("q")))...)
	enrol(t, st, "d", "a", "b", "c")
	reserve(t, st, "d", "r1", "a", "o1")
	reserve(t, st, "d", "r2", "a", "o2")
	wantError(t, second(st.Reserve(ctx, "d", at(noon), reservation("r3", "a", "o3"))), store.ErrFull)

	// An opportunity goes to another partner with the seats that are taken.
	from := state(t, st, "d")
	moved := opportunity("o1", "q")
	moved.Seats = 5
	write(t, st, "d", putOpportunity(moved))
	to := state(t, st, "d")
	wantEqual(t, "seats taken", []int32{to.Partners[0].Taken, to.Partners[1].Taken}, []int32{1, 1})
	delta, err := st.Delta(ctx, "d", from.Epoch)
	must(t, err)
	wantEqual(t, "partners in the delta", delta.Partners, to.Partners)
	reserve(t, st, "d", "r3", "a", "o3")

	// A seat given back shows at the partner, even if the opportunity then goes.
	from = state(t, st, "d")
	must(t, second(st.Release(ctx, "d", at(noon), "r1")))
	write(t, st, "d", store.Mutation{DeleteOpportunity: "o1"})
	delta, err = st.Delta(ctx, "d", from.Epoch)
	must(t, err)
	wantEqual(t, "the delta applied", applied(from, delta), state(t, st, "d"))

	// A cap may be lowered below what is taken.
	write(t, st, "d", putPartner(&matcher.Partner{ID: "p", MaxSeats: new(int32(0))}))
	must(t, second(st.Release(ctx, "d", at(noon), "r3")))
	wantError(t, second(st.Reserve(ctx, "d", at(noon), reservation("r4", "b", "o3"))), store.ErrFull)
	free := opportunity("o2", "")
	write(t, st, "d", putOpportunity(free))
	if p, err := st.Partner(ctx, "d", "p"); err != nil || p.Taken != 0 {
		t.Fatalf("partner %+v, %v: none taken any more", p, err)
	}
}

func (s *suite) testExpiry(t *testing.T) {
	st := seatStore(t, s)
	ctx := t.Context()
	n, next, err := st.Expire(ctx, noon)
	must(t, err)
	if n != 0 || !next.IsZero() {
		t.Fatalf("expired %d, next %s: there is nothing", n, next)
	}
	first := reserve(t, st, "d", "r1", "a", "one")
	later := reservation("r2", "b", "two")
	later.Expires = noon.Add(2 * time.Hour)
	must(t, second(st.Reserve(ctx, "d", at(noon), later)))
	end := noon.Add(time.Hour)

	// From the instant on it has expired, whatever the log says so far.
	must(t, second(st.Entry(ctx, "d", "r1", end.Add(-1))))
	wantError(t, second(st.Entry(ctx, "d", "r1", end)), store.ErrNotFound)
	wantError(t, second(st.Confirm(ctx, "d", at(end), "r1")), store.ErrNotFound)
	wantError(t, second(st.Release(ctx, "d", at(end), "r1")), store.ErrNotFound)
	if n := taken(t, st, "one"); n != 1 {
		t.Fatalf("%d taken, want 1 until the expiry is logged", n)
	}
	// Somebody else gets the seat at once, under the same id too.
	again := reservation("r1", "c", "one")
	again.Expires = end.Add(time.Hour)
	r, err := st.Reserve(ctx, "d", at(end), again)
	must(t, err)
	if r.Epoch != first.Epoch+3 {
		t.Fatalf("epoch %d, want %d: r2, the expiry, and this", r.Epoch, first.Epoch+3)
	}
	n, next, err = st.Expire(ctx, end)
	must(t, err)
	if n != 0 || !next.Equal(later.Expires) {
		t.Fatalf("expired %d, next %s", n, next)
	}
	must(t, second(st.Confirm(ctx, "d", at(end), "r2")))
	write(t, st, "other", putOpportunity(opportunity("one", "")))
	enrol(t, st, "other", "a")
	reserve(t, st, "other", "r1", "a", "one")
	n, next, err = st.Expire(ctx, noon.Add(24*time.Hour))
	must(t, err)
	if n != 2 || !next.IsZero() {
		t.Fatalf("expired %d, next %s; want 2 and none: placements stay", n, next)
	}
	if one, two := taken(t, st, "one"), taken(t, st, "two"); one != 0 || two != 1 {
		t.Fatalf("taken %d and %d, want 0 and 1", one, two)
	}
	head, err := st.Head(ctx, "d")
	must(t, err)
	changes, err := st.Changes(ctx, "d", head.Epoch-1, 10)
	must(t, err)
	wantEqual(t, "log", changes, []store.Change{{Epoch: head.Epoch, Kind: store.KindSeats, ID: "one", Number: 1}})

	// What has expired is in nobody's way, logged or not.
	reserve(t, st, "d", "r5", "a", "one")
	_, err = st.Write(ctx, "d", at(end), batch(store.Mutation{DeleteOpportunity: "one"}))
	must(t, err)
}

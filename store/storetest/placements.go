package storetest

import (
	"strings"
	"testing"
	"time"

	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/matcher/place"
	"github.com/kindred-match/kindred/store"
)

func placement(id, student, opportunity string) store.NewPlacement {
	return store.NewPlacement{ID: id, Student: student, Opportunity: opportunity, Reason: "the coordinator's"}
}

func (s *suite) testPlacements(t *testing.T) {
	st := seatStore(t, s)
	ctx := t.Context()
	must(t, second(st.WriteRows(ctx, "d", at(noon), store.RowsWrite{Put: store.Rows{
		Standing: []place.Standing{{Student: "a", Opportunity: "two"}, {Student: "b", Opportunity: "two"}},
	}})))
	r, err := st.CreatePlacement(ctx, "d", request("aa", "placed"), placement("p1", "a", "two"))
	must(t, err)
	wantEqual(t, "receipt", r, store.Receipt{Epoch: 4, Sequence: 4, Revisions: []store.Revision{4}, Response: []byte("placed")})
	got, err := st.Placement(ctx, "d", "a")
	must(t, err)
	want := store.Placement{
		Entry: store.Entry{
			Reservation: store.Reservation{ID: "p1", Student: "a", Opportunity: "two"}, Placed: true, Revision: 4,
		},
		Reason: "the coordinator's",
	}
	wantEqual(t, "placement", got, &want)
	must(t, second(st.CreatePlacement(ctx, "d", at(noon), placement("p2", "b", "one"))))
	if n := taken(t, st, "two"); n != 1 {
		t.Fatalf("%d taken, want 1", n)
	}
	reserve(t, st, "d", "r1", "c", "two")
	list, err := st.Placements(ctx, "d", "", 10)
	must(t, err)
	if len(list) != 2 || list[0] != want || list[1].Student != "b" {
		t.Fatalf("placements: %s", show(list))
	}
	list, err = st.Placements(ctx, "d", "a", 1)
	must(t, err)
	if len(list) != 1 || list[0].Student != "b" {
		t.Fatalf("a page of placements: %s", show(list))
	}

	r, err = st.WithdrawPlacement(ctx, "d", at(noon), "a", "moved away")
	must(t, err)
	wantEqual(t, "receipt", r, store.Receipt{Epoch: 7, Sequence: 5, Revisions: []store.Revision{0}})
	wantError(t, second(st.Placement(ctx, "d", "a")), store.ErrNotFound)
	wantError(t, second(st.Entry(ctx, "d", "p1", noon)), store.ErrNotFound)
	withdrawals, err := st.Withdrawals(ctx, "d", "a")
	must(t, err)
	wantEqual(t, "withdrawals", withdrawals, []store.Withdrawal{{Opportunity: "two", Epoch: 7, Reason: "moved away"}})
	standing := listRows(t, st, store.RowStanding, store.RowFilter{})
	wantEqual(t, "standing", standing.Standing, []place.Standing{{Student: "b", Opportunity: "two"}})
	must(t, second(st.CreatePlacement(ctx, "d", at(noon), placement("p1", "a", "two"))))
	if n := taken(t, st, "two"); n != 2 {
		t.Fatalf("%d taken, want 2", n)
	}
}

func (s *suite) testPlacementErrors(t *testing.T) {
	st := seatStore(t, s)
	ctx := t.Context()
	create := func(id, student, opportunity string) error {
		return second(st.CreatePlacement(ctx, "d", at(noon), placement(id, student, opportunity)))
	}
	enrol(t, st, "d", canary)
	closed := opportunity("closed", "")
	closed.Status = matcher.Closed
	capped := opportunity("capped", "q")
	capped.Seats = 5
	write(t, st, "d", putOpportunity(closed), putPartner(&matcher.Partner{ID: "q", MaxSeats: new(int32(0))}), putOpportunity(capped))
	reserve(t, st, "d", "r1", "a", "two")

	wantViolation(t, create("", "a", "two"), -1, "placement")
	wantViolation(t, create("p", "a\n", "two"), -1, "student")
	wantViolation(t, create("p", "a", ""), -1, "opportunity")
	long := placement("p", "a", "two")
	long.Reason = strings.Repeat("x", matcher.MaxTextBytes+1)
	wantViolation(t, second(st.CreatePlacement(ctx, "d", at(noon), long)), -1, "reason")
	wantError(t, create("p", "z", "two"), store.ErrNotFound)
	wantError(t, create("p", "a", "none"), store.ErrNotFound)
	wantError(t, second(st.CreatePlacement(ctx, "nowhere", at(noon), placement("p", "a", "two"))), store.ErrNotFound)
	wantError(t, create("r1", "b", "two"), store.ErrConflict)
	wantError(t, create("p", "a", "two"), store.ErrAlreadyHeld)
	must(t, create("p", "a", "one"))
	wantError(t, create("p", "a", "one"), store.ErrConflict)
	wantError(t, create("q", "a", "one"), store.ErrAlreadyPlaced)
	wantError(t, create("q", "a", "two"), store.ErrAlreadyPlaced)
	wantError(t, create("q", canary, "closed"), store.ErrNotOffered)
	wantError(t, create("q", canary, "one"), store.ErrFull)
	err := create("q", canary, "capped")
	wantError(t, err, store.ErrFull)
	if strings.Contains(err.Error(), "canary") {
		t.Errorf("the error names a student: %v", err)
	}
	wantError(t, second(st.WithdrawPlacement(ctx, "d", at(noon), "b", "")), store.ErrNotFound)
	wantError(t, second(st.WithdrawPlacement(ctx, "d", at(noon), "z", "")), store.ErrNotFound)
	wantError(t, second(st.WithdrawPlacement(ctx, "nowhere", at(noon), "a", "")), store.ErrNotFound)
	wantViolation(t, second(st.WithdrawPlacement(ctx, "d", at(noon), "a", long.Reason)), -1, "reason")
	// What has expired is in nobody's way.
	late := noon.Add(2 * time.Hour)
	must(t, second(st.WithdrawPlacement(ctx, "d", at(noon), "a", "")))
	must(t, second(st.CreatePlacement(ctx, "d", at(late), placement("r1", "a", "two"))))
}

package storetest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/store"
)

// seatOp is an operation on the ledger. Time is the history's own: an hour
// each, so that reservations expire in its course.
type seatOp struct {
	kind        string // reserve, confirm, release, expire
	id, student string
	opportunity string
	now         int64 // hours
	expires     int64
}

// seatLedger is the model's state: the entries, in the order of their ids.
type seatLedger []seatEntry

type seatEntry struct {
	id, student, opportunity string
	expires                  int64
	placed                   bool
}

const (
	linearSeats = 2 // of each opportunity
	linearCap   = 3 // of the partner of both
)

// testLinearizable has many clients reserve, confirm, release and expire at
// once, and checks with porcupine that what they saw is what a ledger would
// have told them one by one. No seat is given twice.
func (s *suite) testLinearizable(t *testing.T) {
	st := s.open(t)
	for round := range 8 {
		district := fmt.Sprintf("d%d", round)
		var m []store.Mutation
		for _, id := range []string{"x", "y"} {
			o := opportunity(id, "p")
			o.Seats = linearSeats
			m = append(m, putOpportunity(o))
		}
		write(t, st, district, append(m, putPartner(&matcher.Partner{ID: "p", MaxSeats: new(int32(linearCap))}))...)
		enrol(t, st, district, "s0", "s1", "s2", "s3")
		history := record(t, st, district, uint64(round))
		if !porcupine.CheckOperations(seatModel, history) {
			for _, op := range history {
				t.Logf("%d-%d %+v: %v", op.Call, op.Return, op.Input, op.Output)
			}
			t.Fatalf("round %d: no ledger would have given these answers", round)
		}
	}
}

// record runs clients side by side and notes when they asked and were answered,
// on a logical clock.
func record(t *testing.T, st store.Store, district string, seed uint64) []porcupine.Operation {
	const clients, each = 6, 12
	var clock atomic.Int64
	histories := make([][]porcupine.Operation, clients)
	var wg sync.WaitGroup
	for client := range clients {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(seed, uint64(client)))
			for i := range each {
				op := seatOp{
					kind:        []string{"reserve", "reserve", "confirm", "release", "expire"}[r.IntN(5)],
					id:          fmt.Sprintf("r%d", r.IntN(8)),
					student:     fmt.Sprintf("s%d", r.IntN(4)),
					opportunity: []string{"x", "y"}[r.IntN(2)],
					now:         int64(i),
					expires:     int64(i + 1 + r.IntN(6)),
				}
				call := clock.Add(1)
				err := do(t, st, district, op)
				histories[client] = append(histories[client], porcupine.Operation{
					ClientId: client, Input: op, Call: call, Output: name(err), Return: clock.Add(1),
				})
			}
		})
	}
	wg.Wait()
	return slices.Concat(histories...)
}

func hours(n int64) time.Time { return noon.Add(time.Duration(n) * time.Hour) }

func do(t *testing.T, st store.Store, district string, op seatOp) error {
	ctx, req := t.Context(), at(hours(op.now))
	var err error
	switch op.kind {
	case "reserve":
		_, err = st.Reserve(ctx, district, req, store.Reservation{
			ID: op.id, Student: op.student, Opportunity: op.opportunity, Expires: hours(op.expires),
		})
	case "confirm":
		_, err = st.Confirm(ctx, district, req, op.id)
	case "release":
		_, err = st.Release(ctx, district, req, op.id)
	default:
		_, _, err = st.Expire(ctx, req.Now)
	}
	return err
}

// name makes answers comparable.
func name(err error) string {
	for _, known := range []error{
		store.ErrNotFound, store.ErrConflict, store.ErrAlreadyHeld, store.ErrFull, store.ErrAlreadyPlaced,
	} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	if err != nil {
		return "unexpected: " + err.Error()
	}
	return "done"
}

var seatModel = porcupine.Model{
	Init: func() any { return seatLedger{} },
	Step: func(state, input, output any) (bool, any) {
		answer, after := seatStep(state.(seatLedger), input.(seatOp))
		return answer == output, after
	},
	Equal: func(a, b any) bool { return slices.Equal(a.(seatLedger), b.(seatLedger)) },
}

// seatStep is the ledger, one operation at a time. The clients' clocks differ,
// so that one may find expired what another doesn't yet: what counts is the
// clock of the one who asks, and what has been freed stays free.
func seatStep(l seatLedger, op seatOp) (string, seatLedger) {
	live := func(e seatEntry) bool { return e.placed || e.expires > op.now }
	at := slices.IndexFunc(l, func(e seatEntry) bool { return e.id == op.id })
	switch op.kind {
	case "reserve":
		return seatReserve(l, op, live)
	case "expire":
		return "done", slices.DeleteFunc(slices.Clone(l), func(e seatEntry) bool { return !live(e) })
	}
	if at < 0 || !live(l[at]) {
		return store.ErrNotFound.Error(), l
	}
	if op.kind == "release" {
		if l[at].placed {
			return store.ErrAlreadyPlaced.Error(), l
		}
		return "done", slices.Delete(slices.Clone(l), at, at+1)
	}
	if l[at].placed {
		return "done", l
	}
	if slices.ContainsFunc(l, func(e seatEntry) bool { return e.placed && e.student == l[at].student }) {
		return store.ErrAlreadyPlaced.Error(), l
	}
	l = slices.Clone(l)
	l[at].placed, l[at].expires = true, 0
	return "done", l
}

func seatReserve(l seatLedger, op seatOp, live func(seatEntry) bool) (string, seatLedger) {
	there, all, held := 0, 0, false
	for _, e := range l {
		if !live(e) {
			continue
		}
		all++
		if e.opportunity == op.opportunity {
			there++
			held = held || e.student == op.student
		}
		same := e.student == op.student && e.opportunity == op.opportunity && !e.placed && e.expires == op.expires
		if e.id == op.id && !same {
			return store.ErrConflict.Error(), l
		}
	}
	switch {
	case held:
		return store.ErrAlreadyHeld.Error(), l
	case there >= linearSeats, all >= linearCap:
		return store.ErrFull.Error(), l
	}
	// Both opportunities have one partner, so all that has expired is freed.
	kept := slices.DeleteFunc(slices.Clone(l), func(e seatEntry) bool { return !live(e) })
	kept = append(kept, seatEntry{op.id, op.student, op.opportunity, op.expires, false})
	slices.SortFunc(kept, func(a, b seatEntry) int { return strings.Compare(a.id, b.id) })
	return "done", kept
}

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

	"github.com/anishathalye/porcupine"

	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/store"
)

// A history of runs is one of seats (seatOp) with placements by hand and runs
// among it. What a run has seen of the ledger is fixed when its input is read:
// that is the operation draft; keeping the snapshot and the rows concerns nobody
// else. Its publication is another, and any client's.

// runOp is an operation on the ledger, of those in seatOp or of these.
type runOp struct {
	seatOp                   // with the kinds place, withdraw, draft and publish too
	rows   [runStudents]byte // of draft: by student the opportunity, 0 for none
}

const (
	runStudents = 3
	runClients  = 5
	runOps      = 9 // of a client
)

// runLedger is the model's state.
type runLedger struct {
	seats  seatLedger
	moved  versions
	drafts []runDraft // by id
}

// versions count the changes of each student's placement.
type versions [runStudents]int

type runDraft struct {
	id        string
	seen      versions
	rows      [runStudents]byte
	published bool
}

// testPublishHistories has many clients reserve, confirm, release, place,
// withdraw, make drafts and publish them at once, and checks with porcupine that
// what they saw is what a ledger would have told them one by one.
func (s *suite) testPublishHistories(t *testing.T) {
	st := s.open(t)
	seen := map[string]int{}
	for round := range s.histories {
		district := fmt.Sprintf("d%d", round)
		var m []store.Mutation
		for _, id := range []string{"x", "y"} {
			o := opportunity(id, "p")
			o.Seats = linearSeats
			m = append(m, putOpportunity(o))
		}
		write(t, st, district, append(m, putPartner(&matcher.Partner{ID: "p", MaxSeats: new(int32(linearCap))}))...)
		enrol(t, st, district, "s0", "s1", "s2")
		history := recordRuns(t, st, district, uint64(round))
		if !porcupine.CheckOperations(runModel, history) {
			for _, op := range history {
				t.Logf("%d-%d %+v: %v", op.Call, op.Return, op.Input, op.Output)
			}
			t.Fatalf("round %d: no ledger would have given these answers", round)
		}
		for _, op := range history {
			answer, _, _ := strings.Cut(op.Output.(string), ":")
			seen[op.Input.(runOp).kind+" "+answer]++
		}
		checkSeats(t, st, district)
	}
	t.Logf("%d histories: %v", s.histories, seen)
}

// checkSeats counts the entries once more, by what the store says in the end.
func checkSeats(t *testing.T, st store.Store, district string) {
	t.Helper()
	var sum int32
	for _, o := range state(t, st, district).Opportunities {
		if sum += o.Taken; o.Taken > linearSeats {
			t.Fatalf("%d of %d seats are taken", o.Taken, linearSeats)
		}
	}
	if sum > linearCap {
		t.Fatalf("%d seats are taken under a cap of %d", sum, linearCap)
	}
}

func recordRuns(t *testing.T, st store.Store, district string, seed uint64) []porcupine.Operation {
	var clock atomic.Int64
	histories := make([][]porcupine.Operation, runClients)
	var wg sync.WaitGroup
	for client := range runClients {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(seed, uint64(client)))
			last := "" // the client's own draft, which it publishes next
			for i := range runOps {
				op := drawRunOp(r, client, i, last)
				if last = ""; op.kind == "draft" {
					last = op.id
				}
				call := clock.Add(1)
				answer, end := doRun(t, st, district, op, &clock)
				histories[client] = append(histories[client], porcupine.Operation{
					ClientId: client, Input: op, Call: call, Output: answer, Return: end,
				})
			}
		})
	}
	wg.Wait()
	return slices.Concat(histories...)
}

func drawRunOp(r *rand.Rand, client, i int, draft string) runOp {
	op := runOp{seatOp: seatOp{
		kind: []string{"reserve", "confirm", "release", "expire", "place", "place", "withdraw", "draft", "draft", "draft"}[r.IntN(10)],
		id:   fmt.Sprintf("r%d", r.IntN(6)), student: fmt.Sprintf("s%d", r.IntN(runStudents)),
		opportunity: []string{"x", "y"}[r.IntN(2)], now: int64(i), expires: int64(i + 1 + r.IntN(6)),
	}}
	if draft != "" && r.IntN(4) > 0 {
		op.kind, op.id = "publish", draft
	}
	if op.kind == "draft" {
		op.id = fmt.Sprintf("run-%d-%d", client, i)
		for s := range op.rows {
			op.rows[s] = []byte{0, 'x', 'y'}[r.IntN(3)]
		}
	}
	return op
}

// doRun carries an operation out. It returns the answer, and when it was there.
func doRun(t *testing.T, st store.Store, district string, op runOp, clock *atomic.Int64) (answer string, end int64) {
	ctx, req := t.Context(), at(hours(op.now))
	switch op.kind {
	case "place":
		answer = name(second(st.CreatePlacement(ctx, district, req, store.NewPlacement{
			ID: op.id, Student: op.student, Opportunity: op.opportunity,
		})))
	case "withdraw":
		answer = name(second(st.WithdrawPlacement(ctx, district, req, op.student, "")))
	case "draft":
		in, err := st.RunInput(ctx, district, req.Now)
		if end = clock.Add(1); err != nil {
			return "unexpected: " + err.Error(), end
		}
		answer = placedText(in.Placed)
		if err := keepDraft(t, st, district, op, in); err != nil {
			t.Errorf("draft: %v", err)
		}
		return answer, end
	case "publish":
		answer = publishText(second(st.PublishRun(ctx, district, req, op.id)))
	default:
		answer = name(do(t, st, district, op.seatOp))
	}
	return answer, clock.Add(1)
}

// placedText is what an input says of the ledger.
func placedText(placed []store.Entry) string {
	var b strings.Builder
	b.WriteString("placed:")
	for _, e := range placed {
		fmt.Fprintf(&b, " %s at %s", e.Student, e.Opportunity)
	}
	return b.String()
}

func publishText(err error) string {
	var refused *store.PublishError
	if errors.As(err, &refused) {
		return fmt.Sprintf("refused: %+v", *refused)
	}
	return name(err)
}

func keepDraft(t *testing.T, st store.Store, district string, op runOp, in *store.RunInput) error {
	ctx := t.Context()
	if _, err := st.CreateRun(ctx, district, at(noon), newRun(op.id)); err != nil {
		return err
	}
	if _, err := st.StartRun(ctx, district, op.id, noon); err != nil {
		return err
	}
	if err := st.KeepSnapshot(ctx, district, op.id, snapshotOf(in), store.StepCheck); err != nil {
		return err
	}
	var rows []store.RunPlacement
	for s, o := range op.rows {
		rows = append(rows, unplaced(fmt.Sprintf("s%d", s)))
		if o != 0 {
			rows[s] = placedAt(in, rows[s].Student, string(o))
		}
	}
	return st.FinishRun(ctx, district, op.id, draftOf(rows...))
}

var runModel = porcupine.Model{
	Init: func() any { return runLedger{} },
	Step: func(state, input, output any) (bool, any) {
		answer, after := runStep(state.(runLedger), input.(runOp))
		return answer == output, after
	},
	Equal: func(a, b any) bool {
		l, m := a.(runLedger), b.(runLedger)
		return l.moved == m.moved && slices.Equal(l.seats, m.seats) && slices.Equal(l.drafts, m.drafts)
	},
}

// runStep is the ledger, one operation at a time.
func runStep(l runLedger, op runOp) (string, runLedger) {
	switch op.kind {
	case "draft":
		drafts := append(slices.Clone(l.drafts), runDraft{id: op.id, seen: l.moved, rows: op.rows})
		slices.SortFunc(drafts, func(a, b runDraft) int { return strings.Compare(a.id, b.id) })
		var placed []store.Entry
		for _, e := range l.seats {
			if e.placed {
				placed = append(placed, store.Entry{Reservation: store.Reservation{Student: e.student, Opportunity: e.opportunity}})
			}
		}
		slices.SortFunc(placed, func(a, b store.Entry) int { return strings.Compare(a.Student, b.Student) })
		return placedText(placed), runLedger{l.seats, l.moved, drafts}
	case "publish":
		return runPublish(l, op)
	case "withdraw":
		i := slices.IndexFunc(l.seats, func(e seatEntry) bool { return e.placed && e.student == op.student })
		if i < 0 {
			return store.ErrNotFound.Error(), l
		}
		return "done", l.after(slices.Delete(slices.Clone(l.seats), i, i+1))
	case "place":
		return runPlace(l, op)
	}
	answer, seats := seatStep(l.seats, op.seatOp)
	return answer, l.after(seats)
}

// after is the ledger with other entries: who is placed otherwise has moved.
func (l runLedger) after(seats seatLedger) runLedger {
	for s := range runStudents {
		if id := fmt.Sprintf("s%d", s); l.seats.placed(id) != seats.placed(id) {
			l.moved[s]++
		}
	}
	l.seats = seats
	return l
}

// placed is the student's placement, or a zero entry.
func (l seatLedger) placed(student string) seatEntry {
	i := slices.IndexFunc(l, func(e seatEntry) bool { return e.placed && e.student == student })
	if i < 0 {
		return seatEntry{}
	}
	return l[i]
}

// runPlace is a reservation that is confirmed at once.
func runPlace(l runLedger, op runOp) (string, runLedger) {
	live := func(e seatEntry) bool { return e.placed || e.expires > op.now }
	op.expires = op.now // which no other entry's is that is live
	answer, seats := seatReserve(l.seats, op.seatOp, live)
	if answer != store.ErrConflict.Error() && l.seats.placed(op.student) != (seatEntry{}) {
		return store.ErrAlreadyPlaced.Error(), l
	}
	if answer != "done" {
		return answer, l
	}
	i := slices.IndexFunc(seats, func(e seatEntry) bool { return e.id == op.id })
	seats[i].placed, seats[i].expires = true, 0
	return "done", l.after(seats)
}

// runPublish puts a draft's rows in force.
func runPublish(l runLedger, op runOp) (string, runLedger) {
	at := slices.IndexFunc(l.drafts, func(d runDraft) bool { return d.id == op.id })
	if at < 0 || l.drafts[at].published {
		return store.ErrConflict.Error(), l
	}
	draft := l.drafts[at]
	seats := slices.DeleteFunc(slices.Clone(l.seats), func(e seatEntry) bool { return !e.placed && e.expires <= op.now })
	var refused store.PublishError
	fresh := map[byte]int32{}
	for s, o := range draft.rows {
		if l.moved[s] != draft.seen[s] {
			refused.Changed++
		}
		id := fmt.Sprintf("s%d", s)
		if had := seats.placed(id); had != (seatEntry{}) && (o == 0 || had.opportunity != string(o)) {
			seats = slices.DeleteFunc(seats, func(e seatEntry) bool { return e == had })
		}
		if o == 0 {
			continue
		}
		i := slices.IndexFunc(seats, func(e seatEntry) bool { return e.student == id && e.opportunity == string(o) })
		if i < 0 {
			fresh[o]++
			seats = append(seats, seatEntry{draft.id + "/" + id, id, string(o), 0, true})
			continue
		}
		seats[i].placed, seats[i].expires = true, 0
	}
	taken := map[string]int32{}
	for _, e := range seats {
		taken[e.opportunity]++
	}
	for _, o := range []byte("xy") {
		if over := min(fresh[o], taken[string(o)]-linearSeats); over > 0 {
			refused.Lost = append(refused.Lost, store.LostSeats{Opportunity: string(o), Why: store.LostFull, Seats: over})
		}
	}
	if over := min(fresh['x']+fresh['y'], taken["x"]+taken["y"]-linearCap); over > 0 {
		refused.Lost = append(refused.Lost, store.LostSeats{Partner: "p", Why: store.LostFull, Seats: over})
	}
	if refused.Changed > 0 || len(refused.Lost) > 0 {
		return fmt.Sprintf("refused: %+v", refused), l
	}
	slices.SortFunc(seats, func(a, b seatEntry) int { return strings.Compare(a.id, b.id) })
	after := l.after(seats)
	after.drafts = slices.Clone(l.drafts)
	after.drafts[at].published = true
	return "done", after
}

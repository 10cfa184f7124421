package storetest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/kindred-match/kindred/store"
)

const (
	// crashStudents are more than a store may write in one transaction.
	crashStudents = 2500
	crashOffers   = 10
	crashShards   = 3
)

// CrashRuns kills a process that carries out runs, at random moments, so many
// times, and looks at what it left: what was acknowledged is there, a draft is
// there as a whole or not at all, and so is a publication. The next process goes on where
// it was. It is called as Crash is.
func CrashRuns(t *testing.T, rounds int, open func(ctx context.Context, dir string) (store.Store, error)) {
	if dir := os.Getenv(crashDir); dir != "" {
		runUntilKilled(t, dir, open)
		return
	}
	dir := t.TempDir()
	st, err := open(t.Context(), dir)
	must(t, err)
	crashDistrict(t, st)
	must(t, st.Close())
	acknowledged := map[string]bool{}
	r := rand.New(rand.NewPCG(23, 6))
	for round := range rounds {
		for _, id := range runAndKill(t, dir, round, 1+r.IntN(20)) {
			acknowledged[id] = true
		}
		st, err := open(t.Context(), dir)
		if err != nil {
			t.Fatalf("after a crash the store does not open: %v", err)
		}
		checkRunsAfterCrash(t, st, acknowledged)
		must(t, st.Close())
	}
}

func crashDistrict(t *testing.T, st store.Store) {
	t.Helper()
	var w store.Write
	for i := range crashOffers {
		o := opportunity(fmt.Sprintf("o%d", i), "p")
		o.Seats = crashStudents
		w.Mutations = append(w.Mutations, putOpportunity(o))
	}
	w.Mutations = append(w.Mutations, putPartner(partner("p")))
	must(t, second(st.Write(t.Context(), "d", at(noon), w)))
	ids := make([]string, crashStudents)
	for i := range ids {
		ids[i] = fmt.Sprintf("s%04d", i)
	}
	enrol(t, st, "d", ids...)
}

// runUntilKilled is the process that is killed: it finishes what it finds, and
// goes on with new runs.
func runUntilKilled(t *testing.T, dir string, open func(context.Context, string) (store.Store, error)) {
	st, err := open(t.Context(), dir)
	must(t, err)
	runs, err := st.ListRuns(t.Context(), "d", "", 1<<20)
	must(t, err)
	for _, r := range slices.Backward(runs) {
		carryOn(t, st, r.ID)
	}
	for n := len(runs); ; n++ {
		id := fmt.Sprintf("run%04d", n)
		createRun(t, st, "d", id)
		acknowledge(t, id, store.RunQueued, "")
		carryOn(t, st, id)
	}
}

// acknowledge tells the parent how far a run is.
func acknowledge(t *testing.T, id string, state store.RunState, step store.Step) {
	if _, err := io.WriteString(os.Stdout, "acknowledged "+id+" "+progress(state, step)+"\n"); err != nil {
		t.Skip("nobody listens any more")
	}
}

// progress is larger the further a run is.
func progress(state store.RunState, step store.Step) string {
	switch state {
	case store.RunRunning:
		return fmt.Sprintf("1 %d", slices.Index(store.Steps, step))
	case store.RunDraft:
		return "2"
	case store.RunPublished:
		return "3"
	default:
		return "0"
	}
}

// carryOn brings a run from where it is to its publication.
func carryOn(t *testing.T, st store.Store, id string) {
	t.Helper()
	ctx := t.Context()
	for {
		r := getRun(t, st, "d", id)
		if r.State == store.RunQueued {
			must(t, second(st.StartRun(ctx, "d", id, noon)))
			r = getRun(t, st, "d", id)
		}
		if r.State == store.RunPublished {
			return
		}
		switch {
		case r.State == store.RunDraft:
			must(t, second(st.PublishRun(ctx, "d", request(id, "published"), id)))
		case r.Step == store.StepSnapshot:
			in, err := st.RunInput(ctx, "d", noon)
			must(t, err)
			must(t, st.KeepSnapshot(ctx, "d", id, snapshotOf(in), store.StepScore))
		case r.Step == store.StepScore:
			keepMissing(t, st, id)
		default:
			must(t, st.FinishRun(ctx, "d", id, draftOf(crashRows(t, st, id)...)))
		}
		r = getRun(t, st, "d", id)
		acknowledge(t, id, r.State, r.Step)
	}
}

// keepMissing keeps the shards that aren't there yet, one by one.
func keepMissing(t *testing.T, st store.Store, id string) {
	t.Helper()
	for n := 1; n <= crashShards; n++ {
		parts, err := st.RunParts(t.Context(), "d", id, store.StepScore, n-1, 1)
		must(t, err)
		if len(parts) == 1 && parts[0].Number == n && parts[0].Intact() {
			continue
		}
		next := store.Step("")
		if n == crashShards {
			next = store.StepPlace
		}
		part := store.Part{Number: n, Content: fmt.Appendf(nil, "shard %d of %s", n, id)}
		must(t, st.KeepParts(t.Context(), "d", id, store.StepScore, []store.Part{part}, next))
	}
}

// crashRows makes the rows of a run out of what it has kept.
func crashRows(t *testing.T, st store.Store, id string) []store.RunPlacement {
	t.Helper()
	parts, err := st.RunParts(t.Context(), "d", id, store.StepScore, 0, 10)
	must(t, err)
	reason := ""
	for _, p := range parts {
		if !p.Intact() {
			t.Fatalf("part %d isn't what was kept", p.Number)
		}
		reason += string(p.Content) + ", "
	}
	students, err := st.RunStudents(t.Context(), "d", id, "", 1<<20)
	must(t, err)
	rows := make([]store.RunPlacement, len(students))
	for i, s := range students {
		rows[i] = crashRow(id, s.ID, reason)
	}
	return rows
}

// crashRow is a function of its arguments.
func crashRow(run, student, reason string) store.RunPlacement {
	n := 0
	for _, c := range []byte(run + student) {
		n = n*31 + int(c)
	}
	r := store.RunPlacement{Student: student, Reason: reason}
	if o := n % (crashOffers + 1); o < crashOffers {
		r.Opportunity, r.Number, r.Rank = fmt.Sprintf("o%d", o), uint32(o+1), 1
	}
	return r
}

func checkRunsAfterCrash(t *testing.T, st store.Store, acknowledged map[string]bool) {
	t.Helper()
	runs, err := st.ListRuns(t.Context(), "d", "", 1<<20)
	must(t, err)
	far := map[string]string{}
	inForce := ""
	for _, r := range slices.Backward(runs) {
		far[r.ID] = progress(r.State, r.Step)
		if r.State == store.RunPublished {
			inForce = r.ID
		}
		wantWhole(t, st, &r)
	}
	for line := range acknowledged {
		id, least, _ := strings.Cut(line, " ")
		if at, ok := far[id]; !ok || at < least {
			t.Fatalf("run %s is at %q, and %q was acknowledged", id, at, least)
		}
	}
	want := map[string]string{}
	if inForce != "" {
		rows, err := st.RunPlacements(t.Context(), "d", inForce, "", 1<<20)
		must(t, err)
		for _, r := range rows {
			if r.Opportunity != "" {
				want[r.Student] = r.Opportunity
			}
		}
	}
	wantInForce(t, st, want)
}

// wantWhole looks at what a run shows: all of a step, or nothing.
func wantWhole(t *testing.T, st store.Store, r *store.Run) {
	t.Helper()
	ctx := t.Context()
	students, err := st.RunStudents(ctx, "d", r.ID, "", 1<<20)
	must(t, err)
	rows, err := st.RunPlacements(ctx, "d", r.ID, "", 1<<20)
	must(t, err)
	wantStudents, wantRows := 0, 0
	if r.State == store.RunDraft || r.State == store.RunPublished {
		wantStudents, wantRows = crashStudents, crashStudents
	} else if r.State == store.RunRunning && r.Step != store.StepSnapshot {
		wantStudents = crashStudents
	}
	if len(students) != wantStudents || len(rows) != wantRows {
		t.Fatalf("a run that is %s at %q shows %d students and %d rows", r.State, r.Step, len(students), len(rows))
	}
	reason := ""
	for n := 1; n <= crashShards; n++ {
		reason += fmt.Sprintf("shard %d of %s, ", n, r.ID)
	}
	for _, row := range rows {
		if row != crashRow(r.ID, row.Student, reason) {
			t.Fatalf("a row of %s isn't what an undisturbed run gives", r.ID)
		}
	}
	if _, err := st.RunDocument(ctx, "d", r.ID, "report"); (err == nil) != (wantRows > 0) || err != nil && !errors.Is(err, store.ErrNotFound) {
		t.Fatalf("the report of a run that is %s: %v", r.State, err)
	}
}

// wantInForce compares the ledger with the last run that was published.
func wantInForce(t *testing.T, st store.Store, want map[string]string) {
	t.Helper()
	list, err := st.Placements(t.Context(), "d", "", 1<<20)
	must(t, err)
	taken := map[string]int32{}
	for _, p := range list {
		taken[p.Opportunity]++
		if want[p.Student] != p.Opportunity {
			t.Fatal("a placement isn't that of the last run that was published")
		}
	}
	if len(list) != len(want) {
		t.Fatalf("%d placements, the last run that was published has %d", len(list), len(want))
	}
	var sum int32
	now := state(t, st, "d")
	for _, o := range now.Opportunities {
		if sum += o.Taken; o.Taken != taken[o.ID] {
			t.Fatalf("%s: %d seats taken by %d placements", o.ID, o.Taken, taken[o.ID])
		}
	}
	if now.Partners[0].Taken != sum {
		t.Fatalf("%d seats taken at the partner, %d at its opportunities", now.Partners[0].Taken, sum)
	}
}

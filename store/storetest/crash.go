package storetest

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/kindred-match/kindred/store"
)

const (
	crashDir   = "KINDRED_STORETEST_CRASH_DIR"
	crashRound = "KINDRED_STORETEST_CRASH_ROUND"
	// crashBatch is how many opportunities, and how many students, a batch has.
	crashBatch   = 20
	crashWriters = 4
)

// Crash kills a process that writes, at random moments, so many times, and looks at what it
// left: each batch that was acknowledged is there, and none is there in part.
// The process is this test's own binary, started again with the test's name; so
// Crash is all that the test calls. open opens the store in a folder.
func Crash(t *testing.T, rounds int, open func(ctx context.Context, dir string) (store.Store, error)) {
	if dir := os.Getenv(crashDir); dir != "" {
		writeUntilKilled(t, dir, os.Getenv(crashRound), open)
		return
	}
	dir := t.TempDir()
	acknowledged := map[string]bool{}
	r := rand.New(rand.NewPCG(17, 4))
	for round := range rounds {
		for _, id := range runAndKill(t, dir, round, 1+r.IntN(30)) {
			acknowledged[id] = true
		}
		checkAfterCrash(t, dir, acknowledged, open)
	}
	if len(acknowledged) < rounds {
		t.Fatalf("%d batches were acknowledged in %d rounds", len(acknowledged), rounds)
	}
}

// runAndKill starts a writer, kills it once it has acknowledged so many
// batches, and returns all that it has acknowledged by then.
func runAndKill(t *testing.T, dir string, round, batches int) []string {
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.count=1")
	cmd.Env = append(os.Environ(), crashDir+"="+dir, crashRound+"="+strconv.Itoa(round))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	var acknowledged []string
	other := ""
	for lines := bufio.NewScanner(out); lines.Scan(); {
		id, ok := strings.CutPrefix(lines.Text(), "acknowledged ")
		if !ok {
			other += lines.Text() + "\n"
			continue
		}
		acknowledged = append(acknowledged, id)
		if len(acknowledged) == batches {
			// What it goes on to acknowledge before the signal comes is read too.
			must(t, cmd.Process.Kill())
		}
	}
	err = cmd.Wait()
	if len(acknowledged) < batches {
		t.Fatalf("the writer ended by itself: %v\n%s", err, other)
	}
	return acknowledged
}

// writeUntilKilled is the process that is killed.
func writeUntilKilled(t *testing.T, dir, round string, open func(context.Context, string) (store.Store, error)) {
	st, err := open(t.Context(), dir)
	must(t, err)
	var wg sync.WaitGroup
	for w := range crashWriters {
		wg.Go(func() {
			for i := 0; ; i++ {
				id := fmt.Sprintf("%s-%d-%04d", round, w, i)
				if err := writeBatch(t, st, id); err != nil {
					t.Error(err)
					return
				}
				if _, err := io.WriteString(os.Stdout, "acknowledged "+id+"\n"); err != nil {
					return // nobody listens any more
				}
			}
		})
	}
	wg.Wait()
}

// writeBatch writes a batch of opportunities, then one of students under the
// same name.
func writeBatch(t *testing.T, st store.Store, id string) error {
	var w store.Write
	puts := make([]store.StudentPut, crashBatch)
	for i := range crashBatch {
		name := fmt.Sprintf("%s-%02d", id, i)
		w.Mutations = append(w.Mutations, putOpportunity(opportunity(name, "")))
		puts[i].Student = student(name)
	}
	if _, err := st.Write(t.Context(), "d", at(noon), w); err != nil {
		return err
	}
	_, err := st.PutStudents(t.Context(), "d", at(noon), puts)
	return err
}

func checkAfterCrash(t *testing.T, dir string, acknowledged map[string]bool, open func(context.Context, string) (store.Store, error)) {
	t.Helper()
	st, err := open(t.Context(), dir)
	if err != nil {
		t.Fatalf("after a crash the store does not open: %v", err)
	}
	defer func() { must(t, st.Close()) }()
	now := state(t, st, "d")
	offers, students := map[string]int{}, map[string]int{}
	numbers := map[uint32]bool{}
	for _, o := range now.Opportunities {
		offers[o.ID[:len(o.ID)-3]]++
		numbers[o.Number] = true
	}
	list, err := st.ListStudents(t.Context(), "d", "", 1<<30)
	must(t, err)
	for _, s := range list {
		students[s.ID[:len(s.ID)-3]]++
	}
	for id := range acknowledged {
		if offers[id] != crashBatch || students[id] != crashBatch {
			t.Fatalf("batch %s was acknowledged; %d of %d opportunities and %d students are there",
				id, offers[id], crashBatch, students[id])
		}
	}
	for kind, found := range map[string]map[string]int{"opportunities": offers, "students": students} {
		for id, n := range found {
			if n != crashBatch {
				t.Fatalf("batch %s: %d of %d %s are there", id, n, crashBatch, kind)
			}
		}
	}
	if len(numbers) != len(now.Opportunities) || int(now.Epoch) != len(now.Opportunities) {
		t.Fatalf("%d opportunities have %d numbers, at epoch %d", len(now.Opportunities), len(numbers), now.Epoch)
	}
	changes, err := st.Changes(t.Context(), "d", 0, 1<<30)
	must(t, err)
	if len(changes) != int(now.Epoch) {
		t.Fatalf("%d changes in the log of epoch %d", len(changes), now.Epoch)
	}
}

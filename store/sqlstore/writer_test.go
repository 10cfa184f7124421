package sqlstore

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/kindred-match/kindred/store"
)

// idle opens a store that nobody else writes to, so that a test may use its
// writer.
func idle(t *testing.T, o Options) *Store {
	t.Helper()
	o.Dir = t.TempDir()
	s, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// commitTogether carries out jobs in one group, which writes that come at the
// same time may or may not be.
func commitTogether(t *testing.T, s *Store, runs ...func(*tx) error) []*job {
	group := make([]*job, len(runs))
	for i, run := range runs {
		group[i] = &job{ctx: t.Context(), run: run, done: make(chan struct{})}
	}
	s.writer.commit(group)
	for _, j := range group {
		<-j.done
	}
	return group
}

// makes returns a job that makes a district.
func makes(id string) func(*tx) error {
	return func(t *tx) error {
		_, err := t.district(id, true)
		return err
	}
}

// fills returns a job that writes more than fits.
func fills(calls *int) func(*tx) error {
	return func(t *tx) error {
		*calls++
		if err := makes("filled")(t); err != nil {
			return err
		}
		_, err := t.exec(`INSERT INTO store (identity) VALUES (?)`, strings.Repeat("x", 1<<20))
		return err
	}
}

func wantDistricts(t *testing.T, s *Store, want ...string) {
	t.Helper()
	got, err := s.Districts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Fatalf("districts %v, want %v", got, want)
	}
}

// TestGroup shares a transaction between jobs of which some fail: each failure
// undoes its own job alone.
func TestGroup(t *testing.T) {
	s := idle(t, Options{})
	failure := errors.New("failure")
	stopped, stop := context.WithCancel(t.Context())
	group := commitTogether(t, s,
		makes("a"),
		func(t *tx) error { return errors.Join(makes("failed")(t), failure) },
		makes("b"),
		func(t *tx) error {
			if err := makes("panicked")(t); err != nil {
				return err
			}
			panic("in a job")
		},
		func(t *tx) error { // sees what came before it
			_, err := t.district("b", false)
			return err
		},
	)
	if group[0].err != nil || group[2].err != nil || group[4].err != nil {
		t.Errorf("errors %v, %v, %v", group[0].err, group[2].err, group[4].err)
	}
	if !errors.Is(group[1].err, failure) || group[3].panic != "in a job" {
		t.Errorf("error %v, panic %v", group[1].err, group[3].panic)
	}
	wantDistricts(t, s, "a", "b")

	stop()
	late := &job{ctx: stopped, run: makes("late"), done: make(chan struct{})}
	s.writer.commit([]*job{late})
	if !errors.Is(late.err, context.Canceled) {
		t.Errorf("a job whose context had ended: %v", late.err)
	}
	wantDistricts(t, s, "a", "b")
}

// TestGroupOnFullDisk has SQLite undo the transaction that jobs share: those
// that fit are carried out all the same, each by itself.
func TestGroupOnFullDisk(t *testing.T) {
	s := idle(t, Options{MaxBytes: 600 << 10})
	calls := 0
	group := commitTogether(t, s, makes("a"), fills(&calls), makes("b"))
	if group[0].err != nil || group[2].err != nil {
		t.Errorf("errors %v, %v", group[0].err, group[2].err)
	}
	if group[1].err == nil {
		t.Error("a megabyte fits into 600 KiB")
	}
	wantDistricts(t, s, "a", "b")
	if calls < 1 || calls > 2 {
		t.Errorf("the job was tried %d times", calls)
	}
}

// TestDeferredFailure lets a transaction fail as it commits: none of its jobs
// is acknowledged, unless it goes well by itself.
func TestDeferredFailure(t *testing.T) {
	s := idle(t, Options{})
	dangling := func(t *tx) error {
		if _, err := t.exec(`PRAGMA defer_foreign_keys = 1`); err != nil {
			return err
		}
		if err := makes("dangling")(t); err != nil {
			return err
		}
		_, err := t.exec(`INSERT INTO settings VALUES (77, 1, 1, '', '', 1, 1)`)
		return err
	}
	group := commitTogether(t, s, makes("a"), dangling, makes("b"))
	if group[0].err != nil || group[2].err != nil {
		t.Errorf("errors %v, %v", group[0].err, group[2].err)
	}
	if group[1].err == nil || !strings.Contains(group[1].err.Error(), "commit") {
		t.Errorf("a transaction that can't commit was acknowledged: %v", group[1].err)
	}
	wantDistricts(t, s, "a", "b")
}

// TestLeftOpen begins to write where an undoing has left a transaction open.
func TestLeftOpen(t *testing.T) {
	s := idle(t, Options{})
	if err := s.writer.exec("BEGIN"); err != nil {
		t.Fatal(err)
	}
	commitTogether(t, s, makes("a"))
	wantDistricts(t, s, "a")
}

// TestNumbersRunOut refuses a number that would have been another's.
func TestNumbersRunOut(t *testing.T) {
	d := &districtTx{nextNumber: 1<<32 - 1}
	if n, err := d.number(); n != 1<<32-1 || err != nil {
		t.Fatalf("the last number: %d, %v", n, err)
	}
	if n, err := d.number(); err == nil {
		t.Fatalf("number %d after the last", n)
	}
}

// TestCrowd forgets those who wait no longer.
func TestCrowd(t *testing.T) {
	h := newHub(nil)
	first, second := h.join("d", 0), h.join("d", 0)
	if first != second {
		t.Fatal("two crowds of one district")
	}
	h.leave("d", first)
	if len(h.waiting) != 1 {
		t.Fatal("one still waits")
	}
	h.advance("d", 2)
	h.leave("d", second)
	h.advance("d", 1) // commits may be told out of order
	if len(h.waiting) != 0 || h.join("d", 1) != nil || h.epochs["d"] != store.Epoch(2) {
		t.Fatalf("after the commit: %+v", h)
	}
}

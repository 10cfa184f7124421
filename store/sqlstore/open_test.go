package sqlstore_test

import (
	"bytes"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/store"
	"github.com/kindred-match/kindred/store/sqlstore"
)

// holdEnv names the folder that a second process holds.
const holdEnv = "KINDRED_SQLSTORE_HOLD"

// TestLocked starts a process that holds the folder, and opens it beside that.
func TestLocked(t *testing.T) {
	if dir := os.Getenv(holdEnv); dir != "" {
		openStore(t, sqlstore.Options{Dir: dir})
		fmt.Println("opened")
		_, _ = fmt.Scanln() // until it's killed
		return
	}
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestLocked$")
	cmd.Env = append(os.Environ(), holdEnv+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 16)); err != nil {
		t.Fatal(err)
	}
	_, err = sqlstore.Open(t.Context(), sqlstore.Options{Dir: dir})
	if !errors.Is(err, store.ErrLocked) {
		t.Fatalf("a second process opened the store: %v", err)
	}
	host, hostErr := os.Hostname()
	if hostErr != nil {
		t.Fatal(hostErr)
	}
	for _, part := range []string{"process " + strconv.Itoa(cmd.Process.Pid) + " on " + host, "started 20", dir} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the error does not say %q: %v", part, err)
		}
	}
	// Killed, it leaves no lock behind.
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Fatal("a killed process ended well")
	}
	openStore(t, sqlstore.Options{Dir: dir})
}

func TestLockedInOneProcess(t *testing.T) {
	dir := t.TempDir()
	started := time.Date(2026, 8, 31, 7, 0, 0, 0, time.UTC)
	first := openStore(t, sqlstore.Options{Dir: dir, Clock: func() time.Time { return started }})
	_, err := sqlstore.Open(t.Context(), sqlstore.Options{Dir: dir})
	if !errors.Is(err, store.ErrLocked) || !strings.Contains(err.Error(), "2026-08-31T07:00:00Z") {
		t.Fatalf("opened twice: %v", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	again := openStore(t, sqlstore.Options{Dir: dir})
	if again.Identity() != first.Identity() {
		t.Error("a store's identity changed as it was opened again")
	}
}

// TestFolder makes a folder with an awkward name, for its owner alone.
func TestFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a b?c#d%20", "données")
	s := openStore(t, sqlstore.Options{Dir: dir})
	if _, err := s.Write(t.Context(), "d", store.Request{}, store.Write{}); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]os.FileMode{
		dir: 0o700 | os.ModeDir, filepath.Join(dir, sqlstore.FileName): 0o600,
		filepath.Join(dir, sqlstore.FileName+"-wal"): 0o600, filepath.Join(dir, sqlstore.LockName): 0o600,
	} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != want {
			t.Errorf("%s has mode %v, want %v", path, info.Mode(), want)
		}
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := sqlstore.Open(t.Context(), sqlstore.Options{Dir: file}); err == nil {
		t.Error("a file was opened as a folder")
	}
}

// editDatabase runs SQL on the database of a store that is closed.
func editDatabase(t *testing.T, dir, text string) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(dir, sqlstore.FileName))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), text); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestSchemaOfAnotherVersion(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, sqlstore.Options{Dir: dir})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	editDatabase(t, dir, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, 1)`)
	_, err := sqlstore.Open(t.Context(), sqlstore.Options{Dir: dir})
	if err == nil || !strings.Contains(err.Error(), "schema version 99, this program knows versions up to 2") {
		t.Fatalf("a schema from the future: %v", err)
	}
	editDatabase(t, dir, `DELETE FROM goose_db_version WHERE version_id = 99`)
	openStore(t, sqlstore.Options{Dir: dir}) // the failure gave the lock up
}

func TestForeignFiles(t *testing.T) {
	dir := t.TempDir()
	editDatabase(t, dir, `CREATE TABLE recipes (id INTEGER)`)
	_, err := sqlstore.Open(t.Context(), sqlstore.Options{Dir: dir})
	if err == nil || !strings.Contains(err.Error(), "another program") {
		t.Fatalf("a database of another program: %v", err)
	}
	dir = t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, sqlstore.FileName), bytes.Repeat([]byte("no database "), 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := sqlstore.Open(t.Context(), sqlstore.Options{Dir: dir}); err == nil {
		t.Fatal("a file that is no database was opened")
	}
}

// TestFull fills a store up to its limit: the write that doesn't fit fails and
// leaves nothing, and there is room for small ones and for deleting.
func TestFull(t *testing.T) {
	s := openStore(t, sqlstore.Options{MaxBytes: 600 << 10})
	ctx := t.Context()
	if _, err := s.PutStudents(ctx, "d", store.Request{}, inventedStudents(10)); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		_, err := s.PutStudents(ctx, "d", store.Request{}, inventedStudents(3000))
		if err == nil || errors.Is(err, store.ErrInvalid) {
			t.Fatalf("more than fits: %v", err)
		}
		list, err := s.ListStudents(ctx, "d", "", 5000)
		if err != nil || len(list) != 10 {
			t.Fatalf("%d students, %v: want the ten from before", len(list), err)
		}
		if _, err := s.PutStudents(ctx, "d", store.Request{}, inventedStudents(9)); err != nil {
			t.Fatalf("after a write that did not fit: %v", err)
		}
	}
	if _, err := s.DeleteStudent(ctx, "d", store.Request{}, list0(t, s), 0); err != nil {
		t.Fatal(err)
	}
}

func list0(t *testing.T, s *sqlstore.Store) string {
	t.Helper()
	list, err := s.ListStudents(t.Context(), "d", "", 1)
	if err != nil || len(list) == 0 {
		t.Fatal(err)
	}
	return list[0].ID
}

// TestErasureFromFiles looks for an erased student in the bytes of the folder.
func TestErasureFromFiles(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, sqlstore.Options{Dir: dir})
	ctx := t.Context()
	const canary = "canary-4711"
	answer := store.Request{
		ID: "0a1b", Digest: sha256.Sum256(nil), Now: time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC),
		Respond: func(store.Receipt) ([]byte, error) { return []byte("answer about " + canary), nil },
	}
	puts := inventedStudents(500)
	puts[250].Student = &matcher.Student{ID: canary, School: canary, Interests: []matcher.Weighted{{Tag: canary, Weight: 1}}}
	if _, err := s.PutStudents(ctx, "d", answer, puts); err != nil {
		t.Fatal(err)
	}
	// Another version of it, so that there is an old one to leave behind.
	puts[250].Student.Grade = "11"
	if _, err := s.PutStudents(ctx, "d", store.Request{}, puts[250:251]); err != nil {
		t.Fatal(err)
	}
	if len(holding(t, dir, canary)) == 0 {
		t.Fatal("the student is nowhere, before the erasure: the test looks in the wrong place")
	}
	if _, err := s.DeleteStudent(ctx, "d", store.Request{}, canary, 0); err != nil {
		t.Fatal(err)
	}
	if files := holding(t, dir, canary); len(files) > 0 {
		t.Errorf("the erased student is still in %v", files)
	}

	// A reader that is in the middle of something keeps the log in use: then it
	// is emptied later, when the store is closed at the latest.
	if _, err := s.PutStudents(ctx, "d", store.Request{}, puts[250:251]); err != nil {
		t.Fatal(err)
	}
	stop := readOn(t, dir)
	if _, err := s.DeleteStudent(ctx, "d", store.Request{}, canary, 0); err != nil {
		t.Fatal(err)
	}
	if len(holding(t, dir, canary)) == 0 {
		t.Error("the log was emptied below a reader")
	}
	stop()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if files := holding(t, dir, canary); len(files) > 0 {
		t.Errorf("the erased student is in %v after closing", files)
	}
}

// readOn begins to read the database, and returns what ends that.
func readOn(t *testing.T, dir string) (stop func()) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(dir, sqlstore.FileName))
	if err != nil {
		t.Fatal(err)
	}
	tx, err := db.BeginTx(t.Context(), &sql.TxOptions{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	var n int
	if err := tx.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM students`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := errors.Join(tx.Rollback(), db.Close()); err != nil {
			t.Error(err)
		}
	}
}

func holding(t *testing.T, dir, text string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		content, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(content, []byte(text)) {
			names = append(names, e.Name())
		}
	}
	return names
}

// TestDamage makes columns hold what no write puts there: an error, no panic.
func TestDamage(t *testing.T) {
	request := store.Request{ID: "0a1b", Digest: sha256.Sum256(nil), Now: time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)}
	for _, edit := range []string{
		`UPDATE opportunities SET tags = 'cad=many'`,
		`UPDATE statistics SET frequency = 'cad'`,
		`UPDATE requests SET receipt = x'80'`,
	} {
		dir := t.TempDir()
		s := openStore(t, sqlstore.Options{Dir: dir})
		w := store.Write{
			Mutations: inventedOpportunities(10),
			Refresh: func(*store.State) (matcher.Statistics, error) {
				return matcher.Statistics{Published: 10, Frequency: map[string]int64{"cad": 1}}, nil
			},
		}
		if _, err := s.Write(t.Context(), "d", request, w); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		editDatabase(t, dir, edit)
		s = openStore(t, sqlstore.Options{Dir: dir})
		_, stateErr := s.State(t.Context(), "d")
		_, writeErr := s.Write(t.Context(), "d", request, w)
		if err := errors.Join(stateErr, writeErr); err == nil || !strings.Contains(err.Error(), "the store is damaged") {
			t.Errorf("%s: %v", edit, err)
		}
	}
}

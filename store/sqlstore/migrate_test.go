package sqlstore

import (
	"database/sql"
	"io/fs"
	"path/filepath"
	"testing"

	"github.com/pressly/goose/v3"

	"github.com/kindred-match/kindred/store"
)

// TestMigrateOlder opens a store of each older version that holds something.
func TestMigrateOlder(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, FileName)
	makeVersion(t, file, 1, `
		INSERT INTO store (identity) VALUES ('the identity');
		INSERT INTO districts (district, id, epoch, sequence, next_number, log_start) VALUES (1, 'd', 1, 1, 2, 0);
		INSERT INTO opportunities VALUES (1, 'o', NULL, '', '', '', 1, 0, 'hard', '', '', 0, '', '', NULL, NULL, NULL, 0, 0, '', 1.0, 'published', '', 1, 1, 1);
		INSERT INTO students VALUES (1, 's', '', '', '', NULL, '', '', NULL, NULL, NULL, '', '', 1, 0);
		INSERT INTO ledger (district, id, student, opportunity, placed, expires, revision) VALUES (1, 'e', 's', 'o', 1, 0, 1);`)
	s, err := Open(t.Context(), Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	p, err := s.Placement(t.Context(), "d", "s")
	if err != nil {
		t.Fatal(err)
	}
	want := store.Placement{Entry: store.Entry{
		Reservation: store.Reservation{ID: "e", Student: "s", Opportunity: "o"}, Placed: true, Revision: 1,
	}}
	if *p != want || s.Identity() != "the identity" {
		t.Fatalf("got %+v of the store %s", *p, s.Identity())
	}
	if _, err := s.DeleteStudent(t.Context(), "d", store.Request{}, "s", 0); err != nil {
		t.Fatal(err)
	}
}

// makeVersion makes a database as a program of that version has it.
func makeVersion(t *testing.T, file string, version int64, contents string) {
	t.Helper()
	db, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}()
	files, err := fs.Sub(migrations, "migrations/sqlite")
	if err != nil {
		t.Fatal(err)
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.UpTo(t.Context(), version); err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), contents); err != nil {
		t.Fatal(err)
	}
}

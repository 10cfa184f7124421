// Package sqlstore keeps what Kindred knows in a SQL database: SQLite, in a
// file of a folder that one process at a time may use.
//
// All writes go through one goroutine, which carries out those that wait in one
// transaction (group commit): each is acknowledged once it is on disk. Reads
// run beside it, on connections of their own, each call in one transaction.
package sqlstore

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"time"

	"github.com/google/uuid"
	_ "modernc.org/sqlite" // the driver

	"github.com/kindred-match/kindred/store"
)

const (
	// FileName is the database's, in Options.Dir.
	FileName = "kindred.db"
	// LockName is that of the file that says which process uses the folder.
	LockName = "kindred.lock"
	// DefaultKeepChanges is how many entries of a district's change log are
	// kept at least, where nothing is said.
	DefaultKeepChanges = 100_000
)

// Options of a store.
type Options struct {
	// Dir is the data folder. It is made, for its owner alone, if it's not there.
	Dir string
	// KeepChanges is how many entries of a district's change log are kept at
	// least; 0 is DefaultKeepChanges.
	KeepChanges int
	// Readers is how many reads run at once; 0 is four per processor.
	Readers int
	// MaxBytes limits the database file; 0 is no limit. A write beyond it fails
	// and changes nothing.
	MaxBytes int64
	// Clock says when the lock was taken; nil is time.Now.
	Clock func() time.Time
}

// Store is a store.Store.
type Store struct {
	lock        *lock
	writes, ro  *sql.DB
	reader      pool
	writer      *writer
	remover     *remover
	hub         *hub
	subjects    *subjects
	touches     *touches
	identity    string
	keepChanges uint64

	closing   chan struct{} // closed when Close begins
	closeOnce sync.Once
	closeErr  error
}

var _ store.Store = (*Store)(nil)

// Open opens the store in the folder, or makes a new one. The error wraps
// store.ErrLocked and names the other process if one uses the folder.
func Open(ctx context.Context, o Options) (*Store, error) {
	s, err := open(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("open the store in %s: %w", o.Dir, err)
	}
	return s, nil
}

func open(ctx context.Context, o Options) (_ *Store, err error) {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.KeepChanges <= 0 {
		o.KeepChanges = DefaultKeepChanges
	}
	if o.Readers <= 0 {
		o.Readers = 4 * runtime.GOMAXPROCS(0)
	}
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	s := &Store{keepChanges: uint64(o.KeepChanges), subjects: &subjects{}, touches: &touches{}, closing: make(chan struct{})}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.free())
		}
	}()
	if s.lock, err = takeLock(filepath.Join(dir, LockName), o.Clock()); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, FileName)
	if err := touch(path); err != nil {
		return nil, err
	}
	if err := s.connect(ctx, path, o); err != nil {
		return nil, err
	}
	return s, s.start(ctx)
}

// connect opens the writer's connection and the readers', and migrates.
func (s *Store) connect(ctx context.Context, path string, o Options) (err error) {
	pragmas := []string{
		"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)",
		"secure_delete(1)", "temp_store(MEMORY)", "cache_size(-65536)",
		"journal_size_limit(67108864)", // to which the log shrinks after a large write
	}
	if o.MaxBytes > 0 {
		pragmas = append(pragmas, "max_page_count("+strconv.FormatInt(max(o.MaxBytes/pageSize, 1), 10)+")")
	}
	if s.writes, err = sql.Open("sqlite", source(path, pragmas)); err != nil {
		return err
	}
	s.writes.SetMaxOpenConns(1)
	if err := migrate(ctx, s.writes); err != nil {
		return err
	}
	if s.ro, err = sql.Open("sqlite", source(path, []string{
		"busy_timeout(5000)", "query_only(1)", "temp_store(MEMORY)", "cache_size(-16384)",
	})); err != nil {
		return err
	}
	s.ro.SetMaxOpenConns(o.Readers)
	s.ro.SetMaxIdleConns(o.Readers)
	s.reader = pool{db: s.ro, statements: newStatements(s.ro.PrepareContext)}
	return nil
}

// start makes the store's identity if it has none, and begins to write.
func (s *Store) start(ctx context.Context) error {
	id, err := uuid.NewRandomFromReader(rand.Reader)
	if err != nil {
		return err
	}
	if _, err := s.writes.ExecContext(ctx,
		`INSERT INTO store (identity) SELECT ? WHERE NOT EXISTS (SELECT 1 FROM store)`, id.String()); err != nil {
		return err
	}
	if err := s.writes.QueryRowContext(ctx, `SELECT identity FROM store`).Scan(&s.identity); err != nil {
		return err
	}
	heads, err := collect(ctx, s.reader, func(v *values) head { return head{v.text(), store.Epoch(v.uint64())} },
		`SELECT id, epoch FROM districts`)
	if err != nil {
		return err
	}
	s.hub = newHub(heads)
	conn, err := s.writes.Conn(ctx)
	if err != nil {
		return err
	}
	s.writer = newWriter(conn, s.hub, s.subjects, s.touches, s.closing)
	go s.writer.loop()
	s.remover = newRemover()
	go s.remover.loop(s)
	return nil
}

// pageSize is SQLite's default; nothing here sets another.
const pageSize = 4096

func source(path string, pragmas []string) string {
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: url.Values{"_pragma": pragmas}.Encode()}
	return u.String()
}

// touch makes the file for its owner alone; SQLite gives the files beside it
// the same permissions.
func touch(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

// Identity implements store.Store.
func (s *Store) Identity() string { return s.identity }

// Close implements store.Store. Closing again does nothing.
func (s *Store) Close() error {
	s.closeOnce.Do(func() {
		close(s.closing)
		s.closeErr = s.free()
	})
	return s.closeErr
}

// free gives back what has been taken so far, in the reverse order.
func (s *Store) free() error {
	var errs []error
	if s.remover != nil {
		<-s.remover.stopped
	}
	if s.writer != nil {
		errs = append(errs, s.writer.stop())
	}
	for _, db := range []*sql.DB{s.ro, s.writes} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	if s.lock != nil {
		errs = append(errs, s.lock.release())
	}
	return errors.Join(errs...)
}

// fail says that the store is closed where that is why a call failed.
func (s *Store) fail(err error) error {
	if err == nil {
		return nil
	}
	select {
	case <-s.closing:
		return store.ErrClosed
	default:
		return err
	}
}

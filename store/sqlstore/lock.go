package sqlstore

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/kindred-match/kindred/store"
)

// lock is the hold of one process on a data folder: an operating system's lock
// on a file that says who has it.
type lock struct{ file *os.File }

// takeLock fails with store.ErrLocked, naming the owner, when another process
// has the lock.
func takeLock(path string, started time.Time) (*lock, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	ok, err := lockFile(f)
	if err == nil && !ok {
		err = fmt.Errorf("%w: %s holds %s; stop it or use another folder", store.ErrLocked, owner(f), path)
	}
	if err == nil {
		err = writeOwner(f, started)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &lock{f}, nil
}

func writeOwner(f *os.File, started time.Time) error {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown host"
	}
	if err := f.Truncate(0); err != nil {
		return err
	}
	text := fmt.Sprintf("process %d on %s, started %s\n", os.Getpid(), host, started.UTC().Format(time.RFC3339))
	if _, err := f.WriteAt([]byte(text), 0); err != nil {
		return err
	}
	return f.Sync()
}

// owner reads who holds the lock. The text may be missing for the instant
// between taking the lock and writing it.
func owner(f *os.File) string {
	text, err := io.ReadAll(io.LimitReader(f, 1024))
	if s := strings.TrimSpace(string(text)); err == nil && s != "" {
		return s
	}
	return "a process that has just started"
}

// release gives the lock up. The file stays: removing it would let two
// processes lock two files of the same name.
func (l *lock) release() error { return l.file.Close() }

// Package staging makes folders and files that appear complete or not at all:
// they are written aside, put on the disk, and renamed.
package staging

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// ErrNotEmpty is the error of a folder that is there and holds something.
var ErrNotEmpty = errors.New("the folder is there already and not empty; name another or empty it")

// inner is the folder in the staging folder that is renamed in the end. It has
// the permissions that the user's mask gives, as temporary folders don't.
const inner = "folder"

// Folder is a folder that is being made.
type Folder struct {
	dir, aside string
	files      int // that were started
}

// few is how many files of a folder are put on the disk one by one, as they are
// closed. A hundred thousand of them would take minutes so.
const few = 64

// Empty says whether a folder of this name can be made: it is not there, or
// holds nothing. Else the error is ErrNotEmpty, or why it can't be read.
func Empty(dir string) error {
	_, err := resolve(dir)
	return err
}

// Create starts a folder. ErrNotEmpty if it is there and holds something.
func Create(dir string) (*Folder, error) {
	dir, err := resolve(dir)
	if err != nil {
		return nil, err
	}
	parent := filepath.Dir(dir)
	if err := os.MkdirAll(parent, 0o777); err != nil {
		return nil, err
	}
	aside, err := os.MkdirTemp(parent, "."+filepath.Base(dir)+".partial-")
	if err != nil {
		return nil, err
	}
	f := &Folder{dir: dir, aside: aside}
	if err := os.Mkdir(filepath.Join(aside, inner), 0o777); err != nil {
		return nil, errors.Join(err, f.Discard())
	}
	return f, nil
}

// resolve returns where the folder really is, or is to be.
func resolve(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return dir, nil
	case err != nil:
		return "", err
	case len(entries) > 0:
		return "", fmt.Errorf("%s: %w", dir, ErrNotEmpty)
	}
	return filepath.EvalSymlinks(dir)
}

// File starts a file of the folder. What is written is on the disk once the
// folder is committed.
func (f *Folder) File(name string) (io.WriteCloser, error) {
	file, err := os.Create(filepath.Join(f.aside, inner, name))
	if err != nil {
		return nil, err
	}
	if f.files++; f.files > few {
		return file, nil
	}
	return synced{file}, nil
}

// synced is on the disk once it is closed.
type synced struct{ *os.File }

func (f synced) Close() error { return errors.Join(f.Sync(), f.File.Close()) }

// Commit makes the folder appear, all of its files being closed. After an error
// nothing is left of it.
func (f *Folder) Commit() error {
	from := filepath.Join(f.aside, inner)
	if err := f.sync(from); err != nil {
		return errors.Join(err, f.Discard())
	}
	if err := replaceEmpty(from, f.dir); err != nil {
		return errors.Join(err, f.Discard())
	}
	return errors.Join(syncFolder(filepath.Dir(f.dir)), os.Remove(f.aside))
}

// sync puts on the disk what is not there yet.
func (f *Folder) sync(from string) error {
	if f.files > few {
		if err := syncFiles(from); err != nil {
			return err
		}
	}
	return syncFolder(from)
}

// Discard leaves nothing of the folder.
func (f *Folder) Discard() error { return os.RemoveAll(f.aside) }

// replaceEmpty renames a folder to a name where an empty folder may be, which
// os.Rename refuses.
func replaceEmpty(from, to string) error {
	if info, err := os.Lstat(to); err == nil && info.IsDir() {
		if err := os.Remove(to); err != nil { // one that isn't empty stays
			return err
		}
	}
	return os.Rename(from, to)
}

// syncFolder makes a rename in the folder last.
func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// WriteFile has write write a file, which then appears, or replaces the one
// that is there.
func WriteFile(name string, write func(io.Writer) error) (err error) {
	file, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".partial-")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(file.Name()))
		}
	}()
	if err := errors.Join(write(file), synced{file}.Close()); err != nil {
		return err
	}
	if err := os.Rename(file.Name(), name); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(name))
}

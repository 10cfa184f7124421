//go:build !linux

package staging

import (
	"errors"
	"os"
	"path/filepath"
)

// syncFiles puts the files of a folder on the disk, one after the other.
func syncFiles(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		file, err := os.OpenFile(filepath.Join(dir, entry.Name()), os.O_RDWR, 0) // Windows syncs what can be written
		if err != nil {
			return err
		}
		if err := errors.Join(file.Sync(), file.Close()); err != nil {
			return err
		}
	}
	return nil
}

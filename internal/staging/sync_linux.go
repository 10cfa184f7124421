package staging

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// syncFiles puts the files of a folder on the disk: all that its file system
// holds, at once, which for many files is far faster than one after the other.
func syncFiles(dir string) error {
	folder, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(os.NewSyscallError("syncfs", unix.Syncfs(int(folder.Fd()))), folder.Close())
}

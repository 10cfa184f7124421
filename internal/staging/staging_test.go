package staging

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// TestManyFiles makes folders of few and of many files: each is complete, or
// leaves nothing.
func TestManyFiles(t *testing.T) {
	for _, n := range []int{0, 1, few, few + 1, 3 * few} {
		for _, keep := range []bool{true, false} {
			parent := t.TempDir()
			dir := filepath.Join(parent, "folder")
			f, err := Create(dir)
			if err != nil {
				t.Fatal(err)
			}
			for i := range n {
				file, err := f.File(fmt.Sprint(i))
				if err != nil {
					t.Fatal(err)
				}
				if _, err := io.WriteString(file, fmt.Sprint("content ", i)); err != nil {
					t.Fatal(err)
				}
				if err := file.Close(); err != nil {
					t.Fatal(err)
				}
			}
			end := f.Discard
			if keep {
				end = f.Commit
			}
			if err := end(); err != nil {
				t.Fatal(err)
			}
			left, err := os.ReadDir(parent)
			if err != nil {
				t.Fatal(err)
			}
			if !keep {
				if len(left) > 0 {
					t.Errorf("%d files, discarded: %v is left", n, left)
				}
				continue
			}
			files, err := os.ReadDir(dir)
			if err != nil || len(files) != n || len(left) != 1 {
				t.Fatalf("%d files: there are %d, %v, beside %v", n, len(files), err, left)
			}
			for i := range n {
				if got, err := os.ReadFile(filepath.Join(dir, fmt.Sprint(i))); err != nil || string(got) != fmt.Sprint("content ", i) {
					t.Errorf("file %d has %q, %v", i, got, err)
				}
			}
		}
	}
}

package main

import (
	"bytes"
	"cmp"
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kindred-match/kindred/internal/district"
)

// TestFolders: what is written is a district folder without errors or
// warnings, every tag being listed.
func TestFolders(t *testing.T) {
	data := cmp.Or(os.Getenv("KINDRED_DATA"), filepath.Join("..", "..", "..", "..", "shared", "data"))
	if _, err := os.Stat(data); errors.Is(err, fs.ErrNotExist) {
		t.Skipf("no data sets in %s: set KINDRED_DATA to the folder that has them", data)
	}
	for _, c := range []struct {
		set                           string
		tags, opportunities, students int
	}{
		{"arxiv", 30_284, 527_053, 20},
		{"tate", 16_632, 58_801, 20},
	} {
		t.Run(c.set, func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "district")
			var messages bytes.Buffer
			if err := run([]string{"--data", data, "--students", "20", c.set, out}, &messages); err != nil {
				t.Fatal(err)
			}
			f, err := district.Read(t.Context(), out, district.Options{Students: true, Strict: true})
			if err != nil {
				t.Fatal(err)
			}
			if f.Warnings.Total > 0 {
				t.Errorf("%d warnings", f.Warnings.Total)
			}
			if len(f.Tags) != c.tags || len(f.Opportunities) != c.opportunities || len(f.Students) != c.students {
				t.Errorf("%d tags, %d opportunities, %d students, want %+v",
					len(f.Tags), len(f.Opportunities), len(f.Students), c)
			}
		})
	}
}

func TestUsage(t *testing.T) {
	empty := t.TempDir()
	for _, c := range []struct {
		args []string
		want string // in the error
	}{
		{nil, "are needed"},
		{[]string{"tate"}, "are needed"},
		{[]string{"--data", empty, "louvre", "out"}, "arxiv and tate"},
		{[]string{"--data", empty, "--profiles", "all", "tate", "out"}, "held-out or tuning"},
		{[]string{"--data", empty, "tate", "out"}, "no such file"},
	} {
		var messages bytes.Buffer
		err := run(c.args, &messages)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v, want %q in it", c.args, err, c.want)
		}
	}
	if err := run([]string{"--help"}, &bytes.Buffer{}); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("--help: %v", err)
	}
}

package generate_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/kindred-match/kindred/internal/district"
	"github.com/kindred-match/kindred/internal/generate"
)

// TestWrite: the folder reads back as what was invented, without errors or
// warnings, even where every tag must be listed.
func TestWrite(t *testing.T) {
	for _, o := range []generate.Options{
		{Students: 200, Opportunities: 1000, Seed: 4},
		{Students: 20, Opportunities: 30, Seed: 4, Plain: true},
		{},
	} {
		v := invent(t, o)
		dir := filepath.Join(t.TempDir(), "district")
		var last, total int64
		err := v.Write(t.Context(), dir, func(done, of int64) {
			if done < last || done > of {
				t.Errorf("progress went from %d to %d of %d", last, done, of)
			}
			last, total = done, of
		})
		if err != nil {
			t.Fatal(err)
		}
		if total < int64(o.Students+o.Opportunities) {
			t.Errorf("progress was told of %d rows", total)
		}
		got, err := district.Read(t.Context(), dir, district.Options{Students: true, Strict: true})
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got.Warnings, district.Warnings{}) {
			t.Errorf("warnings: %+v", got.Warnings)
		}
		want := v.Folder()
		equal(t, "tags", got.Tags, want.Tags)
		equal(t, "partners", got.Partners, want.Partners)
		equal(t, "opportunities", got.Opportunities, want.Opportunities)
		equal(t, "students", got.Students, want.Students)
		equal(t, "preferences", got.Rows.Preferences, want.Rows.Preferences)
		equal(t, "reserves", got.Rows.Reserves, want.Rows.Reserves)
		equal(t, "priorities", got.Rows.Priorities, want.Rows.Priorities)
	}
}

func equal[T any](t *testing.T, what string, got, want []T) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: read %d, wrote %d", what, len(got), len(want))
		return
	}
	for i := range got {
		if !reflect.DeepEqual(got[i], want[i]) {
			t.Errorf("%s: read %+v, wrote %+v", what, got[i], want[i])
			return
		}
	}
}

func TestReadme(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "district")
	if err := invent(t, generate.Options{Students: 3, Opportunities: 4, Seed: 9}).Write(t.Context(), dir, nil); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "README.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{generate.Notice, "--students 3 --opportunities 4 --seed 9"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("README.txt lacks %q:\n%s", want, text)
		}
	}
}

// TestWriteRefused: what is there stays, and what is cut short leaves nothing.
func TestWriteRefused(t *testing.T) {
	parent := t.TempDir()
	dir := filepath.Join(parent, "mine")
	v := invent(t, generate.Options{Students: 3, Opportunities: 4})
	ended, end := context.WithCancel(t.Context())
	end()
	if err := v.Write(ended, dir, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("writing under an ended context: %v", err)
	}
	if left := names(t, parent); len(left) > 0 {
		t.Errorf("a write that was cut short left %v", left)
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "students.csv"), []byte("student\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := v.Write(t.Context(), dir, nil); !errors.Is(err, district.ErrNotEmpty) {
		t.Errorf("writing over a folder: %v", err)
	}
	if left := names(t, dir); !slices.Equal(left, []string{"students.csv"}) {
		t.Errorf("the folder has become %v", left)
	}
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	list := make([]string, 0, len(entries))
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

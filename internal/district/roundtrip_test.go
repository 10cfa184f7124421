package district

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"github.com/kindred-match/kindred/matcher"
)

// same reports what the folders differ in, hashes and warnings apart.
func same(a, b *Folder) string {
	for _, d := range []struct {
		name string
		a, b any
	}{
		{"tags", a.Tags, b.Tags},
		{"partners", a.Partners, b.Partners},
		{"opportunities", a.Opportunities, b.Opportunities},
		{"students", a.Students, b.Students},
		{"rows", a.Rows, b.Rows},
	} {
		if !reflect.DeepEqual(d.a, d.b) {
			return d.name
		}
	}
	return ""
}

func TestReadGivesWhatWasWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := folders(t)
		for _, format := range []Format{CSV, JSONL} {
			fsys, err := inMemory(f, format)
			if err != nil {
				t.Fatal(err)
			}
			got, err := readFS(t.Context(), fsys, Options{Students: true})
			if err != nil {
				t.Fatalf("%v\n%v", err, fsys)
			}
			if d := same(f, got); d != "" {
				t.Fatalf("format %d: %s differ:\n%+v\n%+v", format, d, f, got)
			}
		}
	})
}

func TestWeightsKeepTheirText(t *testing.T) {
	for w := matcher.Weight(1); w <= matcher.One; w++ {
		if got := parseWeight(formatDecimal(matcher.Float(w))); got != w {
			t.Fatalf("%d reads back as %d", w, got)
		}
	}
}

// data finds a folder of the shared data.
func data(t testing.TB, name string) string {
	t.Helper()
	root := os.Getenv("KINDRED_DATA")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared", "data")
	}
	dir := filepath.Join(root, name)
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no %s; set KINDRED_DATA to the folder of shared data", dir)
	}
	return dir
}

func TestRealFolders(t *testing.T) {
	for _, tt := range []struct {
		name                                                 string
		tags, partners, opportunities, students, preferences int
	}{
		{"district-nyc", 250, 407, 1593, 1500, 0},
		{"district-glasgow-2007-08", 0, 61, 61, 35, 175},
		{"district-glasgow-2010-11", 0, 29, 63, 34, 170},
		{"district-glasgow-2014-15", 0, 37, 147, 51, 304},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f, err := Read(t.Context(), data(t, tt.name), Options{Students: true, Strict: true})
			if err != nil {
				t.Fatal(err)
			}
			got := []int{len(f.Tags), len(f.Partners), len(f.Opportunities), len(f.Students), len(f.Rows.Preferences), f.Warnings.Total}
			want := []int{tt.tags, tt.partners, tt.opportunities, tt.students, tt.preferences, 0}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("tags, partners, opportunities, students, preferences, warnings: %v, want %v", got, want)
			}
			dir := filepath.Join(t.TempDir(), "copy")
			if err := Write(dir, f); err != nil {
				t.Fatal(err)
			}
			again, err := Read(t.Context(), dir, Options{Students: true, Strict: true})
			if err != nil {
				t.Fatal(err)
			}
			if d := same(f, again); d != "" {
				t.Errorf("%s differ after writing", d)
			}
		})
	}
}

package district

import (
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/matcher/place"
)

func TestWriteIsDeterministicAndLeavesEmptyFilesOut(t *testing.T) {
	f, err := readFS(t.Context(), with(nil).fs(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "new", "folder")
	if err := Write(dir, f); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"tags.csv":     "tag,label,parent,importance,synonyms\nrobotics,,,,robots\ncad,,robotics,,\n",
		"partners.csv": "partner,name,kind,region,max_seats,goals\np1,,,,2,\n",
		"opportunities.csv": "opportunity,partner,title,kind,term,seats,min_seats,min_policy,grades,regions,remote,slots,requires,min_age,latitude,longitude,opens,closes,goals,boost,status,tags\n" +
			"o1,p1,,,,2,,,,,,,,,,,,,,,published,robotics\no2,p1,,,,1,,,,,,,,,,,,,,,published,cad=0.5\no3,,,,,0,,,,,,,,,,,,,,,published,\n",
		"students.csv": "student,grade,school,region,age,slots,credentials,latitude,longitude,max_km,groups,interests\n" +
			"s1,9,,,,,,,,,,robots=0.9\ns2,10,,,,,,,,,,cad\ns3,,,,,,,,,,,\n",
	}
	checkFiles(t, dir, want)
	checkOnly(t, filepath.Dir(dir), "folder")
}

func TestWriteJSONL(t *testing.T) {
	f, err := readFS(t.Context(), with(nil).fs(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	f.Students = []matcher.Student{{ID: "s1 <&>", Slots: []string{"a;b", "c"}, Interests: []matcher.Weighted{{Tag: "cad", Weight: 1}, {Tag: "robots", Weight: 10000}, {Tag: "cad", Weight: 20}}}}
	dir := filepath.Join(t.TempDir(), "folder")
	if err := WriteFormat(dir, f, JSONL); err != nil {
		t.Fatal(err)
	}
	checkFiles(t, dir, map[string]string{
		"tags.jsonl":     `{"tag":"robotics","synonyms":["robots"]}` + "\n" + `{"tag":"cad","parent":"robotics"}` + "\n",
		"partners.jsonl": `{"partner":"p1","max_seats":2}` + "\n",
		"opportunities.jsonl": `{"opportunity":"o1","partner":"p1","seats":2,"status":"published","tags":{"robotics":1}}` + "\n" +
			`{"opportunity":"o2","partner":"p1","seats":1,"status":"published","tags":{"cad":0.5}}` + "\n" +
			`{"opportunity":"o3","seats":0,"status":"published"}` + "\n",
		"students.jsonl": `{"student":"s1 <&>","slots":["a;b","c"],"interests":{"cad":0.002,"robots":1}}` + "\n",
	})
}

func checkFiles(t *testing.T, dir string, want map[string]string) {
	t.Helper()
	var names []string
	for name, content := range want {
		names = append(names, name)
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != content {
			t.Errorf("%s:\n%s\nwant:\n%s", name, got, content)
		}
	}
	checkOnly(t, dir, names...)
}

func checkOnly(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%s holds %v, want %v", dir, got, want)
	}
}

func TestWriteTakesAnEmptyFolderOnly(t *testing.T) {
	empty, full := t.TempDir(), with(nil).on(t)
	if err := Write(empty, &Folder{}); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(t.Context(), empty, Options{Students: true}); err != nil {
		t.Errorf("a folder without rows: %v", err)
	}
	if err := Write(full, &Folder{}); !errors.Is(err, ErrNotEmpty) {
		t.Errorf("%v, want ErrNotEmpty", err)
	}
	if err := Write(filepath.Join(full, "tags.csv"), &Folder{}); err == nil {
		t.Error("a file is no folder")
	}
	if err := Write(filepath.Join(full, "tags.csv", "x"), &Folder{}); err == nil {
		t.Error("a file is no parent")
	}
	link := filepath.Join(t.TempDir(), "link")
	target := t.TempDir()
	if err := os.Symlink(target, link); err != nil {
		t.Fatal(err)
	}
	if err := Write(link, &Folder{}); err != nil {
		t.Fatal(err)
	}
	checkOnly(t, target, "opportunities.csv", "students.csv")
}

func TestWriteRefusesWhatWouldReadBackAsAnother(t *testing.T) {
	student := func(s matcher.Student) *Folder { return &Folder{Students: []matcher.Student{{ID: "ok"}, s}} }
	reserve := &Folder{}
	reserve.Rows.Reserves = []place.Reserve{{Opportunity: "o1", Group: matcher.Group{Name: "a=b", Value: "secret"}}}
	for name, tt := range map[string]struct {
		folder *Folder
		want   string
	}{
		"no id":        {student(matcher.Student{}), "write students: row 2: student: is required"},
		"spaces":       {student(matcher.Student{ID: "secret "}), "write students: row 2: student: must be UTF-8 without spaces around it, its lines ended by LF"},
		"not UTF-8":    {student(matcher.Student{ID: "s", Grade: "\xff"}), "write students: row 2: grade: must be UTF-8 without spaces around it, its lines ended by LF"},
		"an item":      {student(matcher.Student{ID: "s", Slots: []string{"a", " secret"}}), "write students: row 2: slots: each item must be UTF-8 without spaces around it"},
		"no item":      {student(matcher.Student{ID: "s", Slots: []string{""}}), "write students: row 2: slots: each item must be UTF-8 without spaces around it"},
		"semicolon":    {student(matcher.Student{ID: "s", Slots: []string{"a;secret"}}), "write students: row 2: slots: an item with a semicolon can be written as JSONL only"},
		"equals sign":  {student(matcher.Student{ID: "s", Interests: []matcher.Weighted{{Tag: "a=secret", Weight: 1}}}), "write students: row 2: interests: a tag can't have an equals sign"},
		"group":        {student(matcher.Student{ID: "s", Groups: []matcher.Group{{Name: "a=b", Value: "secret"}}}), "write students: row 2: groups: each item must be UTF-8 without spaces around it"},
		"reserve":      {reserve, "write reserves: row 1: group: is required"},
		"carriage ret": {student(matcher.Student{ID: "a\rb"}), "write students: row 2: student: must be UTF-8 without spaces around it, its lines ended by LF"},
	} {
		t.Run(name, func(t *testing.T) {
			parent := t.TempDir()
			err := Write(filepath.Join(parent, "folder"), tt.folder)
			if err == nil || err.Error() != tt.want {
				t.Errorf("%v, want %s", err, tt.want)
			}
			checkOnly(t, parent)
		})
	}
}

// full is a disk that is full after so many bytes.
type full struct{ left int }

var errFull = errors.New("no space left")

func (f *full) Write(p []byte) (int, error) {
	n := min(len(p), f.left)
	f.left -= n
	if n < len(p) {
		return n, errFull
	}
	return n, nil
}

func (f *full) Close() error { return nil }

func TestWriteTellsOfAFullDisk(t *testing.T) {
	for _, format := range []Format{CSV, JSONL} {
		for _, left := range []int{0, 100, bufferBytes + 100} {
			w := newWriter(format, func(string) (io.WriteCloser, error) { return &full{left}, nil })
			s := matcher.Student{ID: "s", Grade: strings.Repeat("9", 1000)}
			for range 3 * bufferBytes / 1000 {
				if w.Student(&s) != nil {
					break
				}
			}
			if err := w.complete(); !errors.Is(err, errFull) {
				t.Errorf("format %d, %d bytes: %v", format, left, err)
			}
		}
	}
	w := newWriter(CSV, func(string) (io.WriteCloser, error) { return nil, errFull })
	if err := w.complete(); !errors.Is(err, errFull) {
		t.Errorf("no file could be made: %v", err)
	}
}

func TestWriterRowByRow(t *testing.T) {
	parent := t.TempDir()
	dir := filepath.Join(parent, "folder")
	w, err := Create(dir, CSV)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(
		w.Student(&matcher.Student{ID: "s1"}),
		w.Opportunity(&matcher.Opportunity{ID: "o1", Seats: math.MaxInt32, Boost: 1}),
		w.Preference(place.Preference{Student: "s1", Opportunity: "o1", Rank: 1}),
		w.Student(&matcher.Student{ID: "s2"}),
	); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder is there before it is complete: %v", err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	checkOnly(t, parent, "folder")
	checkOnly(t, dir, "opportunities.csv", "preferences.csv", "students.csv")

	aborted, err := Create(filepath.Join(parent, "aborted"), CSV)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(aborted.Student(&matcher.Student{ID: "s1"}), aborted.Abort()); err != nil {
		t.Fatal(err)
	}
	checkOnly(t, parent, "folder")
}

func TestFolderThatFillsUpMeanwhileIsKept(t *testing.T) {
	parent := t.TempDir()
	dir := filepath.Join(parent, "folder")
	w, err := Create(dir, CSV)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Mkdir(dir, 0o700), os.WriteFile(filepath.Join(dir, "mine"), nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err == nil {
		t.Error("replaced a folder that is not empty")
	}
	checkOnly(t, dir, "mine")
	checkOnly(t, parent, "folder")
}

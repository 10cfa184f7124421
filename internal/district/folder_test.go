package district

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/matcher/place"
)

// on writes the files to the disk.
func (f files) on(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range f {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestReadsEveryColumn(t *testing.T) {
	dir := files{
		"tags.csv":     "\ufefftag,label,parent,importance,synonyms\r\ncad,\"Computer-aided\r\ndesign, 2\",robotics,2.5, drawing ; drafting;\r\nrobotics,,,,\r\n",
		"partners.csv": "goals,max_seats,region,kind,name,partner\nlearn;work,5,north,business,\"The \"\"P\"\"\",p1\n",
		"opportunities.csv": "opportunity,partner,title,kind,term,seats,min_seats,min_policy,grades,regions,remote,slots,requires,min_age,latitude,longitude,opens,closes,goals,boost,status,tags\n" +
			" o1 , p1 ,Robots,internship,2026-fall,3,2,cancel, 9 ; 10,north,TRUE,mon,first-aid,15,-90,180,2026-01-31,2026-12-31,learn,.5,draft, cad = 0.25 ; robotics\n" +
			"o2,,,,,,,,,,,,,,,,,,,,,\n",
		"students.jsonl":  `{"student":"s1","grade":"9","school":"lincoln","region":"north","age":15,"slots":["mon"],"credentials":["first-aid"],"latitude":1.5,"longitude":-2,"max_km":10,"groups":["school=lincoln","lunch=free"],"interests":{"drawing":0.00005}}`,
		"preferences.csv": "student,opportunity,rank\ns1,o1,2\n",
		"scores.csv":      "score,opportunity,student\n1e-2,o1,s1\n",
		"priorities.csv":  "opportunity,student,tier\no1,s1,1000000\n",
		"locks.csv":       "student,opportunity,action,reason\ns1,o2,forbid,asked\ns1,o1,place,\n",
		"reserves.csv":    "opportunity,group,seats\no1,lunch=free,0\n",
		"placements.csv":  "student,opportunity\ns1,o1\n",
	}.on(t)
	got, err := Read(t.Context(), dir, Options{Students: true, Strict: true})
	if err != nil {
		t.Fatal(err)
	}
	five, fifteen, ten := int32(5), int32(15), 10.0
	want := &Folder{
		Tags: []matcher.Tag{
			{ID: "cad", Label: "Computer-aided\ndesign, 2", Parent: "robotics", Importance: 2.5, Synonyms: []string{"drawing", "drafting"}},
			{ID: "robotics", Importance: 1},
		},
		Partners: []matcher.Partner{{ID: "p1", Name: `The "P"`, Kind: "business", Region: "north", MaxSeats: &five, Goals: []string{"learn", "work"}}},
		Opportunities: []matcher.Opportunity{
			{
				ID: "o1", Partner: "p1", Title: "Robots", Kind: "internship", Term: "2026-fall", Seats: 3, MinSeats: 2, MinPolicy: matcher.MinCancel,
				Grades: []string{"9", "10"}, Regions: []string{"north"}, Remote: true, Slots: []string{"mon"}, Requires: []string{"first-aid"},
				MinAge: &fifteen, Position: &matcher.Position{Latitude: -90, Longitude: 180}, Opens: 20260131, Closes: 20261231,
				Goals: []string{"learn"}, Boost: 0.5, Status: matcher.Draft,
				Tags: []matcher.Weighted{{Tag: "cad", Weight: 2500}, {Tag: "robotics", Weight: 10000}},
			},
			{ID: "o2", Seats: 1, MinPolicy: matcher.MinHard, Boost: 1, Status: matcher.Published},
		},
		Students: []matcher.Student{{
			ID: "s1", Grade: "9", School: "lincoln", Region: "north", Age: &fifteen, Slots: []string{"mon"}, Credentials: []string{"first-aid"},
			Position: &matcher.Position{Latitude: 1.5, Longitude: -2}, MaxKm: &ten,
			Groups:    []matcher.Group{{Name: "school", Value: "lincoln"}, {Name: "lunch", Value: "free"}},
			Interests: []matcher.Weighted{{Tag: "drawing", Weight: 1}},
		}},
	}
	want.Rows.Preferences = []place.Preference{{Student: "s1", Opportunity: "o1", Rank: 2}}
	want.Rows.Scores = []place.Score{{Student: "s1", Opportunity: "o1", Score: 0.01}}
	want.Rows.Priorities = []place.Priority{{Opportunity: "o1", Student: "s1", Tier: 1000000}}
	want.Rows.Locks = []place.Lock{
		{Student: "s1", Opportunity: "o2", Action: place.Forbid, Reason: "asked"}, {Student: "s1", Opportunity: "o1", Action: place.Place},
	}
	want.Rows.Reserves = []place.Reserve{{Opportunity: "o1", Group: matcher.Group{Name: "lunch", Value: "free"}}}
	want.Rows.Standing = []place.Standing{{Student: "s1", Opportunity: "o1"}}
	if d := same(got, want); d != "" {
		t.Errorf("%s:\n%+v\nwant:\n%+v", d, got, want)
	}
	if got.Vocabulary.Len() != 2 || got.Vocabulary.Canonical("drawing") != "cad" {
		t.Errorf("vocabulary of %d tags", got.Vocabulary.Len())
	}
	checkHashes(t, dir, got.Hashes)
}

func checkHashes(t *testing.T, dir string, got map[string]string) {
	t.Helper()
	want := make(map[string]string)
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(b)
		want[e.Name()] = hex.EncodeToString(sum[:])
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("hashes %v, want %v", got, want)
	}
}

func TestATagNamedTwiceCountsOnce(t *testing.T) {
	f, err := readFS(t.Context(), with(files{
		"students.csv": "student,interests\ns1,cad=0.5;" + manyTags(70) + ";cad=0.7;t70=0.1\n",
		"tags.csv":     "tag,synonyms\nrobotics,robots;" + manyTags(70) + "\ncad,\n",
	}).fs(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	got := f.Students[0].Interests
	if len(got) != 71 || got[0] != (matcher.Weighted{Tag: "cad", Weight: 7000}) || got[70].Weight != matcher.One {
		t.Errorf("%v", got)
	}
}

func TestFolderThatIsNone(t *testing.T) {
	file := filepath.Join(files{"x": "x"}.on(t), "x")
	for path, want := range map[string]string{
		filepath.Join(t.TempDir(), "missing"): ":1: file: does not exist",
		file:                                  ":1: file: is not a folder",
		filepath.Join(file, "y"):              ":1: file: does not exist",
	} {
		_, err := Read(t.Context(), path, Options{})
		if bad := (*Errors)(nil); !errors.As(err, &bad) || err.Error() != path+want {
			t.Errorf("%v, want %s", err, path+want)
		}
	}
}

func TestAFolderInPlaceOfAFile(t *testing.T) {
	dir := with(files{"students.csv": ""}).on(t)
	if err := os.Mkdir(filepath.Join(dir, "students.csv"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("nowhere", filepath.Join(dir, "scores.csv")); err != nil {
		t.Fatal(err)
	}
	_, err := Read(t.Context(), dir, Options{})
	if want := "students.csv:1: file: must be a file\nscores.csv:1: file: must be a file"; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

// failing fails to read one file half way.
type failing struct {
	fs.FS
	name string
	err  error
}

func (f failing) Open(name string) (fs.File, error) {
	file, err := f.FS.Open(name)
	if name == f.name {
		return &failingFile{File: file, err: f.err}, err
	}
	return file, err
}

type failingFile struct {
	fs.File
	err error
}

func (f *failingFile) Read(p []byte) (int, error) {
	n, err := f.File.Read(p[:min(len(p), 20)])
	if err != nil {
		err = f.err
	}
	return n, err
}

func TestFailuresOfTheMachineAreNoFindings(t *testing.T) {
	broken := errors.New("the disk is broken")
	for _, changes := range []files{
		{},
		{"students.csv": "student,grade\ns1,\"9\n"},
		{"students.csv": "student,gr"},
		{"students.csv": "", "students.jsonl": `{"student":"s1"}` + "\n" + `{"student":`},
	} {
		name := "students.csv"
		if _, jsonl := changes["students.jsonl"]; jsonl {
			name = "students.jsonl"
		}
		_, err := readFS(t.Context(), failing{with(changes).fs(), name, broken}, Options{})
		if bad := (*Errors)(nil); !errors.Is(err, broken) || errors.As(err, &bad) || !strings.Contains(err.Error(), "read "+name) {
			t.Errorf("%v, want the failure", err)
		}
	}
}

func TestReadEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	opt := Options{Progress: func(file string, _, _ int64) {
		if file == "opportunities.csv" {
			cancel()
		}
	}}
	if _, err := readFS(ctx, with(nil).fs(), opt); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want the context's error", err)
	}
}

func TestProgressReachesTheEndOfEachFile(t *testing.T) {
	last := make(map[string]int64)
	folder := with(nil)
	_, err := readFS(t.Context(), folder.fs(), Options{Progress: func(file string, done, total int64) {
		if total != int64(len(folder[file])) || done < last[file] {
			t.Errorf("%s: %d of %d", file, done, total)
		}
		last[file] = done
	}})
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range folder {
		if last[name] != int64(len(content)) {
			t.Errorf("%s: %d bytes of %d", name, last[name], len(content))
		}
	}
}

func TestReadOnlySomeFiles(t *testing.T) {
	folder := canaryFolder()
	for _, tt := range []struct {
		only []File
		want []string
	}{
		{[]File{Tags}, []string{"tags.csv"}},
		{[]File{Students}, []string{"students.csv", "tags.csv"}},
		{[]File{Opportunities}, []string{"opportunities.csv", "partners.csv", "tags.csv"}},
		{[]File{Students, Opportunities}, []string{"opportunities.csv", "partners.csv", "students.csv", "tags.csv"}},
		{[]File{Reserves}, []string{"opportunities.csv", "partners.csv", "reserves.csv", "tags.csv"}},
		{[]File{Locks}, []string{"locks.csv", "opportunities.csv", "partners.csv", "students.csv", "tags.csv"}},
	} {
		f, err := readFS(t.Context(), folder.fs(), Options{Only: tt.only})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for name := range f.Hashes {
			got = append(got, name)
		}
		slices.Sort(got)
		if !slices.Equal(got, tt.want) {
			t.Errorf("%v: read %v, want %v", tt.only, got, tt.want)
		}
	}
	delete(folder, "opportunities.csv")
	if _, err := readFS(t.Context(), folder.fs(), Options{Only: []File{Students}}); err != nil {
		t.Errorf("opportunities were not asked for: %v", err)
	}
}

func TestManyErrorsAreCounted(t *testing.T) {
	const n = 100_000
	var students, preferences strings.Builder
	students.WriteString("student,age\n")
	preferences.WriteString("student,opportunity,rank\n")
	for i := range n {
		fmt.Fprintf(&students, "s%d,x\n", i)
		fmt.Fprintf(&preferences, "s%d,nowhere,1\n", i)
	}
	folder := with(files{
		"students.csv": students.String(), "preferences.csv": preferences.String(),
		// Found last, shown first.
		"tags.csv": "tag,parent\na,b\nb,a\n",
	})
	_, err := readFS(t.Context(), folder.fs(), Options{})
	var bad *Errors
	if !errors.As(err, &bad) {
		t.Fatal(err)
	}
	if bad.Total != 2*n+2 || len(bad.Findings) != MaxFindings || cap(bad.Findings) > 2*MaxFindings {
		t.Errorf("%d findings, %d kept", bad.Total, len(bad.Findings))
	}
	text := bad.Error()
	if !strings.HasPrefix(text, "tags.csv:2: parent: the parents form a cycle\n") || !strings.HasSuffix(text, "\nand 199952 more") {
		t.Error(text)
	}
	checkFindings(t, bad.Findings, bad.Total)
}

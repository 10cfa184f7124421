package runfolder

import (
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"testing/fstest"

	"pgregory.net/rapid"

	"github.com/kindred-match/kindred/internal/page"
	"github.com/kindred-match/kindred/internal/staging"
	"github.com/kindred-match/kindred/matcher/place"
)

func TestWhatIsWrittenIsRead(t *testing.T) {
	ids := rapid.SliceOfNDistinct(rapid.StringMatching(`[a-zé",; =<>]{1,8}[a-z]`), 1, 12, rapid.ID[string])
	rapid.Check(t, func(t *rapid.T) {
		students := ids.Draw(t, "students")
		var want Folder
		for _, at := range ByID(students) {
			if rapid.Bool().Draw(t, "placed") {
				want.Placed = append(want.Placed, Placed{
					Student: students[at], Opportunity: ids.Draw(t, "opportunity")[0],
					Rank: rapid.Int32Range(0, math.MaxInt32).Draw(t, "rank"), Score: Micro(rapid.Int64Range(0, 4e6).Draw(t, "score")),
				})
			} else {
				want.Unplaced = append(want.Unplaced, Unplaced{students[at], rapid.SampledFrom(unplacedReasons).Draw(t, "reason")})
			}
		}
		want.Summary = Summary{
			Objective: place.Welfare, Seed: rapid.Uint64().Draw(t, "seed"), Students: len(students), Profile: []int64{1, 2},
			Options: Options{Input: "../a b", WithStudents: rapid.Bool().Draw(t, "with students")},
		}
		want.Certificate = place.Certificate{Objective: place.Welfare, Cutoffs: []place.Cutoff{{ID: "o", Placed: 3}}}
		dir, err := os.MkdirTemp("", "kindred-run")
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := os.RemoveAll(dir); err != nil {
				t.Error(err)
			}
		}()
		w, err := Create(filepath.Join(dir, "run"))
		if err != nil {
			t.Fatal(err)
		}
		w.Placements(want.Placed)
		w.Unplaced(want.Unplaced)
		w.Certificate(&want.Certificate)
		w.Report(&page.Report{})
		if want.Summary.Options.WithStudents {
			w.Students(&page.Students{})
		}
		w.Summary(&want.Summary)
		if err := w.Commit(); err != nil {
			t.Fatal(err)
		}
		got, err := Read(filepath.Join(dir, "run"))
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(*got, want) {
			t.Fatalf("read %+v, want %+v", got, want)
		}
		if _, err := os.Stat(filepath.Join(dir, "run", StudentsFile)); (err == nil) != want.Summary.Options.WithStudents {
			t.Errorf("the page of students: %v", err)
		}
	})
}

// good is a run folder that can be read.
func good() fstest.MapFS {
	return fstest.MapFS{
		SummaryFile:     {Data: []byte(`{"objective":"stable"}`)},
		CertificateFile: {Data: []byte(`{"objective":"stable"}`)},
		PlacementsFile:  {Data: []byte("student,opportunity,rank,score\ns1,o1,1,0.500000\ns3,o1,,1.000000\n")},
		UnplacedFile:    {Data: []byte("student,reason\ns2,OUTCOMPETED\n")},
	}
}

func TestReadRefuses(t *testing.T) {
	if _, err := ReadFS(good()); err != nil {
		t.Fatal(err)
	}
	const placements, unplaced = "student,opportunity,rank,score\n", "student,reason\n"
	for _, c := range []struct{ file, content, want string }{
		{SummaryFile, `{"objective":1}`, "run.json: must be as 'kindred place' of this version writes it"},
		{SummaryFile, `{"secret":1}`, "run.json: must be as 'kindred place' of this version writes it"},
		{CertificateFile, `{} {}`, "certificate.json: must be one JSON object"},
		{PlacementsFile, "", "placements.csv:1: the header must be student,opportunity,rank,score"},
		{PlacementsFile, "a,b\n", "placements.csv:1: must be a row of CSV with 4 cells"},
		{PlacementsFile, placements + "s1,o1\n", "placements.csv:2: must be a row of CSV with 4 cells"},
		{PlacementsFile, placements + ",o1,1,0.500000\n", "placements.csv:2: student: must be an id"},
		{PlacementsFile, placements + "s1,,1,0.500000\n", "placements.csv:2: opportunity: must be an id"},
		{PlacementsFile, placements + "s1,o1,0,0.500000\n", "placements.csv:2: rank: must be an integer from 1, or empty"},
		{PlacementsFile, placements + "s1,o1,1,0.5\n", "placements.csv:2: score: must be a score with 6 decimals"},
		{PlacementsFile, placements + "s1,o1,1,-0.500000\n", "placements.csv:2: score: must be a score with 6 decimals"},
		{PlacementsFile, placements + "s4,o1,1,0.500000\ns3,o1,1,0.500000\n", "placements.csv: rows must be by student, each student once"},
		{UnplacedFile, unplaced + "s2,secret\n", "unplaced.csv:2: reason: must be a reason for having no placement"},
		{UnplacedFile, unplaced + "s3,TRADEOFF\n", "unplaced.csv: has a student whom placements.csv has too"},
		{UnplacedFile, unplaced + "s2,TRADEOFF\ns2,TRADEOFF\n", "unplaced.csv: rows must be by student, each student once"},
	} {
		files := good()
		files[c.file] = &fstest.MapFile{Data: []byte(c.content)}
		_, err := ReadFS(files)
		var bad *Error
		if !errors.As(err, &bad) || bad.Error() != c.want {
			t.Errorf("%s with %q: %v, want %s", c.file, c.content, err, c.want)
		}
	}
	for file := range good() {
		files := good()
		delete(files, file)
		var bad *Error
		if _, err := ReadFS(files); !errors.As(err, &bad) || bad.File != file {
			t.Errorf("without %s: %v", file, err)
		}
	}
}

func TestCreateTakesAnEmptyFolderOnly(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Create(dir); !errors.Is(err, staging.ErrNotEmpty) {
		t.Errorf("%v, want ErrNotEmpty", err)
	}
}

func TestInputOfFindsTheWayBack(t *testing.T) {
	root := t.TempDir()
	link := filepath.Join(t.TempDir(), "link")
	input := filepath.Join(root, "a", "district")
	if err := errors.Join(os.MkdirAll(input, 0o700), os.MkdirAll(filepath.Join(root, "b"), 0o700), os.Symlink(filepath.Join(root, "b"), link)); err != nil {
		t.Fatal(err)
	}
	for _, out := range []string{filepath.Join(root, "run"), filepath.Join(root, "b", "run"), filepath.Join(link, "other")} {
		way, err := Towards(out, input)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Mkdir(out, 0o700); err != nil {
			t.Fatal(err)
		}
		found, err := os.Stat(InputOf(out, &Summary{Options: Options{Input: way}}))
		want, _ := os.Stat(input)
		if err != nil || !os.SameFile(found, want) {
			t.Errorf("from %s by %s: %v", out, way, err)
		}
	}
}

// What can be read is written and read again as the same.
func FuzzRead(f *testing.F) {
	files := good()
	f.Add(files[SummaryFile].Data, files[CertificateFile].Data, files[PlacementsFile].Data, files[UnplacedFile].Data)
	f.Fuzz(func(t *testing.T, summary, certificate, placements, unplaced []byte) {
		got, err := ReadFS(fstest.MapFS{
			SummaryFile: {Data: summary}, CertificateFile: {Data: certificate},
			PlacementsFile: {Data: placements}, UnplacedFile: {Data: unplaced},
		})
		var bad *Error
		if err != nil {
			if !errors.As(err, &bad) {
				t.Fatalf("%v is no error of the content", err)
			}
			return
		}
		again, err := json.Marshal(got.Summary)
		if err != nil {
			t.Fatal(err)
		}
		var same Summary
		if err := json.Unmarshal(again, &same); err != nil || !reflect.DeepEqual(same, got.Summary) {
			t.Errorf("%+v becomes %+v: %v", got.Summary, same, err)
		}
		for i := range got.Placed {
			if i > 0 && got.Placed[i-1].Student >= got.Placed[i].Student || got.Placed[i].Score < 0 || got.Placed[i].Rank < 0 {
				t.Errorf("row %d: %+v", i, got.Placed[i])
			}
		}
	})
}

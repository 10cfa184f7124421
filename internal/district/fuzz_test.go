package district

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// canary is in every value of the files about students; no finding may show
// it.
const canary = "zqcanaryqz"

// canaryFolder is a valid folder with rows in every file.
func canaryFolder() files {
	return files{
		"tags.csv":          "tag,label,parent,importance,synonyms\nrobotics,R,,2,robots\ncad,,robotics,,\n",
		"partners.csv":      "partner,name,kind,max_seats\np1,\"P, 1\",business,2\n",
		"opportunities.csv": "opportunity,partner,seats,grades,opens,latitude,longitude,boost,remote,tags\no1,p1,2,9;10,2026-01-31,1,-2.5,1.5,true,robots=0.5;cad\no2,,1,,,,,,,\n",
		"students.csv":      "student,grade,age,groups,interests\n" + canary + "1,9,15,school=" + canary + ",cad=0.25;" + canary + "\n" + canary + "2,,,,\n",
		"preferences.csv":   "student,opportunity,rank\n" + canary + "1,o1,1\n",
		"scores.csv":        "student,opportunity,score\n" + canary + "1,o1,0.5\n",
		"priorities.csv":    "opportunity,student,tier\no1," + canary + "1,1\n",
		"locks.csv":         "student,opportunity,action,reason\n" + canary + "1,o2,forbid," + canary + "\n",
		"reserves.csv":      "opportunity,group,seats\no1,school=" + canary + ",1\n",
		"placements.csv":    "student,opportunity\n" + canary + "1,o1\n",
	}
}

// checkRead reads a folder and checks what must hold whatever is in it.
func checkRead(t *testing.T, fsys fstest.MapFS) {
	folder, err := readFS(context.Background(), fsys, Options{})
	var warnings Warnings
	var bad *Errors
	switch {
	case err == nil:
		warnings = folder.Warnings
	case errors.As(err, &bad):
		warnings = bad.Warnings
		checkFindings(t, bad.Findings, bad.Total)
		if bad.Total == 0 {
			t.Error("errors without a finding")
		}
	default:
		t.Fatalf("a failure of the machine out of content: %v", err)
	}
	checkFindings(t, warnings.Findings, warnings.Total)
	if folder != nil {
		checkAgain(t, folder)
		if _, err := readFS(context.Background(), fsys, Options{Strict: true}); errors.As(err, &bad) {
			checkFindings(t, bad.Findings, bad.Total)
		}
	}
}

func checkFindings(t *testing.T, fs []Finding, total int) {
	if len(fs) != min(total, MaxFindings) {
		t.Errorf("%d findings of %d", len(fs), total)
	}
	var found findings
	for _, f := range fs {
		name, _, _ := strings.Cut(f.File, ".")
		reporter{to: &found, table: tableOf(File(name)), name: f.File}.error(f.Line, f.Column, f.Rule)
		// A name or a tag of the catalogue may be shown.
		if table := tableOf(File(name)); strings.Contains(f.String(), canary) && table.personal {
			t.Errorf("a finding shows a value: %v", f)
		}
		if f.Line < 1 || f.Column == "" || f.Rule == "" || strings.ContainsAny(f.String(), "\n\x00") {
			t.Errorf("a finding that is incomplete or more than a line: %q", f)
		}
	}
	if !slices.Equal(found.errors.findings(), fs) {
		t.Errorf("not in order: %v", fs)
	}
}

// checkAgain checks that an accepted folder is accepted again once written.
func checkAgain(t *testing.T, f *Folder) {
	for _, format := range []Format{JSONL, CSV} {
		fsys, err := inMemory(f, format)
		if err != nil {
			if format == CSV && strings.HasSuffix(err.Error(), "can be written as JSONL only") {
				continue
			}
			t.Fatal(err)
		}
		again, err := readFS(context.Background(), fsys, Options{})
		if err != nil {
			t.Fatalf("refused once written: %v", err)
		}
		if d := same(f, again); d != "" {
			t.Fatalf("format %d: %s differ once written:\n%+v\n%+v", format, d, f, again)
		}
	}
}

// FuzzCSV reads a folder of which one file has other rows, or is another file.
func FuzzCSV(f *testing.F) {
	for i, table := range tables {
		_, rows, _ := strings.Cut(canaryFolder()[string(table.file)+formatCSV], "\n")
		f.Add(uint8(i), false, []byte(rows))
		f.Add(uint8(i), true, []byte("\ufeff"+canaryFolder()[string(table.file)+formatCSV]))
	}
	f.Add(uint8(3), false, []byte("\"a\r\nb\",\" x\",1,\"a=b;;\",\xff;=1;b=0.00001\r\n\r\n\"\"\"\",é"))
	f.Add(uint8(2), true, []byte("opportunity,title,tags,tags\r\no1,\"a\r\n\r b\",a=1;b=.5;a=1e-1,\r\n"))
	f.Fuzz(func(t *testing.T, file uint8, whole bool, rows []byte) {
		name := string(tables[int(file)%len(tables)].file) + formatCSV
		folder := canaryFolder()
		head, _, _ := strings.Cut(folder[name], "\n")
		fsys := folder.fs()
		data := rows
		if !whole {
			data = slices.Concat([]byte(head), []byte("\n"), rows)
		} else if header, _, _ := strings.Cut(string(rows), "\n"); strings.Contains(header, canary) {
			return // the name of a column, which is no value
		}
		fsys[name] = &fstest.MapFile{Data: data}
		checkRead(t, fsys)
	})
}

// FuzzJSONL reads a folder of which one file is another one, in JSONL.
func FuzzJSONL(f *testing.F) {
	folder, err := readFS(context.Background(), canaryFolder().fs(), Options{})
	if err != nil {
		f.Fatal(err)
	}
	asJSONL, err := inMemory(folder, JSONL)
	if err != nil {
		f.Fatal(err)
	}
	for i, table := range tables {
		f.Add(uint8(i), asJSONL[string(table.file)+formatJSONL].Data)
	}
	f.Add(uint8(3), []byte(`{"student":"`+canary+`1","`+canary+`":{"`+canary+`":[1]},"age":"`+canary+`","interests":["`+canary+`"]}`+"\n\n[1]\r\n{\"e-mail\":\"\"}"))
	f.Add(uint8(2), []byte(`{"opportunity":"\ud800","title":"a\r\nb\u0000","tags":{"a":1e0,"a":null},"grades":["a;b",9],"remote":"TRUE","x":{},"x":[]}`))
	f.Fuzz(func(t *testing.T, file uint8, data []byte) {
		name := string(tables[int(file)%len(tables)].file)
		folder := canaryFolder().fs()
		delete(folder, name+formatCSV)
		folder[name+formatJSONL] = &fstest.MapFile{Data: data}
		checkRead(t, folder)
	})
}

package main

import (
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/kindred-match/kindred/matcher/place"
)

var update = flag.Bool("update", false, "write the golden files anew")

// harbor is a folder whose letters are of many kinds: choices, a cancelled
// minimum, reserved seats, a partner that is full, a lock, nobody's interests.
func harbor(t *testing.T) string {
	t.Helper()
	return folder(t, map[string]string{
		"tags.csv":     "tag,label,parent\nmaking,Making things,\nrobotics,Robotics,making\nboats,Boats and sailing,\nart,Art,\n",
		"partners.csv": "partner,name,kind,max_seats\np,Harbor Makers,business,2\nq,City Archive,local_government,\n",
		"opportunities.csv": "opportunity,partner,title,kind,term,seats,min_seats,min_policy,grades,tags\n" +
			"build,p,Build a robot,internship,fall,1,,,,robotics=0.9;boats=0.3\n" +
			"sail,p,Sail a boat,mentorship,fall,2,,,,boats\n" +
			"read,q,\"Read old\nmaps\",work_based,fall,5,3,cancel,,art;boats\n" +
			"paint,q,Paint a wall,,fall,1,,,11;12,art\n" +
			"file,,,service_learning,fall,3,,,,art\n",
		"students.csv": "student,grade,groups,interests\n" +
			"s1,9,lunch=free,robotics=0.8;boats=0.4\ns2,9,,boats;robotics=0.5\ns3,9,,art\n" +
			"s4,12,,art;boats\ns5,9,,knitting\ns/6,9,,boats\ns7,9,,art\n",
		"preferences.csv": "student,opportunity,rank\n" +
			"s1,build,1\ns1,sail,2\ns2,build,1\ns2,read,2\ns2,sail,3\ns/6,build,1\ns/6,sail,2\ns7,paint,1\n",
		"priorities.csv": "opportunity,student,tier\nsail,s2,1\n",
		"reserves.csv":   "opportunity,group,seats\nbuild,lunch=free,1\n",
		"locks.csv":      "student,opportunity,action,reason\ns4,paint,place,The sister paints there.\n",
	})
}

// golden holds that a text is that of a file.
func golden(t *testing.T, got, name string) {
	t.Helper()
	name = filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if want := string(readFile(t, name)); got != want {
		t.Errorf("%s has\n%s\nnot\n%s\n(-update writes it anew)", name, want, got)
	}
}

func TestLetters(t *testing.T) {
	out, _ := placed(t, harbor(t), "--as-of", "2026-09-01")
	all := succeed(t, "letters", out, "--contact", "Ms. Diaz, room 12")
	golden(t, strings.ReplaceAll(all, "\f", "\n=====\n\n"), "letters.txt")
	one := succeed(t, "letters", out, "--contact", "Ms. Diaz, room 12", "--student", "s2")
	if parts := strings.Split(all, "\f"); len(parts) != 7 || !slices.Contains(parts, one) {
		t.Errorf("%d letters; that of s2 alone is\n%s", len(parts), one)
	}
	dir := filepath.Join(t.TempDir(), "letters")
	if stdout := succeed(t, "letters", out, "--contact", "Ms. Diaz, room 12", "--out", dir); stdout != "" {
		t.Errorf("standard output: %q", stdout)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 7 {
		t.Fatalf("%d files, %v", len(entries), err)
	}
	if got := string(readFile(t, dir, "s2.txt")); got != one {
		t.Errorf("the file has\n%s\nstandard output\n%s", got, one)
	}
	if got := run(t, "letters", out, "--out", dir); got.code != exitInput || !strings.Contains(got.stderr, "not empty") {
		t.Errorf("again: exit code %d: %s", got.code, got.stderr)
	}
}

func TestLettersTemplate(t *testing.T) {
	dir := harbor(t)
	out, _ := placed(t, dir, "--as-of", "2026-09-01")
	files := folder(t, map[string]string{
		"same.tmpl":   succeed(t, "letters", "--print-template"),
		"own.tmpl":    "{{.Student}} {{.Opportunity}} {{.Choice}} {{.How}} {{.List}} {{.Date}} {{.Term}} {{.Reason}}",
		"broken.tmpl": "Dear family,\n\n{{if .Placed}}\n",
		"field.tmpl":  "Dear family,\n{{.Surname}}\n",
		"rare.tmpl":   "{{if eq .Student \"s4\"}}\n{{index .Others 7}}{{end}}",
		"bytes.tmpl":  "\xff",
	})
	named := func(name string) []string { return []string{"letters", out, "--template", filepath.Join(files, name)} }
	if succeed(t, named("same.tmpl")...) != succeed(t, "letters", out) {
		t.Error("the printed template makes other letters")
	}
	if got := succeed(t, append(named("own.tmpl"), "--student", "s4")...); got != "s4 paint 3 locked candidates 2026-09-01 fall PLACED\n" {
		t.Errorf("%q", got)
	}
	for name, want := range map[string]string{
		"broken.tmpl": "broken.tmpl:4", "field.tmpl": "field.tmpl:2", "rare.tmpl": "rare.tmpl:2", "bytes.tmpl": "UTF-8", "none.tmpl": "no file",
	} {
		into := filepath.Join(t.TempDir(), "letters")
		for _, more := range [][]string{nil, {"--out", into}} {
			r := run(t, append(named(name), more...)...)
			if r.code != exitInput || r.stdout != "" || !strings.Contains(r.stderr, want) || strings.Contains(r.stderr, "s4") {
				t.Errorf("%s: exit code %d: %q, want %s; %q", name, r.code, r.stderr, want, r.stdout)
			}
		}
		if entries, err := os.ReadDir(filepath.Dir(into)); err != nil || len(entries) > 0 {
			t.Errorf("%s leaves %v, %v", name, entries, err)
		}
	}
}

func TestLettersRefuse(t *testing.T) {
	dir := small(t)
	out, _ := placed(t, dir)
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"another folder": {[]string{out, "--input", crowded(t)}, "not as it was"},
		"no run":         {[]string{dir}, "no run folder"},
		"student":        {[]string{out, "--student", "s9"}, "no such student"},
		"others":         {[]string{out, "--others", "-1"}, "--others"},
		"nothing":        {nil, "one run folder"},
		"both":           {[]string{out, "--print-template"}, "no run folder"},
	} {
		if r := run(t, append([]string{"letters"}, c.args...)...); r.code != exitInput || r.stdout != "" || !strings.Contains(r.stderr, c.want) {
			t.Errorf("%s: exit code %d, want %q: %s", name, r.code, c.want, r.stderr)
		}
	}
}

func TestLettersNewYork(t *testing.T) {
	dir := data(t, "district-nyc")
	for _, objective := range []place.Objective{place.Stable, place.MaxPlaced} {
		out, got := placed(t, dir, "--objective", string(objective), "--as-of", "2026-09-01", "--candidates", "5")
		all := strings.Split(succeed(t, "letters", out), "\f")
		if len(all) != got.Summary.Students {
			t.Fatalf("%s: %d letters of %d students", objective, len(all), got.Summary.Students)
		}
		at := make(map[string]string) // the letters of those who are placed
		for _, l := range all {
			head, _, _ := strings.Cut(l, "\n")
			id, what, _ := strings.Cut(strings.TrimPrefix(head, "Student "), ": ")
			if what == "your placement" {
				at[id] = l
			}
			for text := range strings.Lines(l) {
				if utf8.RuneCountInString(text) > 73 && strings.Contains(strings.TrimSpace(text), " ") {
					t.Errorf("%s: a line is too long: %s", objective, text)
				}
			}
		}
		want := make(map[string]string)
		for i := range got.Placed {
			want[got.Placed[i].Student] = got.Placed[i].Opportunity
		}
		if !maps.EqualFunc(at, want, func(string, string) bool { return true }) {
			t.Errorf("%s: %d letters of a place, %d placed", objective, len(at), len(want))
		}
	}
}

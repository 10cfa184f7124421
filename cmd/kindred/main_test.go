package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// binary is the real program, built once for all tests.
var binary string

func TestMain(m *testing.M) { os.Exit(buildAndRun(m)) }

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "kindred")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a leftover does no harm
	binary = filepath.Join(dir, "kindred")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "go build: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// result is what a command did.
type result struct {
	code           int
	stdout, stderr string
}

func run(t *testing.T, args ...string) result {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return result{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// succeed runs a command that must end with 0.
func succeed(t *testing.T, args ...string) string {
	t.Helper()
	r := run(t, args...)
	if r.code != exitDone {
		t.Fatalf("kindred %s: exit code %d\n%s", strings.Join(args, " "), r.code, r.stderr)
	}
	return r.stdout
}

// data finds real data, or skips the test.
func data(t *testing.T, name string) string {
	t.Helper()
	root := os.Getenv("KINDRED_DATA")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared", "data")
	}
	dir := filepath.Join(root, name)
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no real data: set KINDRED_DATA to the folder that has %s", name)
	}
	return dir
}

// folder writes a district folder of the given files.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func small(t *testing.T) string {
	t.Helper()
	return folder(t, map[string]string{
		"tags.csv":     "tag,label,parent,importance,synonyms\nmaking,,,,\nrobotics,Robotics,making,,robots\ncad,,making,2,\n",
		"partners.csv": "partner,name,kind,max_seats\np1,Harbor Makers,business,\np2,Lakeside,community,0\n",
		"opportunities.csv": "opportunity,partner,title,grades,tags\n" +
			"o1,p1,Build a robot,9;10,robotics=0.9;cad=0.5\n" +
			"o2,p1,Draw parts,,cad\n" +
			"o3,p2,No seats left,,robotics\n",
		"students.csv": "student,grade,interests\ns1,9,robots=0.8;cad=0.4\ns2,12,robotics\ns3,9,knitting\n",
	})
}

func TestExitCodes(t *testing.T) {
	good := small(t)
	bad := folder(t, map[string]string{
		"opportunities.csv": "opportunity,seats\no1,many\no1,1\n",
		"students.csv":      "student,age\nsecret-student,old\n",
	})
	for name, c := range map[string]struct {
		args []string
		code int
		want string // in standard error
	}{
		"help":                {[]string{"--help"}, exitDone, ""},
		"no such command":     {[]string{"matsch"}, exitInput, "unknown command"},
		"no such flag":        {[]string{"match", good, "--colour"}, exitInput, "unknown flag"},
		"no folder":           {[]string{"match"}, exitInput, "one district folder"},
		"folder not there":    {[]string{"match", filepath.Join(good, "x")}, exitInput, "does not exist"},
		"bad measure":         {[]string{"match", good, "--measure", "sine"}, exitInput, "cosine, dot or overlap"},
		"bad day":             {[]string{"match", good, "--as-of", "2026-02-30"}, exitInput, "YYYY-MM-DD"},
		"bad k":               {[]string{"match", good, "--k", "0"}, exitInput, "--k"},
		"bad decay":           {[]string{"match", good, "--ancestor-decay", "2"}, exitInput, "--ancestor-decay"},
		"both ways":           {[]string{"match", good, "--student", "s1", "--opportunity", "o1"}, exitInput, "kindred explain"},
		"bad output":          {[]string{"match", good, "--output", "xml"}, exitInput, "table, json, jsonl, csv"},
		"unknown student":     {[]string{"match", good, "--student", "s9"}, exitInput, "no such student"},
		"unknown opportunity": {[]string{"match", good, "--opportunity", "o9"}, exitInput, "no opportunity"},
		"bad folder":          {[]string{"match", bad}, exitInput, "opportunities.csv:2: seats: "},
		"strict":              {[]string{"validate", good, "--strict"}, exitInput, "students.csv:4: interests: "},
		"no server":           {[]string{"match", "--server", "127.0.0.1:1", "--student", "s1"}, exitMachine, "127.0.0.1:1"},
		"neither store":       {[]string{"import", good}, exitInput, "--server or --data"},
	} {
		t.Run(name, func(t *testing.T) {
			r := run(t, c.args...)
			if r.code != c.code || !strings.Contains(r.stderr, c.want) {
				t.Errorf("exit code %d, want %d; standard error wants %q:\n%s", r.code, c.code, c.want, r.stderr)
			}
			if r.code != exitDone && r.stdout != "" {
				t.Errorf("standard output after an error: %q", r.stdout)
			}
			if strings.Contains(r.stderr, "secret") {
				t.Errorf("a student's data in an error: %s", r.stderr)
			}
		})
	}
}

func TestEveryCommandHasHelpWithAnExample(t *testing.T) {
	for _, args := range [][]string{
		{"match"}, {"place"}, {"explain"}, {"validate"}, {"generate"}, {"import"}, {"serve"}, {"bench"}, {"bench", "rank"},
	} {
		out := succeed(t, append(args, "--help")...)
		if !strings.Contains(out, "Examples:\n  kindred "+strings.Join(args, " ")) {
			t.Errorf("kindred %s --help has no example:\n%s", strings.Join(args, " "), out)
		}
	}
}

func TestInterruptedReadIsNoInput(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var stderr bytes.Buffer
	p := &program{stdout: &bytes.Buffer{}, stderr: &stderr, now: fixedDay, bars: noBars()}
	if code := p.run(ctx, []string{"validate", small(t)}); code != exitMachine {
		t.Errorf("exit code %d, want %d: %s", code, exitMachine, stderr.String())
	}
}

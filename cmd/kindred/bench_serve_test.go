package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/kindred-match/kindred/internal/measure"
)

func benchServe(t *testing.T, args ...string) measure.Serve {
	t.Helper()
	var s measure.Serve
	d := json.NewDecoder(strings.NewReader(succeed(t, append([]string{"bench", "serve"}, args...)...)))
	d.DisallowUnknownFields()
	if err := d.Decode(&s); err != nil {
		t.Fatal(err)
	}
	if d.More() {
		t.Error("more than one JSON object")
	}
	return s
}

// plausible holds that the figures can be of one measurement.
func plausible(t *testing.T, s *measure.Serve, took time.Duration) {
	t.Helper()
	for name, c := range map[string]struct{ perSecond, p50, p99 float64 }{
		"match":         {s.MatchPerSecond, s.MatchP50US, s.MatchP99US},
		"match profile": {s.ProfilePerSecond, s.ProfileP50US, s.ProfileP99US},
		"empty":         {s.EmptyPerSecond, s.EmptyP50US, s.EmptyP99US},
	} {
		if c.perSecond <= 0 || c.p50 <= 0 || c.p99 < c.p50 || c.p99 > float64(took.Microseconds()) {
			t.Errorf("%s: %+v", name, c)
		}
	}
	if s.Ratio <= 0 || s.ProfileRatio <= 0 {
		t.Errorf("ratios %v and %v", s.Ratio, s.ProfileRatio)
	}
	if s.Version == "" || s.CPU == "" || s.Cores < 1 || s.Kernel == "" || s.Rounds < 1 || s.SliceSeconds != .02 {
		t.Errorf("it doesn't say what was measured: %+v", s)
	}
}

func TestBenchServeMeasuresAServerOfItsOwn(t *testing.T) {
	start := time.Now()
	s := benchServe(t, "--opportunities", "500", "--students", "50", "--k", "3",
		"--duration", "120ms", "--slice", "20ms", "--concurrency", "3", "--connections", "2")
	plausible(t, &s, time.Since(start))
	if s.Opportunities != 500 || s.Students != 50 || s.K != 3 || s.Concurrency != 3 || s.Connections != 2 || s.Rounds != 2 {
		t.Errorf("measured %+v", s)
	}
	if s.CandidatesMean <= 1 || s.CandidatesMean > 3 || s.Epoch < 500 {
		t.Errorf("%v candidates an answer at epoch %d", s.CandidatesMean, s.Epoch)
	}
}

func TestBenchServeMeasuresARunningServer(t *testing.T) {
	server := serve(t, t.TempDir())
	if r := run(t, "bench", "serve", "--server", server.address, "--district", "lakeside"); r.code != exitInput || r.stdout != "" {
		t.Errorf("a district that is not there: exit code %d, want %d; %s", r.code, exitInput, r.stderr)
	}
	succeed(t, "import", small(t), "--server", server.address, "--district", "lakeside")
	start := time.Now()
	s := benchServe(t, "--server", server.address, "--district", "lakeside", "--duration", "60ms", "--slice", "20ms")
	plausible(t, &s, time.Since(start))
	if s.Opportunities != 0 || s.Students == 0 || s.Students > 50 || s.CandidatesMean <= 0 {
		t.Errorf("measured %+v", s)
	}
}

func TestBenchServeRefusesWhatCannotBeMeasured(t *testing.T) {
	for _, args := range [][]string{
		{"--k", "0"},
		{"--k", "201"},
		{"--concurrency", "0"},
		{"--connections", "0"},
		{"--students", "0"},
		{"--opportunities", "-1"},
		{"--slice", "1us"},
		{"--duration", "1ms"},
		{"folder"},
	} {
		if r := run(t, append([]string{"bench", "serve"}, args...)...); r.code != exitInput || r.stdout != "" {
			t.Errorf("%v: exit code %d, want %d; standard error: %s", args, r.code, exitInput, r.stderr)
		}
	}
}

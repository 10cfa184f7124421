package main

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/kindred-match/kindred/internal/measure"
	"github.com/kindred-match/kindred/store/candidates/redistest"
)

func TestBenchCandidates(t *testing.T) {
	var c measure.Candidates
	out := succeed(t, "bench", "candidates", "--opportunities", "500", "--students", "20", "--changes", "10", "--seconds", "1", "--rate", "200")
	if err := json.Unmarshal([]byte(out), &c); err != nil {
		t.Fatal(err)
	}
	if c.Opportunities != 500 || c.Students != 20 || c.HitP50US <= 0 || c.RepairP50US <= 0 || c.MissP50US <= 0 ||
		c.BytesPerSet <= 0 || c.Repaired == 0 || c.HitRate <= 0 || c.HitRate > 1 {
		t.Errorf("measured %+v", c)
	}
	for _, want := range []int{10, 100, 1000} {
		if !slices.ContainsFunc(c.Repairs, func(r measure.Repair) bool { return r.Changes == want && r.P50US > 0 }) {
			t.Errorf("there is no repair of %d changes: %+v", want, c.Repairs)
		}
	}
	if c.Redis != nil {
		t.Errorf("without Redis there is %+v", c.Redis)
	}
	if r := run(t, "bench", "candidates", "--k", "0"); r.code != exitInput {
		t.Errorf("exit code %d, want %d", r.code, exitInput)
	}
}

func TestBenchCandidatesInRedis(t *testing.T) {
	var c measure.Candidates
	out := succeed(t, "bench", "candidates", "--opportunities", "500", "--students", "20", "--seconds", "1",
		"--redis", redistest.Start(t).URL(), "--fill", "2000")
	if err := json.Unmarshal([]byte(out), &c); err != nil {
		t.Fatal(err)
	}
	r := c.Redis
	if r == nil || r.HitP50US <= 0 || r.PlainP50US <= 0 || r.RepairP50US <= 0 || r.BatchUS <= 0 ||
		r.Filled == nil || r.Filled.Sets != 2000 || r.Filled.BytesPerSet < r.Filled.ValueBytes {
		t.Errorf("measured %+v", r)
	}
	for _, flags := range [][]string{{"--fill", "1"}, {"--redis", "nonsense"}} {
		if r := run(t, append([]string{"bench", "candidates"}, flags...)...); r.code != exitInput {
			t.Errorf("%v: exit code %d, want %d", flags, r.code, exitInput)
		}
	}
}

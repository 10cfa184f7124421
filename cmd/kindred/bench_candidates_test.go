package main

import (
	"encoding/json"
	"testing"

	"github.com/kindred-match/kindred/internal/measure"
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
	if r := run(t, "bench", "candidates", "--k", "0"); r.code != exitInput {
		t.Errorf("exit code %d, want %d", r.code, exitInput)
	}
}

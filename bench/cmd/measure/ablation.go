package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	"github.com/kindred-match/kindred/bench/ablate"
	"github.com/kindred-match/kindred/bench/result"
)

// asItIs is the row that the others are compared with.
const asItIs = "as it is"

// ablated is the ranker without one part of its design.
type ablated struct {
	name    string
	changes []ablate.Change
	// storm, unless it is 0, is the row of the part storms that shows its worth,
	// counted from 1; for others it is the part rank.
	storm int
}

// Rankings are exact in all of them; each is checked against the plain loop.
var ablations = []ablated{
	{name: asItIs},
	{name: "documents in the order of ids", changes: []ablate.Change{{
		Folder: "matcher", Function: "mostFrequent", Insert: "if true { return 0 }",
	}}},
	{name: "no first threshold", changes: []ablate.Change{{
		Folder: "matcher", Function: "(*Ranker).open", Insert: "if true { return }",
	}}},
	{name: "whole windows, not sections", changes: []ablate.Change{{
		Folder: "matcher", Function: "(*Ranker).from", Insert: `if w := r.bounds[int(w)*kernel.Sections:][:kernel.Sections]; kernel.Peak(w) >= least {
			return kernel.All
		} else if true {
			return 0
		}`,
	}}},
	{name: "windows in their order", changes: []ablate.Change{{
		Folder: "matcher", Function: "(*Ranker).arrange", Insert: `if r.order = r.order[:0]; true {
			windows := r.x.base.crests.windows
			r.alive = slices.Grow(r.alive[:0], windows)[:windows]
			kernel.Reach(r.bounds, r.least(float64(threshold)), r.alive)
			for w, sections := range r.alive {
				if sections != 0 {
					r.order = append(r.order, int32(w))
				}
			}
			return
		}`,
	}}},
	{name: "no columns", changes: []ablate.Change{{
		Folder: "matcher/internal/kernel", Function: "MinColumn", Insert: "if true { return Window + 1 }",
	}}},
	{name: "everything ties: as it is", storm: 1},
	{name: "everything ties: no breaking of ties", storm: 1, changes: []ablate.Change{{
		Folder: "matcher", Function: "(*Ranker).breakTies", Insert: "if true { return }",
	}}},
	{name: "no asking ahead for windows", changes: []ablate.Change{{
		Folder: "matcher", Function: "(*Ranker).prefetch", Insert: "if true { return }",
	}}},
	{name: "no huge pages", changes: []ablate.Change{{
		Folder: "matcher/internal/kernel", Function: "Huge", Insert: "if true { return }",
	}}},
}

// ablation measures, for each, a build of its own beside its plain loop, which
// is the same in all. A part that is built otherwise by now gets a row that
// says so.
func ablation(ctx context.Context, m *measurement, set string) ([]result.Row, error) {
	work, err := filepath.Abs(m.work)
	if err != nil {
		return nil, err
	}
	root, err := filepath.Abs("..")
	if err != nil {
		return nil, err
	}
	var rows []result.Row
	for i, a := range ablations {
		if _, err := strconv.Atoi(set); a.storm > 0 && err != nil {
			continue // the storms are the same whatever the set
		}
		program := filepath.Join(work, "ablated-"+strconv.Itoa(i))
		if err := m.build(program, func() error {
			return ablate.Build(ctx, root, program, "./cmd/measure", nil, a.changes)
		}); err != nil {
			fmt.Fprintf(m.messages, "  %s: %v\n", a.name, err)
			rows = append(rows, result.Row{Variant: a.name, Error: "the part is built otherwise by now"})
			continue
		}
		if m.prepare {
			continue
		}
		part, on, at := "rank", set, 0
		if a.storm > 0 {
			part, on, at = "storms", stormSet, a.storm-1
		}
		row, err := m.child(ctx, program, part, on, at)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", a.name, err)
		}
		row.Variant = a.name
		rows = append(rows, *row)
	}
	return rows, nil
}

// build builds a program, unless an earlier run with --prepare has and that is
// to be taken.
func (m *measurement) build(program string, build func() error) error {
	if m.reuse && !m.prepare {
		if _, err := os.Stat(program); err == nil {
			return nil
		}
	}
	return build()
}

// kernels measures this program with each of the inner loops.
func kernels(ctx context.Context, m *measurement, set string) ([]result.Row, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	var rows []result.Row
	for _, kernel := range []string{"avx512", "avx2", "portable"} {
		row, err := m.child(ctx, program, "rank", set, 0, "KINDRED_KERNEL="+kernel)
		if err != nil {
			return nil, err
		}
		row.Variant = kernel
		rows = append(rows, *row)
	}
	return rows, nil
}

// child has another program take a part, and returns a row of what it found.
func (m *measurement) child(ctx context.Context, program, part, set string, at int, environment ...string) (row *result.Row, err error) {
	results, err := os.MkdirTemp("", "measure")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(results)) }()
	c := exec.CommandContext(ctx, program, "--parts", part, "--sets", set, "--data", m.data, "--results", results,
		"--rounds", strconv.Itoa(m.roundsOr(5)), "--queries", strconv.Itoa(m.queriesOr(200)))
	c.Env = append(os.Environ(), environment...)
	if said, err := c.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w: %s", err, said)
	}
	files, err := result.Read(results)
	if err != nil {
		return nil, err
	}
	if len(files) != 1 || len(files[0].Rows) <= at {
		return nil, errors.New("the child left no result")
	}
	row = &files[0].Rows[at]
	if want := environment; len(want) > 0 && want[0] != "KINDRED_KERNEL="+files[0].Machine.Kernel {
		return nil, fmt.Errorf("this machine lacks what %s asks for", want[0])
	}
	return row, nil
}

package main

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/kindred-match/kindred/bench/ablate"
	"github.com/kindred-match/kindred/bench/result"
)

// counter is added to the matcher of the build that counts.
const counter = `package matcher

// Counted is what rankings did.
var Counted struct{ Windows, Sections, Cells, Array, Scored int }
`

// counting is what such a build does more: gather is called for each window
// that is opened, advance scores the documents that have been located.
var counting = []ablate.Change{
	{Folder: "matcher", Function: "(*Ranker).gather", Insert: `
	Counted.Windows++
	for some := sections; some != 0; some &= some - 1 {
		Counted.Sections++
		Counted.Cells += kernel.Section * len(r.columnRefs(w))
	}
	for _, l := range r.lists(w) {
		Counted.Array += int(l.Count)
	}`},
	{Folder: "matcher", Function: "(*Ranker).advance", Insert: "Counted.Scored += len(r.located)"},
}

// workDone takes the part rank with a build that counts what rankings do: its
// times are a little longer than without.
func workDone(ctx context.Context, m *measurement, set string) ([]result.Row, error) {
	work, err := filepath.Abs(m.work)
	if err != nil {
		return nil, err
	}
	root, err := filepath.Abs("..")
	if err != nil {
		return nil, err
	}
	program := filepath.Join(work, "counted")
	err = m.build(program, func() error {
		return ablate.Build(ctx, root, program, "./cmd/measure", []string{"counted"}, counting,
			ablate.Added{Path: "matcher/counted.go", Text: counter})
	})
	if err != nil {
		fmt.Fprintf(m.messages, "  %v\n", err)
		return []result.Row{{Error: "the parts that were counted are built otherwise by now"}}, nil
	}
	if m.prepare {
		return nil, nil
	}
	row, err := m.child(ctx, program, "rank", set, 0)
	if err != nil {
		return nil, err
	}
	return []result.Row{*row}, nil
}

package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kindred-match/kindred/bench/result"
	"github.com/kindred-match/kindred/bench/rivals"
	"github.com/kindred-match/kindred/bench/turns"
)

// measured are results of two parts.
func measured() []result.File {
	times := func(name string, us float64) result.Contender {
		return result.Contender{Name: name, Summary: turns.Summary{MeanUS: us, P99US: 2 * us, WorstUS: 3 * us}}
	}
	lucene := times("lucene pruned", 5000)
	lucene.Agreement = &rivals.Agreement{Queries: 60, Identical: 58, Rounded: 2}
	return []result.File{
		{Part: "lucene", Set: "1000000", Rows: []result.Row{{
			Opportunities: 1_000_000, Postings: 600_000, K: 10,
			Contenders: []result.Contender{times(ours, 100), times(plain, 800), lucene, times("lucene exhaustive", 4000)},
		}}},
		{Part: "k", Set: "1000000", Rows: []result.Row{
			{Variant: "k = 10", X: 10, K: 10, Contenders: []result.Contender{times(ours, 100), times(plain, 800)}},
			{Variant: "k = 50", X: 50, K: 50, Contenders: []result.Contender{times(ours, 200), times(plain, 800)}},
		}},
	}
}

func TestReport(t *testing.T) {
	results, docs := t.TempDir(), t.TempDir()
	for _, f := range measured() {
		if err := f.Write(results); err != nil {
			t.Fatal(err)
		}
	}
	page := filepath.Join(docs, "performance.md")
	if err := os.WriteFile(page, []byte("by hand\n"+beginMark+"old\n"+endMark+"by hand too\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	// The second time changes nothing.
	var texts []string
	for range 2 {
		if err := run(results, docs); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(text))
	}
	if texts[0] != texts[1] {
		t.Error("a page that is made again differs")
	}
	for _, want := range []string{
		"by hand\n" + beginMark, endMark + "by hand too\n",
		"| 1,000,000 invented | 600,000 | 100 | 800 | 5,000 | 4,000 | 40x |", // against the better Lucene
		"| 1,000,000 invented, lucene pruned | 60 | 58 | 2 | 0 |",
		"| k = 50 | 50 | 0 | 800 | 200 | 400 | 4.00 |",
		"plots/k-1000000.svg",
	} {
		if !strings.Contains(texts[0], want) {
			t.Errorf("there is no %q in\n%s", want, texts[0])
		}
	}
	if strings.Contains(texts[0], "old") {
		t.Error("what was made before stayed")
	}
	for _, plot := range []string{"size.svg", "k-1000000.svg"} {
		if _, err := os.Stat(filepath.Join(docs, "plots", plot)); err != nil {
			t.Error(err)
		}
	}
}

func TestMarks(t *testing.T) {
	for _, page := range []string{"", beginMark, endMark + beginMark, beginMark + endMark + beginMark} {
		if _, err := replace([]byte(page), nil); !errors.Is(err, errMarks) {
			t.Errorf("%q: %v, want %v", page, err, errMarks)
		}
	}
}

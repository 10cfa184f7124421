// Command report makes the tables of docs/performance.md and its plots out of
// what the command measure left.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/kindred-match/kindred/bench/result"
)

func main() {
	results := flag.String("results", "results", "the folder of what was measured")
	docs := flag.String("docs", filepath.Join("..", "docs"), "the folder of performance.md")
	flag.Parse()
	if err := run(*results, *docs); err != nil {
		fmt.Fprintln(os.Stderr, "report:", err)
		os.Exit(2)
	}
}

func run(results, docs string) error {
	files, err := result.Read(results)
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return fmt.Errorf("nothing was measured: %s is empty", results)
	}
	page := filepath.Join(docs, "performance.md")
	text, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	var made bytes.Buffer
	r := &report{found: files, out: &made, charts: make(map[string]chart)}
	r.all()
	text, err = replace(text, made.Bytes())
	if err != nil {
		return fmt.Errorf("%s: %w", page, err)
	}
	plots := filepath.Join(docs, "plots")
	if err := os.MkdirAll(plots, 0o755); err != nil {
		return err
	}
	for name, c := range r.charts {
		if err := os.WriteFile(filepath.Join(plots, name+".svg"), c.SVG(), 0o644); err != nil {
			return err
		}
	}
	return os.WriteFile(page, text, 0o644)
}

// What stands between these lines is made; what stands around them stays.
const (
	beginMark = "<!-- From here on `make bench` made it: changes are lost. -->\n"
	endMark   = "<!-- Up to here. -->\n"
)

var errMarks = errors.New("the lines that `make bench` writes between are not there, once each and in order")

func replace(page, made []byte) ([]byte, error) {
	before, rest, ok := bytes.Cut(page, []byte(beginMark))
	_, after, closed := bytes.Cut(rest, []byte(endMark))
	if !ok || !closed || bytes.Contains(after, []byte(beginMark)) {
		return nil, errMarks
	}
	return bytes.Join([][]byte{before, []byte(beginMark), made, []byte(endMark), after}, nil), nil
}

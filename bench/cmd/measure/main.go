// Command measure times rankings beside rivals on the same data and queries,
// and leaves what it finds as JSON.
//
//	measure [--parts LIST] [--sets LIST] [flags]
package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/kindred-match/kindred/bench/dataset"
	"github.com/kindred-match/kindred/bench/result"
	"github.com/kindred-match/kindred/matcher"
)

// part is one of the measurements.
type part struct {
	name string
	what string
	sets []string // that it is taken on where none are asked for
	run  func(ctx context.Context, m *measurement, set string) ([]result.Row, error)
	// builds: it has something to build beforehand.
	builds bool
}

var middle = []string{"1000000"}

// parts are all there are, in the order in which they are taken.
var parts = []part{
	{"rank", "the ranker beside the plain loop", dataset.Names, rank, false},
	{"lucene", "the ranker beside Lucene", dataset.Names, besideLucene, true},
	{"others", "the ranker beside bleve, Redis and PostgreSQL", []string{"district-nyc", "10000", "tate", "100000"}, besideOthers, false},
	{"length", "by the number of tags of a query", middle, byLength, false},
	{"k", "by how many candidates are wanted", middle, byK, false},
	{"measures", "by measure", middle, byMeasure, false},
	{"filters", "by how many are eligible", middle, byFilter, false},
	{"storms", "where everything ties, and the like", []string{stormSet}, storms, false},
	{"kernels", "by inner loops", middle, kernels, false},
	{"work", "what the ranker does for a query", []string{"1000000", "tate", "arxiv"}, workDone, true},
	{"ablation", "without one part of the design", []string{"1000000", "tate", "arxiv"}, ablation, true},
}

// measurement is what all parts are told.
type measurement struct {
	data, work, results string
	rounds, queries     int
	prepare, reuse      bool
	commit              string
	messages            io.Writer
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stderr)
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "measure:", err)
		os.Exit(2)
	}
}

func run(ctx context.Context, args []string, messages io.Writer) error {
	m := measurement{messages: messages}
	flags := flag.NewFlagSet("measure", flag.ContinueOnError)
	flags.SetOutput(messages)
	flags.Usage = func() {
		fmt.Fprintln(messages, "usage: measure [flags], in the folder bench of the repository\n\nparts:")
		for _, p := range parts {
			fmt.Fprintf(messages, "  %-9s %s (%s)\n", p.name, p.what, strings.Join(p.sets, ", "))
		}
		flags.PrintDefaults()
	}
	wanted := flags.String("parts", "", "which to take, separated by commas (all)")
	sets := flags.String("sets", "", "on which sets (those of the part); a number of opportunities, arxiv, tate, district-nyc")
	flags.StringVar(&m.data, "data", filepath.Join("..", "..", "shared", "data"), "the folder of the data sets")
	flags.StringVar(&m.work, "work", filepath.Join("..", "out", "bench"), "where indexes of rivals are kept")
	flags.StringVar(&m.results, "results", "results", "where the JSON goes")
	flags.IntVar(&m.rounds, "rounds", 0, "how often each query is answered by each (9; fewer by slow rivals)")
	flags.IntVar(&m.queries, "queries", 0, "how many queries (500; fewer for slow rivals)")
	flags.BoolVar(&m.prepare, "prepare", false, "only build: the rivals' indexes, programs without a part")
	flags.BoolVar(&m.reuse, "reuse", false, "take the programs that --prepare built, though the ranker may have changed since")
	flags.StringVar(&m.commit, "commit", commit(ctx), "what to say that was measured")
	if err := flags.Parse(args); err != nil {
		return err
	}
	chosen, err := choose(*wanted)
	if err != nil {
		return err
	}
	for _, p := range chosen {
		if m.prepare && !p.builds {
			continue
		}
		on := p.sets
		if *sets != "" {
			on = strings.Split(*sets, ",")
		}
		for _, set := range on {
			if err := m.take(ctx, p, set); err != nil {
				return fmt.Errorf("%s on %s: %w", p.name, set, err)
			}
		}
	}
	return nil
}

func choose(wanted string) ([]part, error) {
	if wanted == "" {
		return parts, nil
	}
	var chosen []part
	for name := range strings.SplitSeq(wanted, ",") {
		at := slices.IndexFunc(parts, func(p part) bool { return p.name == name })
		if at < 0 {
			return nil, fmt.Errorf("there is no part %q", name)
		}
		chosen = append(chosen, parts[at])
	}
	return chosen, nil
}

// take takes one part on one set and writes what it found. A set of real data
// that isn't there is left out.
func (m *measurement) take(ctx context.Context, p part, set string) error {
	if _, err := os.Stat(m.data); errors.Is(err, os.ErrNotExist) && slices.Contains([]string{"arxiv", "tate", "district-nyc"}, set) {
		fmt.Fprintf(m.messages, "%s: no real data in %s: left out\n", set, m.data)
		return nil
	}
	start := time.Now()
	fmt.Fprintf(m.messages, "%s: %s, on %s\n", p.name, p.what, set)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	rows, err := p.run(ctx, m, set)
	if err != nil {
		return err
	}
	seconds := time.Since(start).Seconds()
	fmt.Fprintf(m.messages, "  %.0f s\n", seconds)
	if m.prepare {
		return nil
	}
	for i := range rows {
		m.say(&rows[i])
	}
	f := result.File{Part: p.name, Set: set, Machine: m.machine(), Rounds: m.roundsOr(usualRounds), Seconds: seconds, Rows: rows}
	return f.Write(m.results)
}

// say prints a row for someone who waits.
func (m *measurement) say(r *result.Row) {
	fmt.Fprintf(m.messages, "  %-28s k=%-4d %9.0f postings", r.Variant, r.K, r.Postings)
	for _, c := range r.Contenders {
		fmt.Fprintf(m.messages, " | %s %.1f us (p99 %.0f)", c.Name, c.MeanUS, c.P99US)
	}
	fmt.Fprintf(m.messages, " | plain/ranker %.2f\n", r.Ratio("plain", "kindred"))
}

const (
	usualRounds  = 9
	usualQueries = 500
)

func (m *measurement) roundsOr(n int) int {
	if m.rounds > 0 {
		return m.rounds
	}
	return n
}

func (m *measurement) queriesOr(n int) int {
	if m.queries > 0 {
		return m.queries
	}
	return n
}

func (m *measurement) machine() result.Machine {
	return result.Machine{
		CPU: cpu(), Cores: runtime.NumCPU(), Go: runtime.Version(), Kernel: matcher.Kernel(),
		Commit: m.commit, Date: time.Now().UTC().Format(time.DateOnly),
	}
}

// commit names the commit that is measured, where git can tell.
func commit(ctx context.Context) string {
	out, err := exec.CommandContext(ctx, "git", "describe", "--always", "--dirty", "--exclude=*").Output()
	if err != nil {
		return "unknown"
	}
	return string(bytes.TrimSpace(out))
}

// cpu names the processor, where the system tells.
func cpu() string {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if name, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}

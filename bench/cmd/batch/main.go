// Command batch times the rankings of all students of an invented district, as
// one batch, beside rankings one by one in the same run, and compares what both
// give. It prints a JSON object per measure.
//
//	batch [--students N] [--opportunities M] [--k K] [--rounds R] [--measure cosine|dot|overlap]
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/kindred-match/kindred/internal/district"
	"github.com/kindred-match/kindred/internal/generate"
	"github.com/kindred-match/kindred/matcher"
)

type options struct {
	students, opportunities, k, rounds, sample int
	measure                                    string
	seed                                       uint64
}

func main() {
	var o options
	flag.IntVar(&o.students, "students", 100_000, "how many to invent")
	flag.IntVar(&o.opportunities, "opportunities", 10_000, "how many to invent")
	flag.IntVar(&o.k, "k", 50, "how many candidates at most")
	flag.IntVar(&o.rounds, "rounds", 5, "how often to rank for all")
	flag.IntVar(&o.sample, "sample", 4000, "for how many students to rank one by one as well")
	flag.StringVar(&o.measure, "measure", "", "cosine, dot or overlap [all, one after the other]")
	flag.Uint64Var(&o.seed, "seed", 1, "of the district")
	flag.Parse()
	if err := run(&o); err != nil {
		fmt.Fprintln(os.Stderr, "batch:", err)
		if errors.Is(err, errDiffers) {
			os.Exit(1)
		}
		os.Exit(3)
	}
}

// run reads the district, as it would be read in use, and times each measure.
func run(o *options) error {
	folder, read, err := readInvented(o)
	if err != nil {
		return err
	}
	out := json.NewEncoder(os.Stdout)
	for _, m := range matcher.Measures {
		if o.measure != "" && o.measure != string(m) {
			continue
		}
		r, err := measure(o, folder, m)
		if err != nil {
			return err
		}
		r.ReadSeconds = read.Seconds()
		if err := out.Encode(r); err != nil {
			return err
		}
	}
	return nil
}

func readInvented(o *options) (*district.Folder, time.Duration, error) {
	v, err := generate.District(generate.Options{Students: o.students, Opportunities: o.opportunities, Seed: o.seed})
	if err != nil {
		return nil, 0, err
	}
	temp, err := os.MkdirTemp("", "batch")
	if err != nil {
		return nil, 0, err
	}
	defer os.RemoveAll(temp)
	dir := filepath.Join(temp, "district")
	if err := v.Write(context.Background(), dir, nil); err != nil {
		return nil, 0, err
	}
	start := time.Now()
	folder, err := district.Read(context.Background(), dir, district.Options{Students: true})
	took := time.Since(start)
	runtime.GC()
	return folder, took, err
}

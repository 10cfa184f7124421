// Command equal compares the ranker with the plain loop on random queries over
// each data set: all measures, rules and wishes, before and after changes. It
// prints a JSON object per data set, and exits 1 if any ranking differs.
//
//	equal [--data DIR] [--queries N] [--seed S] SET ...
//
// The sets are generated-N or N opportunities, arxiv, tate and district-nyc.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kindred-match/kindred/bench/folders"
	"github.com/kindred-match/kindred/internal/district"
	"github.com/kindred-match/kindred/internal/equality"
	"github.com/kindred-match/kindred/internal/generate"
	"github.com/kindred-match/kindred/matcher"
)

// errDiffers says that the answer is no.
var errDiffers = errors.New("rankings differ")

func main() {
	switch err := run(); {
	case errors.Is(err, errDiffers):
		os.Exit(1)
	case err != nil:
		fmt.Fprintln(os.Stderr, "equal:", err)
		os.Exit(2)
	}
}

// line is a data set's report.
type line struct {
	Set           string  `json:"set"`
	Kernel        string  `json:"kernel"`
	Opportunities int     `json:"opportunities"`
	Seconds       float64 `json:"seconds"`
	*equality.Report
}

func run() error {
	data := flag.String("data", os.Getenv("KINDRED_DATA"), "the folder of the data sets")
	queries := flag.Int("queries", 10_000, "how many to draw for a data set")
	seed := flag.Uint64("seed", 1, "of what is drawn")
	flag.Parse()
	if flag.NArg() == 0 {
		return errors.New("name at least one of generated-N, arxiv, tate, district-nyc")
	}
	if *data == "" {
		*data = filepath.Join("..", "..", "shared", "data") // from bench/
	}
	out := json.NewEncoder(os.Stdout)
	differs := false
	for _, set := range flag.Args() {
		c, students, err := load(set, *data)
		if err != nil {
			return fmt.Errorf("%s: %w", set, err)
		}
		start := time.Now()
		r, err := equality.Compare(c, students, equality.Options{Queries: *queries, Seed: *seed, Progress: progress(set)})
		if err != nil {
			return fmt.Errorf("%s: %w", set, err)
		}
		differs = differs || r.Differences > 0
		l := line{set, matcher.Kernel(), len(c.Opportunities), time.Since(start).Round(time.Second).Seconds(), r}
		if err := out.Encode(l); err != nil {
			return err
		}
	}
	if differs {
		return errDiffers
	}
	return nil
}

// progress tells every thousand queries.
func progress(set string) func(done, total int64) {
	return func(done, total int64) {
		if done%1000 == 0 {
			fmt.Fprintf(os.Stderr, "%s: %d of %d\n", set, done, total)
		}
	}
}

// load makes a data set. What has nothing for the rules to look at is given it.
func load(set, data string) (matcher.Catalogue, []matcher.Student, error) {
	const students = 1000
	switch n, err := strconv.Atoi(strings.TrimPrefix(set, "generated-")); {
	case err == nil:
		v, err := generate.District(generate.Options{Students: students, Opportunities: n, Seed: 1})
		if err != nil {
			return matcher.Catalogue{}, nil, err
		}
		return matcher.Catalogue{
			Tags:          v.Tags(),
			Partners:      slices.Collect(v.Partners()),
			Opportunities: slices.Collect(v.Opportunities()),
		}, slices.Collect(v.Students()), nil
	case set == "district-nyc":
		f, err := district.Read(context.Background(), filepath.Join(data, set), district.Options{Students: true})
		if err != nil {
			return matcher.Catalogue{}, nil, err
		}
		return matcher.Catalogue{Tags: f.Tags, Partners: f.Partners, Opportunities: f.Opportunities}, f.Students, nil
	default:
		f, err := folders.Make(set, data, folders.Options{Students: students, Profiles: folders.HeldOut})
		if err != nil {
			return matcher.Catalogue{}, nil, fmt.Errorf("%w, and so are district-nyc and generated-N", err)
		}
		c := matcher.Catalogue{Tags: f.Tags, Opportunities: f.Opportunities}
		equality.Decorate(&c, 1)
		return c, f.Students, nil
	}
}

// Command folders makes district folders out of real data sets, for
// measurements.
//
//	folders [--data DIR] [--students N] [--profiles held-out|tuning] arxiv|tate OUT
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/kindred-match/kindred/bench/folders"
	"github.com/kindred-match/kindred/internal/district"
)

const usage = `usage: folders [flags] arxiv|tate OUT

Makes the district folder OUT out of a data set that lies below $KINDRED_DATA,
or else in ../shared/data beside the repository.

`

func main() {
	err := run(os.Args[1:], os.Stderr)
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "folders:", err)
		os.Exit(2)
	}
}

func run(args []string, messages io.Writer) error {
	flags := flag.NewFlagSet("folders", flag.ContinueOnError)
	flags.SetOutput(messages)
	flags.Usage = func() {
		fmt.Fprint(messages, usage)
		flags.PrintDefaults()
	}
	var o folders.Options
	data := flags.String("data", os.Getenv("KINDRED_DATA"), "the folder of the data sets")
	flags.IntVar(&o.Students, "students", 1000, "how many students")
	flags.StringVar((*string)(&o.Profiles), "profiles", string(folders.HeldOut), "held-out, or tuning: made out of other items")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() != 2 {
		flags.Usage()
		return errors.New("a data set and a folder to write are needed")
	}
	if *data == "" {
		found, err := besideRepository()
		if err != nil {
			return err
		}
		*data = found
	}
	made, err := folders.Make(flags.Arg(0), *data, o)
	if err != nil {
		return err
	}
	out := flags.Arg(1)
	err = district.Write(out, &district.Folder{
		Tags: made.Tags, Opportunities: made.Opportunities, Students: made.Students,
	})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(messages, "%s: %d tags, %d opportunities, %d students (%s)\n",
		out, len(made.Tags), len(made.Opportunities), len(made.Students), o.Profiles)
	return err
}

// besideRepository is ../shared/data relative to the root of the repository,
// which is looked for upwards from the working directory.
func besideRepository() (string, error) {
	at, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		_, err := os.Stat(filepath.Join(at, "matcher", "place"))
		if err == nil {
			return filepath.Join(at, "..", "shared", "data"), nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
		above := filepath.Dir(at)
		if above == at {
			return "", errors.New("no data sets: set KINDRED_DATA, or start this inside the repository")
		}
		at = above
	}
}

package district

import (
	"context"
	"errors"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/kindred-match/kindred/matcher"
)

var (
	decimalForm = regexp.MustCompile(`^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$`)
	integerForm = regexp.MustCompile(`^0*[0-9]{1,7}$`)
)

func FuzzNumbers(f *testing.F) {
	for _, s := range []string{
		"", "0", "1", "-1", "+1", "007", "1000000", "1000001", "99999999999999999999", "1.5", ".5", "5.", "1e3", "1E-3", "1e400", "0x1p-2", "0x10",
		"1_000", "inf", "-Inf", "NaN", "1,5", "1 ", "e", "1e", "--1", "٣", "1.2.3", "4294967297",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		x := parseDecimal(s)
		if math.IsInf(x, 0) {
			t.Errorf("%q is infinite", s)
		}
		want, err := strconv.ParseFloat(s, 64)
		if fits := decimalForm.MatchString(s) && err == nil; fits == math.IsNaN(x) || fits && x != want {
			t.Errorf("%q as a decimal: %v", s, x)
		}
		n := parseInteger(s)
		m, err := strconv.ParseInt(s, 10, 64)
		if fits := integerForm.MatchString(s) && err == nil && m <= matcher.MaxInteger; fits != (n >= 0) || fits && int64(n) != m {
			t.Errorf("%q as an integer: %d", s, n)
		}
		if w := parseWeight(s); w > 0 != (x > 0 && x <= 1 && math.Round(10000*x) >= 1) || w > matcher.One {
			t.Errorf("%q as a weight: %d", s, w)
		}
	})
}

// FuzzWeightedTags reads a cell of weighted tags and compares it with the
// format's description, written down plainly.
func FuzzWeightedTags(f *testing.F) {
	for _, s := range []string{
		"", "cad", "robotics=0.9;cad=0.5", " a = 1 ; b ;; ", "a;a=0.5", "a=0.5;a=0.7", "=1", "a=", "a=b=0.5", "a=0", "a=1.1", "a=0.00004;b=0.00005", ";", "é=1;\u00a0",
		manyTags(64), manyTags(65), manyTags(65) + ";t1=0", strings.Repeat("a;", 100),
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, cell string) {
		if strings.ContainsAny(cell, "\r\n\x00\"") {
			return // the form of CSV is another target's
		}
		want, ok := describedTags(cell)
		fsys := fstest.MapFS{
			"opportunities.csv": {Data: []byte("opportunity\n")},
			"students.csv":      {Data: []byte("student,interests\ns1,\"" + cell + "\"\n")},
		}
		folder, err := readFS(context.Background(), fsys, Options{})
		if bad := (*Errors)(nil); err != nil && !errors.As(err, &bad) {
			t.Fatal(err)
		}
		if ok != (err == nil) {
			t.Fatalf("%q: accepted is %v, want %v: %v", cell, err == nil, ok, err)
		}
		if err != nil {
			return
		}
		got := folder.Students[0].Interests
		if len(got) != len(want) {
			t.Fatalf("%q: %v, want %v", cell, got, want)
		}
		for _, w := range got {
			if want[w.Tag] != w.Weight {
				t.Errorf("%q: %v, want %v", cell, got, want)
			}
		}
	})
}

// describedTags returns the weights that a cell says, or false if it breaks a
// rule.
func describedTags(cell string) (map[string]matcher.Weight, bool) {
	weights := make(map[string]matcher.Weight)
	ok := true
	for _, one := range strings.Split(cell, ";") {
		name, weight, weighted := strings.Cut(strings.TrimSpace(one), "=")
		name = strings.TrimSpace(name)
		switch {
		case !weighted && name == "":
			continue
		case !weighted:
			weight = "1"
		}
		weight = strings.TrimSpace(weight)
		x, err := strconv.ParseFloat(weight, 64)
		w := math.Round(10000 * x)
		if err != nil || !decimalForm.MatchString(weight) || x > 1 || w < 1 || !matcher.ValidTagID(name) {
			ok = false
			continue
		}
		weights[name] = max(weights[name], matcher.Weight(w))
	}
	return weights, ok && len(weights) <= matcher.MaxOwnTags
}

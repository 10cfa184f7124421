// Package folders makes district folders out of data sets that have nothing to
// do with districts, but real numbers of real tags: measurements on them can't
// flatter as those on invented data can.
//
// What the data sets lack is made here, the same on every run: weights of tags
// and the profiles of students.
package folders

import (
	"bufio"
	"cmp"
	"compress/gzip"
	"fmt"
	"io"
	"math/bits"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/kindred-match/kindred/matcher"
)

// Profiles names one of two sets of profiles, made out of different items:
// what is tuned on one is to be measured on the other.
type Profiles string

// The two sets.
const (
	HeldOut Profiles = "held-out"
	Tuning  Profiles = "tuning"
)

// Options say what students a folder has.
type Options struct {
	Students int
	Profiles Profiles
}

// Folder is what is made out of a data set.
type Folder struct {
	Tags          []matcher.Tag
	Opportunities []matcher.Opportunity
	Students      []matcher.Student
}

// Make makes the folder of a data set, arxiv or tate, found below data.
func Make(set, data string, o Options) (*Folder, error) {
	if o.Profiles != HeldOut && o.Profiles != Tuning {
		return nil, fmt.Errorf("profiles must be %s or %s", HeldOut, Tuning)
	}
	if o.Students < 0 || o.Students > matcher.MaxInteger {
		return nil, fmt.Errorf("students must be from 0 to %d", matcher.MaxInteger)
	}
	switch set {
	case "arxiv":
		return arxiv(filepath.Join(data, "arxiv-cc0"), o)
	case "tate":
		return tate(filepath.Join(data, "tate-cc0"), o)
	}
	return nil, fmt.Errorf("there is no data set %q: arxiv and tate are known", set)
}

// mine reports whether profiles of the set may be made out of an item or an
// artist: each falls to one of the two sets.
func (p Profiles) mine(id string) bool { return hash(id)&1 == 0 == (p == HeldOut) }

// random is the sequence of a student: another one for each set.
func (o Options) random(student int) *rand.Rand {
	return rand.New(rand.NewPCG(hash(string(o.Profiles)), hash(strconv.Itoa(student))))
}

// weight invents the weight of an item for a tag, a multiple of 0.05 from 0.15
// to 1: the rarer the tag, the heavier on the whole, with a part that hangs on
// the pair alone.
func weight(item, tag string, frequency, items int) matcher.Weight {
	rarity := bits.Len(uint(items / max(frequency, 1))) // 1 to about 20
	steps := 6 + rarity/2 + int(hash(tag+"\x00"+item)%9) - 4
	return matcher.Weight(500 * min(max(steps, 3), 20))
}

// hash is FNV-1a, finished by the mixing of SplitMix64.
func hash(s string) uint64 {
	h := uint64(0xcbf29ce484222325)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 0x100000001b3
	}
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}

// profile is the sum of items' tags: the heaviest, at most most of them, the
// heaviest of all being 1.
func profile(items [][]matcher.Weighted, most int) []matcher.Weighted {
	sums := make(map[string]int)
	for _, tags := range items {
		for _, t := range tags {
			sums[t.Tag] += int(t.Weight)
		}
	}
	type sum struct {
		tag    string
		weight int
	}
	var all []sum
	for tag, w := range sums {
		all = append(all, sum{tag, w})
	}
	slices.SortFunc(all, func(a, b sum) int {
		return cmp.Or(cmp.Compare(b.weight, a.weight), cmp.Compare(a.tag, b.tag))
	})
	all = all[:min(len(all), most)]
	tags := make([]matcher.Weighted, len(all))
	for i, s := range all {
		// Steps of 0.01; the lightest item of few is never that light.
		hundredths := max(1, 100*s.weight/all[0].weight)
		tags[i] = matcher.Weighted{Tag: s.tag, Weight: matcher.Weight(100 * hundredths)}
	}
	return tags
}

// opportunity is one that nothing but its tags distinguishes.
func opportunity(id string, tags []matcher.Weighted) matcher.Opportunity {
	return matcher.Opportunity{
		ID: id, Seats: 1, MinPolicy: matcher.MinHard, Boost: 1, Status: matcher.Published, Tags: tags,
	}
}

func studentID(i int) string { return fmt.Sprintf("s%06d", i+1) }

// lines calls row with the tab-separated columns of each line but the first.
func lines(path string, columns int, row func(cells []string) error) (err error) {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close() // only read
	var r io.Reader = f
	if strings.HasSuffix(path, ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	s := bufio.NewScanner(r)
	s.Buffer(nil, 1<<20)
	for n := 1; s.Scan(); n++ {
		cells := strings.Split(s.Text(), "\t")
		switch {
		case n == 1:
			continue
		case len(cells) != columns:
			return fmt.Errorf("%s:%d: has %d columns, not %d", path, n, len(cells), columns)
		}
		if err := row(cells); err != nil {
			return fmt.Errorf("%s:%d: %w", path, n, err)
		}
	}
	if err := s.Err(); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// numbers reads a list of integers.
func numbers(cell string) ([]int, error) {
	fields := strings.Fields(cell)
	list := make([]int, len(fields))
	for i, field := range fields {
		n, err := strconv.Atoi(field)
		if err != nil {
			return nil, fmt.Errorf("%q is no number", field)
		}
		list[i] = n
	}
	return list, nil
}

package folders_test

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/kindred-match/kindred/bench/folders"
	"github.com/kindred-match/kindred/matcher"
)

// data finds the data sets, or skips the test.
func data(t *testing.T) string {
	t.Helper()
	root := cmp.Or(os.Getenv("KINDRED_DATA"), filepath.Join("..", "..", "..", "shared", "data"))
	if _, err := os.Stat(filepath.Join(root, "tate-cc0")); errors.Is(err, fs.ErrNotExist) {
		t.Skipf("no data sets in %s: set KINDRED_DATA to the folder that has them", root)
	} else if err != nil {
		t.Fatal(err)
	}
	return root
}

func load(t *testing.T, set string, o folders.Options) *folders.Folder {
	t.Helper()
	f, err := folders.Make(set, data(t), o)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestSets holds what measurements on the real sets rest on.
func TestSets(t *testing.T) {
	for _, c := range []struct {
		set           string
		opportunities int
		tags          float64    // mean, after passing up
		profile       [2]float64 // mean, after passing up
		postings      [2]float64 // mean that a query touches
	}{
		{"arxiv", 527_053, 8.04, [2]float64{13.5, 14.5}, [2]float64{85_000, 95_000}},
		{"tate", 58_801, 14.27, [2]float64{30, 34}, [2]float64{160_000, 176_000}},
	} {
		t.Run(c.set, func(t *testing.T) {
			f := load(t, c.set, folders.Options{Students: 1000, Profiles: folders.HeldOut})
			checkValid(t, f)
			if len(f.Opportunities) != c.opportunities {
				t.Errorf("%d opportunities, want %d", len(f.Opportunities), c.opportunities)
			}
			tags, profile, postings := burden(t, f)
			t.Logf("%d tags; mean tags %.2f, mean profile %.2f, mean postings of a query %.0f", len(f.Tags), tags, profile, postings)
			if tags < c.tags-0.02 || tags > c.tags+0.02 {
				t.Errorf("an opportunity has %.2f tags, want %.2f", tags, c.tags)
			}
			if profile < c.profile[0] || profile > c.profile[1] {
				t.Errorf("a profile has %.2f tags, want %v", profile, c.profile)
			}
			if postings < c.postings[0] || postings > c.postings[1] {
				t.Errorf("a query touches %.0f postings, want %v", postings, c.postings)
			}
		})
	}
}

func checkValid(t *testing.T, f *folders.Folder) {
	t.Helper()
	report := func(field, rule string) { t.Errorf("%s %s", field, rule) }
	v, err := matcher.NewVocabulary(f.Tags)
	if err != nil {
		t.Fatal(err)
	}
	for i := range f.Tags {
		f.Tags[i].Check(report)
	}
	seen := make(map[string]bool)
	for i := range f.Opportunities {
		f.Opportunities[i].Check(v, report)
		if seen[f.Opportunities[i].ID] {
			t.Error("an opportunity is there twice")
		}
		seen[f.Opportunities[i].ID] = true
	}
	for i := range f.Students {
		f.Students[i].Check(v, report)
	}
}

// burden is the mean number of tags of an opportunity and of a profile, after
// passing up, and of the postings that a query touches.
func burden(t *testing.T, f *folders.Folder) (tags, profile, postings float64) {
	t.Helper()
	x, err := matcher.NewIndex(matcher.Catalogue{Tags: f.Tags, Opportunities: f.Opportunities},
		matcher.Settings{Decay: matcher.DefaultDecay, Measure: matcher.Cosine})
	if err != nil {
		t.Fatal(err)
	}
	statistics := matcher.StatisticsOf(x.Vocabulary(), f.Opportunities, matcher.DefaultDecay)
	for _, n := range statistics.Frequency {
		tags += float64(n) / float64(len(f.Opportunities))
	}
	parent := make(map[string]string)
	for _, tag := range f.Tags {
		parent[tag.ID] = tag.Parent
	}
	for i := range f.Students {
		all := make(map[string]bool)
		for _, w := range f.Students[i].Interests {
			for up := w.Tag; up != ""; up = parent[up] {
				all[up] = true
			}
		}
		profile += float64(len(all)) / float64(len(f.Students))
		postings += float64(x.Postings(&f.Students[i])) / float64(len(f.Students))
	}
	return tags, profile, postings
}

// TestRepeatable: the same options give the same folder, and the two sets of
// profiles differ.
func TestRepeatable(t *testing.T) {
	a := load(t, "tate", folders.Options{Students: 50, Profiles: folders.HeldOut})
	b := load(t, "tate", folders.Options{Students: 100, Profiles: folders.HeldOut})
	c := load(t, "tate", folders.Options{Students: 50, Profiles: folders.Tuning})
	same := func(x, y matcher.Student) bool { return slices.Equal(x.Interests, y.Interests) }
	if !slices.EqualFunc(a.Students, b.Students[:50], same) {
		t.Error("more students change the first ones")
	}
	for i := range a.Students {
		if same(a.Students[i], c.Students[i]) {
			t.Errorf("profile %d is in both sets", i)
		}
	}
	sameTags := func(x, y matcher.Opportunity) bool { return x.ID == y.ID && slices.Equal(x.Tags, y.Tags) }
	if !slices.EqualFunc(a.Opportunities, c.Opportunities, sameTags) {
		t.Error("opportunities depend on the set of profiles")
	}
}

func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		set string
		o   folders.Options
	}{
		{"louvre", folders.Options{Profiles: folders.HeldOut}},
		{"tate", folders.Options{Profiles: "all"}},
		{"tate", folders.Options{Profiles: folders.HeldOut, Students: -1}},
	} {
		if _, err := folders.Make(c.set, t.TempDir(), c.o); err == nil {
			t.Errorf("%s with %+v was taken", c.set, c.o)
		}
	}
}

package folders

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/kindred-match/kindred/matcher"
)

// everything is the subject above all others; as a tag that all have it would
// say nothing, so what lies below it are the roots.
const everything = 1

// works are the items of Tate.
type works struct {
	subjects map[int]*subject
	listed   []matcher.Tag
	ids      []string
	of       [][]int // subjects by work, without those that others pass up to
	by       [][]int // works by artist, for the artists of the set of profiles
}

type subject struct {
	tag       string
	parent    int // 0: a root
	frequency int
}

// tate makes opportunities of the artworks that have subjects. A work lists
// the ancestors of its subjects too; they are left to the hierarchy. The few
// with more than 64 subjects keep the heaviest.
//
// A student is someone who likes an artist: the sum of 10 to 20 draws
// from the works, the heaviest 8 to 28 subjects of that.
func tate(folder string, o Options) (*Folder, error) {
	w := &works{subjects: make(map[int]*subject)}
	if err := w.readSubjects(filepath.Join(folder, "subjects.tsv")); err != nil {
		return nil, err
	}
	if err := w.readItems(filepath.Join(folder, "items.tsv.gz"), o.Profiles); err != nil {
		return nil, err
	}
	if len(w.by) == 0 {
		return nil, fmt.Errorf("%s holds no artists for profiles", folder)
	}
	f := &Folder{Tags: w.listed}
	for i, id := range w.ids {
		f.Opportunities = append(f.Opportunities, opportunity(id, w.weighted(i)))
	}
	for i := range o.Students {
		f.Students = append(f.Students, w.student(i, o))
	}
	return f, nil
}

func (w *works) readSubjects(path string) error {
	type row struct {
		id, parent, frequency int
		name                  string
	}
	var all []row
	uses := make(map[string]int)
	err := lines(path, 5, func(cells []string) error {
		n, err := numbers(strings.Join([]string{cells[0], cmp.Or(cells[1], "0"), cells[3]}, " "))
		if err != nil || len(n) != 3 {
			return fmt.Errorf("subject, parent and number of items must be numbers")
		}
		if n[0] != everything {
			all = append(all, row{n[0], n[1], n[2], tagName(cells[4])})
			uses[tagName(cells[4])]++
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, r := range all {
		s := &subject{tag: r.name, frequency: r.frequency}
		if uses[r.name] > 1 {
			s.tag = fmt.Sprintf("%s (%d)", r.name, r.id)
		}
		if r.parent != everything {
			s.parent = r.parent
		}
		w.subjects[r.id] = s
	}
	for _, r := range all {
		tag := matcher.Tag{ID: w.subjects[r.id].tag, Label: r.name, Importance: 1}
		if p := w.subjects[r.id].parent; p != 0 {
			above, ok := w.subjects[p]
			if !ok {
				return fmt.Errorf("%s: subject %d has a parent that is not listed", path, r.id)
			}
			tag.Parent = above.tag
		}
		w.listed = append(w.listed, tag)
	}
	return nil
}

// tagName makes a name fit for a tag, with room for a number behind it.
func tagName(name string) string {
	name = strings.NewReplacer(";", ",", "=", "-").Replace(strings.TrimSpace(name))
	for len(name) > matcher.MaxIDBytes-len(" (12345)") {
		_, last := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-last]
	}
	return strings.TrimSpace(name)
}

func (w *works) readItems(path string, set Profiles) error {
	artists := make(map[string][]int)
	err := lines(path, 4, func(cells []string) error {
		subjects, err := numbers(cells[3])
		if err != nil || len(subjects) == 0 {
			return err
		}
		for _, s := range subjects {
			if w.subjects[s] == nil {
				return fmt.Errorf("subject %d is not listed", s)
			}
		}
		if artist := cells[1]; set.mine(artist) {
			artists[artist] = append(artists[artist], len(w.ids))
		}
		w.ids = append(w.ids, cells[0])
		w.of = append(w.of, w.lowest(subjects))
		return nil
	})
	if err != nil {
		return err
	}
	ids := make([]string, 0, len(artists))
	for artist, of := range artists {
		if len(of) >= 3 {
			ids = append(ids, artist)
		}
	}
	slices.Sort(ids)
	for _, artist := range ids {
		w.by = append(w.by, artists[artist])
	}
	return nil
}

// lowest leaves out the subjects that are ancestors of others.
func (w *works) lowest(subjects []int) []int {
	above := make(map[int]bool)
	for _, s := range subjects {
		for up := w.subjects[s].parent; up != 0 && !above[up]; up = w.subjects[up].parent {
			above[up] = true
		}
	}
	var kept []int
	for _, s := range subjects {
		if !above[s] && !slices.Contains(kept, s) {
			kept = append(kept, s)
		}
	}
	return kept
}

func (w *works) weighted(i int) []matcher.Weighted {
	tags := make([]matcher.Weighted, len(w.of[i]))
	for k, s := range w.of[i] {
		tag := w.subjects[s].tag
		tags[k] = matcher.Weighted{Tag: tag, Weight: weight(w.ids[i], strconv.Itoa(s), w.subjects[s].frequency, len(w.ids))}
	}
	if len(tags) > matcher.MaxOwnTags {
		slices.SortStableFunc(tags, func(a, b matcher.Weighted) int { return cmp.Compare(b.Weight, a.Weight) })
		tags = tags[:matcher.MaxOwnTags]
	}
	return tags
}

func (w *works) student(i int, o Options) matcher.Student {
	r := o.random(i)
	of := w.by[r.IntN(len(w.by))]
	var chosen [][]matcher.Weighted
	for range 10 + r.IntN(11) {
		chosen = append(chosen, w.weighted(of[r.IntN(len(of))]))
	}
	return matcher.Student{ID: studentID(i), Interests: profile(chosen, 8+r.IntN(21))}
}

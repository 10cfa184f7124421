package folders

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/kindred-match/kindred/matcher"
)

// papers are the items of arXiv.
type papers struct {
	tags      []matcher.Tag
	frequency []int
	ids       []string
	of        [][]int // tags by paper
	with      [][]int // papers by tag, those of the set of profiles only
	own       []int   // papers of the set of profiles
}

// arxiv makes opportunities of papers. Their tags, categories and words of the
// title, have no hierarchy.
//
// A student is someone interested in a category: the sum of 25 to
// 30 papers that have it, the heaviest 8 to 20 tags of that.
func arxiv(folder string, o Options) (*Folder, error) {
	p, err := readPapers(folder, o)
	if err != nil {
		return nil, err
	}
	f := &Folder{Tags: p.tags, Opportunities: make([]matcher.Opportunity, len(p.ids))}
	for i, id := range p.ids {
		f.Opportunities[i] = opportunity(id, p.weighted(i))
	}
	for i := range o.Students {
		f.Students = append(f.Students, p.student(i, o))
	}
	return f, nil
}

func readPapers(folder string, o Options) (*papers, error) {
	p := &papers{}
	err := lines(filepath.Join(folder, "tags.tsv.gz"), 3, func(cells []string) error {
		frequency, err := strconv.Atoi(cells[1])
		if err != nil || cells[0] != strconv.Itoa(len(p.tags)) {
			return fmt.Errorf("tags must be numbered from 0, each with how many items it has")
		}
		p.tags = append(p.tags, matcher.Tag{ID: cells[2], Label: cells[2], Importance: 1})
		p.frequency = append(p.frequency, frequency)
		return nil
	})
	if err != nil {
		return nil, err
	}
	p.with = make([][]int, len(p.tags))
	err = lines(filepath.Join(folder, "items.tsv.gz"), 2, func(cells []string) error {
		tags, err := numbers(cells[1])
		if err != nil {
			return err
		}
		return p.add(cells[0], tags, o.Profiles)
	})
	if err == nil && len(p.own) == 0 {
		err = fmt.Errorf("%s holds no papers for profiles", folder)
	}
	return p, err
}

func (p *papers) add(id string, tags []int, set Profiles) error {
	i := len(p.ids)
	p.ids, p.of = append(p.ids, id), append(p.of, tags)
	mine := set.mine(id) && len(tags) > 0
	if mine {
		p.own = append(p.own, i)
	}
	for _, t := range tags {
		if t < 0 || t >= len(p.tags) {
			return fmt.Errorf("tag %d is not listed", t)
		}
		if mine {
			p.with[t] = append(p.with[t], i)
		}
	}
	return nil
}

func (p *papers) weighted(i int) []matcher.Weighted {
	tags := make([]matcher.Weighted, len(p.of[i]))
	for k, t := range p.of[i] {
		tag := p.tags[t].ID
		tags[k] = matcher.Weighted{Tag: tag, Weight: weight(p.ids[i], tag, p.frequency[t], len(p.ids))}
	}
	return tags
}

func (p *papers) student(i int, o Options) matcher.Student {
	r := o.random(i)
	first := p.own[r.IntN(len(p.own))]
	chosen := [][]matcher.Weighted{p.weighted(first)}
	category := p.category(first, r)
	alike := p.with[category]
	for range 24 + r.IntN(6) {
		chosen = append(chosen, p.weighted(alike[r.IntN(len(alike))]))
	}
	return matcher.Student{ID: studentID(i), Interests: profile(chosen, 8+r.IntN(13))}
}

// category draws one of a paper's categories; of a paper without, a tag.
func (p *papers) category(paper int, r *rand.Rand) int {
	var categories []int
	for _, t := range p.of[paper] {
		if strings.HasPrefix(p.tags[t].ID, "cat:") {
			categories = append(categories, t)
		}
	}
	if categories == nil {
		categories = p.of[paper]
	}
	return categories[r.IntN(len(categories))]
}

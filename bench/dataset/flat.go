package dataset

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"
	"slices"

	"github.com/kindred-match/kindred/matcher"
)

// Posting is a tag, by its number, with a whole number that stands for it: the
// impact of an opportunity, or what a query multiplies that with.
type Posting struct {
	Tag    int32
	Weight int32
}

// Flat is a set as rivals are given it: what the hierarchy, the importance and
// the norm do is in the numbers, so that the units of a pair are the sum, over
// the tags that both have, of the products. Documents are in the order of their
// ids.
type Flat struct {
	Tags      int
	IDs       []string
	Documents [][]Posting
	Queries   [][]Posting
}

// Flatten works out, with code of its own, what INTERFACES.md says of the
// cosine measure. Opportunities and students are to be eligible for one another.
func (s *Set) Flatten() (*Flat, error) {
	v, err := matcher.NewVocabulary(s.Catalogue.Tags)
	if err != nil {
		return nil, err
	}
	h := newHierarchy(s.Catalogue.Tags)
	ordered := slices.Clone(s.Catalogue.Opportunities)
	slices.SortFunc(ordered, func(a, b matcher.Opportunity) int { return cmp.Compare(a.ID, b.ID) })
	f := &Flat{Tags: v.Len()}
	for i := range ordered {
		o := &ordered[i]
		f.IDs = append(f.IDs, o.ID)
		f.Documents = append(f.Documents, h.impacts(o.Tags, o.Boost))
	}
	for i := range s.Students {
		query := h.passUp(s.Students[i].Interests)
		for j := range query {
			query[j].Weight *= h.importance[query[j].Tag]
		}
		f.Queries = append(f.Queries, query)
	}
	return f, nil
}

// hierarchy is the vocabulary by numbers.
type hierarchy struct {
	numbers    map[string]int32
	parents    []int32 // -1 for a root
	importance []int32
}

func newHierarchy(tags []matcher.Tag) *hierarchy {
	h := &hierarchy{numbers: make(map[string]int32)}
	for i := range tags {
		for _, name := range append([]string{tags[i].ID}, tags[i].Synonyms...) {
			h.numbers[name] = int32(i)
		}
		h.importance = append(h.importance, int32(math.Round(1000*tags[i].Importance)))
	}
	for i := range tags {
		parent := int32(-1)
		if tags[i].Parent != "" {
			parent = h.numbers[tags[i].Parent]
		}
		h.parents = append(h.parents, parent)
	}
	return h
}

// passUp gives the weights of own tags and of what they pass up, by tag; tags
// that are not listed are left out.
func (h *hierarchy) passUp(own []matcher.Weighted) []Posting {
	var all []Posting
	for _, w := range own {
		tag, listed := h.numbers[w.Tag]
		for weight := int32(w.Weight); listed && tag >= 0 && weight > 0; tag = h.parents[tag] {
			if at := slices.IndexFunc(all, func(p Posting) bool { return p.Tag == tag }); at < 0 {
				all = append(all, Posting{tag, weight})
			} else {
				all[at].Weight = max(all[at].Weight, weight)
			}
			weight = weight * int32(matcher.DefaultDecay) / int32(matcher.One)
		}
	}
	slices.SortFunc(all, func(a, b Posting) int { return cmp.Compare(a.Tag, b.Tag) })
	return all
}

func (h *hierarchy) impacts(own []matcher.Weighted, boost float64) []Posting {
	all := h.passUp(own)
	squares := 0.0
	for _, p := range all {
		squares += float64(p.Weight) * float64(p.Weight)
	}
	norm := math.Sqrt(squares)
	for i := range all {
		all[i].Weight = int32(math.Round(float64(32767*boost) * float64(all[i].Weight) / norm))
	}
	return slices.DeleteFunc(all, func(p Posting) bool { return p.Weight == 0 })
}

// Digest is the same for the same documents.
func (f *Flat) Digest() string {
	h := sha256.New()
	var buf []byte
	for d, list := range f.Documents {
		buf = append(buf[:0], f.IDs[d]...)
		for _, p := range list {
			buf = binary.BigEndian.AppendUint64(buf, uint64(uint32(p.Tag))<<32|uint64(uint32(p.Weight)))
		}
		_, _ = h.Write(append(buf, 0)) // a hash takes everything
	}
	return hex.EncodeToString(h.Sum(nil))
}

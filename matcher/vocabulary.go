package matcher

import (
	"fmt"
	"maps"
	"slices"
)

// TagID numbers the tags of one Vocabulary from 0.
type TagID = uint32

const noParent = ^TagID(0)

// Vocabulary is the tags, their parents and importance. It is immutable.
// Tags that are used but not listed are roots of importance 1.
type Vocabulary struct {
	names      []string         // by TagID
	parents    []TagID          // by TagID, noParent for a root
	importance []float64        // by TagID
	ids        map[string]TagID // by name, synonyms included
}

// NewVocabulary builds a vocabulary out of listed tags. The error is the first
// finding of CheckTags.
func NewVocabulary(tags []Tag) (*Vocabulary, error) {
	var err error
	CheckTags(tags, func(i int, field, rule string) {
		if err == nil {
			err = fmt.Errorf("tag %q: %s %s", tags[i].ID, field, rule)
		}
	})
	if err != nil {
		return nil, err
	}
	v := &Vocabulary{
		names:      make([]string, len(tags)),
		parents:    make([]TagID, len(tags)),
		importance: make([]float64, len(tags)),
		ids:        make(map[string]TagID, len(tags)),
	}
	for i := range tags {
		v.names[i] = tags[i].ID
		v.importance[i] = tags[i].Importance
		v.ids[tags[i].ID] = TagID(i)
		for _, s := range tags[i].Synonyms {
			v.ids[s] = TagID(i)
		}
	}
	for i := range tags {
		v.parents[i] = noParent
		if tags[i].Parent != "" {
			v.parents[i] = v.ids[tags[i].Parent]
		}
	}
	return v, nil
}

// Len is the number of tags.
func (v *Vocabulary) Len() int { return len(v.names) }

// Name returns the id of the tag that t numbers.
func (v *Vocabulary) Name(t TagID) string { return v.names[t] }

// Lookup finds a tag by its id or by a synonym.
func (v *Vocabulary) Lookup(name string) (TagID, bool) {
	t, ok := v.ids[name]
	return t, ok
}

// Canonical returns the id of the tag that name stands for; a name that is not
// in the vocabulary stands for itself.
func (v *Vocabulary) Canonical(name string) string {
	if t, ok := v.ids[name]; ok {
		return v.names[t]
	}
	return name
}

// Extend returns a vocabulary that also has the given names, added in their
// order as roots of importance 1. It returns v itself if nothing is new. The
// numbers of the tags that v has stay.
func (v *Vocabulary) Extend(names []string) *Vocabulary {
	x := v
	for _, name := range names {
		if _, ok := x.ids[name]; ok {
			continue
		}
		if x == v {
			x = v.clone()
		}
		x.add(name)
	}
	return x
}

func (v *Vocabulary) clone() *Vocabulary {
	return &Vocabulary{
		names:      slices.Clip(v.names),
		parents:    slices.Clip(v.parents),
		importance: slices.Clip(v.importance),
		ids:        maps.Clone(v.ids),
	}
}

// add adds a root of importance 1. It is for a clone that nobody has seen yet.
func (v *Vocabulary) add(name string) TagID {
	t := TagID(len(v.names))
	v.ids[name] = t
	v.names = append(v.names, name)
	v.parents = append(v.parents, noParent)
	v.importance = append(v.importance, 1)
	return t
}

// within reports whether w is v, or v with names added as roots.
func (v *Vocabulary) within(w *Vocabulary) bool {
	n := len(v.names)
	if v == w {
		return true
	}
	if n > len(w.names) || len(w.ids)-len(v.ids) != len(w.names)-n ||
		!slices.Equal(v.names, w.names[:n]) || !slices.Equal(v.parents, w.parents[:n]) {
		return false
	}
	for name, t := range v.ids {
		if u, ok := w.ids[name]; !ok || u != t {
			return false
		}
	}
	return !slices.ContainsFunc(w.parents[n:], func(p TagID) bool { return p != noParent })
}

package sqlstore

import (
	"fmt"
	"maps"
	"slices"

	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/store"
)

// checkTags checks the vocabulary that the batch leaves, if it touches it.
func (b *batch) checkTags() error {
	if len(b.tags.named) == 0 {
		return nil
	}
	before, err := b.readTags()
	if err != nil {
		return err
	}
	for _, t := range b.tags.deletes {
		old, ok := before[t.id]
		if !ok {
			return fmt.Errorf("item %d: tag %w", t.index+1, store.ErrNotFound)
		}
		if t.ifRevision != 0 && t.ifRevision != old.Revision {
			return conflict(t.index)
		}
	}
	merged := merge(before, &b.tags)
	if err := b.parentsStay(merged); err != nil {
		return err
	}
	return merged.check(&b.tags)
}

func (b *batch) readTags() (map[string]store.TagRecord, error) {
	list, err := collect(b.ctx, b, decodeTag, `SELECT `+tagColumns+` FROM tags WHERE district = ? ORDER BY id`, b.key)
	if err != nil {
		return nil, err
	}
	tags := make(map[string]store.TagRecord, len(list))
	for _, t := range list {
		tags[t.ID] = t
	}
	return tags, nil
}

// mergedTags is the vocabulary that a batch leaves: first the tags that it
// doesn't name, by id, then its puts, in its order.
type mergedTags struct {
	tags []matcher.Tag
	kept int // how many the batch doesn't name
}

func merge(before map[string]store.TagRecord, batch *kindPlan[matcher.Tag]) mergedTags {
	var m mergedTags
	for _, id := range slices.Sorted(maps.Keys(before)) {
		if _, named := batch.named[id]; !named {
			m.tags = append(m.tags, before[id].Tag)
		}
	}
	m.kept = len(m.tags)
	for _, p := range batch.puts {
		m.tags = append(m.tags, *p.resource)
	}
	return m
}

// parentsStay returns store.ErrInUse if a tag that the batch doesn't name has
// a parent that it deletes.
func (b *batch) parentsStay(m mergedTags) error {
	at := make(map[string]int, len(b.tags.deletes))
	for _, t := range b.tags.deletes {
		at[t.id] = t.index
	}
	for _, t := range m.tags[:m.kept] {
		if i, deleted := at[t.Parent]; deleted {
			return fmt.Errorf("item %d: the tag is a parent: %w", i+1, store.ErrInUse)
		}
	}
	return nil
}

// check lays each finding at the door of the mutation that brought it about.
func (m mergedTags) check(batch *kindPlan[matcher.Tag]) error {
	if len(batch.puts) == 0 {
		return nil // deleting breaks nothing but what parentsStay looks at
	}
	var err error
	matcher.CheckTags(m.tags, func(i int, field, rule string) {
		if err != nil {
			return
		}
		if i >= m.kept {
			err = violation(batch.puts[i-m.kept].index, field, rule)
			return
		}
		if field == "synonyms" {
			if p := m.putNamedBySynonym(i); p >= 0 {
				err = violation(batch.puts[p].index, "tag", "may not equal a synonym")
				return
			}
		}
		err = violation(batch.puts[m.putAbove(i)].index, field, rule+" (of a tag below this one)")
	})
	return err
}

// putNamedBySynonym returns the put whose tag equals a synonym of tag i, or -1.
func (m mergedTags) putNamedBySynonym(i int) int {
	return slices.IndexFunc(m.tags[m.kept:], func(t matcher.Tag) bool {
		return slices.Contains(m.tags[i].Synonyms, t.ID)
	})
}

// putAbove returns the nearest put among the ancestors of tag i. There is one:
// without it the finding would have been there before.
func (m mergedTags) putAbove(i int) int {
	at := make(map[string]int, len(m.tags))
	for j, t := range m.tags {
		at[t.ID] = j
	}
	for range m.tags {
		j, ok := at[m.tags[i].Parent]
		if !ok {
			break
		}
		if i = j; i >= m.kept {
			return i - m.kept
		}
	}
	return 0
}

func decodeStoredTag(v *values) stored {
	return stored{contents: v.take(tagWidth), revision: store.Revision(v.uint64())}
}

func (b *batch) putTags() error {
	for _, t := range b.tags.puts {
		old, err := optional(one(b.ctx, b, decodeStoredTag,
			`SELECT `+tagContents+`, revision FROM tags WHERE district = ? AND id = ?`, b.key, t.id))
		if err != nil {
			return err
		}
		if changed, err := b.changes(t.index, old, t.contents, t.ifRevision); err != nil || !changed {
			if err != nil {
				return err
			}
			continue
		}
		revision, err := b.log(store.Change{Kind: store.KindTag, ID: t.id})
		if err != nil {
			return err
		}
		b.revisions[t.index] = revision
		if _, err := b.exec(
			`INSERT INTO tags (district, id, `+tagContents+`, revision) VALUES (?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (district, id) DO UPDATE SET label = excluded.label, parent = excluded.parent,
				importance = excluded.importance, synonyms = excluded.synonyms, revision = excluded.revision`,
			row(b.key, t.id, t.contents, int64(revision))...); err != nil {
			return err
		}
	}
	return nil
}

func (b *batch) deleteTags() error {
	for _, t := range b.tags.deletes {
		if _, err := b.exec(`DELETE FROM tags WHERE district = ? AND id = ?`, b.key, t.id); err != nil {
			return err
		}
		if _, err := b.log(store.Change{Kind: store.KindTag, ID: t.id, Deleted: true}); err != nil {
			return err
		}
	}
	return nil
}

// readVocabulary is the vocabulary as the write has left it so far.
func (d *districtTx) readVocabulary() (*matcher.Vocabulary, error) {
	records, err := collect(d.ctx, d, decodeTag, `SELECT `+tagColumns+` FROM tags WHERE district = ? ORDER BY id`, d.key)
	if err != nil {
		return nil, err
	}
	tags := make([]matcher.Tag, len(records))
	for i, r := range records {
		tags[i] = r.Tag
	}
	return matcher.NewVocabulary(tags)
}

package matcher

import "fmt"

// Tag is an entry of the vocabulary.
type Tag struct {
	ID    string
	Label string
	// Parent is the id of a listed tag, or empty for a root.
	Parent string
	// Importance is in (0, 10]; 1 where nothing is said.
	Importance float64
	// Synonyms stand for this tag wherever a tag is named.
	Synonyms []string
}

// Check reports what is wrong with the tag on its own; CheckTags does so for
// what concerns several.
func (t *Tag) Check(report Report) {
	if !ValidTagID(t.ID) {
		report("tag", ruleTagID)
	}
	checkText(report, "label", t.Label)
	if t.Parent != "" && !ValidTagID(t.Parent) {
		report("parent", ruleTagID)
	}
	if !(t.Importance > 0 && t.Importance <= 10) {
		report("importance", "must be a number in (0, 10]")
	}
	if len(t.Synonyms) > MaxListItems {
		report("synonyms", fmt.Sprintf("must have at most %d items", MaxListItems))
	}
	for _, s := range t.Synonyms {
		if !ValidTagID(s) {
			report("synonyms", "each synonym "+ruleTagID)
			break
		}
	}
}

// CheckTags reports what is wrong between tags, by their place in the slice:
// an id given twice, a synonym that equals a tag or another's synonym, a
// parent that is not listed, a cycle of parents, more than 16 ancestors.
func CheckTags(tags []Tag, report func(i int, field, rule string)) {
	at := make(map[string]int, len(tags))
	for i := range tags {
		if _, dup := at[tags[i].ID]; dup {
			report(i, "tag", "is listed twice")
			continue
		}
		at[tags[i].ID] = i
	}
	owner := make(map[string]int)
	for i := range tags {
		if at[tags[i].ID] != i {
			continue
		}
		for _, s := range tags[i].Synonyms {
			if _, isTag := at[s]; isTag {
				report(i, "synonyms", "a synonym may not equal a tag")
			} else if o, taken := owner[s]; taken && o != i {
				report(i, "synonyms", "a synonym may not equal another tag's synonym")
			} else {
				owner[s] = i
			}
		}
		checkAncestors(tags, at, i, report)
	}
}

func checkAncestors(tags []Tag, at map[string]int, i int, report func(i int, field, rule string)) {
	seen := map[int]struct{}{i: {}}
	for j, depth := i, 0; tags[j].Parent != ""; {
		p, ok := at[tags[j].Parent]
		switch {
		case !ok && j == i:
			report(i, "parent", "must be a listed tag")
			return
		case !ok: // reported where it stands
			return
		}
		if _, again := seen[p]; again {
			if p == i {
				report(i, "parent", "the parents form a cycle")
			}
			return
		}
		seen[p] = struct{}{}
		if depth++; depth > MaxAncestors {
			report(i, "parent", fmt.Sprintf("a tag has at most %d ancestors", MaxAncestors))
			return
		}
		j = p
	}
}

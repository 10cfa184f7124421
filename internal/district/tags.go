package district

import (
	"fmt"
	"strings"

	"github.com/kindred-match/kindred/matcher"
)

// tagNames are the names that tags go by, synonyms included: those that the
// tags file lists, and those that were used without.
type tagNames struct {
	names map[string]string // interned
	whole bool              // all that is listed is known
}

// listTags checks the tags with each other and makes the vocabulary of them.
func (d *decoder) listTags(rep reporter) {
	ok := true
	matcher.CheckTags(d.folder.Tags, func(i int, field, rule string) {
		ok = false
		if d.folder.Tags[i].ID != "" { // of a row without an id that is said already
			rep.error(d.tagLines[i], field, rule)
		}
	})
	if ok {
		// The same check has just passed.
		d.folder.Vocabulary, _ = matcher.NewVocabulary(d.folder.Tags)
	}
	for i := range d.folder.Tags {
		t := &d.folder.Tags[i]
		d.tags.names[t.ID] = t.ID
		for _, s := range t.Synonyms {
			d.tags.names[s] = s
		}
	}
	d.tagLines = nil
}

// tagName returns the interned name of a tag that a row uses. It reports one
// that isn't listed where it is first used: by name if that is in an
// opportunity, without if it is only known from a student.
func (d *decoder) tagName(name string, r *row, column int, rep reporter) string {
	if n, ok := d.tags.names[name]; ok {
		return n
	}
	name = strings.Clone(name)
	d.tags.names[name] = name
	if !d.tags.whole || !matcher.ValidTagID(name) {
		return name
	}
	rule := "names a tag that is not listed in tags"
	if !rep.table.personal {
		rule = fmt.Sprintf("the tag %q is not listed in tags", name)
	}
	report := rep.warn
	if d.strict {
		report = rep.error
	}
	report(r.line, rep.table.columns[column].name, rule)
	return name
}

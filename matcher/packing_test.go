package matcher_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/kindred-match/kindred/matcher"
)

// TestVocabulariesAroundTwoBytes: numbers of tags fit two bytes, just fit, don't, or
// stop to fit when an opportunity brings another one. What is used has the highest.
func TestVocabulariesAroundTwoBytes(t *testing.T) {
	c, students := manyOpportunities(1000, 3)
	used := len(c.Tags)
	settings := matcher.Settings{Decay: 5000, Measure: matcher.Cosine}
	none := func(int) map[string]bool { return nil }
	for _, tags := range []int{1<<16 - 1, 1 << 16, 1<<16 + 1} {
		t.Run(fmt.Sprint(tags), func(t *testing.T) {
			c, students := c, students
			listed := c.Tags
			c.Tags = nil
			for i := range tags - used {
				c.Tags = append(c.Tags, matcher.Tag{ID: fmt.Sprint("unused", i), Importance: 1})
			}
			c.Tags = append(c.Tags, listed...)
			x, d := index(t, c, settings), brute(c, settings)
			rankAll := func() {
				t.Helper()
				r := x.NewRanker()
				for i := range students {
					q := matcher.Query{Student: &students[i], K: 20}
					same(t, forward(r.Rank(nil, &q)), expected(d.Rank(&students[i], options(&q))))
				}
				sameBatch(t, x, students, matcher.Query{K: 20}, none)
			}
			rankAll()
			s, r := studentIndex(t, x, students)
			sameStudents(t, x, r, s, students, opportunityIDs(c.Opportunities[:20]), matcher.StudentQuery{K: 20})

			o := c.Opportunities[7]
			o.Tags = append(slices.Clone(o.Tags), matcher.Weighted{Tag: "new", Weight: 9000})
			c.Opportunities = slices.Clone(c.Opportunities)
			c.Opportunities[7] = o
			changed, err := x.Apply(matcher.Change{Opportunity: &o})
			if err != nil {
				t.Fatal(err)
			}
			if x, err = changed.Merge(t.Context()); err != nil {
				t.Fatal(err)
			}
			students = append(slices.Clone(students), matcher.Student{ID: "new", Interests: []matcher.Weighted{{Tag: "new", Weight: 10_000}}})
			d = brute(c, settings)
			rankAll()
		})
	}
}

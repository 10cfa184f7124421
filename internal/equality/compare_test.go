package equality_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/kindred-match/kindred/internal/equality"
	"github.com/kindred-match/kindred/internal/generate"
	"github.com/kindred-match/kindred/matcher"
)

func TestRankerEqualsPlain(t *testing.T) {
	n, queries := 12_000, 300
	if testing.Short() {
		queries = 150
	}
	for _, plain := range []bool{false, true} {
		t.Run(fmt.Sprint("plain ", plain), func(t *testing.T) {
			v, err := generate.District(generate.Options{Students: 50, Opportunities: n, Seed: 3, Plain: plain})
			if err != nil {
				t.Fatal(err)
			}
			c := matcher.Catalogue{
				Tags: v.Tags(), Partners: slices.Collect(v.Partners()), Opportunities: slices.Collect(v.Opportunities()),
			}
			if plain {
				equality.Decorate(&c, 1)
			}
			compare(t, c, slices.Collect(v.Students()), queries)
		})
	}
}

// Everything ties, or all opportunities share a tag.
func TestStorms(t *testing.T) {
	for _, tags := range []int{1, 3, 40} {
		t.Run(fmt.Sprint(tags, " tags"), func(t *testing.T) {
			var c matcher.Catalogue
			for i := range 9000 {
				o := matcher.Opportunity{ID: fmt.Sprint("o", i), Seats: 1, Boost: 1, Status: matcher.Published, MinPolicy: matcher.MinHard}
				for j := range min(tags, 3) {
					o.Tags = append(o.Tags, matcher.Weighted{Tag: fmt.Sprint("t", (i*j+j)%tags), Weight: 5000})
				}
				c.Opportunities = append(c.Opportunities, o)
			}
			equality.Decorate(&c, 2)
			for i := range c.Opportunities {
				c.Opportunities[i].Boost = 1
			}
			s := matcher.Student{Interests: []matcher.Weighted{{Tag: "t0", Weight: 5000}, {Tag: "t1", Weight: 5000}}}
			compare(t, c, []matcher.Student{s}, 120)
		})
	}
}

func compare(t *testing.T, c matcher.Catalogue, students []matcher.Student, queries int) {
	t.Helper()
	r, err := equality.Compare(c, students, equality.Options{Queries: queries, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	if r.Differences > 0 {
		t.Errorf("%d of %d rankings differ from the plain loop's; the first: %s", r.Differences, r.Queries, r.First)
	}
	if r.Queries < queries || r.Empty == r.Queries {
		t.Errorf("only %d queries, %d of them without an answer", r.Queries, r.Empty)
	}
	if len(r.ByMeasure) != 6 || len(r.ByFilter) != 12 {
		t.Errorf("not all measures and filters are drawn: %v, %v", r.ByMeasure, r.ByFilter)
	}
}

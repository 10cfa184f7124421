package matcher_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/kindred-match/kindred/matcher"
)

func TestTagCheck(t *testing.T) {
	for _, c := range []struct {
		name string
		tag  matcher.Tag
		want []string
	}{
		{"good", matcher.Tag{ID: "t", Label: "Label", Parent: "p", Importance: 10, Synonyms: []string{"s", "u"}}, nil},
		{"least importance", matcher.Tag{ID: "t", Importance: math.SmallestNonzeroFloat64}, nil},
		{"nothing", matcher.Tag{}, []string{"tag", "importance"}},
		{"id", matcher.Tag{ID: "a;offending", Importance: 1}, []string{"tag"}},
		{"label", matcher.Tag{ID: "t", Label: longText, Importance: 1}, []string{"label"}},
		{"parent", matcher.Tag{ID: "t", Parent: "a=offending", Importance: 1}, []string{"parent"}},
		{"importance", matcher.Tag{ID: "t", Importance: 10.0001}, []string{"importance"}},
		{"no importance", matcher.Tag{ID: "t", Importance: math.NaN()}, []string{"importance"}},
		{"synonym", matcher.Tag{ID: "t", Importance: 1, Synonyms: []string{"s", "", ""}}, []string{"synonyms"}},
		{"synonyms", matcher.Tag{ID: "t", Importance: 1, Synonyms: longList}, []string{"synonyms"}},
	} {
		wantFields(t, c.name, fields(t, c.tag.Check), c.want...)
	}
}

func TestCheckTags(t *testing.T) {
	chain := []matcher.Tag{{ID: "0"}}
	for i := 1; i <= 18; i++ {
		chain = append(chain, matcher.Tag{ID: fmt.Sprint(i), Parent: fmt.Sprint(i - 1)})
	}
	for _, c := range []struct {
		name string
		tags []matcher.Tag
		want []string // place and field
	}{
		{"none", nil, nil},
		{"good", []matcher.Tag{{ID: "b", Parent: "a", Synonyms: []string{"x", "x"}}, {ID: "a", Synonyms: []string{"y"}}}, nil},
		{"listed twice", []matcher.Tag{{ID: "a"}, {ID: "b"}, {ID: "a", Parent: "gone"}}, []string{"2 tag"}},
		{"a synonym is a tag", []matcher.Tag{{ID: "a", Synonyms: []string{"b"}}, {ID: "b"}}, []string{"0 synonyms"}},
		{"a synonym is its own tag", []matcher.Tag{{ID: "a", Synonyms: []string{"a"}}}, []string{"0 synonyms"}},
		{"a synonym is another's", []matcher.Tag{{ID: "a", Synonyms: []string{"x"}}, {ID: "b", Synonyms: []string{"x"}}}, []string{"1 synonyms"}},
		{"a parent isn't listed", []matcher.Tag{{ID: "a", Parent: "gone"}, {ID: "b", Parent: "a"}}, []string{"0 parent"}},
		{"a parent is but a synonym", []matcher.Tag{{ID: "a", Synonyms: []string{"x"}}, {ID: "b", Parent: "x"}}, []string{"1 parent"}},
		{"its own parent", []matcher.Tag{{ID: "a", Parent: "a"}}, []string{"0 parent"}},
		{
			"a cycle, and a tag below it",
			[]matcher.Tag{{ID: "a", Parent: "b"}, {ID: "b", Parent: "c"}, {ID: "c", Parent: "a"}, {ID: "d", Parent: "a"}},
			[]string{"0 parent", "1 parent", "2 parent"},
		},
		{"16 ancestors", chain[:17], nil},
		{"17 and 18 ancestors", chain, []string{"17 parent", "18 parent"}},
	} {
		var got []string
		matcher.CheckTags(c.tags, func(i int, field, rule string) {
			if rule == "" {
				t.Errorf("%s: a finding without a rule", c.name)
			}
			got = append(got, fmt.Sprint(i, " ", field))
		})
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

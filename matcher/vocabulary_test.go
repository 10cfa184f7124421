package matcher_test

import (
	"strings"
	"testing"

	"github.com/kindred-match/kindred/matcher"
)

func TestVocabulary(t *testing.T) {
	v, err := matcher.NewVocabulary([]matcher.Tag{
		{ID: "cad", Parent: "stem", Importance: 2, Synonyms: []string{"drafting", "drawing"}},
		{ID: "stem", Importance: 1},
	})
	if err != nil {
		t.Fatal(err)
	}
	if v.Len() != 2 {
		t.Errorf("Len is %d, want 2", v.Len())
	}
	for name, want := range map[string]string{"cad": "cad", "drafting": "cad", "drawing": "cad", "stem": "stem", "arts": "arts"} {
		if got := v.Canonical(name); got != want {
			t.Errorf("%q stands for %q, want %q", name, got, want)
		}
		id, ok := v.Lookup(name)
		if ok != (want != "arts") || ok && v.Name(id) != want {
			t.Errorf("Lookup(%q) = %d, %v", name, id, ok)
		}
	}
}

func TestNewVocabularyGivesTheFirstFinding(t *testing.T) {
	_, err := matcher.NewVocabulary([]matcher.Tag{{ID: "a"}, {ID: "b", Parent: "b"}, {ID: "a"}})
	if err == nil || !strings.Contains(err.Error(), `"a": tag is listed twice`) {
		t.Errorf("got %v", err)
	}
}

func TestExtend(t *testing.T) {
	v, err := matcher.NewVocabulary([]matcher.Tag{{ID: "cad", Importance: 1, Synonyms: []string{"drafting"}}})
	if err != nil {
		t.Fatal(err)
	}
	if v.Extend([]string{"cad", "drafting"}) != v || v.Extend(nil) != v {
		t.Error("nothing is new, and yet there is a new vocabulary")
	}
	// Two that come from one another's base must not share what they add.
	x := v.Extend([]string{"arts", "cad", "arts", "music"})
	y := v.Extend([]string{"welding"})
	z := x.Extend([]string{"dance"})
	for _, c := range []struct {
		v    *matcher.Vocabulary
		want []string
	}{
		{v, []string{"cad"}},
		{x, []string{"cad", "arts", "music"}},
		{y, []string{"cad", "welding"}},
		{z, []string{"cad", "arts", "music", "dance"}},
	} {
		if c.v.Len() != len(c.want) {
			t.Errorf("Len is %d, want %q", c.v.Len(), c.want)
			continue
		}
		for i, name := range c.want {
			id, ok := c.v.Lookup(name)
			if !ok || id != matcher.TagID(i) || c.v.Name(id) != name {
				t.Errorf("%q has the number %d, %v, want %d", name, id, ok, i)
			}
		}
	}
	if _, ok := v.Lookup("arts"); ok {
		t.Error("Extend changed its receiver")
	}
}

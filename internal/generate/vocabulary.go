package generate

import (
	_ "embed"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/kindred-match/kindred/matcher"
)

//go:embed vocabulary.txt
var wordList string

// topic is a root of the vocabulary with what lies below it. Tags are places
// in vocabulary.tags.
type topic struct {
	root  int
	below []int    // the more usual ones first
	usual []uint64 // running sums of how usual they are
}

// vocabulary is the invented tags with what drawing them needs.
type vocabulary struct {
	tags    []matcher.Tag
	parents []int          // by tag; -1 for a root
	places  map[string]int // of tags, by id and synonym
	topics  []topic
	popular []uint64 // running sums of the topics' popularity
}

const (
	leastTags = 400
	mostTags  = 9000
	// topicOffset and tagOffset shape the heads of the two Zipf laws; what
	// they were tuned for stands in the tests.
	topicOffset = 2
	tagOffset   = 3
)

// vocabularySize grows with the cube root of the opportunities: 400 tags at
// a thousand, 4,000 at a million.
func vocabularySize(opportunities int) int {
	root := 0
	for (root+1)*(root+1)*(root+1) <= opportunities {
		root++
	}
	return min(max(40*root, leastTags), mostTags)
}

func newVocabulary(seed uint64, size int) *vocabulary {
	d := newDraw(seed, drawVocabulary, 0)
	v := &vocabulary{places: make(map[string]int)}
	bases := v.addWords(&d, size)
	v.addSpecialities(&d, bases, size)
	for i := range v.topics {
		v.topics[i].usual = sums(len(v.topics[i].below), zipf(tagOffset))
	}
	v.popular = sums(len(v.topics), zipf(topicOffset))
	return v
}

// addWords adds the topics of the word list and, as far as size allows, an
// equal number of words below each. It returns those, by topic.
func (v *vocabulary) addWords(d *draw, size int) [][]int {
	var words [][]string
	for line := range strings.Lines(wordList) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		name, list, _ := strings.Cut(strings.TrimSpace(line), ":")
		v.topics = append(v.topics, topic{root: v.add(d, name, "", -1)})
		words = append(words, strings.Split(list, ","))
	}
	bases := make([][]int, len(words))
	for n := range words[0] {
		for t := range words {
			if n >= len(words[t]) || len(v.tags) >= size {
				continue
			}
			label, synonym, _ := strings.Cut(words[t][n], " = ")
			bases[t] = append(bases[t], v.add(d, strings.TrimSpace(label), synonym, v.topics[t].root))
		}
	}
	for t := range v.topics {
		v.topics[t].below = append(v.topics[t].below, bases[t]...)
	}
	return bases
}

// addSpecialities adds narrower tags below the words until there are size
// tags, or no more to be made.
func (v *vocabulary) addSpecialities(d *draw, bases [][]int, size int) {
	for round := range specialities {
		for n := range bases[0] {
			for t := range bases {
				if n >= len(bases[t]) {
					continue
				}
				if len(v.tags) >= size {
					return
				}
				base := bases[t][n]
				label := v.tags[base].Label + " " + specialities[(round+5*n+7*t)%len(specialities)]
				if _, taken := v.places[tagID(label)]; !taken {
					v.topics[t].below = append(v.topics[t].below, v.add(d, label, "", base))
				}
			}
		}
	}
}

// add adds a tag and returns its place.
func (v *vocabulary) add(d *draw, label, synonym string, parent int) int {
	tag := matcher.Tag{ID: tagID(label), Label: upperFirst(label), Importance: importance(d)}
	if parent >= 0 {
		tag.Parent = v.tags[parent].ID
	}
	if synonym != "" {
		tag.Synonyms = []string{tagID(synonym)}
	}
	for _, name := range append([]string{tag.ID}, tag.Synonyms...) {
		v.places[name] = len(v.tags)
	}
	v.tags = append(v.tags, tag)
	v.parents = append(v.parents, parent)
	return len(v.tags) - 1
}

func importance(d *draw) float64 {
	if d.chance(930) {
		return 1
	}
	return one(d, []float64{0.5, 0.75, 1.5, 2, 3})
}

func tagID(label string) string {
	return strings.ReplaceAll(strings.ToLower(label), " ", "-")
}

func upperFirst(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
}

// label is that of a tag, given by id or synonym.
func (v *vocabulary) label(name string) string { return v.tags[v.places[name]].Label }

// passUp adds a tag and its ancestors to a set.
func (v *vocabulary) passUp(set []int, tag int) []int {
	for up := tag; up >= 0; up = v.parents[up] {
		set = appendNew(set, up)
	}
	return set
}

// spread returns the tags of a row with what they pass up to, each once.
func (v *vocabulary) spread(own []matcher.Weighted) []int {
	set := make([]int, 0, 64)
	for _, t := range own {
		set = v.passUp(set, v.places[t.Tag])
	}
	return set
}

package live_test

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/kindred-match/kindred/matcher"
)

// reference ranks by going through all opportunities, one by one, for cosine
// with the default decay and no idf. It shares no code with indexes but the
// rules of eligibility, and can be changed in place.
type reference struct {
	parents    map[string]string
	synonyms   map[string]string
	importance map[string]float64
	partners   map[string]*matcher.Partner
	numbers    map[string]uint32 // of tags, as they come
	gains      []int64           // by tag, of the student at hand
	all        []matcher.Opportunity
	impacts    [][]impact // of each one's tags
	byID       map[string]int
}

// impact is what an opportunity has for a tag.
type impact struct{ tag, impact uint32 }

func newReference(c matcher.Catalogue) *reference {
	r := &reference{
		parents: map[string]string{}, synonyms: map[string]string{}, importance: map[string]float64{}, numbers: map[string]uint32{},
		partners: map[string]*matcher.Partner{}, byID: make(map[string]int, len(c.Opportunities)),
	}
	for _, t := range c.Tags {
		r.parents[t.ID], r.importance[t.ID] = t.Parent, t.Importance
		for _, s := range t.Synonyms {
			r.synonyms[s] = t.ID
		}
	}
	for i := range c.Partners {
		r.partners[c.Partners[i].ID] = &c.Partners[i]
	}
	for _, o := range c.Opportunities {
		r.put(o)
	}
	return r
}

// passedUp is the weight of each tag after passing up.
func (r *reference) passedUp(own []matcher.Weighted) map[string]int64 {
	weights := make(map[string]int64, 2*len(own))
	for _, t := range own {
		first := cmp.Or(r.synonyms[t.Tag], t.Tag)
		for tag, w := first, int64(t.Weight); tag != "" && w > 0; tag, w = r.parents[tag], w*int64(matcher.DefaultDecay)/10000 {
			weights[tag] = max(weights[tag], w)
		}
	}
	return weights
}

func (r *reference) number(tag string) uint32 {
	n, ok := r.numbers[tag]
	if !ok {
		n = uint32(len(r.gains))
		r.numbers[tag], r.gains = n, append(r.gains, 0)
	}
	return n
}

func (r *reference) put(o matcher.Opportunity) {
	weights := r.passedUp(o.Tags)
	squares := 0.0 // of integers: exact
	for _, w := range weights {
		squares += float64(w * w)
	}
	impacts := make([]impact, 0, len(weights))
	for tag, w := range weights {
		rounded := math.Round(float64(float64(32767*o.Boost)*float64(w)) / math.Sqrt(squares))
		impacts = append(impacts, impact{r.number(tag), uint32(rounded)})
	}
	i, ok := r.byID[o.ID]
	if !ok {
		i = len(r.all)
		r.byID[o.ID] = i
		r.all, r.impacts = append(r.all, o), append(r.impacts, impacts)
	}
	r.all[i], r.impacts[i] = o, impacts
}

// rank is the ranking of a student, by id and units.
func (r *reference) rank(q *matcher.Query) []matcher.Candidate {
	clear(r.gains)
	for tag, w := range r.passedUp(q.Student.Interests) {
		g, listed := r.importance[tag]
		if !listed {
			g = 1
		}
		n := r.number(tag)
		r.gains[n] = w * int64(math.Round(1000*g))
	}
	var best []matcher.Candidate
	order := func(a, b matcher.Candidate) int {
		return cmp.Or(cmp.Compare(b.Units, a.Units), cmp.Compare(a.Opportunity, b.Opportunity))
	}
	for i, impacts := range r.impacts {
		units := int64(0)
		for _, x := range impacts {
			units += r.gains[x.tag] * int64(x.impact)
		}
		if units == 0 || len(best) == q.K && units < best[len(best)-1].Units {
			continue
		}
		o := &r.all[i]
		c := matcher.Candidate{Opportunity: o.ID, Units: units}
		if len(best) == q.K && order(c, best[len(best)-1]) > 0 {
			continue
		}
		if len(matcher.Failures(q, o, r.partners[o.Partner])) > 0 {
			continue
		}
		at, _ := slices.BinarySearchFunc(best, c, order)
		best = slices.Insert(best, at, c)
		best = best[:min(len(best), q.K)]
	}
	return best
}

// sameRanking says how an answer differs from the reference's, if it does.
func sameRanking(got []ranking, want []matcher.Candidate) error {
	if len(got) != len(want) {
		return fmt.Errorf("%d candidates, want %d", len(got), len(want))
	}
	for i := range got {
		if got[i] != (ranking{want[i].Opportunity, want[i].Units}) {
			return fmt.Errorf("rank %d: got %v, want %+v", i+1, got[i], want[i])
		}
	}
	return nil
}

// ranking is what is compared of a candidate.
type ranking struct {
	opportunity string
	units       int64
}

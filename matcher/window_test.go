package matcher_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/kindred-match/kindred/matcher"
)

// manyOpportunities draws a catalogue of several windows, so that thresholds,
// ties across windows and lists that go on in the next one are met. Half a
// dozen weights make ties by the hundred.
func manyOpportunities(n int, seed uint64) (matcher.Catalogue, []matcher.Student) {
	rng := rand.New(rand.NewPCG(seed, 0))
	var c matcher.Catalogue
	const tags, partners = 60, 40
	for i := range tags {
		tag := matcher.Tag{ID: fmt.Sprint("t", i), Importance: []float64{1, 1, 1, 2, 0.5}[rng.IntN(5)]}
		if i >= 10 {
			tag.Parent = fmt.Sprint("t", rng.IntN(10))
		}
		c.Tags = append(c.Tags, tag)
	}
	for i := range partners {
		c.Partners = append(c.Partners, matcher.Partner{ID: fmt.Sprint("p", i), Kind: matcher.PartnerKinds[i%2]})
	}
	own := func(most int) []matcher.Weighted {
		result := make([]matcher.Weighted, 1+rng.IntN(most))
		for i := range result {
			// The smaller the number, the more frequent.
			result[i] = matcher.Weighted{Tag: fmt.Sprint("t", rng.IntN(1+rng.IntN(tags))), Weight: matcher.Weight(2500 * (1 + rng.IntN(4)))}
		}
		return result
	}
	for i := range n {
		o := matcher.Opportunity{
			ID: fmt.Sprint("o", i), Partner: fmt.Sprint("p", rng.IntN(partners)), Seats: int32(rng.IntN(10)), Boost: 1,
			Kind: matcher.OpportunityKinds[i%3], Status: matcher.Published, Tags: own(5),
		}
		if rng.IntN(4) == 0 {
			o.Partner = ""
		}
		if rng.IntN(8) == 0 {
			o.Boost = 0.5 + 1.5*rng.Float64()
		}
		if rng.IntN(3) == 0 {
			o.Grades = []string{"9"}
		}
		c.Opportunities = append(c.Opportunities, o)
	}
	var students []matcher.Student
	for i := range 8 {
		students = append(students, matcher.Student{
			ID: fmt.Sprint("s", i), Grade: []string{"9", "10"}[rng.IntN(2)], Interests: own(12),
		})
	}
	return c, students
}

func TestManyWindows(t *testing.T) {
	c, students := manyOpportunities(13_000, 1)
	if testing.Short() {
		students = students[:3]
	}
	for _, s := range []matcher.Settings{
		{Decay: 5000, Measure: matcher.Cosine},
		{Decay: 5000, Measure: matcher.Dot, IDF: true},
		{Decay: 0, Measure: matcher.Overlap},
	} {
		t.Run(string(s.Measure), func(t *testing.T) {
			r, d := index(t, c, s).NewRanker(), brute(c, s)
			for i := range students {
				free := matcher.Query{Student: &students[i], K: math.MaxInt}
				same(t, forward(r.Rank(nil, &free)), expected(d.Rank(&students[i], options(&free))))
				for j, k := range []int{1, 10, 64, 1000, 2000} {
					q := free
					q.K, q.MaxPerPartner = k, (i+j)%4
					if i%3 == 0 {
						q.Kinds = matcher.OpportunityKinds[:1]
					}
					same(t, forward(r.Rank(nil, &q)), expected(d.Rank(&students[i], options(&q))))
				}
			}
			q := matcher.Query{Student: &students[0]}
			for _, place := range []int{0, 1, 255, 256, 257, 4095, 4096, 8191, 8192, 12_999} {
				id := c.Opportunities[place].ID
				if e, ok := r.Explain(&q, id); !ok || e.Rank != rankOf(r, q, id) {
					t.Errorf("Explain gives %q the rank %d, the ranking %d", id, e.Rank, rankOf(r, q, id))
				}
			}
		})
	}
}

func TestOrderOfManyRowsAndWorkersChangeNoSegment(t *testing.T) {
	c, _ := manyOpportunities(13_000, 1)
	s := matcher.Settings{Decay: 5000, Measure: matcher.Cosine}
	x := index(t, c, s)
	sameSegment(t, x, c, s, 3)
	c.Opportunities = slices.Clone(c.Opportunities)
	rng := rand.New(rand.NewPCG(5, 0))
	rng.Shuffle(len(c.Opportunities), func(i, j int) {
		c.Opportunities[i], c.Opportunities[j] = c.Opportunities[j], c.Opportunities[i]
	})
	sameSegment(t, x, c, s, 2)
}

// rankOf is the rank of an opportunity in the whole ranking, 0 if it has none.
func rankOf(r *matcher.Ranker, q matcher.Query, id string) int {
	q.K, q.MaxPerPartner = math.MaxInt, 0
	for _, c := range r.Rank(nil, &q) {
		if c.Opportunity == id {
			return c.Rank
		}
	}
	return 0
}

// TestBoundsHold: no section that is passed over has a document that matters.
func TestBoundsHold(t *testing.T) {
	c, students := manyOpportunities(13_000, 1)
	passed := 0
	for _, s := range []matcher.Settings{
		{Decay: 5000, Measure: matcher.Cosine},
		{Decay: 5000, Measure: matcher.Dot, IDF: true},
		{Decay: 0, Measure: matcher.Overlap},
	} {
		x := index(t, c, s)
		r := x.NewRanker()
		for i := range students {
			q := matcher.Query{Student: &students[i], K: 1}
			best := r.Rank(nil, &q)
			for _, share := range []float64{0.01, 0.3, 0.6, 0.9, 1, 1.1} {
				threshold := max(1, int64(share*float64(best[0].Units)))
				overlooked, n := r.Overlooked(&q, threshold)
				if overlooked > 0 {
					t.Errorf("%s, student %d: %d documents of %d units or more are overlooked", s.Measure, i, overlooked, threshold)
				}
				passed += n
			}
		}
	}
	if passed == 0 {
		t.Error("no section is passed over; the test shows nothing")
	}
}

// TestBoundsHaveACause: rare tags, whether or not most windows have them, bound the
// sections above 0 in which they are, and no others.
func TestBoundsHaveACause(t *testing.T) {
	c, _ := manyOpportunities(13_000, 2)
	var students []matcher.Student
	for i := range 200 {
		rare := fmt.Sprint("rare", i)
		for j := range 1 + i%4 {
			o := &c.Opportunities[(61*i+j*3301)%len(c.Opportunities)]
			o.Tags = append(o.Tags, matcher.Weighted{Tag: rare, Weight: 10_000})
		}
		students = append(students, matcher.Student{ID: rare, Interests: []matcher.Weighted{{Tag: rare, Weight: 10_000}}})
	}
	r := index(t, c, matcher.Settings{Decay: 5000, Measure: matcher.Cosine}).NewRanker()
	for i := range students {
		if n := r.Baseless(&matcher.Query{Student: &students[i], K: 1}); n > 0 {
			t.Errorf("%s: %d sections without the tag have a bound above 0", students[i].ID, n)
		}
	}
}

// TestManyCandidatesWithLateOnes: what came since the segment was built has no place
// in its order of ids, however many candidates are wanted.
func TestManyCandidatesWithLateOnes(t *testing.T) {
	c, students := manyOpportunities(3000, 4)
	s := matcher.Settings{Decay: 5000, Measure: matcher.Cosine}
	x := index(t, c, s)
	c.Opportunities = slices.Clone(c.Opportunities)
	ids := make(map[string]bool)
	for i := 0; i < len(c.Opportunities); i += 500 {
		ids[c.Opportunities[i].ID] = true
		c.Opportunities[i].Tags = c.Opportunities[i+1].Tags
		var err error
		if x, err = x.Apply(matcher.Change{Opportunity: &c.Opportunities[i]}); err != nil {
			t.Fatal(err)
		}
	}
	r, d := x.NewRanker(), brute(c, s)
	late := 0
	for i := range students {
		q := matcher.Query{Student: &students[i], K: math.MaxInt}
		got := r.Rank(nil, &q)
		same(t, forward(got), expected(d.Rank(&students[i], options(&q))))
		if len(got) > 600 && slices.ContainsFunc(got, func(g matcher.Candidate) bool { return ids[g.Opportunity] }) {
			late++
		}
	}
	if late == 0 {
		t.Error("no ranking of many has a late one; the test shows nothing")
	}
}

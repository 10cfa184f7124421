package matcher

import (
	"fmt"
	"slices"
	"testing"
)

// TestRankerEqualsPlain compares both on a catalogue of several windows, with
// columns and with postings, for all measures, kernels and lengths.
func TestRankerEqualsPlain(t *testing.T) {
	c, students := plainCatalogue(15_000, 60)
	for i := range c.Opportunities {
		o := &c.Opportunities[i]
		o.Boost = []float64{1, 1, 1, 0.5, 1.7, 2}[i%6]
		o.Kind = OpportunityKinds[i%len(OpportunityKinds)]
		if i%5 == 0 {
			o.Grades = []string{"9"}
		}
	}
	for _, m := range Measures {
		for _, idf := range []bool{false, true} {
			x, err := NewIndex(c, Settings{Decay: DefaultDecay, Measure: m, IDF: idf})
			if err != nil {
				t.Fatal(err)
			}
			r, plain := x.NewRanker(), NewPlain(x)
			for i := range students {
				for _, k := range []int{1, 10, 200, 20_000} {
					if k > 200 && i > 5 {
						continue
					}
					q := Query{Student: &students[i], K: k}
					if i%3 == 0 {
						q.Kinds = OpportunityKinds[i%5 : i%5+1]
					}
					if got, want := r.Rank(nil, &q), plain.Rank(nil, &q); !slices.Equal(got, want) {
						t.Fatalf("%s, idf %v, student %d, k %d: %d candidates %.200s, want %d %.200s",
							m, idf, i, k, len(got), fmt.Sprint(got), len(want), fmt.Sprint(want))
					}
				}
			}
		}
	}
}

func TestWarmRankingsDoNotAllocate(t *testing.T) {
	c, students := plainCatalogue(10_000, 20)
	x, err := NewIndex(c, Settings{Decay: DefaultDecay, Measure: Cosine})
	if err != nil {
		t.Fatal(err)
	}
	r := x.NewRanker()
	var dst []Candidate
	q := Query{K: 10}
	all := func() {
		for i := range students {
			q.Student = &students[i]
			dst = r.Rank(dst[:0], &q)
		}
	}
	all()
	if n := testing.AllocsPerRun(5, all); n != 0 {
		t.Errorf("%v allocations in %d warm rankings, want 0: something in Ranker.Rank escapes or grows anew; "+
			"see go build -gcflags=-m ./matcher", n, len(students))
	}
}

// TestTiesByID: where everything ties, ids decide.
func TestTiesByID(t *testing.T) {
	c := Catalogue{Opportunities: make([]Opportunity, 10_000)}
	for i := range c.Opportunities {
		c.Opportunities[i] = Opportunity{
			ID: fmt.Sprintf("o%05d", (i*7919)%10_000), Seats: 1, Boost: 1, Status: Published, MinPolicy: MinHard,
			Tags: []Weighted{{"everywhere", One}},
		}
	}
	x, err := NewIndex(c, Settings{Decay: DefaultDecay, Measure: Cosine})
	if err != nil {
		t.Fatal(err)
	}
	got := x.NewRanker().Rank(nil, &Query{Student: &Student{Interests: []Weighted{{"everywhere", 300}}}, K: 50})
	for i, c := range got {
		if want := fmt.Sprintf("o%05d", i); c.Opportunity != want {
			t.Fatalf("rank %d is %s, want %s", c.Rank, c.Opportunity, want)
		}
	}
	if len(got) != 50 {
		t.Fatalf("%d candidates, want 50", len(got))
	}
}

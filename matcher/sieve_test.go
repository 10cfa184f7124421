package matcher

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// sievedCatalogue has more lists, days and positions than there are buckets.
func sievedCatalogue(rng *rand.Rand, n int) Catalogue {
	c := Catalogue{Opportunities: make([]Opportunity, n)}
	some := func(of string, from, most int) []string {
		list := make([]string, rng.IntN(most+1))
		for i := range list {
			list[i] = fmt.Sprint(of, rng.IntN(from))
		}
		return list
	}
	for i := range c.Opportunities {
		o := &c.Opportunities[i]
		*o = Opportunity{
			ID: fmt.Sprintf("o%05d", i), Seats: int32(rng.IntN(5)), Boost: 1, Status: Published, MinPolicy: MinHard,
			Kind: OpportunityKinds[rng.IntN(3)], Term: fmt.Sprint("t", rng.IntN(400)),
			Grades: some("g", 9, 2), Regions: some("r", 500, 3), Slots: some("s", 12, 4), Requires: some("c", 300, 1),
			Remote: rng.IntN(9) == 0, Tags: []Weighted{{"tag", One}},
		}
		if rng.IntN(3) > 0 {
			o.Opens, o.Closes = Date(20260101+rng.IntN(900)), Date(20270101+rng.IntN(900))
		}
		if rng.IntN(3) > 0 {
			o.MinAge = new(int32(rng.IntN(300)))
		}
		if rng.IntN(3) > 0 {
			o.Position = &Position{180*rng.Float64() - 90, 360*rng.Float64() - 180}
		}
	}
	return c
}

// TestSieveKeepsTheEligible: whoever is eligible passes every rule and is on
// the walk, and of the others most don't pass.
func TestSieveKeepsTheEligible(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 1))
	x, err := NewIndex(sievedCatalogue(rng, 9000), Settings{Measure: Dot})
	if err != nil {
		t.Fatal(err)
	}
	r := x.NewRanker()
	eligible, passed, all := 0, 0, 0
	for range 200 {
		s := Student{
			Grade: fmt.Sprint("g", rng.IntN(10)), Region: fmt.Sprint("r", rng.IntN(510)),
			Slots: []string{"s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8"}[:rng.IntN(9)], Credentials: []string{fmt.Sprint("c", rng.IntN(310))},
			Age: new(int32(rng.IntN(310))),
		}
		if rng.IntN(2) == 0 {
			s.Position = &Position{180*rng.Float64() - 90, 360*rng.Float64() - 180}
			s.MaxKm = new([]float64{0, 100, 3000, 6300, 12_000, 30_000}[rng.IntN(6)])
		}
		q := Query{Student: &s, AsOf: Date(20260101 + rng.IntN(20_000)), K: 10}
		if rng.IntN(2) == 0 {
			q.Term = fmt.Sprint("t", rng.IntN(410))
		}
		if rng.IntN(2) == 0 {
			q.Kinds = OpportunityKinds[rng.IntN(4):4]
		}
		r.compile(&q)
		r.sift(&q)
		walked := map[uint32]bool{}
		for _, doc := range append(append([]uint32{}, r.sifter.walk.with...), r.sifter.walk.without...) {
			walked[doc] = true
		}
		for doc := range uint32(x.base.len()) {
			passes := !r.sifter.nothing
			for i := range r.sifter.rules {
				rule := &r.sifter.rules[i]
				passes = passes && rule.passing.Passes(rule.windows[doc/4096][doc%4096])
			}
			all++
			if passes {
				passed++
			}
			if r.eligible(doc, &q) {
				eligible++
				if !passes || r.sifter.walk.ok && !walked[doc] {
					t.Fatalf("document %d is eligible: it passes the sieve %v, is walked %v", doc, passes, walked[doc])
				}
			}
		}
	}
	if eligible == 0 || passed > all/20 {
		t.Errorf("%d of %d pass the sieve, %d are eligible: it is of no use, or the example is of none", passed, all, eligible)
	}
}

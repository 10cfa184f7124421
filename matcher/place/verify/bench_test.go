package verify

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/kindred-match/kindred/matcher"
)

// What it takes to check a run of 100 thousand students, 5 thousand
// opportunities and lists of 20, given the input and the lists.
func BenchmarkCheck(b *testing.B) {
	const students, opportunities, length = 100_000, 5_000, 20
	in := &Input{Hashes: map[string]string{}}
	dice := rand.New(rand.NewPCG(1, 1))
	for i := range opportunities {
		in.Opportunities = append(in.Opportunities, matcher.Opportunity{
			ID: fmt.Sprintf("o%04d", i), Seats: 20, Boost: 1, Status: matcher.Published, MinPolicy: matcher.MinHard,
		})
	}
	for i := range students {
		s := fmt.Sprintf("s%06d", i)
		in.Students = append(in.Students, matcher.Student{ID: s})
		for _, o := range dice.Perm(opportunities)[:length] {
			in.Scores = append(in.Scores, Score{s, in.Opportunities[o].ID, float64(1+dice.IntN(1e6)) / 1e6})
		}
	}
	for _, objective := range []string{stable, welfare, greedy, serial} {
		b.Run(objective, func(b *testing.B) {
			s := &summary{Objective: objective, Options: options{
				AsOf: "2026-09-01", Measure: "cosine", Candidates: length, Priority: "lottery", Reserves: "first", Keep: "full",
			}, Seconds: map[string]float64{"read": 0, "rank": 0, "solve": 0, "ties": 0, "verify": 0, "report": 0}}
			s.Options.asOf = 20260901
			run, can := solved(b, in, s)
			if !can {
				b.Fatal("the run can't be made")
			}
			run, err := Read(run.folder(b))
			if err != nil {
				b.Fatal(err)
			}
			p, err := newProblem(in, run, Options{Workers: 1})
			if err != nil {
				b.Fatal(err)
			}
			if err := p.makeLists(b.Context(), Options{}); err != nil {
				b.Fatal(err)
			}
			lists := slices.Clone(p.lists)
			for b.Loop() {
				copy(p.lists, lists)
				if err := p.check(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

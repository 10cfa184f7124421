package place

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"syscall"
	"testing"

	"github.com/kindred-match/kindred/matcher"
)

// generated is a problem of the given size: seats for all, in total, popular
// opportunities on more lists, the lists by weight.
func generated(tb testing.TB, students, opportunities, length int, correlated bool) *Problem {
	tb.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	in := Input{Students: make([]matcher.Student, students), Opportunities: make([]matcher.Opportunity, opportunities)}
	for i := range in.Students {
		in.Students[i].ID = fmt.Sprintf("student-%07d", i)
	}
	popularity := make([]float64, opportunities)
	for i := range in.Opportunities {
		in.Opportunities[i] = matcher.Opportunity{ID: fmt.Sprintf("o-%06d", i), Seats: int32(students/opportunities) + 1, Status: matcher.Published}
		popularity[i] = r.Float64()
	}
	p, err := NewProblem(in)
	if err != nil {
		tb.Fatal(err)
	}
	p.Lists.Opportunity = make([]int32, 0, students*length)
	p.Lists.Rank = make([]int32, 0, students*length)
	p.Lists.Weight = make([]int32, 0, students*length)
	seen := make([]int, opportunities)
	scored := make([]Scored, 0, length)
	for s := range students {
		scored = scored[:0]
		for len(scored) < length {
			o := r.IntN(opportunities)
			if seen[o] == s+1 {
				continue
			}
			seen[o] = s + 1
			score := r.Float64()
			if correlated {
				score = (3*popularity[o] + score) / 4
			}
			scored = append(scored, Scored{int32(o), max(score, 1e-6)})
		}
		slices.SortFunc(scored, func(a, b Scored) int { return int(b.Score*1e9) - int(a.Score*1e9) })
		var entries []Entry
		for i, c := range scored {
			entries = append(entries, Entry{c.Opportunity, int32(i + 1), WeightOf(c.Score)})
		}
		p.Lists.Append(entries, false)
	}
	return p
}

// BenchmarkStable is docs/performance.md's: the lists are given.
func BenchmarkStable(b *testing.B) {
	for _, size := range []struct{ students, opportunities, length int }{{100_000, 5_000, 20}, {1_000_000, 100_000, 50}} {
		for _, correlated := range []bool{false, true} {
			p := generated(b, size.students, size.opportunities, size.length, correlated)
			for _, priority := range []PriorityRule{ByLottery, ByScore} {
				for _, capped := range []bool{false, true} {
					q := *p
					if capped {
						q.Partner = make([]int32, size.opportunities)
						for o := range q.Partner {
							q.Partner[o] = int32(o / 5)
						}
						q.Caps = slices.Repeat([]int32{int32(5 * size.students / size.opportunities)}, (size.opportunities+4)/5)
						q.Partners = make([]string, len(q.Caps))
					}
					name := fmt.Sprintf("students=%d/opportunities=%d/length=%d/correlated=%t/priority=%s/capped=%t",
						size.students, size.opportunities, size.length, correlated, priority, capped)
					b.Run(name, func(b *testing.B) {
						b.ReportAllocs()
						begin := cpuSeconds()
						defer func() { b.ReportMetric((cpuSeconds()-begin)/float64(b.N), "cpu-s/op") }()
						for b.Loop() {
							if _, err := Solve(context.Background(), &q, Options{Priority: priority}); err != nil {
								b.Fatal(err)
							}
						}
					})
				}
			}
		}
	}
}

// cpuSeconds is the processor time that the process has taken: on a busy
// machine it says more than the clock.
func cpuSeconds() float64 {
	var use syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &use); err != nil {
		return 0
	}
	return float64(use.Utime.Sec+use.Stime.Sec) + float64(use.Utime.Usec+use.Stime.Usec)/1e6
}

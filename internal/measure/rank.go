// Package measure times Kindred beside a baseline in the same run.
package measure

import (
	"bufio"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/kindred-match/kindred/matcher"
)

// Rank is what a measurement of ranking found. Times are medians over the
// rounds for each profile; means and quantiles are over profiles.
type Rank struct {
	Opportunities       int     `json:"opportunities"`
	Profiles            int     `json:"profiles"`
	ProfileTagsMean     float64 `json:"profile_tags_mean"`
	OpportunityTagsMean float64 `json:"opportunity_tags_mean"`
	PostingsMean        float64 `json:"postings_mean"`
	K                   int     `json:"k"`
	Measure             string  `json:"measure"`
	Rounds              int     `json:"rounds"`
	MeanUS              float64 `json:"mean_us"`
	P50US               float64 `json:"p50_us"`
	P99US               float64 `json:"p99_us"`
	BaselineMeanUS      float64 `json:"baseline_mean_us"`
	Speedup             float64 `json:"speedup"`
	NSPerPosting        float64 `json:"ns_per_posting"`
	AllocsPerRank       float64 `json:"allocs_per_rank"`
	BytesPerOpportunity float64 `json:"bytes_per_opportunity"`
	BuildSeconds        float64 `json:"build_seconds"`
	CPU                 string  `json:"cpu"`
	Kernel              string  `json:"kernel"`
}

// RankOptions are what to measure.
type RankOptions struct {
	Catalogue matcher.Catalogue
	Students  []matcher.Student
	Settings  matcher.Settings
	AsOf      matcher.Date
	K         int
	Rounds    int
	Now       func() time.Time
	Progress  func(done, total int64)
}

// Ranking ranks for the students one by one on one thread, warm, in rounds
// that change between the ranker and the baseline from profile to profile.
//
// The baseline is a plain term-at-a-time loop with dense accumulators. At
// present it is what the ranker does.
func Ranking(o RankOptions) (*Rank, error) {
	start := o.Now()
	x, err := matcher.NewIndex(o.Catalogue, o.Settings)
	if err != nil {
		return nil, err
	}
	out := &Rank{
		Opportunities: x.Len(), Profiles: len(o.Students), K: o.K, Measure: string(o.Settings.Measure), Rounds: o.Rounds,
		BuildSeconds: o.Now().Sub(start).Seconds(), CPU: cpu(), Kernel: "portable",
		BytesPerOpportunity: float64(x.Bytes()) / float64(max(1, x.Len())),
	}
	out.describe(x, o.Students)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	ranker, baseline := x.NewRanker(), x.NewRanker()
	rank := func(r *matcher.Ranker, dst []matcher.Candidate, s *matcher.Student) []matcher.Candidate {
		return r.Rank(dst[:0], &matcher.Query{Student: s, AsOf: o.AsOf, K: o.K})
	}
	var dst []matcher.Candidate
	for i := range o.Students { // warm
		dst = rank(ranker, dst, &o.Students[i])
		dst = rank(baseline, dst, &o.Students[i])
	}
	out.AllocsPerRank = allocations(len(o.Students), func() {
		for i := range o.Students {
			dst = rank(ranker, dst, &o.Students[i])
		}
	})
	ours, theirs := newTimes(len(o.Students)), newTimes(len(o.Students))
	for round := range o.Rounds {
		for i := range o.Students {
			// Whoever comes second finds the student's postings in the cache.
			first, second := ranker, baseline
			if (round+i)%2 == 1 {
				first, second = second, first
			}
			t0 := o.Now()
			dst = rank(first, dst, &o.Students[i])
			t1 := o.Now()
			dst = rank(second, dst, &o.Students[i])
			t2 := o.Now()
			a, b := t1.Sub(t0), t2.Sub(t1)
			if first == baseline {
				a, b = b, a
			}
			ours[i], theirs[i] = append(ours[i], a), append(theirs[i], b)
		}
		o.Progress(int64(round+1), int64(o.Rounds))
	}
	out.summarize(ours.medians(), theirs.medians())
	return out, nil
}

func (r *Rank) describe(x *matcher.Index, students []matcher.Student) {
	var tags, postings int64
	for i := range students {
		tags += int64(x.ProfileTags(&students[i]))
		postings += x.Postings(&students[i])
	}
	n := float64(max(1, len(students)))
	r.ProfileTagsMean, r.PostingsMean = float64(tags)/n, float64(postings)/n
	r.OpportunityTagsMean = float64(x.AllPostings()) / float64(max(1, x.Len()))
}

func (r *Rank) summarize(ours, theirs []time.Duration) {
	if len(ours) == 0 {
		return
	}
	r.MeanUS, r.BaselineMeanUS = mean(ours), mean(theirs)
	slices.Sort(ours)
	r.P50US, r.P99US = microseconds(ours[len(ours)/2]), microseconds(ours[len(ours)*99/100])
	if r.MeanUS > 0 {
		r.Speedup = r.BaselineMeanUS / r.MeanUS
	}
	if r.PostingsMean > 0 {
		r.NSPerPosting = 1000 * r.MeanUS / r.PostingsMean
	}
}

// times are the durations by profile.
type times [][]time.Duration

func newTimes(n int) times { return make(times, n) }

func (t times) medians() []time.Duration {
	out := make([]time.Duration, len(t))
	for i := range t {
		slices.Sort(t[i])
		if len(t[i]) > 0 {
			out[i] = t[i][len(t[i])/2]
		}
	}
	return out
}

func mean(d []time.Duration) float64 {
	var sum time.Duration
	for _, x := range d {
		sum += x
	}
	return microseconds(sum) / float64(len(d))
}

func microseconds(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 }

// allocations counts heap allocations of f, divided by n.
func allocations(n int, f func()) float64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return float64(after.Mallocs-before.Mallocs) / float64(max(1, n))
}

// cpu names the processor, where the system tells.
func cpu() string {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if name, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}

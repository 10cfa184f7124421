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

// ranks is what the ranker and the baseline have in common.
type ranks interface {
	Rank(dst []matcher.Candidate, q *matcher.Query) []matcher.Candidate
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

// Ranking ranks for the students one by one on one thread, warm, in rounds of
// the ranker and of the baseline that take turns.
//
// The baseline is matcher.Plain.
func Ranking(o RankOptions) (*Rank, error) {
	start := o.Now()
	x, err := matcher.NewIndex(o.Catalogue, o.Settings)
	if err != nil {
		return nil, err
	}
	out := &Rank{
		Opportunities: x.Len(), Profiles: len(o.Students), K: o.K, Measure: string(o.Settings.Measure), Rounds: o.Rounds,
		BuildSeconds: o.Now().Sub(start).Seconds(), CPU: cpu(), Kernel: matcher.Kernel(),
		BytesPerOpportunity: float64(x.Bytes()) / float64(max(1, x.Len())),
	}
	out.describe(x, o.Students)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	ranker, baseline := ranks(x.NewRanker()), ranks(matcher.NewPlain(x))
	query := matcher.Query{AsOf: o.AsOf, K: o.K} // one for all: it escapes
	var dst []matcher.Candidate
	rank := func(r ranks, s *matcher.Student) {
		query.Student = s
		dst = r.Rank(dst[:0], &query)
	}
	all := func(r ranks) {
		for i := range o.Students {
			rank(r, &o.Students[i])
		}
	}
	all(ranker) // warm
	out.AllocsPerRank = allocations(len(o.Students), func() { all(ranker) })
	all(baseline)
	ours, theirs := newTimes(len(o.Students)), newTimes(len(o.Students))
	for round := range o.Rounds {
		// Each has the caches to itself for a while, as it would have in use;
		// whoever comes first changes from round to round.
		if round%2 == 0 {
			ours.add(o, ranker, rank)
			theirs.add(o, baseline, rank)
		} else {
			theirs.add(o, baseline, rank)
			ours.add(o, ranker, rank)
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

// add ranks once for each student.
func (t times) add(o RankOptions, r ranks, rank func(ranks, *matcher.Student)) {
	for i := range o.Students {
		start := o.Now()
		rank(r, &o.Students[i])
		t[i] = append(t[i], o.Now().Sub(start))
	}
}

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

// allocations counts heap allocations of f, divided by n: the least of some
// runs, since those of the runtime in the background count too.
func allocations(n int, f func()) float64 {
	least := ^uint64(0)
	for range 3 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		f()
		runtime.ReadMemStats(&after)
		least = min(least, after.Mallocs-before.Mallocs)
	}
	return float64(least) / float64(max(1, n))
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

package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"syscall"
	"time"

	"github.com/kindred-match/kindred/internal/district"
	"github.com/kindred-match/kindred/internal/ranking"
	"github.com/kindred-match/kindred/internal/report"
	"github.com/kindred-match/kindred/matcher"
)

// asOf is a day on which most of what is invented is open.
const asOf matcher.Date = 20261001

// result is what a measure gave. Times of rankings are of the processor, on
// one thread, medians over the rounds; students are ranked in turns of both.
type result struct {
	Measure       string  `json:"measure"`
	Students      int     `json:"students"`
	Opportunities int     `json:"opportunities"`
	K             int     `json:"k"`
	Candidates    float64 `json:"candidates_mean"`
	ReadSeconds   float64 `json:"read_seconds"`
	IndexSeconds  float64 `json:"index_seconds"`
	// RulesSeconds is what is prepared once for all students.
	RulesSeconds float64 `json:"rules_seconds"`
	BatchUS      float64 `json:"batch_us"` // a student, all told but for the lines above
	NSPerPair    float64 `json:"ns_per_pair_and_core"`
	// StageUS are a student's, taken in a round of their own.
	StageUS    map[string]float64 `json:"stage_us"`
	OneByOneUS float64            `json:"one_by_one_us"`
	OneByOneNS float64            `json:"one_by_one_ns_per_pair"`
	Speedup    float64            `json:"speedup"`
	Compared   int                `json:"students_compared"`
	Cores      int                `json:"cores"`
	// The whole folder over all cores, in order and with ids, in seconds of the
	// processor, and by the clock; the same, made into lines of JSON.
	FolderCPU  float64 `json:"folder_cpu_seconds"`
	FolderWall float64 `json:"folder_seconds"`
	FolderNS   float64 `json:"folder_ns_per_pair_and_core"`
	JSONCPU    float64 `json:"folder_jsonl_cpu_seconds"`
	JSONWall   float64 `json:"folder_jsonl_seconds"`
	Kernel     string  `json:"kernel"`
}

var errDiffers = errors.New("the batch and one by one differ")

func measure(o *options, folder *district.Folder, m matcher.Measure) (*result, error) {
	settings := matcher.Settings{Decay: matcher.DefaultDecay, Measure: m}
	start := time.Now()
	ranked, err := ranking.New(folder, ranking.Options{Settings: settings, AsOf: asOf, K: o.k})
	if err != nil {
		return nil, err
	}
	r := &result{
		Measure: string(m), Students: len(folder.Students), Opportunities: ranked.Index.Len(), K: o.k,
		IndexSeconds: time.Since(start).Seconds(), Cores: runtime.GOMAXPROCS(0), Kernel: matcher.Kernel(),
	}
	start = time.Now()
	batch := ranked.Index.NewBatch(&matcher.Query{AsOf: asOf, K: o.k})
	r.RulesSeconds = time.Since(start).Seconds()
	t := turns{o: o, folder: folder, index: ranked.Index, batch: batch.NewRanker(), single: ranked.Index.NewRanker()}
	if r.Compared, err = t.compare(); err != nil {
		return nil, err
	}
	t.take(r)
	r.StageUS = t.stages()
	return r, whole(ranked, r)
}

// turns are the rankings on one thread.
type turns struct {
	o      *options
	folder *district.Folder
	index  *matcher.Index
	batch  *matcher.BatchRanker
	single *matcher.Ranker
}

// sampled are some of the students, spread over all.
func (t *turns) sampled(yield func(*matcher.Student) bool) {
	step := max(1, len(t.folder.Students)/max(1, t.o.sample))
	for i := 0; i < len(t.folder.Students); i += step {
		if !yield(&t.folder.Students[i]) {
			return
		}
	}
}

func (t *turns) compare() (int, error) {
	n := 0
	var got []matcher.Numbered
	var want []matcher.Candidate
	for s := range t.sampled {
		n++
		got = t.batch.Rank(got[:0], s, nil)
		want = t.single.Rank(want[:0], &matcher.Query{Student: s, AsOf: asOf, K: t.o.k})
		same := slices.EqualFunc(got, want, func(a matcher.Numbered, b matcher.Candidate) bool {
			return t.index.Numbered(a.Opportunity).ID == b.Opportunity && a.Units == b.Units && t.batch.Score(a.Units) == b.Score
		})
		if !same {
			return n, fmt.Errorf("%w (the %dth compared, %s)", errDiffers, n, t.index.Settings().Measure)
		}
	}
	return n, nil
}

// take fills the times a student.
func (t *turns) take(r *result) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var ours, theirs []float64
	var numbered []matcher.Numbered
	var candidates []matcher.Candidate
	found := 0
	query := matcher.Query{AsOf: asOf, K: t.o.k}
	for range t.o.rounds {
		found = 0
		start := processorTime(thread)
		for i := range t.folder.Students {
			numbered = t.batch.Rank(numbered[:0], &t.folder.Students[i], nil)
			found += len(numbered)
		}
		ours = append(ours, microseconds(processorTime(thread)-start)/float64(len(t.folder.Students)))
		start = processorTime(thread)
		for s := range t.sampled {
			query.Student = s
			candidates = t.single.Rank(candidates[:0], &query)
		}
		theirs = append(theirs, microseconds(processorTime(thread)-start)/float64(r.Compared))
	}
	slices.Sort(ours)
	slices.Sort(theirs)
	r.Candidates = float64(found) / float64(len(t.folder.Students))
	r.BatchUS, r.OneByOneUS = ours[len(ours)/2], theirs[len(theirs)/2]
	r.Speedup = r.OneByOneUS / r.BatchUS
	r.NSPerPair = 1000 * r.BatchUS / float64(r.Opportunities)
	r.OneByOneNS = 1000 * r.OneByOneUS / float64(r.Opportunities)
}

// stages takes a round with a clock, whose own cost is in each stage, and gives
// the middle student's time: a stage that was interrupted doesn't count.
func (t *turns) stages() map[string]float64 {
	stages := []string{"compile", "eligibility", "sums", "cut", "score", "follow", "select"}
	spent := make([]time.Duration, len(stages))
	var last time.Time
	t.batch.Watch(func(stage string) {
		now := time.Now()
		spent[slices.Index(stages, stage)] += now.Sub(last)
		last = time.Now()
	})
	defer t.batch.Watch(nil)
	all := make([][]time.Duration, len(stages))
	var numbered []matcher.Numbered
	for s := range t.sampled {
		clear(spent)
		last = time.Now()
		numbered = t.batch.Rank(numbered[:0], s, nil)
		for i, d := range spent {
			all[i] = append(all[i], d)
		}
	}
	middle := make(map[string]float64)
	for i, stage := range stages {
		if slices.Sort(all[i]); len(all[i]) > 0 {
			middle[stage] = microseconds(all[i][len(all[i])/2])
		}
	}
	return middle
}

// whole ranks the folder over all cores, as the command line does.
func whole(ranked *ranking.Folder, r *result) error {
	start, spent := time.Now(), processorTime(process)
	count := func(result *ranking.Result) int { return len(result.Candidates) }
	err := ranking.Each(context.Background(), ranked, ranked.Students, count, func(int) error { return nil })
	if err != nil {
		return err
	}
	r.FolderWall, r.FolderCPU = time.Since(start).Seconds(), (processorTime(process) - spent).Seconds()
	r.FolderNS = 1e9 * r.FolderCPU / (float64(r.Students) * float64(r.Opportunities))
	start, spent = time.Now(), processorTime(process)
	err = ranking.Each(context.Background(), ranked, ranked.Students, line, func([]byte) error { return nil })
	r.JSONWall, r.JSONCPU = time.Since(start).Seconds(), (processorTime(process) - spent).Seconds()
	return err
}

// line writes a result as the command line does.
func line(result *ranking.Result) []byte {
	line := report.Ranking{Student: result.Student, Candidates: make([]report.Candidate, len(result.Candidates))}
	for i, c := range result.Candidates {
		line.Candidates[i] = report.Candidate{
			Opportunity: c.Opportunity, Rank: c.Rank, Score: report.Decimal(c.Score), Units: report.Units(c.Units),
		}
	}
	text, err := report.AppendLine(nil, &line)
	if err != nil {
		return nil // only tags can fail
	}
	return text
}

func microseconds(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 }

// What Getrusage of Linux counts.
const (
	thread  = 1
	process = 0
)

// processorTime is the time that the processor has spent, which what else runs
// on the machine lengthens less than the clock's.
func processorTime(of int) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(of, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

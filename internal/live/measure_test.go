package live_test

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"runtime"
	"runtime/metrics"
	"slices"
	"testing"
	"time"

	"github.com/kindred-match/kindred/internal/clock"
	"github.com/kindred-match/kindred/matcher"
)

var (
	measured      = flag.Bool("measure", false, "measure a reader under change, at full size; prints JSON")
	opportunities = flag.Int("opportunities", 100_000, "with -measure: invented opportunities")
	rate          = flag.Int("rate", 1000, "with -measure: changes a second")
	seconds       = flag.Int("seconds", 60, "with -measure: how long there are changes")
	quiet         = flag.Int("quiet", 10, "with -measure: seconds without changes, before and after")
	data          = flag.String("data", "", "with -measure: where the store is kept for the next time; empty: nowhere")
	core          = flag.Int("core", -1, "with -measure: the core that the reader is pinned to")
	hold          = flag.Bool("hold", false, "with -measure: wait for a line on standard input before measuring")
)

// figures are what a measurement prints.
type figures struct {
	Opportunities  int     `json:"opportunities"`
	Changes        int     `json:"changes"`
	ChangesASecond float64 `json:"changes_per_second"`
	RankingsBefore float64 `json:"rankings_per_second_before"`
	RankingsUnder  float64 `json:"rankings_per_second_under_change"`
	RankingsAfter  float64 `json:"rankings_per_second_after"`
	ReaderLoses    float64 `json:"reader_loses"` // a share, against the mean of before and after
	P50Before      float64 `json:"p50_us_before"`
	P50Under       float64 `json:"p50_us_under_change"`
	P99Before      float64 `json:"p99_us_before"`
	P99Under       float64 `json:"p99_us_under_change"`
	VisibleP50     float64 `json:"visible_after_ms_p50"`
	VisibleP99     float64 `json:"visible_after_ms_p99"`
	VisibleMax     float64 `json:"visible_after_ms_max"`
	VisibleLate    int     `json:"visible_after_more_than_5_ms"`
	Merges         int64   `json:"merges"`
	MergeSeconds   float64 `json:"merge_seconds_mean"`
	HeapBefore     float64 `json:"heap_mb_before"`
	HeapPeak       float64 `json:"heap_mb_peak"` // with what the collector hadn't got to yet
	HeapAfter      float64 `json:"heap_mb_after"`
	AnswersChecked int     `json:"answers_checked"`
	AnswersWrong   int     `json:"answers_wrong"`
	Kernel         string  `json:"kernel"`
}

// measure ranks for a while without changes, with them, and without again.
func (l *load) measure(t *testing.T) figures {
	t.Helper()
	fmt.Fprintln(os.Stderr, "ready")
	if *hold {
		if _, err := bufio.NewReader(os.Stdin).ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
	f := figures{Opportunities: l.opportunities, Changes: l.changes, Kernel: matcher.Kernel(), HeapBefore: heap()}
	before := l.readWhile(t, func() { wait(t, l.quiet) })
	peak := watchHeap(t)
	var writing time.Duration
	under := l.readWhile(t, func() {
		begin := time.Now()
		l.write(t)
		writing = time.Since(begin)
	})
	f.HeapPeak = peak()
	for l.due(t) {
		wait(t, 100*time.Millisecond)
	}
	after := l.readWhile(t, func() { wait(t, l.quiet) })
	f.HeapAfter = heap()
	f.ChangesASecond = float64(l.changes) / writing.Seconds()
	f.RankingsBefore, f.RankingsUnder, f.RankingsAfter = before.perSecond(), under.perSecond(), after.perSecond()
	f.ReaderLoses = 1 - 2*f.RankingsUnder/(f.RankingsBefore+f.RankingsAfter)
	const us, ms = float64(time.Microsecond), float64(time.Millisecond)
	f.P50Before, f.P99Before = quantile(before.times, .5)/us, quantile(before.times, .99)/us
	f.P50Under, f.P99Under = quantile(under.times, .5)/us, quantile(under.times, .99)/us
	f.VisibleP50, f.VisibleP99, f.VisibleMax = quantile(l.lags, .5)/ms, quantile(l.lags, .99)/ms, quantile(l.lags, 1)/ms
	for _, lag := range l.lags {
		if lag > 5*time.Millisecond {
			f.VisibleLate++
		}
	}
	f.Merges = l.merges.Load()
	if f.Merges > 0 {
		f.MergeSeconds = time.Duration(l.merging.Load()).Seconds() / float64(f.Merges)
	}
	fmt.Fprintf(os.Stderr, "measured, not checked yet: %+v\n", f)
	return f
}

func (p phase) perSecond() float64 { return float64(p.rankings) / p.took.Seconds() }

// due reports whether an index of the newest snapshot is to be merged.
func (l *load) due(t *testing.T) bool {
	t.Helper()
	s, err := l.catalogues.Get(t.Context(), district)
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(s.Settings.Measures, func(m matcher.Measure) bool {
		r, _ := s.Ranking(m)
		return r.Index.Due()
	})
}

func wait(t *testing.T, d time.Duration) {
	t.Helper()
	if err := (clock.System{}).Until(t.Context(), time.Now().Add(d)); err != nil {
		t.Fatal(err)
	}
}

func quantile(all []time.Duration, q float64) float64 {
	sorted := slices.Sorted(slices.Values(all))
	return float64(sorted[min(len(sorted)-1, int(q*float64(len(sorted))))])
}

const megabyte = 1 << 20

// heap is how much is in use once the garbage, and what pools hold, is gone.
func heap() float64 {
	for range 3 {
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc) / megabyte
}

// watchHeap looks at the heap until the function that it returns is called,
// which gives the most that was seen.
func watchHeap(t *testing.T) func() float64 {
	t.Helper()
	done, peak := make(chan struct{}), make(chan float64)
	go func() {
		sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		ticks := time.NewTicker(50 * time.Millisecond)
		defer ticks.Stop()
		most := uint64(0)
		for {
			select {
			case <-ticks.C:
				metrics.Read(sample)
				most = max(most, sample[0].Value.Uint64())
			case <-done:
				peak <- float64(most) / megabyte
				return
			}
		}
	}()
	return func() float64 {
		close(done)
		return <-peak
	}
}

func printed(t *testing.T, f figures) {
	t.Helper()
	if err := json.NewEncoder(os.Stdout).Encode(f); err != nil {
		t.Fatal(err)
	}
}

// Package rivals has other programs that rank by weighted sums, each given the
// same postings and asked the same queries.
package rivals

import (
	"context"
	"time"

	"github.com/kindred-match/kindred/bench/dataset"
)

// Rival answers the queries of the set that it was opened with.
type Rival interface {
	// Modes are the ways in which it can be asked; the best of them counts.
	Modes() []string
	// Pass answers all queries once and returns how long each took.
	Pass(ctx context.Context, mode string, k int) ([]time.Duration, error)
	// Answers are the first k of each query, the best first.
	Answers(ctx context.Context, mode string, k int) ([][]Hit, error)
	Close() error
}

// Hit is a document, by its number in the flat set, with its score.
type Hit struct {
	Document int
	Score    float64
}

// Kind is a rival that is not opened yet.
type Kind struct {
	Name string
	// Most is the number of opportunities up to which it is measured.
	Most int
	// Slow ones are measured apart, with fewer queries.
	Slow bool
	// Warm is for how long it answers queries before it counts.
	Warm time.Duration
	// Precision is by what part of itself a score may differ from the exact sum:
	// what the rival's numbers round off.
	Precision float64
	// Order says that equal scores are put in the order of ids.
	Order bool
	// Note says what was measured.
	Note string
	// Open starts it in a folder of its own, with the set loaded. What takes long
	// may be kept in the folder; digest tells whether it still fits.
	Open func(ctx context.Context, folder, digest string, f *dataset.Flat) (Rival, error)
}

// Kinds are all rivals.
func Kinds() []Kind {
	return []Kind{
		{
			Name: "lucene", Most: 10_000_000, Warm: 6 * time.Second, Precision: 0x1p-22, Order: true, Open: openLucene,
			Note: "Lucene 8.7: weights as term frequencies, a linear similarity with tight bounds, one segment, MMapDirectory, sorted " +
				"top k, 6 s of warming; `pruned` by block-max WAND (hits are not counted), or `exhaustive` by its term-at-a-time " +
				"windows. Timed inside the JVM, by its thread's processor time. Its scores are float32.",
		},
		{
			Name: "bleve", Most: 100_000, Slow: true, Warm: time.Second, Order: false, Open: openBleve,
			Note: "bleve 2 (scorch): weights as term frequencies, its readers, its collector, and a searcher that adds up linearly " +
				"(its own can't). By the clock. Ties are in no order.",
		},
		{
			Name: "redis", Most: 100_000, Slow: true, Warm: time.Second, Order: true, Open: openRedis,
			Note: "Redis 7: a sorted set per tag, ZUNIONSTORE with WEIGHTS, then the best by ZREVRANGE, in one pipeline; by the clock, the way over a unix socket with it.",
		},
		{
			Name: "postgresql", Most: 100_000, Slow: true, Warm: time.Second, Order: true, Open: openPostgres,
			Note: "PostgreSQL 15: a table of postings with a covering index on tag, sum and sort in SQL, prepared, in memory, no parallel " +
				"workers; by the clock, the way over a unix socket with it.",
		},
	}
}

// timed answers the queries one by one.
func timed(queries int, answer func(query int) error) ([]time.Duration, error) {
	times := make([]time.Duration, queries)
	for q := range times {
		start := time.Now()
		if err := answer(q); err != nil {
			return nil, err
		}
		times[q] = time.Since(start)
	}
	return times, nil
}

// collected gathers the answers of all queries.
func collected(queries int, answer func(query int) ([]Hit, error)) ([][]Hit, error) {
	all := make([][]Hit, queries)
	for q := range all {
		hits, err := answer(q)
		if err != nil {
			return nil, err
		}
		all[q] = hits
	}
	return all, nil
}

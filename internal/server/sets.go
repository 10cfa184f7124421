package server

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/kindred-match/kindred/internal/sets"
	"github.com/kindred-match/kindred/store"
)

// newSets makes what answers out of candidate sets; nil where it shall not.
func newSets(c *Config, st store.Store) (*sets.Sets, error) {
	if c.CandidateSets == SetsOff {
		return nil, nil
	}
	return sets.New(sets.Options{
		Store:       st,
		Line:        c.NewID(), // the folder may be put back to an older state
		MemoryBytes: c.CandidateSetsBytes,
		Always:      c.CandidateSets == SetsAlways,
	})
}

// followSets shows what becomes of candidate sets.
func (m *metrics) followSets(s *sets.Sets) {
	if s == nil {
		return
	}
	counter := func(name, help, label, value string, read func() uint64) {
		m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: name, Help: help, ConstLabels: prometheus.Labels{label: value},
		}, func() float64 { return float64(read()) }))
	}
	c := &s.Counts
	for source, count := range map[string]func() uint64{
		"ranked": c.Ranked.Load, "cached": c.Cached.Load, "repaired": c.Repaired.Load,
	} {
		counter("kindred_rankings_total", "Rankings that were answered, by how they came about.", "source", source, count)
	}
	for why, count := range map[string]func() uint64{
		"absent": c.Absent.Load, "short": c.Short.Load, "unknown": c.Unknown.Load,
		"costly": c.Costly.Load, "garbage": c.Garbage.Load,
	} {
		counter("kindred_candidate_sets_missed_total",
			"Candidate sets that were of no use: there was none; it had too few candidates; "+
				"what changed since isn't known, or is too much; it couldn't be read.", "why", why, count)
	}
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "kindred_candidate_sets_bytes",
		Help: "About how much memory the candidate sets in process take.",
	}, func() float64 { return float64(s.Bytes()) }))
}

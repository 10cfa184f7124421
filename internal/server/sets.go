package server

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/kindred-match/kindred/internal/sets"
	"github.com/kindred-match/kindred/store"
	"github.com/kindred-match/kindred/store/candidates"
)

// newSets makes what answers out of candidate sets; nil where it shall not.
func newSets(c *Config, st store.Store, shared *candidates.Redis) (*sets.Sets, error) {
	if c.CandidateSets == SetsOff {
		return nil, nil
	}
	return sets.New(sets.Options{
		Store:       st,
		Redis:       shared,
		Line:        c.NewID(), // the folder may be put back to an older state
		MemoryBytes: c.CandidateSetsBytes,
		Always:      c.CandidateSets == SetsAlways,
		Now:         c.Clock.Now,
	})
}

// openRedis begins to reach for Redis, if there is to be one; it needn't be there.
func openRedis(c *Config) (*candidates.Redis, error) {
	if c.Redis == "" || c.CandidateSets == SetsOff {
		return nil, nil
	}
	trust, err := redisTLS(c)
	if err != nil {
		return nil, fmt.Errorf("%w: TLS to Redis: %w", ErrConfig, err)
	}
	r, err := candidates.OpenRedis(candidates.RedisOptions{
		URL: c.Redis, Budget: c.RedisBudget, Retry: c.RedisRetry, TLS: trust,
		Changed: func(working bool, why error) {
			if working {
				c.Log.Info("candidate sets are shared in Redis")
			} else {
				c.Log.Warn("Redis doesn't answer; rankings go on without it", zap.Error(why))
			}
		},
		Refused: func(why error) {
			c.Log.Warn("Redis doesn't take candidate sets; rankings go on without", zap.Error(why))
		},
	})
	if err != nil {
		return nil, fmt.Errorf("%w: redis: %w", ErrConfig, err)
	}
	return r, nil
}

// redisTLS is what a Redis with TLS is trusted by and knows us by.
func redisTLS(c *Config) (*tls.Config, error) {
	trust := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.RedisCA != "" {
		pem, err := os.ReadFile(c.RedisCA)
		if err != nil {
			return nil, err
		}
		trust.RootCAs = x509.NewCertPool()
		if !trust.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s has no PEM certificate", c.RedisCA)
		}
	}
	if c.RedisCert != "" {
		certificate, err := tls.LoadX509KeyPair(c.RedisCert, c.RedisKey)
		if err != nil {
			return nil, err
		}
		trust.Certificates = []tls.Certificate{certificate}
	}
	return trust, nil
}

// followRedis shows what becomes of candidate sets in Redis.
func (m *metrics) followRedis(r *candidates.Redis) {
	if r == nil {
		return
	}
	c := &r.Counts
	for what, count := range map[string]func() uint64{
		"found": c.Found.Load, "missed": c.Missed.Load, "failed": c.Failed.Load, "skipped": c.Skipped.Load, "crowded": c.Crowded.Load,
		"written": c.Written.Load, "refused": c.Refused.Load, "shed": c.Shed.Load,
		"erased": c.Erased.Load, "erasure_put_off": c.EraseLater.Load,
	} {
		m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "kindred_redis_operations_total", Help: "What became of reads, writes and erasures of candidate sets in Redis.",
			ConstLabels: prometheus.Labels{"outcome": what},
		}, func() float64 { return float64(count()) }))
	}
	m.registry.MustRegister(
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "kindred_redis_working", Help: "1 while Redis answers in time.",
		}, func() float64 {
			if r.Working() {
				return 1
			}
			return 0
		}),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "kindred_redis_trip_seconds", Help: "About how long a question to Redis takes.",
		}, func() float64 { return r.Trip().Seconds() }))
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
	for why, count := range map[string]func() uint64{
		"pays": c.RedisPays.Load, "costs": c.RedisCosts.Load, "down": c.RedisDown.Load,
	} {
		counter("kindred_redis_decisions_total",
			"Whether a trip to Redis was worth while, or would have cost more than it saves, or Redis was down.", "decision", why, count)
	}
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "kindred_candidate_sets_bytes",
		Help: "About how much memory the candidate sets in process take.",
	}, func() float64 { return float64(s.Bytes()) }))
}

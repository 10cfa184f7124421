package measure

import (
	"runtime"

	"github.com/kindred-match/kindred/matcher"
)

// Serve is what a measurement of a server found. The empty call is the health
// check, the emptiest that goes through the same interceptors. Ratios are
// answers a second against those of the empty call.
type Serve struct {
	Opportunities  int     `json:"opportunities,omitempty"` // of an invented district
	Students       int     `json:"students"`
	K              int     `json:"k"`
	CandidatesMean float64 `json:"candidates_mean"` // of an answer
	Concurrency    int     `json:"concurrency"`
	Connections    int     `json:"connections"`
	Rounds         int     `json:"rounds"`
	SliceSeconds   float64 `json:"slice_seconds"`

	// By the id of a student in the store.
	MatchPerSecond float64 `json:"match_per_second"`
	MatchP50US     float64 `json:"match_p50_us"`
	MatchP99US     float64 `json:"match_p99_us"`
	Ratio          float64 `json:"ratio"`

	// With a profile in line.
	ProfilePerSecond float64 `json:"match_profile_per_second"`
	ProfileP50US     float64 `json:"match_profile_p50_us"`
	ProfileP99US     float64 `json:"match_profile_p99_us"`
	ProfileRatio     float64 `json:"match_profile_ratio"`

	EmptyPerSecond float64 `json:"empty_per_second"`
	EmptyP50US     float64 `json:"empty_p50_us"`
	EmptyP99US     float64 `json:"empty_p99_us"`

	Version string `json:"version"` // of the server
	Epoch   uint64 `json:"epoch"`
	CPU     string `json:"cpu"`
	Cores   int    `json:"cores"`
	Kernel  string `json:"kernel"`
}

// Summarize puts in the loads, and what machine this is.
func (s *Serve) Summarize(match, profile, empty *Load) {
	s.MatchPerSecond, s.MatchP50US, s.MatchP99US = match.PerSecond, match.P50US, match.P99US
	s.ProfilePerSecond, s.ProfileP50US, s.ProfileP99US = profile.PerSecond, profile.P50US, profile.P99US
	s.EmptyPerSecond, s.EmptyP50US, s.EmptyP99US = empty.PerSecond, empty.P50US, empty.P99US
	s.Ratio, s.ProfileRatio = match.RatioTo(empty), profile.RatioTo(empty)
	s.CPU, s.Cores, s.Kernel = cpu(), runtime.GOMAXPROCS(0), matcher.Kernel()
}

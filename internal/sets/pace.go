package sets

import (
	"math"
	"sync/atomic"
	"time"

	"github.com/kindred-match/kindred/matcher"
)

// pace is how many times as long as they are forecast rankings by a measure take
// here, learned from those that were timed. Forecasts can't know the machine, nor
// how well the bounds of a catalogue rule out most of it.
type pace struct {
	cosine, dot, overlap atomic.Uint64 // bits of a float64, 0 before the first
}

// The farthest that one ranking may be from its forecast, either way: it may have
// been held up.
const farthest = 32

// took learns how long a ranking took.
func (p *pace) took(m matcher.Measure, forecast float64, took time.Duration) {
	const memory = 16 // rankings, about
	ratio := min(max(float64(took)/forecast, 1./farthest), farthest)
	at := p.at(m)
	if before := math.Float64frombits(at.Load()); before > 0 {
		ratio = before * math.Pow(ratio/before, 1./memory) // a few that were held up count little
	}
	at.Store(math.Float64bits(ratio))
}

// expected is how long a ranking with that forecast is thought to take.
func (p *pace) expected(m matcher.Measure, forecast float64) time.Duration {
	ratio := math.Float64frombits(p.at(m).Load())
	if ratio == 0 {
		ratio = 1
	}
	return time.Duration(forecast * ratio)
}

func (p *pace) at(m matcher.Measure) *atomic.Uint64 {
	switch m {
	case matcher.Dot:
		return &p.dot
	case matcher.Overlap:
		return &p.overlap
	default:
		return &p.cosine
	}
}

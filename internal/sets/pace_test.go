package sets

import (
	"testing"
	"time"

	"github.com/kindred-match/kindred/matcher"
)

func TestForecastsAreCorrectedByWhatRankingsTook(t *testing.T) {
	const forecast = 10_000 // nanoseconds
	var p pace
	if got := p.expected(matcher.Dot, forecast); got != 10*time.Microsecond {
		t.Errorf("before any ranking %v are expected", got)
	}
	p.took(matcher.Dot, forecast, 30*time.Microsecond)
	within := func(least, most time.Duration) {
		t.Helper()
		if got := p.expected(matcher.Dot, forecast); got < least || got > most {
			t.Errorf("%v are expected, want %v to %v", got, least, most)
		}
	}
	within(29*time.Microsecond, 31*time.Microsecond)
	p.took(matcher.Dot, forecast, time.Hour) // it was held up
	within(29*time.Microsecond, 40*time.Microsecond)
	for range 100 {
		p.took(matcher.Dot, forecast, 5*time.Microsecond)
	}
	within(4*time.Microsecond, 6*time.Microsecond)
	p.took(matcher.Dot, forecast, 0) // the clock was put back
	within(3*time.Microsecond, 6*time.Microsecond)
	if got := p.expected(matcher.Overlap, forecast); got != 10*time.Microsecond {
		t.Errorf("of another measure %v are expected", got)
	}
}

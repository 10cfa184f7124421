package matcher_test

import (
	"errors"
	"math"
	"testing"

	"github.com/kindred-match/kindred/matcher"
)

func TestWeightOf(t *testing.T) {
	for _, c := range []struct {
		x    float64
		want matcher.Weight // 0: an error
	}{
		{1, 10000},
		{0.5, 5000},
		{0.12345, 1235}, // 1234.5, half away from zero
		{0.0001, 1},
		{0.00005, 1},
		{0.00004999, 0},
		{0.99995, 10000},
		{0.99994, 9999},
		{0, 0},
		{-0.5, 0},
		{1.0000001, 0},
		{math.NaN(), 0},
		{math.Inf(1), 0},
		{math.Inf(-1), 0},
		{math.SmallestNonzeroFloat64, 0},
	} {
		got, err := matcher.WeightOf(c.x)
		if got != c.want || (c.want == 0) != errors.Is(err, matcher.ErrWeight) {
			t.Errorf("WeightOf(%v) = %d, %v, want %d", c.x, got, err, c.want)
		}
	}
	for w := matcher.Weight(1); w <= matcher.One; w++ {
		if got, err := matcher.WeightOf(matcher.Float(w)); got != w || err != nil {
			t.Fatalf("%d comes back as %d, %v", w, got, err)
		}
	}
}

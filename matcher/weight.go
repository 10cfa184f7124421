package matcher

import (
	"errors"
	"math"
)

// Weight is a number in (0, 1] in ten-thousandths: 1 to 10,000. As a result
// of passing up the hierarchy it may also be 0, which stands for "no tag".
type Weight = uint16

// One is the weight 1.
const One Weight = 10000

// MaxOwnTags is how many tags of its own a student or an opportunity may have,
// one that is named twice counted once.
const MaxOwnTags = 64

// ErrWeight says what a weight must be.
var ErrWeight = errors.New("must be a decimal in (0, 1] with a resolution of 0.0001")

// WeightOf returns W(x) = round(10000 x), half away from zero.
// It returns ErrWeight when x is outside (0, 1], not finite, or rounds to 0.
func WeightOf(x float64) (Weight, error) {
	if !(x > 0 && x <= 1) {
		return 0, ErrWeight
	}
	w := Weight(math.Round(10000 * x))
	if w == 0 {
		return 0, ErrWeight
	}
	return w, nil
}

// Float returns the decimal that the weight stands for.
func Float(w Weight) float64 { return float64(w) / 10000 }

// Weighted is a tag, by id or synonym, with a weight of 1 to 10,000.
type Weighted struct {
	Tag    string
	Weight Weight
}

package oracle

import (
	"math"
	"math/big"
	"slices"
	"strings"

	"github.com/kindred-match/kindred/matcher"
)

// The arithmetic of a score. Conversions to float64 around single operations
// keep the compiler from fusing them.

const fullImpact = 32767

// importance is G without idf: round(1000 g).
func importance(g float64) int64 { return int64(math.Round(1000 * g)) }

// importanceIDF is G with idf: round(1000 g ln), where ln is ln(1 + N/df).
func importanceIDF(g, ln float64) int64 { return int64(math.Round(float64(1000*g) * ln)) }

// impacts gives I by tag: round(32767 b O / norm). Overlap has none.
func impacts(measure string, boost float64, weights map[string]int64) map[string]int64 {
	var norm float64
	switch measure {
	case "cosine":
		squares := new(big.Int)
		for _, w := range weights {
			squares.Add(squares, product(w, w))
		}
		norm = root(squares)
	case "dot":
		norm = 10000
	default:
		return nil
	}
	result := make(map[string]int64, len(weights))
	for tag, w := range weights {
		boosted := float64(fullImpact * boost)
		result[tag] = int64(math.Round(float64(boosted*float64(w)) / norm))
	}
	return result
}

// interest is a tag of a profile: P and G.
type interest struct {
	tag                string
	weight, importance int64
}

// profile lists a student's tags after passing up, by tag id.
func (d *District) profile(s *matcher.Student) []interest {
	var result []interest
	for tag, w := range d.passedUp(s.Interests) {
		result = append(result, interest{tag, w, d.Importance(tag)})
	}
	slices.SortFunc(result, func(a, b interest) int { return strings.Compare(a.tag, b.tag) })
	return result
}

// units is S: the sum of the parts of all tags that the two share.
func (d *District) units(profile []interest, p *posting) *big.Int {
	sum := new(big.Int)
	for _, i := range profile {
		if other, shared := p.weights[i.tag]; shared {
			sum.Add(sum, d.part(i, other, p))
		}
	}
	return sum
}

// part is what a tag that the opportunity has with the weight other adds to S.
func (d *District) part(i interest, other int64, p *posting) *big.Int {
	if d.settings.Measure == "overlap" {
		boost := int64(math.Round(1000 * p.row.Boost))
		return product(boost, i.importance, min(i.weight, other))
	}
	return product(i.weight, i.importance, p.impacts[i.tag])
}

// scale is what S is divided by to be shown.
func (d *District) scale(profile []interest) float64 {
	sum, squares := new(big.Int), new(big.Int)
	for _, i := range profile {
		weighted := product(i.weight, i.importance)
		sum.Add(sum, weighted)
		squares.Add(squares, new(big.Int).Mul(weighted, weighted))
	}
	switch d.settings.Measure {
	case "cosine":
		return fullImpact * root(squares)
	case "dot":
		return fullImpact * nearest(sum)
	default:
		return 1000 * nearest(sum)
	}
}

// shown is the score of units above 0.
func (d *District) shown(units *big.Int, scale float64) float64 { return nearest(units) / scale }

func product(factors ...int64) *big.Int {
	result, factor := big.NewInt(1), new(big.Int)
	for _, f := range factors {
		result.Mul(result, factor.SetInt64(f))
	}
	return result
}

// nearest is the float64 nearest to n.
func nearest(n *big.Int) float64 {
	f, _ := n.Float64()
	return f
}

// root is the square root of the float64 nearest to n.
func root(n *big.Int) float64 { return math.Sqrt(nearest(n)) }

// logBits is the precision of Ln before its one rounding: far more than any
// float64 needs to be on the right side of a half.
const logBits = 320

// Ln is the natural logarithm of a finite x > 0, correctly rounded.
func Ln(x float64) float64 {
	mantissa, exponent := math.Frexp(x) // x = mantissa 2^exponent, mantissa in [0.5, 1)
	m := number(mantissa)
	// ln m = 2 atanh((m-1) / (m+1)), and ln 2 = 2 atanh(1/3).
	ratio := number(0).Quo(number(0).Sub(m, number(1)), number(0).Add(m, number(1)))
	third := number(0).Quo(number(1), number(3))
	sum := number(0).Mul(number(float64(exponent)), atanh(third))
	sum.Add(sum, atanh(ratio))
	result, _ := sum.Mul(sum, number(2)).Float64()
	return result
}

// atanh is x + x^3/3 + x^5/5 + ..., for |x| <= 1/3.
func atanh(x *big.Float) *big.Float {
	sum := number(0)
	square := number(0).Mul(x, x)
	power := number(0).Set(x)
	for n := 1.0; power.Sign() != 0 && power.MantExp(nil) > -logBits; n += 2 {
		sum.Add(sum, number(0).Quo(power, number(n)))
		power.Mul(power, square)
	}
	return sum
}

func number(x float64) *big.Float { return new(big.Float).SetPrec(logBits).SetFloat64(x) }

package matcher

import "math"

// double is an unevaluated sum hi + lo of two float64 with |lo| at most half
// an ulp of hi: about 106 bits (T. J. Dekker, 1971).
type double struct{ hi, lo float64 }

// The explicit conversions keep a compiler from fusing operations, so that
// every machine gets the same bits; math.FMA is exact everywhere.

func twoSum(a, b float64) double {
	s := float64(a + b)
	t := float64(s - a)
	return double{s, float64(float64(a-float64(s-t)) + float64(b-t))}
}

func (x double) add(y double) double {
	s := twoSum(x.hi, y.hi)
	return twoSum(s.hi, float64(s.lo+float64(x.lo+y.lo)))
}

func (x double) mul(y double) double {
	p := float64(x.hi * y.hi)
	e := math.FMA(x.hi, y.hi, -p)
	return twoSum(p, float64(e+float64(float64(x.hi*y.lo)+float64(x.lo*y.hi))))
}

func (x double) div(y double) double {
	q := float64(x.hi / y.hi)
	r := x.add(y.mul(double{-q, 0}))
	return twoSum(q, float64(r.hi/y.hi))
}

// ln2 is the natural logarithm of 2 to 106 bits.
var ln2 = double{0x1.62e42fefa39efp-1, 0x1.abc9e3b39803fp-56}

// logarithm is ln x for a finite x >= 1, correctly rounded but for a chance of
// about 2^-40 per call, and the same on every machine; math.Log is neither.
// It sums the series of 2 artanh((m-1)/(m+1)) for x = m 2^e.
func logarithm(x float64) float64 {
	m, e := math.Frexp(x)
	if m < math.Sqrt2/2 {
		m, e = 2*m, e-1
	}
	s := twoSum(m, -1).div(twoSum(m, 1))
	square := s.mul(s)
	sum, power := double{}, s
	for n := 1; n < 50 && power.hi != 0; n += 2 {
		sum = sum.add(power.div(double{float64(n), 0}))
		power = power.mul(square)
	}
	sum = sum.add(sum)
	return sum.add(ln2.mul(double{float64(e), 0})).hi
}

package matcher

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// bigLogarithm sums 2 artanh((x-1)/(x+1)) at 300 bits, after taking powers of
// two out of x.
func bigLogarithm(x float64) float64 {
	const precision = 300
	number := func(f float64) *big.Float { return new(big.Float).SetPrec(precision).SetFloat64(f) }
	series := func(y *big.Float) *big.Float {
		s := new(big.Float).Quo(new(big.Float).Sub(y, number(1)), new(big.Float).Add(y, number(1)))
		square, power, sum := new(big.Float).Mul(s, s), new(big.Float).Set(s), number(0)
		for n := 1; n < 400; n += 2 {
			sum.Add(sum, new(big.Float).Quo(power, number(float64(n))))
			power.Mul(power, square)
		}
		return sum.Mul(sum, number(2))
	}
	m, e := math.Frexp(x)
	sum := series(number(m))
	sum.Add(sum, new(big.Float).Mul(series(number(2)), number(float64(e))))
	f, _ := sum.Float64()
	return f
}

func TestLogarithmIsCorrectlyRounded(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range 500 {
		x := 1 + float64(1+rng.IntN(10_000_000))/float64(1+rng.IntN(100_000))
		if i < 3 {
			x = []float64{1, 2, 1 + 1e-7}[i]
		}
		if got, want := logarithm(x), bigLogarithm(x); got != want {
			t.Fatalf("logarithm(%v) = %v, want %v", x, got, want)
		}
	}
}

// Half an ulp of a float64 at 2^64 is 2^11: what is a little above it rounds up.
func TestSumOfSquaresKeepsWhatIsCutOff(t *testing.T) {
	u := uint128{hi: 1 << 20, lo: 0}
	half := uint128{hi: 1 << 20, lo: 1 << 31} // ulp at 2^84 is 2^32
	above := uint128{hi: 1 << 20, lo: 1<<31 + 1}
	if half.float() != u.float() {
		t.Errorf("a tie went up from an even number")
	}
	if above.float() <= u.float() {
		t.Errorf("what is above half an ulp was rounded down")
	}
}

func TestSumOfSquaresRoundsToNearest(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		var u uint128
		exact := new(big.Int)
		for range 1 + rng.IntN(40) {
			x := rng.Uint64() >> rng.IntN(40)
			x >>= 3 // 40 squares stay below 2^128
			u.addSquare(x)
			b := new(big.Int).SetUint64(x)
			exact.Add(exact, b.Mul(b, b))
		}
		want, _ := new(big.Float).SetInt(exact).Float64()
		if got := u.float(); got != want {
			t.Fatalf("%v as float64 = %v, want %v", exact, got, want)
		}
	}
}

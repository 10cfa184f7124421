package matcher

import (
	"math/big"
	"math/rand/v2"
	"testing"
)

func TestStepsRoundUp(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range 100_000 {
		units := 1 + rng.Int64N(1<<(1+rng.IntN(56)))
		most := rng.Int64N(2*units + 1)
		switch i % 4 {
		case 0: // an exact quotient, or one beside it
			n := rng.Int64N(240)
			units -= units % finest
			units = max(units, finest)
			most = max(0, units/finest*n+rng.Int64N(3)-1)
		case 1:
			most = units
		default:
		}
		got := steps(most, units)
		product := new(big.Int).Mul(big.NewInt(most), big.NewInt(finest))
		quotient, rest := new(big.Int).QuoRem(product, big.NewInt(units), new(big.Int))
		want := quotient.Int64()
		if rest.Sign() > 0 {
			want++
		}
		if want = min(want, 255); int64(got) != want {
			t.Fatalf("steps(%d, %d) = %d, want %d", most, units, got, want)
		}
	}
}

func TestLevelsBoundWeights(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, distinct := range []int{1, 2, 15, 16, 300, 60_000} {
		s := &segment{packing: wide}
		for range 5000 {
			s.records = append(s.records, 0, 0, uint16(1+rng.IntN(distinct)*(65534/distinct)))
		}
		level := s.quantize()
		for i := int(wide) - 1; i < len(s.records); i += int(wide) {
			w := s.records[i]
			if l := level.of(w); l < 1 || l > 15 || float64(w) > s.upper[l] {
				t.Fatalf("%d distinct weights: weight %d has level %d, which goes up to %v", distinct, w, l, s.upper[l])
			}
		}
		for l := 1; l < 15; l++ {
			if s.upper[l+1] != 0 && s.upper[l] > s.upper[l+1] {
				t.Errorf("%d distinct weights: level %d goes up to %v, the next to %v", distinct, l, s.upper[l], s.upper[l+1])
			}
		}
	}
}

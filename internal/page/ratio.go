package page

import "math"

// Interval holds an estimate with 95 % confidence.
type Interval struct {
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// z is how many standard deviations either side hold 95 %.
const z = 1.959963984540054

// wilson is the interval of a share of x in n, n > 0 (Wilson 1927).
func wilson(x, n int64) Interval {
	share, size := float64(x)/float64(n), float64(n)
	scale := 1 + z*z/size
	centre := (share + z*z/(2*size)) / scale
	half := z / scale * math.Sqrt(share*(1-share)/size+z*z/(4*size*size))
	return Interval{max(0, centre-half), min(1, centre+half)}
}

// Ratio compares a group's share with the largest share of a group of the same
// name.
type Ratio struct {
	Value float64 `json:"value"`
	// Interval is of the ratio, by logarithms (Katz and others 1978).
	Interval Interval `json:"interval"`
	// Below says that the ratio is under four fifths: a screen, not a verdict.
	// Clearly, that its interval is too.
	Below   bool `json:"below"`
	Clearly bool `json:"clearly"`
}

// fourFifths is the ratio under which a selection is looked at (29 CFR 1607.4).
const fourFifths = 0.8

// ratioOf compares the share of x in n with that of best in size, all above 0
// but x.
func ratioOf(x, n, best, size int64) Ratio {
	value := float64(x) / float64(n) / (float64(best) / float64(size))
	a, b, c, d := float64(x), float64(n), float64(best), float64(size)
	if x == 0 { // a half more of each, so that there are logarithms (Walter 1975)
		a, b, c, d = a+0.5, b+0.5, c+0.5, d+0.5
	}
	spread := z * math.Sqrt(max(0, 1/a-1/b+1/c-1/d))
	middle := math.Log(a/b) - math.Log(c/d)
	in := Interval{math.Exp(middle - spread), math.Exp(middle + spread)}
	if x == 0 {
		in.Low = 0
	}
	return Ratio{value, in, value < fourFifths, in.High < fourFifths}
}

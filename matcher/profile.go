package matcher

import (
	"math"
	"math/bits"
	"slices"
)

// spreader passes weights up the hierarchy. It is scratch of one worker.
type spreader struct {
	vocabulary *Vocabulary
	decay      Weight
	// weight is by TagID and 0 but for the tags in touched.
	weight  []Weight
	touched []TagID
	// unlisted are the own tags that the vocabulary lacks, each once: roots
	// that nothing passes up to.
	unlisted []Weighted
}

func newSpreader(v *Vocabulary, decay Weight) *spreader {
	return &spreader{vocabulary: v, decay: decay, weight: make([]Weight, v.Len())}
}

// spread replaces what s holds by the weights of own and of what they pass up:
// from child to parent floor(w L / 10000), the largest counts.
func (s *spreader) spread(own []Weighted) {
	s.clear()
	for _, o := range own {
		if t, ok := s.vocabulary.ids[o.Tag]; ok {
			s.raise(t, o.Weight)
		} else {
			s.raiseUnlisted(o)
		}
	}
}

func (s *spreader) clear() {
	for _, t := range s.touched {
		s.weight[t] = 0
	}
	s.touched, s.unlisted = s.touched[:0], s.unlisted[:0]
}

// raise stops where a tag has the weight already: then so do its ancestors.
func (s *spreader) raise(t TagID, w Weight) {
	for w > s.weight[t] {
		if s.weight[t] == 0 {
			s.touched = append(s.touched, t)
		}
		s.weight[t] = w
		if t = s.vocabulary.parents[t]; t == noParent {
			return
		}
		w = Weight(uint32(w) * uint32(s.decay) / uint32(One))
	}
}

func (s *spreader) raiseUnlisted(o Weighted) {
	for i := range s.unlisted {
		if s.unlisted[i].Tag == o.Tag {
			s.unlisted[i].Weight = max(s.unlisted[i].Weight, o.Weight)
			return
		}
	}
	s.unlisted = append(s.unlisted, o)
}

// impacts turn weights after passing up into what the index keeps of them.
type impacts struct {
	overlap      bool
	factor, norm float64
}

// impacts are those of an opportunity whose weights s holds.
func (s *spreader) impacts(m Measure, boost float64) impacts {
	norm := 10000.0
	if m == Cosine {
		var squares uint64
		for _, t := range s.touched {
			squares += uint64(s.weight[t]) * uint64(s.weight[t])
		}
		norm = math.Sqrt(float64(squares))
	}
	return impacts{m == Overlap, float64(32767 * boost), norm}
}

// of may be 0: such a tag is dropped.
func (i impacts) of(w Weight) uint16 {
	if i.overlap {
		return w
	}
	return uint16(roundPositive(float64(i.factor*float64(w)) / i.norm))
}

// roundPositive is math.Round for x from 0 to 2^62.
func roundPositive(x float64) int64 {
	n := int64(x)
	if float64(x-float64(n)) >= 0.5 {
		n++
	}
	return n
}

// appendImpacts appends, for an opportunity whose weights s holds, the tags
// in ascending order and what the index keeps of them; zeros are dropped.
func (s *spreader) appendImpacts(tags []TagID, weights []uint16, m Measure, boost float64) ([]TagID, []uint16) {
	slices.Sort(s.touched)
	impacts := s.impacts(m, boost)
	for _, t := range s.touched {
		if w := impacts.of(s.weight[t]); w > 0 {
			tags, weights = append(tags, t), append(weights, w)
		}
	}
	return tags, weights
}

// boostFactor is what the overlap measure multiplies with: round(1000 b).
func boostFactor(boost float64) int64 { return int64(math.Round(1000 * boost)) }

// denominator is what units are divided by to give the score shown, for the
// profile that s holds.
func (s *spreader) denominator(m Measure, g []int64, unlistedG int64) float64 {
	var w whole
	for _, t := range s.touched {
		w.add(s.weight[t], g[t])
	}
	for _, u := range s.unlisted {
		w.add(u.Weight, unlistedG)
	}
	return w.of(m)
}

// whole adds up what the score shown is a share of.
type whole struct {
	sum     uint64 // of P G: at most 1,088 tags below 2^31
	squares uint128
}

func (w *whole) add(p Weight, g int64) {
	x := uint64(p) * uint64(g)
	w.sum += x
	w.squares.addSquare(x)
}

func (w *whole) of(m Measure) float64 {
	switch m {
	case Dot:
		return 32767 * float64(w.sum)
	case Overlap:
		return 1000 * float64(w.sum)
	default:
		return 32767 * math.Sqrt(w.squares.float())
	}
}

// uint128 is an unsigned integer of 128 bits.
type uint128 struct{ hi, lo uint64 }

func (u *uint128) addSquare(x uint64) {
	hi, lo := bits.Mul64(x, x)
	var carry uint64
	u.lo, carry = bits.Add64(u.lo, lo, 0)
	u.hi, _ = bits.Add64(u.hi, hi, carry)
}

// float is u as the nearest float64. Bits that are cut off are kept as a
// sticky lowest bit, so that the one rounding is right.
func (u uint128) float() float64 {
	if u.hi == 0 {
		return float64(u.lo)
	}
	shift := bits.Len64(u.hi)
	top := u.hi<<(64-shift) | u.lo>>shift
	if u.lo<<(64-shift) != 0 {
		top |= 1
	}
	return math.Ldexp(float64(top), shift)
}

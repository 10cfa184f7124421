package kernel

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func TestPickIsThePortableOne(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 1))
	portable := pickBy(collect)
	for _, l := range available() {
		t.Run(l.name, func(t *testing.T) {
			for _, columns := range []int{0, 1, 2, 14, 70} {
				for _, threshold := range []uint8{1, 127, 128, 200, 255} {
					for _, n := range []int{Window, 1, 127, 128, 1000} {
						pickBoth(t, rng, portable, l.pick, columns, threshold, n)
					}
				}
			}
		})
	}
}

type picker = func([]uint32, []uint8, *Sums, []Column, *Mask, uint8, uint32, int) int

func pickBoth(t *testing.T, rng *rand.Rand, one, other picker, columns int, threshold uint8, n int) {
	t.Helper()
	sums, list := sample(rng, columns)
	allowed := drawMask(rng, rng.Float64(), n)
	const first = 5 * Window
	pick := func(p picker, sums *Sums) ([]uint32, []uint8) {
		docs, picked := make([]uint32, Window+spare), make([]uint8, Window+spare)
		count := p(docs, picked, sums, list, allowed, threshold, first, n)
		return docs[:count], picked[:count]
	}
	want, got := sums, sums
	wantDocs, wantSums := pick(one, &want)
	gotDocs, gotSums := pick(other, &got)
	if !slices.Equal(gotDocs, wantDocs) || !slices.Equal(gotSums, wantSums) || !slices.Equal(got[:n], want[:n]) {
		t.Fatalf("%d columns, threshold %d, %d documents: others picked, or other sums", columns, threshold, n)
	}
}

// pickedBy has all that a kernel picks of documents in two windows.
func pickedBy(l *loops, sums *Sums, allowed *Mask, threshold uint8) *Picked {
	before := active
	active = *l
	defer func() { active = before }()
	p := new(Picked)
	p.Pick(sums, nil, allowed, threshold, Window, Window)
	p.Pick(sums, nil, allowed, threshold, 7*Window, 1000)
	return p
}

func TestPicked(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	sums, columns := sample(rng, 3)
	collect(&sums, columns, 1, 255, All, new(Mask))
	for _, l := range available() {
		t.Run(l.name, func(t *testing.T) {
			for _, share := range []float64{0, 0.001, 0.01, 0.1, 1} {
				allowed := drawMask(rng, share, 1000)
				p := pickedBy(&l, &sums, allowed, 20)
				for low := 1; low < 256; low += 1 + rng.IntN(9) {
					high := low - 1 + rng.IntN(257-low)
					least, between := 0, []uint32{1}
					for _, first := range []uint32{Window, 7 * Window} {
						for o := range uint32(1000) {
							sum := int(sums[o])
							if allowed[o/64]>>(o%64)&1 == 0 || sum < 20 {
								continue
							}
							if sum >= low {
								least++
							}
							if low <= sum && sum <= high {
								between = append(between, first+o)
							}
						}
					}
					got := make([]uint32, len(p.docs)+spare)
					n := 0
					if low <= high {
						n = l.selectPicked(got, p.docs, p.sums, uint8(low), uint8(high))
					}
					if l.countPicked(p.sums, uint8(low)) != least || !slices.Equal(got[:n], between[1:]) {
						t.Fatalf("share %v: another number from %d on, or others from %d to %d", share, low, low, high)
					}
				}
			}
		})
	}
}

func TestSelectAppends(t *testing.T) {
	var p Picked
	if got := p.Select([]uint32{7}, 1, 255); !slices.Equal(got, []uint32{7}) || p.Count(1) != 0 {
		t.Errorf("of nothing: %v", got)
	}
	sums := Sums{3: 10, 5: 20, 6: 30}
	p.Pick(&sums, nil, &Mask{0: 1<<3 | 1<<5 | 1<<6}, 10, Window, 100)
	if got := p.Select([]uint32{7}, 10, 20); !slices.Equal(got, []uint32{7, Window + 3, Window + 5}) {
		t.Errorf("%v", got)
	}
	if got := p.Select(nil, 20, 10); len(got) > 0 {
		t.Errorf("from 20 to 10: %v", got)
	}
	if p.Reset(); p.Count(1) != 0 {
		t.Error("something is left")
	}
}

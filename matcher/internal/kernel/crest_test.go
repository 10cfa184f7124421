package kernel

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"unsafe"
)

// sampleCrests draws n crests over so many windows, with steps up to most.
func sampleCrests(rng *rand.Rand, n, windows, most int) []Crest {
	crests := make([]Crest, n)
	for i := range crests {
		levels := make([]uint8, windows*CrestBytes)
		for j := range levels {
			if rng.IntN(2) == 0 {
				levels[j] = uint8(rng.Uint32())
			}
		}
		crests[i].Levels = &levels[0]
		for l := 1; l < 16; l++ {
			crests[i].Steps[l] = uint16(rng.IntN(most + 1))
		}
	}
	return crests
}

func sampleBounds(rng *rand.Rand, windows int) []uint16 {
	bounds := make([]uint16, windows*Sections)
	for i := range bounds {
		bounds[i] = uint16(rng.Uint32()) >> rng.IntN(16)
	}
	return bounds
}

func TestBoundIsThePortableOne(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 1))
	for _, l := range available() {
		t.Run(l.name, func(t *testing.T) {
			for _, n := range []int{0, 1, 2, 14, 70} {
				for _, windows := range []int{4, 8, 132} {
					for _, most := range []int{1, 300, 65535} {
						crests := sampleCrests(rng, n, windows, most)
						want, wantStart := sampleBounds(rng, windows), sampleBounds(rng, windows)
						got, gotStart := slices.Clone(want), slices.Clone(wantStart)
						bound(want, wantStart, crests)
						l.bound(got, gotStart, crests)
						if !slices.Equal(got, want) || !slices.Equal(gotStart, wantStart) {
							t.Fatalf("%d crests, %d windows, steps up to %d: other bounds, or other starts", n, windows, most)
						}
					}
				}
			}
		})
	}
}

func TestBoundAddsUp(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 2))
	const windows = 8
	crests := sampleCrests(rng, 9, windows, 9000)
	bounds, start := sampleBounds(rng, windows), sampleBounds(rng, windows)
	rest := slices.Clone(start)
	Bound(bounds, rest, crests)
	for i := range bounds {
		sum := int(start[i])
		for j := range crests {
			window := unsafe.Slice(crests[j].Levels, windows*CrestBytes)[i/Sections*CrestBytes:]
			sum += int(crests[j].Steps[CrestLevel(window, i%Sections)])
		}
		if want := min(sum, 65535); int(bounds[i]) != want {
			t.Fatalf("section %d: bound %d, want %d", i, bounds[i], want)
		}
		if rest[i] != 0 {
			t.Fatalf("section %d: the start is %d, want it cleared", i, rest[i])
		}
	}
}

func TestReachIsThePortableOne(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	for _, l := range available() {
		t.Run(l.name, func(t *testing.T) {
			for _, windows := range []int{1, 2, 5, 132} {
				for _, least := range []uint16{0, 1, 100, 32767, 32768, 65535} {
					bounds := sampleBounds(rng, windows)
					bounds[0] = least
					want, got := make([]uint16, windows), make([]uint16, windows)
					reach(bounds, least, want)
					l.reach(bounds, least, got)
					if !slices.Equal(got, want) || got[0]&1 == 0 {
						t.Fatalf("%d windows, at least %d: %b, want %b", windows, least, got, want)
					}
				}
			}
		})
	}
}

func TestPeakIsTheHighestBound(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 5))
	for _, l := range available() {
		t.Run(l.name, func(t *testing.T) {
			for range 200 {
				bounds := sampleBounds(rng, 1+rng.IntN(20))
				if got, want := l.peak(bounds), slices.Max(bounds); got != want {
					t.Fatalf("%d, want %d", got, want)
				}
			}
		})
	}
}

func TestStepsAreMoreThanTheWorth(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 6))
	for _, l := range available() {
		t.Run(l.name, func(t *testing.T) {
			for range 20_000 {
				worth := sampleWorth(rng)
				factor := 60_000 / (worth.Slope * 65535) * rng.Float64() * 4
				var want, got Steps
				steps(&want, &worth, factor)
				if l.steps(&got, &worth, factor); got != want {
					t.Fatalf("%v times %v: %v, want %v", worth, factor, got, want)
				}
				for i, upper := range worth.Upper {
					w := min(upper, worth.Limit)
					most := w * worth.Slope * factor
					if w == 0 && want[i] != 0 || w > 0 && most < 65535 && (float64(want[i]) <= most || float64(want[i]) > most+1.001) {
						t.Fatalf("%v is %d steps", most, want[i])
					}
				}
			}
		})
	}
}

func TestCrestLevels(t *testing.T) {
	var window [CrestBytes]uint8
	for s := range Sections {
		SetCrest(&window, s, 15)
		SetCrest(&window, s, uint8(s))
	}
	for s := range Sections {
		if got := CrestLevel(window[:], s); got != uint8(s) {
			t.Errorf("section %d: level %d, want %d", s, got, s)
		}
	}
}

func BenchmarkBound(b *testing.B) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, l := range available() {
		for _, windows := range []int{132, 248} {
			b.Run(fmt.Sprintf("%s/%d", l.name, windows), func(b *testing.B) {
				crests := sampleCrests(rng, 14, windows, 3000)
				bounds, start := sampleBounds(rng, windows), sampleBounds(rng, windows)
				for range b.N {
					l.bound(bounds, start, crests)
				}
			})
		}
	}
}

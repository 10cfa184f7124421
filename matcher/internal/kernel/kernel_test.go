package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// sample draws sums and columns; every so often a table of extremes.
func sample(rng *rand.Rand, n int) (Sums, []Column) {
	var sums Sums
	for i := range sums {
		if rng.IntN(4) == 0 {
			sums[i] = uint8(rng.IntN(256))
		}
	}
	columns := make([]Column, n)
	for i := range columns {
		columns[i].Levels = new(Levels)
		for o := range Window {
			if rng.IntN(2) == 0 {
				columns[i].Levels.Set(o, uint8(rng.IntN(16)))
			}
		}
		for l := 1; l < 16; l++ {
			columns[i].Table[l] = uint8(rng.IntN(256)) >> rng.IntN(7)
		}
	}
	return sums, columns
}

func TestCollectIsThePortableOne(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, l := range available() {
		t.Run(l.name, func(t *testing.T) {
			for _, n := range []int{0, 1, 2, 3, 14, 70} {
				for _, threshold := range []uint8{0, 1, 127, 128, 200, 255} {
					for _, keep := range []uint8{0, 255} {
						for _, sections := range []uint16{All, 0, 1, 1 << 15, uint16(rng.Uint32())} {
							sums, columns := sample(rng, n)
							want, got := sums, sums
							wantMask := Mask{3: 1, 63: 1}
							gotMask := wantMask
							wantWords := collect(&want, columns, threshold, keep, sections, &wantMask)
							gotWords := l.collect(&got, columns, threshold, keep, sections, &gotMask)
							if gotMask != wantMask || got != want || gotWords != wantWords || gotWords != gotMask.Words() {
								t.Fatalf("%d columns, threshold %d, keep %d, sections %b: another mask, other words, or other sums", n, threshold, keep, sections)
							}
						}
					}
				}
			}
		})
	}
}

func TestCollectAddsUp(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	sums, columns := sample(rng, 5)
	before := sums
	kept := before
	var mask Mask
	const threshold, sections = 100, 0b1010_1111_0000_0011
	Peek(&kept, columns, threshold, sections, &mask)
	Collect(&sums, columns, threshold, sections, &mask)
	for o := range Window {
		sum := int(before[o])
		if sections>>(o/Section)&1 == 0 {
			if mask[o/64]>>(o%64)&1 == 1 || sums[o] != before[o] || kept[o] != before[o] {
				t.Fatalf("document %d is in no section that is asked for, and in the mask, or its sum has changed", o)
			}
			continue
		}
		for i := range columns {
			sum += int(columns[i].Table[columns[i].Levels.Get(o)])
		}
		if got := mask[o/64]>>(o%64)&1 == 1; got != (sum >= threshold) {
			t.Fatalf("document %d with sum %d: in the mask %v", o, sum, got)
		}
		if sums[o] != 0 {
			t.Fatalf("document %d: the sum is %d, want it cleared", o, sums[o])
		}
		if got := int(kept[o]); got != min(sum, 255) {
			t.Fatalf("document %d: the sum kept is %d, want %d", o, got, min(sum, 255))
		}
	}
}

// sampleLists draws n lists, each with a table of its own: of the length, or
// of a random one up to 12 where that is 0.
func sampleLists(rng *rand.Rand, n, length int) (postings []Posting, tables []Table, lists []Ref) {
	tables = make([]Table, n)
	for i := range n {
		count := length
		if count == 0 {
			count = 1 + rng.IntN(12)
		}
		lists = append(lists, Ref{At: uint32(len(postings)), Count: uint16(count), Table: uint16(i)})
		for range count {
			postings = append(postings, Pack(rng.IntN(Window), uint8(1+rng.IntN(15))))
		}
		for l := 1; l < 16; l++ {
			tables[i][l] = uint8(rng.IntN(256)) >> rng.IntN(7)
		}
	}
	for range Overrun {
		postings = append(postings, Pack(rng.IntN(Window), 15))
	}
	return postings, tables, lists
}

func TestScatterIsThePortableOne(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 5))
	for _, l := range available() {
		t.Run(l.name, func(t *testing.T) {
			for _, n := range []int{0, 1, 2, 3, 70} {
				for _, length := range []int{0, 1, 2, 3, 4, 5, 7, 8, 9, 31, 32, 33, 95, Window} {
					for _, sections := range []uint16{All, 0, 1, 1 << 15, uint16(rng.Uint32())} {
						want, _ := sample(rng, 0)
						got := want
						postings, tables, lists := sampleLists(rng, n, length)
						scatter(&want, postings, tables, lists, sections)
						l.scatter(&got, postings, tables, lists, sections)
						if got != want {
							t.Fatalf("%d lists of length %d, sections %b: other sums", n, length, sections)
						}
					}
				}
			}
		})
	}
}

func TestScatterSaturates(t *testing.T) {
	for _, l := range available() {
		t.Run(l.name, func(t *testing.T) {
			var sums Sums
			postings := []Posting{Pack(0, 1), Pack(Window-1, 15), Pack(0, 1), Pack(Window-1, 15), Pack(7, 15), 31, 47, 63}
			postings = append(postings, make([]Posting, Overrun)...)
			for _, sections := range []uint16{All, 1 | 1<<15} {
				sums = Sums{}
				l.scatter(&sums, postings, []Table{{}, {1: 100, 15: 200}}, []Ref{{At: 0, Count: 5, Table: 1}}, sections)
				for offset, want := range map[int]uint8{0: 200, Window - 1: 255, 7: 200, 1: 0, 2: 0, 3: 0} {
					if sums[offset] != want {
						t.Errorf("document %d: %d, want %d", offset, sums[offset], want)
					}
				}
			}
		})
	}
}

// sampleWorth draws what a tag is worth in whole numbers, every so often next to
// nothing.
func sampleWorth(rng *rand.Rand) Worth {
	upper := new([16]float64)
	for i := 1; i < len(upper); i++ {
		if rng.IntN(8) > 0 {
			upper[i] = float64(rng.Int64N(1 << (1 + rng.IntN(16))))
		}
	}
	w := Worth{Upper: upper, Slope: float64(1 + rng.Int64N(1<<(1+rng.IntN(24)))), Limit: 65535}
	if rng.IntN(3) == 0 {
		w.Limit = float64(1 + rng.Int64N(65535))
	}
	return w
}

func TestRoundUp(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 6))
	for _, l := range available() {
		t.Run(l.name, func(t *testing.T) {
			unsure := 0
			for range 20_000 {
				worth := sampleWorth(rng)
				factor := 1 / float64(1+rng.Int64N(1<<rng.IntN(40)))
				var want, got Table
				sure := roundUp(&want, &worth, factor)
				if l.roundUp(&got, &worth, factor) != sure || sure && got != want {
					t.Fatalf("%v times %v: %v, want %v, sure: %v", worth, factor, got, want, sure)
				}
				for i, upper := range worth.Upper {
					value := worth.Slope * min(upper, worth.Limit) * factor
					if sure && float64(want[i]) != min(255, math.Ceil(value)) {
						t.Fatalf("%v is rounded up to %d", value, want[i])
					}
				}
				if !sure {
					unsure++
				}
			}
			if unsure == 0 || unsure == 20_000 {
				t.Errorf("%d times unsure of 20,000", unsure)
			}
		})
	}
}

func TestLevels(t *testing.T) {
	var l Levels
	for o := range Window {
		l.Set(o, uint8(o%16))
	}
	for o := range Window {
		if got := l.Get(o); got != uint8(o%16) {
			t.Fatalf("document %d: level %d, want %d", o, got, o%16)
		}
	}
}

func TestMask(t *testing.T) {
	var m Mask
	for _, i := range []int{0, 3, 64, 65, 127, 4095} {
		m[i/64] |= 1 << (i % 64)
	}
	for n, want := range map[int]int{10: 6, 6: 6, 5: 5, 3: 3, 1: 1, 0: 0} {
		kept := m
		if kept.Keep(n); kept.Count() != want {
			t.Errorf("%d bits kept, want %d", kept.Count(), want)
		}
		if n == 3 && (kept[0] != 9 || kept[1] != 1) {
			t.Errorf("the bits kept are not the first: %v", kept[:2])
		}
	}
}

func TestSetSections(t *testing.T) {
	m := Mask{0: 5, 63: 9}
	m.SetSections(0b1000_0000_0000_0101)
	for o := range Window {
		if want := o/Section == 0 || o/Section == 2 || o/Section == 15; m[o/64]>>(o%64)&1 == 1 != want {
			t.Fatalf("document %d is in the mask: %v", o, !want)
		}
	}
}

func TestChoice(t *testing.T) {
	if got := choose("portable").name; got != "portable" {
		t.Errorf("asked for portable, got %s", got)
	}
	if got, best := choose("").name, available()[0].name; got != best {
		t.Errorf("asked for nothing, got %s and not the best, %s", got, best)
	}
	if got := choose("no such loops").name; got != "portable" {
		t.Errorf("asked for what isn't there, got %s", got)
	}
}

func BenchmarkCollect(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 3))
	for _, l := range available() {
		for _, n := range []int{0, 1, 4, 8} {
			_, columns := sample(rng, n)
			b.Run(fmt.Sprintf("%s/%d", l.name, n), func(b *testing.B) {
				var sums Sums
				var mask Mask
				for range b.N {
					l.collect(&sums, columns, 255, 0, All, &mask)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/Window, "ns/document")
			})
		}
	}
}

func BenchmarkScatter(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 4))
	for _, l := range available() {
		for _, length := range []int{0, 20, 80} {
			b.Run(fmt.Sprintf("%s/%d", l.name, length), func(b *testing.B) {
				postings, tables, lists := sampleLists(rng, 1000, length)
				var sums Sums
				for range b.N {
					l.scatter(&sums, postings, tables, lists, All)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(postings)), "ns/posting")
			})
			b.Run(fmt.Sprintf("%s/%d/sections", l.name, length), func(b *testing.B) {
				postings, tables, lists := sampleLists(rng, 1000, length)
				var sums Sums
				for range b.N {
					l.scatter(&sums, postings, tables, lists, 0b11_1000)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(postings)), "ns/posting")
			})
		}
	}
}

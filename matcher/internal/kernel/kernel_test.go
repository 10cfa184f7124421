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
						sums, columns := sample(rng, n)
						want, got := sums, sums
						var wantMask, gotMask Mask
						wantWords := collect(&want, columns, threshold, keep, &wantMask)
						gotWords := l.collect(&got, columns, threshold, keep, &gotMask)
						if gotMask != wantMask || got != want || gotWords != wantWords {
							t.Fatalf("%d columns, threshold %d, keep %d: another mask, other words, or other sums", n, threshold, keep)
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
	const threshold = 100
	Peek(&kept, columns, threshold, &mask)
	Collect(&sums, columns, threshold, &mask)
	for o := range Window {
		sum := int(before[o])
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
		lists = append(lists, Ref{At: uint32(len(postings)), Count: uint16(count), Most: uint16(i) << 4})
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
				for _, length := range []int{0, 1, 2, 3, 4, 5, 7, 8, 9, 95, Window} {
					want, _ := sample(rng, 0)
					got := want
					postings, tables, lists := sampleLists(rng, n, length)
					scatter(&want, postings, tables, lists)
					l.scatter(&got, postings, tables, lists)
					if got != want {
						t.Fatalf("%d lists of length %d: other sums", n, length)
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
			l.scatter(&sums, postings, []Table{{}, {1: 100, 15: 200}}, []Ref{{At: 0, Count: 5, Most: 1 << 4}})
			for offset, want := range map[int]uint8{0: 200, Window - 1: 255, 7: 200, 1: 0, 2: 0, 3: 0} {
				if sums[offset] != want {
					t.Errorf("document %d: %d, want %d", offset, sums[offset], want)
				}
			}
		})
	}
}

func TestRoundUp(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 6))
	for _, l := range available() {
		t.Run(l.name, func(t *testing.T) {
			unsure := 0
			for range 20_000 {
				var values [16]float64
				for i := range values {
					switch rng.IntN(8) {
					case 0:
					case 1:
						values[i] = 1e18
					default:
						values[i] = float64(rng.Int64N(1 << (1 + rng.IntN(40))))
					}
				}
				factor := 1 / float64(1+rng.Int64N(1<<rng.IntN(40)))
				var want, got Table
				sure := roundUp(&want, &values, factor)
				if l.roundUp(&got, &values, factor) != sure || sure && got != want {
					t.Fatalf("%v times %v: %v, want %v, sure: %v", values, factor, got, want, sure)
				}
				for i, v := range values {
					if sure && float64(want[i]) != min(255, math.Ceil(v*factor)) {
						t.Fatalf("%v times %v is rounded up to %d", v, factor, want[i])
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
					l.collect(&sums, columns, 255, 0, &mask)
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
					l.scatter(&sums, postings, tables, lists)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(postings)), "ns/posting")
			})
		}
	}
}

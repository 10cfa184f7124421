package kernel

import "unsafe"

// minColumn of the loops with vectors: by time it could be lower still, but a
// column of few postings takes too much memory.
const minColumn = 96

// crested is lower than by time, too.
const crested = 16

// available lists the loops that the processor and the system have, the best
// first.
func available() (list []loops) {
	has := features()
	if has.avx512 {
		plain := withAVX512()
		if has.bytes {
			list = append(list, withBytes(plain))
			plain.name = "avx512f" // for tests: most processors here have both
		}
		list = append(list, plain)
	}
	if has.avx2 {
		list = append(list, withAVX2())
	}
	return append(list, portable)
}

func withAVX2() loops {
	return loops{
		name: "avx2", minColumn: minColumn, crested: crested, scatter: scatterWith(scatterSections), roundUp: roundUp, steps: steps,
		collect: collectWith(collectAVX2), bound: boundWith(boundAVX2), peak: peakWithAVX2, reach: reachWithAVX2,
		sieve: sieveAVX2, exclude: exclude, below: below, members: members, units: unitsInRegisters,
		pick: pickBy(collectWith(collectAVX2)), countPicked: countPickedWithAVX2, selectPicked: selectPicked,
		mostRanked: mostRanked, ranks: ranks,
	}
}

func withAVX512() loops {
	return loops{
		name: "avx512", minColumn: minColumn, crested: crested, scatter: scatterWith(scatterSections), roundUp: roundUpAVX512, steps: stepsAVX512,
		collect: collectWith(collectAVX512), bound: boundWith(boundAVX512), peak: peakWithAVX2, reach: reachWithAVX2,
		sieve: sieveAVX512, exclude: excludeWithAVX512, below: belowWithAVX512, members: members, units: unitsInRegisters,
		pick: pickBy(collectWith(collectAVX512)), countPicked: countPickedWithAVX512, selectPicked: selectPickedWithAVX512,
		mostRanked: 192, ranks: ranksWithAVX512,
	}
}

// withBytes has what packs bytes and words together, too.
func withBytes(l loops) loops {
	l.scatter, l.members, l.pick = scatterWith(scatterCompress), membersWithCompress, pickWithAVX512
	return l
}

// collectWith gives the assembly what it wants: a pointer and a number. So do
// the functions after it.
func collectWith(
	f func(sums *Sums, columns *Column, n int, threshold, keep uint8, sections uint16, mask *Mask) uint64,
) func(*Sums, []Column, uint8, uint8, uint16, *Mask) uint64 {
	return func(sums *Sums, columns []Column, threshold, keep uint8, sections uint16, mask *Mask) uint64 {
		return f(sums, unsafe.SliceData(columns), len(columns), threshold, keep, sections, mask)
	}
}

// scatterWith leaves whole windows to the loop that asks nothing of postings.
func scatterWith(
	f func(sums *Sums, postings *Posting, tables *Table, lists *Ref, n int, sections uint16),
) func(*Sums, []Posting, []Table, []Ref, uint16) {
	return func(sums *Sums, postings []Posting, tables []Table, lists []Ref, sections uint16) {
		if sections == All {
			scatterLists(sums, unsafe.SliceData(postings), unsafe.SliceData(tables), unsafe.SliceData(lists), len(lists))
		} else {
			f(sums, unsafe.SliceData(postings), unsafe.SliceData(tables), unsafe.SliceData(lists), len(lists), sections)
		}
	}
}

func membersWithCompress(dst []uint32, mask *Mask, first uint32) int {
	_ = dst[Window+spare-1]
	return membersCompress(&dst[0], mask, first)
}

func boundWith(
	f func(bounds, start *uint16, chunks int, crests *Crest, n int),
) func(bounds, start []uint16, crests []Crest) {
	return func(bounds, start []uint16, crests []Crest) {
		f(&bounds[0], &start[0], len(bounds)/(CrestWindows*Sections), unsafe.SliceData(crests), len(crests))
	}
}

func peakWithAVX2(bounds []uint16) uint16 { return peakAVX2(&bounds[0], len(bounds)/Sections) }

func reachWithAVX2(bounds []uint16, least uint16, reached []uint16) {
	reachAVX2(&bounds[0], &reached[0], len(reached), least)
}

//go:noescape
func prefetch(p unsafe.Pointer, lines int)

//go:noescape
func prefetchLists(postings *Posting, lists *Ref, n int)

//go:noescape
func prefetchColumn(l *Levels, sections uint16)

//go:noescape
func scatterLists(sums *Sums, postings *Posting, tables *Table, lists *Ref, n int)

//go:noescape
func scatterSections(sums *Sums, postings *Posting, tables *Table, lists *Ref, n int, sections uint16)

//go:noescape
func scatterCompress(sums *Sums, postings *Posting, tables *Table, lists *Ref, n int, sections uint16)

//go:noescape
func membersCompress(dst *uint32, mask *Mask, first uint32) int

//go:noescape
func prefetchAt(words, at, places *uint32, n int)

//go:noescape
func boundAVX2(bounds, start *uint16, chunks int, crests *Crest, n int)

//go:noescape
func boundAVX512(bounds, start *uint16, chunks int, crests *Crest, n int)

//go:noescape
func peakAVX2(bounds *uint16, windows int) uint16

//go:noescape
func stepsAVX512(steps *Steps, worth *Worth, factor float64)

//go:noescape
func reachAVX2(bounds, reached *uint16, windows int, least uint16)

//go:noescape
func roundUpAVX512(table *Table, worth *Worth, factor float64) bool

//go:noescape
func collectAVX2(sums *Sums, columns *Column, n int, threshold, keep uint8, sections uint16, mask *Mask) (words uint64)

//go:noescape
func collectAVX512(sums *Sums, columns *Column, n int, threshold, keep uint8, sections uint16, mask *Mask) (words uint64)

//go:noescape
func sieveAVX2(buckets *Buckets, passing *Passing, mask *Mask)

//go:noescape
func sieveAVX512(buckets *Buckets, passing *Passing, mask *Mask)

// cpuid and xgetbv are the instructions.
func cpuid(leaf, subleaf uint32) (eax, ebx, ecx, edx uint32)
func xgetbv() (eax, edx uint32)

// has is what processor and system have.
type has struct {
	avx2, avx512 bool
	bytes        bool // AVX-512 VBMI and VBMI2: bytes and words are moved one by one
}

// features asks the processor what it has and the system what it keeps.
func features() has {
	const (
		popcnt  = 1 << 23     // leaf 1, ecx
		osxsave = 1 << 27     // leaf 1, ecx
		avx     = 1 << 28     // leaf 1, ecx
		bmi1    = 1 << 3      // leaf 7, ebx
		hasAVX2 = 1 << 5      // leaf 7, ebx
		bmi2    = 1 << 8      // leaf 7, ebx
		avx512f = 1 << 16     // leaf 7, ebx
		avx512w = 1 << 30     // leaf 7, ebx: bytes and words
		bytes   = 1<<1 | 1<<6 // leaf 7, ecx
		first   = popcnt | osxsave | avx
		vectors = hasAVX2 | bmi1 | bmi2
		ymm     = 0x6  // xcr0
		zmm     = 0xe6 // xcr0
	)
	leaves, _, _, _ := cpuid(0, 0)
	_, _, ecx, _ := cpuid(1, 0)
	if leaves < 7 || ecx&first != first {
		return has{}
	}
	kept, _ := xgetbv()
	_, ebx, ecx, _ := cpuid(7, 0)
	var h has
	h.avx2 = kept&ymm == ymm && ebx&vectors == vectors
	h.avx512 = h.avx2 && kept&zmm == zmm && ebx&avx512f != 0 && ebx&avx512w != 0
	h.bytes = h.avx512 && ecx&bytes == bytes
	return h
}

package kernel

import "unsafe"

// minColumn of the loops with vectors: by time it could be lower still, but a
// column of few postings takes too much memory.
const minColumn = 96

// available lists the loops that the processor and the system have, the best
// first.
func available() []loops {
	list := []loops{portable}
	avx2, avx512 := features()
	if avx2 {
		list = append([]loops{{name: "avx2", minColumn: minColumn, scatter: scatterAssembly, roundUp: roundUp, collect: collectWith(collectAVX2), sieve: sieveAVX2, sift: siftBy(collectWith(collectAVX2)), exclude: exclude}}, list...)
	}
	if avx512 {
		list = append([]loops{{name: "avx512", minColumn: minColumn, scatter: scatterAssembly, roundUp: roundUpAVX512, collect: collectWith(collectAVX512), sieve: sieveAVX512, sift: siftWithAVX512, exclude: excludeWithAVX512}}, list...)
	}
	return list
}

// collectWith gives the assembly what it wants: a pointer and a number.
func collectWith(f func(sums *Sums, columns *Column, n int, threshold, keep uint8, mask *Mask) uint64) func(*Sums, []Column, uint8, uint8, *Mask) uint64 {
	return func(sums *Sums, columns []Column, threshold, keep uint8, mask *Mask) uint64 {
		return f(sums, unsafe.SliceData(columns), len(columns), threshold, keep, mask)
	}
}

func scatterAssembly(sums *Sums, postings []Posting, tables []Table, lists []Ref) {
	scatterLists(sums, unsafe.SliceData(postings), unsafe.SliceData(tables), unsafe.SliceData(lists), len(lists))
}

//go:noescape
func prefetch(p unsafe.Pointer, lines int)

//go:noescape
func prefetchLists(postings *Posting, lists *Ref, n int)

//go:noescape
func scatterLists(sums *Sums, postings *Posting, tables *Table, lists *Ref, n int)

//go:noescape
func roundUpAVX512(table *Table, values *[16]float64, factor float64) bool

//go:noescape
func collectAVX2(sums *Sums, columns *Column, n int, threshold, keep uint8, mask *Mask) (words uint64)

//go:noescape
func collectAVX512(sums *Sums, columns *Column, n int, threshold, keep uint8, mask *Mask) (words uint64)

//go:noescape
func sieveAVX2(buckets *Buckets, passing *Passing, mask *Mask)

//go:noescape
func sieveAVX512(buckets *Buckets, passing *Passing, mask *Mask)

// cpuid and xgetbv are the instructions.
func cpuid(leaf, subleaf uint32) (eax, ebx, ecx, edx uint32)
func xgetbv() (eax, edx uint32)

// features asks the processor what it has and the system what it keeps.
func features() (avx2, avx512 bool) {
	const (
		osxsave = 1 << 27 // leaf 1, ecx
		avx     = 1 << 28 // leaf 1, ecx
		hasAVX2 = 1 << 5  // leaf 7, ebx
		avx512f = 1 << 16 // leaf 7, ebx
		avx512w = 1 << 30 // leaf 7, ebx: bytes and words
		ymm     = 0x6     // xcr0
		zmm     = 0xe6    // xcr0
	)
	leaves, _, _, _ := cpuid(0, 0)
	_, _, ecx, _ := cpuid(1, 0)
	if leaves < 7 || ecx&osxsave == 0 || ecx&avx == 0 {
		return false, false
	}
	kept, _ := xgetbv()
	_, ebx, _, _ := cpuid(7, 0)
	avx2 = kept&ymm == ymm && ebx&hasAVX2 != 0
	avx512 = avx2 && kept&zmm == zmm && ebx&avx512f != 0 && ebx&avx512w != 0
	return avx2, avx512
}

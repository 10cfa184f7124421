package kernel

import "unsafe"

func pickWithAVX512(docs []uint32, picked []uint8, sums *Sums, columns []Column, allowed *Mask, threshold uint8, first uint32, n int) int {
	_, _ = docs[Window+spare-1], picked[Window+spare-1]
	return pickAVX512(&docs[0], &picked[0], sums, unsafe.SliceData(columns), len(columns), allowed, threshold, first, (n+Section-1)/Section)
}

func countPickedWithAVX512(sums []uint8, least uint8) int {
	return countPickedAVX512(unsafe.SliceData(sums), len(sums), least)
}

// countPickedWithAVX2 leaves what doesn't fill a register to the portable loop.
func countPickedWithAVX2(sums []uint8, least uint8) int {
	const register = 32
	full := len(sums) / register
	return countPickedAVX2(unsafe.SliceData(sums), full, least) + countPicked(sums[full*register:], least)
}

func selectPickedWithAVX512(dst, docs []uint32, sums []uint8, low, high uint8) int {
	if len(docs) == 0 {
		return 0
	}
	_, _ = dst[len(docs)+spare-1], docs[:len(docs)+spare]
	return selectPickedAVX512(&dst[0], &docs[0], &sums[0], len(docs), low, high)
}

//go:noescape
func pickAVX512(docs *uint32, picked *uint8, sums *Sums, columns *Column, n int, allowed *Mask, threshold uint8, first uint32, sections int) int

//go:noescape
func countPickedAVX512(sums *uint8, n int, least uint8) int

//go:noescape
func countPickedAVX2(sums *uint8, registers int, least uint8) int

//go:noescape
func selectPickedAVX512(dst, docs *uint32, sums *uint8, n int, low, high uint8) int

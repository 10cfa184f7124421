package kernel

func siftWithAVX512(sums *Sums, columns []Column, allowed *Mask, threshold uint8, mask *Mask) int {
	var first *Column
	if len(columns) > 0 {
		first = &columns[0]
	}
	return siftAVX512(sums, first, len(columns), allowed, threshold, mask)
}

//go:noescape
func siftAVX512(sums *Sums, columns *Column, n int, allowed *Mask, threshold uint8, mask *Mask) int

func belowWithAVX512(mask, above *Mask, places []uint32, lowest uint32) {
	if len(places) > 0 {
		belowAVX512(mask, above, &places[0], len(places)/64, lowest)
	}
}

//go:noescape
func belowAVX512(mask, above *Mask, places *uint32, words int, lowest uint32)

func excludeWithAVX512(mask *Mask, others []*Mask) {
	if len(others) > 0 {
		excludeAVX512(mask, &others[0], len(others))
	}
}

//go:noescape
func excludeAVX512(mask *Mask, others **Mask, n int)

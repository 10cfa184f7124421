package kernel

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

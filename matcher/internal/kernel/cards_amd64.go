package kernel

// unitsInRegisters leaves out what portable code checks.
func unitsInRegisters(dst []int64, words, at, docs []uint32, products []int64) {
	unitsScalar(&dst[0], &words[0], &at[0], &docs[0], len(docs), &products[0])
}

//go:noescape
func unitsScalar(dst *int64, words, at, docs *uint32, n int, products *int64)

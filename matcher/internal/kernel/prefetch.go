package kernel

import "unsafe"

// line is the size of a line of the cache.
const line = 64

// PrefetchPostings asks for postings to be on their way when they are needed.
func PrefetchPostings(p []Posting) {
	prefetch(unsafe.Pointer(unsafe.SliceData(p)), (2*len(p)+line-1)/line)
}

// PrefetchLevels asks for a column to be on its way when it is needed.
func PrefetchLevels(l *Levels) { prefetch(unsafe.Pointer(l), ColumnBytes/line) }

// Prefetch asks for what p points to to be on its way when it is needed, as far
// as one line goes.
func Prefetch[T any](p *T) { prefetch(unsafe.Pointer(p), 1) }

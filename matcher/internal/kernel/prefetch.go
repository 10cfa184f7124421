package kernel

import "unsafe"

// line is the size of a line of the cache.
const line = 64

// PrefetchLists asks for the postings that the lists refer to to be on their
// way when they are needed.
func PrefetchLists(postings []Posting, lists []Ref) {
	prefetchLists(unsafe.SliceData(postings), unsafe.SliceData(lists), len(lists))
}

// PrefetchColumn asks for a column to be on its way when it is needed.
func PrefetchColumn(l *Levels) { prefetch(unsafe.Pointer(l), ColumnBytes/line) }

// PrefetchAll asks for the lines of a short slice to be on their way when they
// are needed: those of its first and of its last bytes.
func PrefetchAll[T any](s []T) {
	if len(s) > 0 {
		prefetch(unsafe.Pointer(&s[0]), 1)
		prefetch(unsafe.Pointer(&s[len(s)-1]), 1)
	}
}

// Prefetch asks for what p points to to be on its way when it is needed, as far
// as one line goes.
func Prefetch[T any](p *T) { prefetch(unsafe.Pointer(p), 1) }

// PrefetchLines is Prefetch for some lines.
func PrefetchLines[T any](p *T, lines int) { prefetch(unsafe.Pointer(p), lines) }

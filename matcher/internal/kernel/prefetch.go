package kernel

import "unsafe"

// line is the size of a line of the cache.
const line = 64

// PrefetchLists asks for the postings that the lists refer to to be on their
// way when they are needed.
func PrefetchLists(postings []Posting, lists []Ref) {
	prefetchLists(unsafe.SliceData(postings), unsafe.SliceData(lists), len(lists))
}

// PrefetchColumn asks for sections of a column to be on their way when they are
// needed.
func PrefetchColumn(l *Levels, sections uint16) { prefetchColumn(l, sections) }

// PrefetchAll asks for a slice to be on its way when it is needed, up to some
// lines: where there are more, what reads on in order is foreseen.
func PrefetchAll[T any](s []T) {
	const most = 8
	bytes := len(s) * int(unsafe.Sizeof(*new(T)))
	prefetch(unsafe.Pointer(unsafe.SliceData(s)), min(most, (bytes+line-1)/line+1))
}

// Prefetch asks for what p points to to be on its way when it is needed.
func Prefetch[T any](p *T) {
	prefetch(unsafe.Pointer(p), 1)
	if size := unsafe.Sizeof(*p); size > 16 {
		prefetch(unsafe.Add(unsafe.Pointer(p), size-1), 1)
	}
}

// PrefetchAt asks for the two lines of words from at[place] on, for each place.
func PrefetchAt(words, at, places []uint32) {
	prefetchAt(unsafe.SliceData(words), unsafe.SliceData(at), unsafe.SliceData(places), len(places))
}

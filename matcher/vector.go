package matcher

import "slices"

// vectorPage is how many values change hands together: small enough to be
// copied with every change, large enough that the list of pages is too.
const vectorPage = 128

// vector is an array that shares with its predecessors the pages that are the
// same. The zero value is empty. It is immutable but for set, which is for a
// clone.
type vector[T any] struct{ pages []*[vectorPage]T }

// at is the value at i, or the zero value where none was set.
func (v *vector[T]) at(i uint32) T {
	if p := i / vectorPage; int(p) < len(v.pages) && v.pages[p] != nil {
		return v.pages[p][i%vectorPage]
	}
	var zero T
	return zero
}

// clone is a vector that may be set; its pages are still shared.
func (v *vector[T]) clone() vector[T] { return vector[T]{slices.Clone(v.pages)} }

// set copies the page that it changes.
func (v *vector[T]) set(i uint32, value T) {
	p := int(i / vectorPage)
	for p >= len(v.pages) {
		v.pages = append(v.pages, nil)
	}
	page := new([vectorPage]T)
	if v.pages[p] != nil {
		*page = *v.pages[p]
	}
	page[i%vectorPage] = value
	v.pages[p] = page
}

// vectorOf is a vector of the values.
func vectorOf[T any](values []T) vector[T] {
	var v vector[T]
	for chunk := range slices.Chunk(values, vectorPage) {
		page := new([vectorPage]T)
		copy(page[:], chunk)
		v.pages = append(v.pages, page)
	}
	return v
}

// differences yields the numbers of the pages in which two vectors may differ.
func (v *vector[T]) differences(w *vector[T]) func(yield func(page uint32) bool) {
	return func(yield func(page uint32) bool) {
		page := func(v *vector[T], p int) *[vectorPage]T {
			if p < len(v.pages) {
				return v.pages[p]
			}
			return nil
		}
		for p := range max(len(v.pages), len(w.pages)) {
			if page(v, p) != page(w, p) && !yield(uint32(p)) {
				return
			}
		}
	}
}

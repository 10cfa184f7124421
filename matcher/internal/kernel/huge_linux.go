package kernel

import (
	"syscall"
	"unsafe"
)

// collapse is MADV_COLLAPSE of Linux 6.1, which the frozen package syscall
// doesn't name.
const collapse = 25

// Huge asks the system to put a large slice that has been filled on huge pages,
// which spares most of the misses of the address translation. Nothing depends
// on its success: an older system refuses, and all is as it was.
func Huge[T any](s []T) {
	const page = 2 << 20
	size := uintptr(len(s)) * unsafe.Sizeof(*new(T))
	if size < 2*page {
		return
	}
	first := unsafe.Pointer(unsafe.SliceData(s))
	skip := -uintptr(first) & (page - 1)
	length := (size - skip) &^ (page - 1)
	whole := unsafe.Slice((*byte)(first), size)
	_ = syscall.Madvise(whole[skip:skip+length], collapse) // see above
}

package kernel

import (
	"syscall"
	"unsafe"
)

// Huge asks the system to keep a large slice on huge pages, which spares most
// of the misses of the address translation. It is advice: nothing depends on
// its success.
func Huge[T any](s []T) {
	const page = 2 << 20
	size := uintptr(len(s)) * unsafe.Sizeof(*new(T))
	if size < 2*page {
		return
	}
	start := uintptr(unsafe.Pointer(unsafe.SliceData(s)))
	skip := -start & (page - 1)
	length := (size - skip) &^ (page - 1)
	whole := unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(s))), size)
	_ = syscall.Madvise(whole[skip:skip+length], syscall.MADV_HUGEPAGE) // see above
}

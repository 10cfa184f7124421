//go:build !amd64

package kernel

import "unsafe"

func prefetch(unsafe.Pointer, int) {}

func prefetchLists(*Posting, *Ref, int) {}

func prefetchAt(_, _, _ *uint32, _ int) {}

func prefetchColumn(*Levels, uint16) {}

func available() []loops { return []loops{portable} }

//go:build !amd64

package kernel

import "unsafe"

func prefetch(unsafe.Pointer, int) {}

func available() []loops { return []loops{portable} }

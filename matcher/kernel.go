package matcher

import "github.com/kindred-match/kindred/matcher/internal/kernel"

// Kernel names the inner loops that rankings run with here: avx512, avx2 or
// portable. KINDRED_KERNEL, looked at when the program starts, asks for others.
func Kernel() string { return kernel.Name() }

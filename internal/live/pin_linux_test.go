package live_test

import "golang.org/x/sys/unix"

// pin keeps the calling thread on a core.
func pin(core int) error {
	var set unix.CPUSet
	set.Set(core)
	return unix.SchedSetaffinity(0, &set)
}

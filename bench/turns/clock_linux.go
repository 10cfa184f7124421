package turns

import (
	"time"

	"golang.org/x/sys/unix"
)

// threadTime is how long this thread has run.
func threadTime() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t); err != nil {
		return wallTime() // as where there is no such clock
	}
	return time.Duration(t.Nano())
}

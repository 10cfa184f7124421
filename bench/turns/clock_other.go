//go:build !linux

package turns

import "time"

// threadTime is how long the program has run, with all that the machine did
// beside it.
func threadTime() time.Duration { return wallTime() }

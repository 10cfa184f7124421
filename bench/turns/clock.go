package turns

import "time"

var began = time.Now()

func wallTime() time.Duration { return time.Since(began) }

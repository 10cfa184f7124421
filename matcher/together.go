package matcher

import (
	"runtime"
	"sync"
)

// together calls work(0) to work(n-1) at once, each on a core of its own if
// there is one, and returns when all are done.
func together(n int, work func(i int)) {
	if n == 1 {
		work(0)
		return
	}
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() { work(i) })
	}
	group.Wait()
}

// span is the i-th of so many parts of 0 to n: from its first to before its end.
func span(n, i, parts int) (first, end int) { return n * i / parts, n * (i + 1) / parts }

// workers is how many cores should share the work on n opportunities.
func workers(n int) int {
	const enough = 8192 // for one
	return max(1, min(runtime.GOMAXPROCS(0), n/enough))
}

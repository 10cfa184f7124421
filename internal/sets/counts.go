package sets

import "sync/atomic"

// Counts count answers by how they came about, and why sets were of no use.
type Counts struct {
	Ranked, Cached, Repaired atomic.Uint64

	Absent  atomic.Uint64 // there was none
	Short   atomic.Uint64 // it had too few members, or didn't fit
	Unknown atomic.Uint64 // it isn't known what changed since, or it is newer
	Costly  atomic.Uint64 // too much has changed since
	Garbage atomic.Uint64 // it couldn't be read

	RedisPays  atomic.Uint64 // Redis was used
	RedisCosts atomic.Uint64 // it wasn't: ranking takes less time
	RedisDown  atomic.Uint64 // it wasn't: it didn't work
}

func (c *Counts) answered(s Source) {
	switch s {
	case Ranked:
		c.Ranked.Add(1)
	case Cached:
		c.Cached.Add(1)
	case Repaired:
		c.Repaired.Add(1)
	}
}

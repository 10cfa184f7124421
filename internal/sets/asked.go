package sets

import (
	"encoding/binary"
	"sync/atomic"

	"github.com/kindred-match/kindred/store/candidates"
)

// asked remembers about which keys were asked for lately. It may forget.
//
// A key has a row of places, a line of the processor's cache, in which the latest
// comes first. With a place of its own alone, two who take turns there would never
// be known again, and one in seven of ten thousand has such another.
type asked [1 << 13][8]atomic.Uint64

// again reports whether a key was asked for before, and notes it.
func (m *asked) again(k candidates.Key) bool {
	// Both are digests: any bits of them are as good as random.
	at := binary.LittleEndian.Uint16(k.Field[:]) ^ binary.LittleEndian.Uint16(k.Student[:])
	mark := binary.LittleEndian.Uint64(k.Field[8:]) ^ binary.LittleEndian.Uint64(k.Student[8:])
	row := &m[int(at)%len(m)]
	before := mark
	for i := range row {
		if before = row[i].Swap(before); before == mark {
			return true
		}
	}
	return false
}

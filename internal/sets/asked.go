package sets

import (
	"encoding/binary"
	"sync/atomic"

	"github.com/kindred-match/kindred/store/candidates"
)

// asked remembers about which keys were asked for lately. It may forget.
type asked [1 << 16]atomic.Uint64

// again reports whether a key was asked for before, and notes it.
func (m *asked) again(k candidates.Key) bool {
	// Both are digests: any bits of them are as good as random.
	at := binary.LittleEndian.Uint16(k.Field[:]) ^ binary.LittleEndian.Uint16(k.Student[:])
	mark := binary.LittleEndian.Uint64(k.Field[8:]) ^ binary.LittleEndian.Uint64(k.Student[8:])
	return m[at].Swap(mark) == mark
}

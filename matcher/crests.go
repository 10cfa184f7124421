package matcher

import (
	"fmt"

	"github.com/kindred-match/kindred/matcher/internal/kernel"
)

// crests have, by section, the highest level that each tag has there, of the tags
// that are frequent enough for it.
type crests struct {
	windows int      // of a crest: a multiple of kernel.CrestWindows
	of      []uint32 // by tag: the number of its crest, from 1 on, or 0
	levels  []uint8  // crest after crest
}

// crest is the levels of a tag's crest, or nil if it has none.
func (c *crests) crest(t TagID) []uint8 {
	if int(t) >= len(c.of) || c.of[t] == 0 {
		return nil
	}
	end := int(c.of[t]) * c.windows * kernel.CrestBytes
	return c.levels[end-c.windows*kernel.CrestBytes : end]
}

// window is a window's part of the crest of a number.
func (c *crests) window(number uint32, w int) *[kernel.CrestBytes]uint8 {
	return (*[kernel.CrestBytes]uint8)(c.levels[((int(number)-1)*c.windows+w)*kernel.CrestBytes:])
}

// assertCrested panics unless no document of a section has a level above that of
// its tag's crest.
func (s *segment) assertCrested(level *levelTable) {
	for doc := range uint32(s.len()) {
		window, section := doc/kernel.Window*kernel.CrestBytes, int(doc%kernel.Window/kernel.Section)
		for packed := s.packed(doc); len(packed) > 0; packed = packed[s.packing:] {
			t, weight := s.packing.unpack(packed)
			if crest := s.crests.crest(t); crest != nil && level.of(weight) > kernel.CrestLevel(crest[window:], section) {
				panic(fmt.Sprintf("document %d, tag %d: the level is above the crest", doc, t))
			}
		}
	}
}

func (c *crests) bytes() int64 { return int64(4*len(c.of) + len(c.levels)) }

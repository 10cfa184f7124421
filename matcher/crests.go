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
	// squares is the crest of the largest sum of a document's squared weights, upTo
	// the largest sum of each of its levels. Typical is the mean over sections.
	squares []uint8
	upTo    [16]float64
	typical float64
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

// level fills squares by the largest sum of each section.
func (c *crests) level(sums []float64) {
	most := 0.0
	for _, sum := range sums {
		most = max(most, sum)
		c.typical += sum / float64(len(sums))
	}
	const highest = len(c.upTo) - 1
	for l := range highest {
		c.upTo[l] = most / float64(highest) * float64(l)
	}
	c.upTo[highest] = most
	c.squares = make([]uint8, c.windows*kernel.CrestBytes)
	for s, sum := range sums {
		l := uint8(0)
		for c.upTo[l] < sum {
			l++
		}
		window := (*[kernel.CrestBytes]uint8)(c.squares[s/kernel.Sections*kernel.CrestBytes:])
		kernel.SetCrest(window, s%kernel.Sections, l)
	}
}

// assertCrested panics unless no document of a section has a level above that of
// its tag's crest, nor squares above those of their crest.
func (s *segment) assertCrested(level *levelTable) {
	if s.crested == 0 {
		return
	}
	at := func(crest []uint8, doc uint32) uint8 {
		return kernel.CrestLevel(crest[doc/kernel.Window*kernel.CrestBytes:], int(doc%kernel.Window/kernel.Section))
	}
	for doc := range uint32(s.len()) {
		var sum float64
		for packed := s.packed(doc); len(packed) > 0; packed = packed[s.packing:] {
			t, weight := s.packing.unpack(packed)
			sum += float64(weight) * float64(weight)
			if crest := s.crests.crest(t); crest != nil && level.of(weight) > at(crest, doc) {
				panic(fmt.Sprintf("document %d, tag %d: the level is above the crest", doc, t))
			}
		}
		if sum > s.crests.upTo[at(s.crests.squares, doc)] {
			panic(fmt.Sprintf("document %d: the squares are above their crest", doc))
		}
	}
}

func (c *crests) bytes() int64 { return int64(4*len(c.of) + len(c.levels) + len(c.squares)) }

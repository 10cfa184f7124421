package matcher

import (
	"math/bits"
	"slices"

	"github.com/kindred-match/kindred/matcher/internal/kernel"
)

// overlay is what has happened to the documents of a segment since it was
// built, but for what they are scored of: that never changes under a document.
// It is by window, so that a change copies what its window has and no more. It
// is immutable but for set, which is for a clone.
type overlay struct {
	windows []*changed // nil where nothing is to be said
	patches int        // documents that are patched
}

// changed is the part of a window.
type changed struct {
	// dead are the documents that nobody is eligible for: gone, not published,
	// or without a seat left. They aren't even scored.
	dead    kernel.Mask
	patched kernel.Mask
	patches [kernel.Blocks][]*patch // by block of 64 documents, in their order
}

// patch is what a document is now.
type patch struct {
	opportunity *Opportunity // nil: gone
	partner     int32
}

// offered reports whether anybody could be eligible, partners and dates apart.
func (o *Opportunity) offered() bool { return o.Status == Published && o.Seats > 0 }

// newOverlay marks the documents of a segment that aren't offered.
func newOverlay(s *segment) overlay {
	v := overlay{windows: make([]*changed, s.windows())}
	for doc, o := range s.opportunities {
		if o.offered() {
			continue
		}
		w, block, bit := bitOf(uint32(doc))
		if v.windows[w] == nil {
			v.windows[w] = new(changed)
		}
		v.windows[w].dead[block] |= bit
	}
	return v
}

// bitOf is where the bit of a document stands.
func bitOf(doc uint32) (window, block int, bit uint64) {
	return int(doc / kernel.Window), int(doc % kernel.Window / 64), 1 << (doc % 64)
}

// patch is the document's, or nil where it is as in the segment.
func (v *overlay) patch(doc uint32) *patch {
	w, block, bit := bitOf(doc)
	c := v.windows[w]
	if c == nil || c.patched[block]&bit == 0 {
		return nil
	}
	return c.patches[block][bits.OnesCount64(c.patched[block]&(bit-1))]
}

// clear takes the dead documents of a window out of a mask.
func (v *overlay) clear(window int32, mask *kernel.Mask) {
	if c := v.windows[window]; c != nil {
		mask.Remove(&c.dead)
	}
}

func (v *overlay) clone() overlay { return overlay{slices.Clone(v.windows), v.patches} }

func (v *overlay) set(doc uint32, p *patch) {
	w, block, bit := bitOf(doc)
	c := new(changed)
	if v.windows[w] != nil {
		*c = *v.windows[w]
	}
	v.windows[w] = c
	at := bits.OnesCount64(c.patched[block] & (bit - 1))
	if c.patched[block]&bit == 0 {
		c.patched[block] |= bit
		c.patches[block] = slices.Insert(slices.Clip(c.patches[block]), at, p)
		v.patches++
	} else {
		c.patches[block] = slices.Clone(c.patches[block])
		c.patches[block][at] = p
	}
	c.dead[block] &^= bit
	if p.opportunity == nil || !p.opportunity.offered() {
		c.dead[block] |= bit
	}
}

// differences yields the documents whose patches differ from those of an
// overlay of the same segment that came before.
func (v *overlay) differences(before *overlay) func(yield func(doc uint32, p *patch) bool) {
	return func(yield func(uint32, *patch) bool) {
		for w, c := range v.windows {
			if c == nil || c == before.windows[w] {
				continue
			}
			for b, word := range c.patched {
				for i, p := range c.patches[b] {
					doc := uint32(w*kernel.Window + b*64 + bits.TrailingZeros64(word))
					word &= word - 1
					if before.patch(doc) != c.patches[b][i] && !yield(doc, p) {
						return
					}
				}
			}
		}
	}
}

package kernel

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// Picked are documents of one window after the other, each with its sum.
type Picked struct {
	docs []uint32
	sums []uint8
}

// spare is how much more room there has to be than documents: loops write and
// read so many at once.
const spare = 64

// Reset forgets what was picked.
func (p *Picked) Reset() { p.docs, p.sums = p.docs[:0], p.sums[:0] }

// Pick adds the columns to the sums, which stay, and picks the allowed documents
// whose sum is the threshold or more. The window's first document is given, and how
// many it has: what comes after these is not allowed, and its sums mean nothing.
func (p *Picked) Pick(sums *Sums, columns []Column, allowed *Mask, threshold uint8, first uint32, n int) {
	at := len(p.docs)
	docs, picked := slices.Grow(p.docs, Window+spare), slices.Grow(p.sums, Window+spare)
	n = active.pick(docs[at:cap(docs)], picked[at:cap(picked)], sums, columns, allowed, threshold, first, n)
	p.docs, p.sums = docs[:at+n], picked[:at+n]
}

// Count is how many have the least sum or more.
func (p *Picked) Count(least uint8) int { return active.countPicked(p.sums, least) }

// Select appends to dst the documents with sums from low to high.
func (p *Picked) Select(dst []uint32, low, high uint8) []uint32 {
	if low > high {
		return dst
	}
	dst = slices.Grow(dst, len(p.docs)+spare)
	n := active.selectPicked(dst[len(dst):cap(dst)], p.docs, p.sums, low, high)
	return dst[:len(dst)+n]
}

// pickBy makes a pick out of a collect.
func pickBy(
	collect func(*Sums, []Column, uint8, uint8, uint16, *Mask) uint64,
) func([]uint32, []uint8, *Sums, []Column, *Mask, uint8, uint32, int) int {
	return func(docs []uint32, picked []uint8, sums *Sums, columns []Column, allowed *Mask, threshold uint8, first uint32, n int) int {
		var mask Mask
		sections := uint16(1<<((n+Section-1)/Section) - 1)
		collect(sums, columns, threshold, 255, sections, &mask)
		for i, word := range allowed {
			mask[i] &= word
		}
		n = members(docs, &mask, first)
		for i, doc := range docs[:n] {
			picked[i] = sums[doc-first]
		}
		return n
	}
}

func countPicked(sums []uint8, least uint8) int {
	n := 0
	for ; len(sums) >= 8; sums = sums[8:] {
		n += bits.OnesCount64(atLeast(binary.LittleEndian.Uint64(sums), least))
	}
	for _, sum := range sums {
		if sum >= least {
			n++
		}
	}
	return n
}

// selectPicked has no branch that would be hard to foresee.
func selectPicked(dst, docs []uint32, sums []uint8, low, high uint8) int {
	n, most := 0, uint64(high-low)
	for i, doc := range docs {
		dst[n] = doc
		n += int((uint64(sums[i]-low) - most - 1) >> 63)
	}
	return n
}

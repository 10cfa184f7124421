// Package kernel holds the inner loops of ranking, the only home of assembly.
// Each loop has a portable twin, which is the reference; what runs is chosen
// once, at start, by the features of the processor.
package kernel

import (
	"math/bits"
	"os"
)

const (
	// Window is how many documents are scored together.
	Window = 4096
	// Blocks is how many words of 64 documents a window has.
	Blocks = Window / 64
	// Section is how many documents are bounded together.
	Section = 256
	// Sections is how many a window has.
	Sections = Window / Section
	// ColumnBytes is the size of a column of levels.
	ColumnBytes = Window / 2
)

// Sums are the accumulators of a window, one byte a document. Additions
// saturate: 255 stands for 255 or more.
type Sums [Window]uint8

// Mask has a bit for each document of a window.
type Mask [Blocks]uint64

// Count is the number of bits that are set.
func (m *Mask) Count() int {
	n := 0
	for _, word := range m {
		n += bits.OnesCount64(word)
	}
	return n
}

// Words has a bit for each word of the mask that is not 0.
func (m *Mask) Words() (words uint64) {
	for i, word := range m {
		if word != 0 {
			words |= 1 << i
		}
	}
	return words
}

// Remove clears the bits that are set in another mask.
func (m *Mask) Remove(other *Mask) {
	for i := range m {
		m[i] &^= other[i]
	}
}

// SetSections sets the bits of the sections, and clears the others.
func (m *Mask) SetSections(sections uint16) {
	const words = Blocks / Sections
	for s := range Sections {
		word := -uint64(sections >> s & 1)
		*(*[words]uint64)(m[s*words:]) = [words]uint64{word, word, word, word}
	}
}

// Keep clears all but the first n bits that are set.
func (m *Mask) Keep(n int) {
	for i := range m {
		for bits.OnesCount64(m[i]) > n {
			m[i] &^= 1 << (63 - bits.LeadingZeros64(m[i]))
		}
		n -= bits.OnesCount64(m[i])
	}
}

// Levels is a column: a level of 0 to 15 for each document of a window. Byte i
// of the 32 bytes of a block has document i of the block in its low half and
// document 32 + i in its high half.
type Levels [ColumnBytes]uint8

// Table has what each level contributes. Level 0 is a document without the
// tag, and contributes 0.
type Table [16]uint8

// Column is a tag's column with the table of a query.
type Column struct {
	Levels *Levels
	Table  Table
}

// Ref refers to what a tag has in a window: Count postings from one on, or the
// column of a number; with the number of the tag's table.
type Ref struct {
	At    uint32
	Count uint16
	Table uint16
}

// Overrun is how many postings after the last one of a list may be read: that
// many more than there are have to be in memory.
const Overrun = 31

// Posting is a document of a window and its level, packed as 16 bits: the
// document's offset in the high 12 bits, the level in the low 4.
type Posting = uint16

// Pack packs a posting of an offset below Window and a level of 1 to 15.
func Pack(offset int, level uint8) Posting { return Posting(offset)<<4 | Posting(level) }

// Set gives a document its level.
func (l *Levels) Set(offset int, level uint8) {
	at := offset/64*32 + offset%32
	shift := uint(offset%64/32) * 4
	l[at] = l[at]&^(15<<shift) | level<<shift
}

// Get is the level of a document.
func (l *Levels) Get(offset int) uint8 {
	return l[offset/64*32+offset%32] >> (uint(offset%64/32) * 4) & 15
}

// loops are the inner loops for one kind of processor.
type loops struct {
	name string
	// minColumn is from how many postings of a tag in a window on a column is
	// the faster way to add them up.
	minColumn int
	// crested is how many sections there may be for a posting of a tag, for its
	// crest to be the faster way to bound them.
	crested int
	scatter func(sums *Sums, postings []Posting, tables []Table, lists []Ref, sections uint16)
	roundUp func(table *Table, worth *Worth, factor float64) bool
	steps   func(steps *Steps, worth *Worth, factor float64)
	// collect leaves sums & keep.
	collect func(sums *Sums, columns []Column, threshold, keep uint8, sections uint16, mask *Mask) uint64
	bound   func(bounds, start []uint16, crests []Crest)
	peak    func(bounds []uint16) uint16
	reach   func(bounds []uint16, least uint16, reached []uint16)
	sieve   func(buckets *Buckets, passing *Passing, mask *Mask)
	// pick has room for all of a window and some to spare, as members has, and
	// selectPicked for all that were picked.
	pick func(docs []uint32, picked []uint8, sums *Sums, columns []Column, allowed *Mask, threshold uint8, first uint32, n int) int

	countPicked  func(sums []uint8, least uint8) int
	selectPicked func(dst, docs []uint32, sums []uint8, low, high uint8) int

	// mostRanked is up to how many keys the ranks are a fast way to sort.
	mostRanked int
	ranks      func(ranks []uint32, keys []uint64)

	units   func(dst []int64, words, at, docs []uint32, products []int64)
	exclude func(mask *Mask, others []*Mask)
	below   func(mask, above *Mask, places []uint32, lowest uint32)
	members func(dst []uint32, mask *Mask, first uint32) int
}

// active is chosen once and never changes.
var active = choose(os.Getenv("KINDRED_KERNEL"))

// choose picks the best loops that the processor has, or those that are asked
// for by name, if it has them.
func choose(name string) loops {
	for _, l := range available() {
		if name == "" || l.name == name {
			return l
		}
	}
	return portable
}

// Name says which loops run: avx512, avx2 or portable.
func Name() string { return active.name }

// MinColumn is from how many postings of a tag in a window on they should be
// kept as a column of levels.
func MinColumn() int { return active.minColumn }

// All are all sections of a window; a bit stands for each.
const All = 1<<Sections - 1

// Crested is how many sections there may be at most for each posting of a tag that
// is to have a crest.
func Crested() int { return active.crested }

// Scatter adds what the levels of the postings that the lists refer to
// contribute to their documents' sums, in the sections alone.
func Scatter(sums *Sums, postings []Posting, tables []Table, lists []Ref, sections uint16) {
	active.scatter(sums, postings, tables, lists, sections)
}

// Worth says what a tag is worth to a query: a weight w is worth slope times w, up
// to a weight of limit. Upper has the largest weight of each level, 0 of level 0.
type Worth struct {
	Upper        *[16]float64
	Slope, Limit float64
}

// RoundUp sets the table to what the levels' largest weights are worth, times the
// factor, rounded up, at most 255. It reports false where it can't be sure, since
// one is very near to an integer. What weights are worth has to be exact.
func RoundUp(table *Table, worth *Worth, factor float64) bool {
	return active.roundUp(table, worth, factor)
}

// Collect adds the columns to the sums, sets the bits of the documents whose
// sum is the threshold or more, and clears the sums for the next window: all of
// that in the sections alone, and no bit is set in the others. It returns which
// words of the mask are not 0.
func Collect(sums *Sums, columns []Column, threshold uint8, sections uint16, mask *Mask) uint64 {
	return active.collect(sums, columns, threshold, 0, sections, mask)
}

// Peek is Collect, but leaves the sums with the columns added.
func Peek(sums *Sums, columns []Column, threshold uint8, sections uint16, mask *Mask) uint64 {
	return active.collect(sums, columns, threshold, 255, sections, mask)
}

package matcher

import (
	"fmt"
	"slices"

	"github.com/kindred-match/kindred/matcher/internal/kernel"
)

// invert fills the windows from the records: first it counts, then it places.
// What belongs to a tag stands together, in the order of windows, since a
// ranking goes through it in that order. Workers share the windows.
func (s *segment) invert(tags, workers int, p *pause) {
	level := s.quantize()
	windows := (s.len() + kernel.Window - 1) / kernel.Window
	shares := make([]*inversion, min(workers, max(1, windows)))
	together(len(shares), func(i int) {
		first, end := span(windows, i, len(shares))
		shares[i] = &inversion{
			segment: s, level: level, pause: p, first: first, end: end,
			counts: make([]counted, tags), next: make([]places, tags),
		}
		shares[i].count()
	})
	s.first = make([]uint32, tags+1)
	var sum places
	for t := range tags {
		s.first[t] = sum.entry
		for _, in := range shares {
			n := in.next[t]
			in.next[t] = sum
			sum.entry, sum.posting, sum.column = sum.entry+n.entry, sum.posting+n.posting, sum.column+n.column
		}
	}
	s.first[tags] = sum.entry
	s.entries = make([]entry, sum.entry)
	s.postings = make([]kernel.Posting, sum.posting, sum.posting+kernel.Overrun)
	s.columns = make([]kernel.Levels, sum.column)
	s.squares = make([]float64, windows)
	together(len(shares), func(i int) { shares[i].fill() })
	for _, squares := range s.squares {
		s.typical += squares / float64(windows)
	}
	if invariants {
		s.assertSorted()
	}
}

// assertSorted panics unless the entries of each tag are by window, and the
// postings of each entry by document.
func (s *segment) assertSorted() {
	for t := range len(s.first) - 1 {
		entries := s.entriesOf(TagID(t))
		for i, e := range entries {
			if i > 0 && entries[i-1].window >= e.window {
				panic(fmt.Sprintf("tag %d: window %d comes after %d", t, e.window, entries[i-1].window))
			}
			if e.count() < s.minColumn && !slices.IsSorted(s.postings[e.at:int(e.at)+e.count()]) {
				panic(fmt.Sprintf("tag %d, window %d: postings are not by document", t, e.window))
			}
		}
	}
}

// inversion is one worker's share of invert: some windows that follow each
// other.
type inversion struct {
	segment    *segment
	level      *levelTable
	pause      *pause
	first, end int // windows

	counts []counted // by tag, of the window at hand
	next   []places  // by tag: how many there are, then where the next one goes
	parts  []part    // of all windows, by window
	ends   []int     // in parts, of each window
}

// counted is what a window has of a tag.
type counted struct {
	count   uint16
	highest uint8 // level
}

// part is a tag's part of a window.
type part struct {
	tag TagID
	counted
}

// places are numbers of entries, postings and columns.
type places struct{ entry, posting, column uint32 }

// documents are those of a window.
func (in *inversion) documents(w int) (first, end int) {
	return w * kernel.Window, min((w+1)*kernel.Window, in.segment.len())
}

// count finds the parts of each window, and how much there is of each tag.
func (in *inversion) count() {
	s := in.segment
	for w := in.first; w < in.end; w++ {
		in.pause.after(kernel.Window)
		start := len(in.parts)
		first, end := in.documents(w)
		for packed := s.records[perTag*uint(s.forward[first]) : perTag*uint(s.forward[end])]; len(packed) > 0; packed = packed[perTag:] {
			t, weight := unpack(packed)
			c := &in.counts[t]
			if c.count == 0 {
				in.parts = append(in.parts, part{tag: t})
			}
			c.count++
			c.highest = max(c.highest, in.level.of(weight))
		}
		for i := start; i < len(in.parts); i++ {
			p := &in.parts[i]
			p.counted, in.counts[p.tag] = in.counts[p.tag], counted{}
			in.next[p.tag].add(s, p.count)
		}
		in.ends = append(in.ends, len(in.parts))
	}
}

// add goes on by a part of so many postings.
func (p *places) add(s *segment, count uint16) {
	p.entry++
	if int(count) >= s.minColumn {
		p.column++
	} else {
		p.posting += uint32(count)
	}
}

// target is where a tag's postings of the window at hand go.
type target struct {
	at     uint32
	column bool
}

// fill places what the windows have.
func (in *inversion) fill() {
	s := in.segment
	targets := make([]target, len(in.next))
	start := 0
	for i, end := range in.ends {
		in.pause.after(kernel.Window)
		w := in.first + i
		for _, p := range in.parts[start:end] {
			next := &in.next[p.tag]
			to := target{next.posting, false}
			if int(p.count) >= s.minColumn {
				to = target{next.column, true}
			}
			targets[p.tag] = to
			s.entries[next.entry] = newEntry(to.at, w, int(p.count), p.highest)
			next.add(s, p.count)
		}
		in.fillWindow(w, targets)
		start = end
	}
}

func (in *inversion) fillWindow(w int, targets []target) {
	s := in.segment
	first, end := in.documents(w)
	for doc := first; doc < end; doc++ {
		var squares float64
		for packed := s.packed(uint32(doc)); len(packed) > 0; packed = packed[perTag:] {
			t, weight := unpack(packed)
			squares += float64(weight) * float64(weight)
			l := in.level.of(weight)
			if to := &targets[t]; to.column {
				s.columns[to.at].Set(doc-first, l)
			} else {
				s.postings[to.at] = kernel.Pack(doc-first, l)
				to.at++
			}
		}
		s.squares[w] = max(s.squares[w], squares)
	}
}

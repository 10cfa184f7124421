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
	windows := s.windows()
	shares := make([]*inversion, min(workers, max(1, windows)))
	together(len(shares), func(i int) {
		first, end := span(windows, i, len(shares))
		shares[i] = &inversion{
			segment: s, level: level, pause: p, first: first, end: end,
			counts: make([]counted, tags), next: make([]places, tags),
		}
		shares[i].count()
	})
	s.crests.windows = (windows + kernel.CrestWindows - 1) / kernel.CrestWindows * kernel.CrestWindows
	sum := s.number(tags, shares)
	s.entries = make([]entry, sum.entry)
	s.postings = make([]kernel.Posting, sum.posting, sum.posting+kernel.Overrun)
	s.columns = make([]kernel.Levels, sum.column)
	together(len(shares), func(i int) { shares[i].fill() })
	if invariants {
		s.assertSorted()
		s.assertCrested(level)
	}
}

// number gives each tag its places, and a crest if it is frequent: where it isn't,
// going through its postings takes less. A tag that at least half of the windows
// have has an entry for every window, so that it is found at once. Number returns how
// many places there are in all.
func (s *segment) number(tags int, shares []*inversion) places {
	s.first = make([]uint32, tags+1)
	if s.crested > 0 {
		s.crests.of = make([]uint32, tags)
	}
	var sum places
	crests := uint32(0)
	for t := range tags {
		s.first[t] = sum.entry
		before := sum
		for _, in := range shares {
			n := in.next[t]
			in.next[t] = sum
			sum.entry, sum.posting, sum.column = sum.entry+n.entry, sum.posting+n.posting, sum.column+n.column
		}
		if windows := uint32(s.windows()); 2*(sum.entry-before.entry) >= windows {
			sum.entry = before.entry + windows
		}
		postings := int(sum.posting - before.posting)
		if s.crested > 0 && (sum.column > before.column || postings*s.crested >= s.len()/kernel.Section && postings > 0) {
			crests++
			s.crests.of[t] = crests
		}
	}
	s.first[tags] = sum.entry
	s.crests.levels = make([]uint8, int(crests)*s.crests.windows*kernel.CrestBytes)
	return sum
}

// assertSorted panics unless the entries of each tag are by window, and the
// postings of each entry by document.
func (s *segment) assertSorted() {
	for t := range len(s.first) - 1 {
		entries := s.entriesOf(TagID(t))
		for i, e := range entries {
			if len(entries) == s.windows() && int(e.window) != i {
				panic(fmt.Sprintf("tag %d: entry %d is of window %d", t, i, e.window))
			}
			if e.empty() {
				continue
			}
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
		for packed := s.packing.of(s.records, s.forward[first], s.forward[end]); len(packed) > 0; packed = packed[s.packing:] {
			t, weight := s.packing.unpack(packed)
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
	at      uint32
	column  bool
	highest [kernel.Sections]uint8 // level
}

// fill places what the windows have.
func (in *inversion) fill() {
	s := in.segment
	for t := range in.next {
		if entries := s.entriesOf(TagID(t)); len(entries) == s.windows() {
			for w := in.first; w < in.end; w++ {
				entries[w].window = uint16(w)
			}
		}
	}
	targets := make([]target, len(in.next))
	start := 0
	for i, end := range in.ends {
		in.pause.after(kernel.Window)
		w := in.first + i
		for _, p := range in.parts[start:end] {
			next := &in.next[p.tag]
			to := target{at: next.posting}
			if int(p.count) >= s.minColumn {
				to = target{at: next.column, column: true}
			}
			targets[p.tag] = to
			entries, at := s.entriesOf(p.tag), w
			if len(entries) < s.windows() {
				at = int(next.entry - s.first[p.tag])
			}
			entries[at] = newEntry(to.at, w, int(p.count), p.highest)
			next.add(s, p.count)
		}
		in.fillWindow(w, targets)
		if s.crested > 0 {
			for _, p := range in.parts[start:end] {
				s.setCrest(p.tag, w, &targets[p.tag])
			}
		}
		start = end
	}
}

func (s *segment) setCrest(t TagID, w int, of *target) {
	number := s.crests.of[t]
	if number == 0 {
		return
	}
	window := s.crests.window(number, w)
	for i, level := range of.highest {
		kernel.SetCrest(window, i, level)
	}
}

func (in *inversion) fillWindow(w int, targets []target) {
	s := in.segment
	first, end := in.documents(w)
	for doc := first; doc < end; doc++ {
		section := (doc - first) / kernel.Section
		for packed := s.packed(uint32(doc)); len(packed) > 0; packed = packed[s.packing:] {
			t, weight := s.packing.unpack(packed)
			l := in.level.of(weight)
			to := &targets[t]
			to.highest[section] = max(to.highest[section], l)
			if to.column {
				s.columns[to.at].Set(doc-first, l)
			} else {
				s.postings[to.at] = kernel.Pack(doc-first, l)
				to.at++
			}
		}
	}
}

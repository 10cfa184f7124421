package matcher

import (
	"fmt"
	"slices"

	"github.com/kindred-match/kindred/matcher/internal/kernel"
)

// invert fills the windows from the records: first it counts, then it places.
// What belongs to a tag stands together, in the order of windows, since a
// ranking goes through it in that order.
func (s *segment) invert(tags int) {
	in := inversion{
		level:   s.quantize(),
		counts:  make([]uint32, tags),
		entry:   make([]uint32, tags+1),
		posting: make([]uint32, tags+1),
		column:  make([]uint32, tags+1),
		highest: make([]uint8, tags),
	}
	s.windows(in.counts, func(_ int, touched []TagID) {
		for _, t := range touched {
			in.entry[t+1]++
			if n := in.counts[t]; int(n) >= s.minColumn {
				in.column[t+1]++
			} else {
				in.posting[t+1] += n
			}
		}
	})
	for t := range tags {
		in.entry[t+1] += in.entry[t]
		in.posting[t+1] += in.posting[t]
		in.column[t+1] += in.column[t]
	}
	s.first = slices.Clone(in.entry)
	s.entries = make([]entry, in.entry[tags])
	s.postings = make([]kernel.Posting, in.posting[tags])
	s.columns = make([]kernel.Levels, in.column[tags])
	s.windows(in.counts, func(w int, touched []TagID) { s.fill(w, touched, &in) })
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

// inversion is the state of invert. Its slices are by tag.
type inversion struct {
	level                  []uint8  // by weight
	counts                 []uint32 // postings in the window at hand
	entry, posting, column []uint32 // where the next one goes
	highest                []uint8  // level in the window at hand
}

// fill places what a window has.
func (s *segment) fill(w int, touched []TagID, in *inversion) {
	first := w * kernel.Window
	start := slices.Clone(touched) // of the tag's postings, or its column
	for i, t := range touched {
		in.highest[t] = 0
		if start[i] = in.posting[t]; int(in.counts[t]) >= s.minColumn {
			start[i] = in.column[t]
		}
	}
	for doc := first; doc < min(first+kernel.Window, s.len()); doc++ {
		for packed := s.packed(uint32(doc)); len(packed) > 0; packed = packed[perTag:] {
			t, weight := unpack(packed)
			l := in.level[weight]
			in.highest[t] = max(in.highest[t], l)
			if int(in.counts[t]) >= s.minColumn {
				s.columns[in.column[t]].Set(doc-first, l)
			} else {
				s.postings[in.posting[t]] = kernel.Pack(doc-first, l)
				in.posting[t]++
			}
		}
	}
	for i, t := range touched {
		s.entries[in.entry[t]] = newEntry(start[i], w, int(in.counts[t]), in.highest[t])
		in.entry[t]++
		if int(in.counts[t]) >= s.minColumn {
			in.column[t]++
		}
	}
}

// windows calls visit for each window with the tags that occur in it, in the
// order of their first occurrence; counts has how often, and is 0 for all
// others.
func (s *segment) windows(counts []uint32, visit func(w int, touched []TagID)) {
	var touched []TagID
	for w, first := 0, 0; first < s.len(); w, first = w+1, first+kernel.Window {
		touched = touched[:0]
		end := min(first+kernel.Window, s.len())
		for packed := s.records[perTag*uint(s.forward[first]) : perTag*uint(s.forward[end])]; len(packed) > 0; packed = packed[perTag:] {
			t, _ := unpack(packed)
			if counts[t] == 0 {
				touched = append(touched, t)
			}
			counts[t]++
		}
		visit(w, touched)
		for _, t := range touched {
			counts[t] = 0
		}
	}
}

package matcher

import (
	"slices"

	"github.com/kindred-match/kindred/matcher/internal/kernel"
)

// invert fills the windows from the records: first it counts, then it places.
func (s *segment) invert(tags int) {
	level := s.quantize()
	s.first = make([]uint32, tags+1)
	counts := make([]uint32, tags)
	postings, columns := 0, 0
	s.windows(counts, func(_ int, touched []TagID) {
		for _, t := range touched {
			s.first[t+1]++
			if counts[t] >= minColumn {
				columns++
			} else {
				postings += int(counts[t])
			}
		}
	})
	for t := range tags {
		s.first[t+1] += s.first[t]
	}
	s.entries = make([]entry, s.first[tags])
	s.postings = make([]kernel.Posting, postings)
	s.columns = make([]kernel.Levels, columns)
	s.fill(level, counts)
}

// fill fills entries, postings and columns, window by window.
func (s *segment) fill(level []uint8, counts []uint32) {
	next := slices.Clone(s.first)         // entry by tag
	target := make([]uint32, len(counts)) // in postings or columns, by tag
	highest := make([]uint8, len(counts)) // by tag
	nextPosting, nextColumn := uint32(0), uint32(0)
	s.windows(counts, func(w int, touched []TagID) {
		for _, t := range touched {
			highest[t] = 0
			if counts[t] >= minColumn {
				target[t] = nextColumn
				nextColumn++
			} else {
				target[t] = nextPosting
				nextPosting += counts[t]
			}
			s.entries[next[t]].at = target[t]
		}
		first := w * kernel.Window
		for doc := first; doc < min(first+kernel.Window, s.len()); doc++ {
			for i := s.forward[doc]; i < s.forward[doc+1]; i++ {
				t, l := s.tags[i], level[s.weights[i]]
				highest[t] = max(highest[t], l)
				if counts[t] >= minColumn {
					s.columns[target[t]].Set(doc-first, l)
				} else {
					s.postings[target[t]] = kernel.Pack(doc-first, l)
					target[t]++
				}
			}
		}
		for _, t := range touched {
			s.entries[next[t]] = newEntry(s.entries[next[t]].at, w, int(counts[t]), highest[t])
			next[t]++
		}
	})
}

// windows calls visit for each window with the tags that occur in it, in the
// order of their first occurrence; counts has how often, and is 0 for all
// others.
func (s *segment) windows(counts []uint32, visit func(w int, touched []TagID)) {
	var touched []TagID
	for w, first := 0, 0; first < s.len(); w, first = w+1, first+kernel.Window {
		touched = touched[:0]
		end := min(first+kernel.Window, s.len())
		for _, t := range s.tags[s.forward[first]:s.forward[end]] {
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

// quantize chooses 15 levels for the weights, so that the sum of what they are
// rounded up by is least, and returns the level of each weight. The method is
// that of optimal histograms (Jagadish and others, 1998), on 256 bins.
func (s *segment) quantize() []uint8 {
	const shift, bins, levels = 8, 256, 15
	var count [bins]int64
	var largest [bins]int64 // weight in the bin, or 0
	for _, w := range s.weights {
		count[w>>shift]++
		largest[w>>shift] = max(largest[w>>shift], int64(w))
	}
	ends := bestEnds(count[:], largest[:], levels)
	level := make([]uint8, 1<<16)
	bin := 0
	for l, end := range ends {
		for ; bin <= end; bin++ {
			s.upper[l+1] = max(s.upper[l+1], largest[bin])
			for w := bin << shift; w < (bin+1)<<shift; w++ {
				level[w] = uint8(l + 1)
			}
		}
	}
	return level
}

// bestEnds splits the bins into at most n runs, given by their last bins, with
// the least sum of count times distance to the run's largest weight.
func bestEnds(count, largest []int64, n int) []int {
	bins := len(count)
	cost := make([][]int64, n+1) // of the first bins with so many runs
	from := make([][]int, n+1)   // where the last run starts
	for k := range cost {
		cost[k], from[k] = make([]int64, bins+1), make([]int, bins+1)
		for b := range cost[k] {
			cost[k][b] = 1 << 62
		}
	}
	cost[0][0] = 0
	for k := 1; k <= n; k++ {
		for end := 1; end <= bins; end++ {
			var run, documents, top int64
			for start := end - 1; start >= 0; start-- {
				// A run that begins lower adds its bin below the top.
				if top == 0 {
					top = largest[start]
				}
				documents += count[start]
				run += count[start] * (top - largest[start])
				if c := cost[k-1][start] + run; c < cost[k][end] {
					cost[k][end], from[k][end] = c, start
				}
			}
		}
	}
	var ends []int
	for k, end := n, bins; k > 0; k-- {
		ends = append(ends, end-1)
		end = from[k][end]
	}
	slices.Reverse(ends)
	return ends
}

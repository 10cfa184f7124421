package matcher

import "slices"

// levelTable has the level of each bin of weights.
type levelTable [256]uint8

const binShift = 8

func (t *levelTable) of(weight uint16) uint8 { return t[weight>>binShift] }

// quantize chooses 15 levels for the weights, so that the sum of what they are
// rounded up by is least, and returns the level of each weight. The method is
// that of optimal histograms (Jagadish and others, 1998), on 256 bins.
func (s *segment) quantize() *levelTable {
	const bins, levels = 256, 15
	var count [bins]int64
	var largest [bins]int64 // weight in the bin, or 0
	for i := int(s.packing) - 1; i < len(s.records); i += int(s.packing) {
		w := s.records[i]
		count[w>>binShift]++
		largest[w>>binShift] = max(largest[w>>binShift], int64(w))
	}
	ends := bestEnds(count[:], largest[:], levels)
	level := new(levelTable)
	bin := 0
	for l, end := range ends {
		for ; bin <= end; bin++ {
			s.upper[l+1] = max(s.upper[l+1], float64(largest[bin]))
			s.largest = max(s.largest, s.upper[l+1])
			level[bin] = uint8(l + 1)
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

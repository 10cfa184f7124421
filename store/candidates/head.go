package candidates

import (
	"strings"

	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/store"
)

// Head is the first candidates of a set, as they are read at its epoch. With
// their ids at hand, nothing of the catalogue has to be looked at. It is
// immutable.
type Head struct {
	epoch       store.Epoch
	all         bool // there are no more
	denominator float64
	ids         string // one behind the other
	entries     []headEntry
}

// headEntry is a candidate by rank.
type headEntry struct {
	units  int64
	number uint32
	end    uint32 // of its id
}

// Head is the head of a set of which First gave those where k were wanted, without
// a cap per partner.
func (s *Set) Head(first []matcher.Candidate, k int) *Head {
	h := &Head{
		epoch: s.Epoch, denominator: s.Denominator, all: len(first) < k,
		entries: make([]headEntry, len(first)),
	}
	size := 0
	for i := range first {
		size += len(first[i].Opportunity)
		h.entries[i] = headEntry{units: first[i].Units, number: first[i].Number, end: uint32(size)}
	}
	var ids strings.Builder
	ids.Grow(size)
	for i := range first {
		ids.WriteString(first[i].Opportunity)
	}
	h.ids = ids.String()
	return h
}

// First appends to dst the first k candidates at an epoch. It reports false where
// it doesn't have them.
func (h *Head) First(dst []matcher.Candidate, epoch store.Epoch, k int) ([]matcher.Candidate, bool) {
	if h == nil || h.epoch != epoch || k > len(h.entries) && !h.all {
		return dst, false
	}
	start := uint32(0)
	for i := range h.entries[:min(k, len(h.entries))] {
		e := &h.entries[i]
		dst = append(dst, matcher.Candidate{
			Opportunity: h.ids[start:e.end],
			Number:      e.number,
			Rank:        i + 1,
			Units:       e.units,
			Score:       float64(e.units) / h.denominator,
		})
		start = e.end
	}
	return dst, true
}

// bytes is what it takes.
func (h *Head) bytes() int {
	if h == nil {
		return 0
	}
	return headBytes + len(h.ids) + cap(h.entries)*entryBytes
}

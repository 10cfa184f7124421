package matcher

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"sort"

	"github.com/kindred-match/kindred/matcher/internal/kernel"
)

// segment is an inverted index over windows of documents, with the records
// that scores are exactly computed from.
//
// Documents are numbered so that those with the same frequent tags stand
// together: then most windows have a frequent tag in nearly all of their
// documents or in none. What stands in postings and columns are levels, upper
// bounds of weights; what may enter a ranking is scored from its record.
type segment struct {
	opportunities []*Opportunity
	partners      []int32  // numbers, or noPartner
	byID          []uint32 // documents in the order of their ids
	place         []uint32 // of each document in byID

	attributes []attributes
	lists      [dimensions][][]string // that attributes number

	// forward is where each document's record starts in records, in tags; one
	// more at the end. A tag takes three numbers: the low and the high half of
	// its TagID, and its weight.
	forward []uint32
	records []uint16

	minColumn int       // from how many postings on a tag has a column in a window
	upper     [16]int64 // the largest weight of each level; 0 of level 0
	maxBoost  int64     // the largest boost factor
	first     []uint32  // where each tag's entries start; one more at the end
	entries   []entry   // by tag, then window
	postings  []kernel.Posting
	columns   []kernel.Levels
}

// entry is a tag's part of a window: a column, or postings if there are fewer
// than the segment's minColumn.
type entry struct {
	at     uint32 // in the segment's columns or postings
	window uint16
	info   uint16 // postings less one, then four bits of the highest level
}

func newEntry(at uint32, window, count int, highest uint8) entry {
	return entry{at, uint16(window), uint16(count-1)<<4 | uint16(highest)}
}

func (e entry) count() int     { return int(e.info>>4) + 1 }
func (e entry) highest() uint8 { return uint8(e.info & 15) }

// noPartner is the number of no partner.
const noPartner = int32(-1)

// record is an opportunity with its impacts (cosine, dot) or weights after
// passing up (overlap), by tag.
type record struct {
	opportunity *Opportunity
	partner     int32
	tags        []TagID
	weights     []uint16
}

func compareIDs(a, b *Opportunity) int { return cmp.Compare(a.ID, b.ID) }

func (s *segment) len() int { return len(s.opportunities) }

func (s *segment) find(id string) (uint32, bool) {
	i, ok := sort.Find(len(s.byID), func(i int) int { return cmp.Compare(id, s.opportunities[s.byID[i]].ID) })
	if !ok {
		return 0, false
	}
	return s.byID[i], true
}

func (s *segment) record(doc uint32) record {
	packed := s.packed(doc)
	r := record{opportunity: s.opportunities[doc], partner: s.partners[doc]}
	for ; len(packed) > 0; packed = packed[perTag:] {
		tag, weight := unpack(packed)
		r.tags, r.weights = append(r.tags, tag), append(r.weights, weight)
	}
	return r
}

// perTag is how many numbers of a record a tag takes.
const perTag = 3

// packed is a document's record.
func (s *segment) packed(doc uint32) []uint16 {
	return s.records[perTag*uint(s.forward[doc]) : perTag*uint(s.forward[doc+1])]
}

func unpack(p []uint16) (TagID, uint16) {
	_ = p[2]
	return TagID(p[0]) | TagID(p[1])<<16, p[2]
}

// entriesOf are a tag's, by window. A tag that came after the segment has none.
func (s *segment) entriesOf(t TagID) []entry {
	if int(t)+1 >= len(s.first) {
		return nil
	}
	return s.entries[s.first[t]:s.first[t+1]]
}

// frequency is how many documents have a tag.
func (s *segment) frequency(t TagID) int64 {
	var n int64
	for _, e := range s.entriesOf(t) {
		n += int64(e.count())
	}
	return n
}

func (s *segment) bytes() int64 {
	const word, half = 4, 2
	return int64(word*(len(s.forward)+len(s.first)+len(s.byID)+len(s.place)) +
		half*(len(s.records)+len(s.postings)) + 8*len(s.entries) + kernel.ColumnBytes*len(s.columns))
}

// builder makes a segment.
type builder struct {
	spreader  *spreader
	measure   Measure
	records   []record
	tags      []TagID  // of all records
	weights   []uint16 // of all records
	published int64
	frequency []int64 // published opportunities by TagID
}

func newBuilder(v *Vocabulary, s Settings, n int) *builder {
	return &builder{
		spreader:  newSpreader(v, s.Decay),
		measure:   s.Measure,
		records:   make([]record, 0, n),
		frequency: make([]int64, v.Len()),
	}
}

// add works out an opportunity, which it keeps.
func (b *builder) add(o *Opportunity, partner int32) {
	b.spreader.spread(o.Tags)
	if o.Status == Published {
		b.published++
		for _, t := range b.spreader.touched {
			b.frequency[t]++
		}
	}
	start := len(b.tags)
	b.tags, b.weights = b.spreader.appendImpacts(b.tags, b.weights, b.measure, o.Boost)
	// When the slices move, records keep what they were before, which is the same.
	b.records = append(b.records, record{o, partner, b.tags[start:], b.weights[start:]})
}

// addRecord adds what has been worked out already.
func (b *builder) addRecord(r record) {
	b.tags, b.weights = append(b.tags, r.tags...), append(b.weights, r.weights...)
	b.records = append(b.records, r)
}

// finish orders the documents and inverts their records.
func (b *builder) finish() *segment {
	n := len(b.records)
	s := &segment{
		opportunities: make([]*Opportunity, n),
		partners:      make([]int32, n),
		byID:          make([]uint32, n),
		place:         make([]uint32, n),
		forward:       make([]uint32, 1, n+1),
		records:       make([]uint16, 0, perTag*len(b.tags)),
		minColumn:     kernel.MinColumn(),
	}
	for doc, i := range clustered(b.records, b.spreader.vocabulary.Len()) {
		r := &b.records[i]
		s.opportunities[doc], s.partners[doc], s.byID[doc] = r.opportunity, r.partner, uint32(doc)
		for i, t := range r.tags {
			s.records = append(s.records, uint16(t), uint16(t>>16), r.weights[i])
		}
		s.forward = append(s.forward, uint32(len(s.records)/perTag))
		s.maxBoost = max(s.maxBoost, boostFactor(r.opportunity.Boost))
	}
	slices.SortFunc(s.byID, func(a, b uint32) int { return compareIDs(s.opportunities[a], s.opportunities[b]) })
	for i, doc := range s.byID {
		s.place[doc] = uint32(i)
	}
	s.describe()
	s.invert(b.spreader.vocabulary.Len())
	kernel.Huge(s.records)
	kernel.Huge(s.forward)
	kernel.Huge(s.attributes)
	kernel.Huge(s.postings)
	kernel.Huge(s.columns)
	kernel.Huge(s.entries)
	return s
}

// appendImpacts appends, for an opportunity whose weights sp holds, the tags
// in ascending order and what the index keeps of them; zeros are dropped.
func (sp *spreader) appendImpacts(tags []TagID, weights []uint16, m Measure, boost float64) ([]TagID, []uint16) {
	slices.Sort(sp.touched)
	norm := 10000.0
	if m == Cosine {
		var squares uint64
		for _, t := range sp.touched {
			squares += uint64(sp.weight[t]) * uint64(sp.weight[t])
		}
		norm = math.Sqrt(float64(squares))
	}
	for _, t := range sp.touched {
		w := sp.weight[t]
		if m != Overlap {
			w = uint16(math.Round(float64(float64(32767*boost)*float64(w)) / norm))
		}
		if w > 0 {
			tags, weights = append(tags, t), append(weights, w)
		}
	}
	return tags, weights
}

// boostFactor is what the overlap measure multiplies with: round(1000 b).
func boostFactor(boost float64) int64 { return int64(math.Round(1000 * boost)) }

// checkIDs says which id is given twice.
func (s *segment) checkIDs() error {
	for i := 1; i < len(s.byID); i++ {
		if id := s.opportunities[s.byID[i]].ID; id == s.opportunities[s.byID[i-1]].ID {
			return fmt.Errorf("%w: opportunity %q is given twice", ErrCatalogue, id)
		}
	}
	return nil
}

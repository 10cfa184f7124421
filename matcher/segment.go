package matcher

import (
	"cmp"
	"sort"

	"github.com/kindred-match/kindred/matcher/internal/kernel"
)

// segment is an inverted index over windows of documents, with the records
// that scores are exactly computed from. Documents are opportunities, or
// students where these are ranked; then all that is of opportunities is empty.
//
// Documents are numbered so that those with the same frequent tags stand
// together: then most windows have a frequent tag in nearly all of their
// documents or in none. What stands in postings and columns are levels, upper
// bounds of weights; what may enter a ranking is scored from its record.
type segment struct {
	opportunities []*Opportunity
	byID          []uint32 // documents in the order of their ids
	place         []uint32 // of each document in byID

	attributes []attributes
	lists      [dimensions][][]string // that attributes number
	sieve      [properties]sieveColumn
	kinds      []PartnerKind // by number of the partner, that the sieve knows

	// forward is where each document's record starts in records, in tags; one
	// more at the end.
	forward []uint32
	records []uint16
	packing packing

	minColumn int         // from how many postings on a tag has a column in a window
	upper     [16]float64 // the largest weight of each level; 0 of level 0
	largest   float64     // the largest of them
	maxBoost  int64       // the largest boost factor
	// crested is how many sections there are at most for a posting of a tag with a
	// crest; 0 where there are no crests.
	crested  int
	crests   crests
	first    []uint32 // where each tag's entries start; one more at the end
	entries  []entry  // by tag, then window; of a frequent tag for every window, see number
	postings []kernel.Posting
	columns  []kernel.Levels
}

// entry is a tag's part of a window: a column, or postings if there are fewer
// than the segment's minColumn. An empty one has no level, and nothing else of it
// but its window means anything.
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
func (e entry) empty() bool    { return e.highest() == 0 }

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

func (s *segment) len() int { return max(0, len(s.forward)-1) }

func (s *segment) windows() int { return (s.len() + kernel.Window - 1) / kernel.Window }

func (s *segment) find(id string) (uint32, bool) {
	i, ok := sort.Find(len(s.byID), func(i int) int { return cmp.Compare(id, s.opportunities[s.byID[i]].ID) })
	if !ok {
		return 0, false
	}
	return s.byID[i], true
}

// read fills a record; its slices are used again.
func (s *segment) read(r *record, doc uint32) {
	r.opportunity, r.partner = s.opportunities[doc], s.attributes[doc].partner
	r.tags, r.weights = r.tags[:0], r.weights[:0]
	for packed := s.packed(doc); len(packed) > 0; packed = packed[s.packing:] {
		tag, weight := s.packing.unpack(packed)
		r.tags, r.weights = append(r.tags, tag), append(r.weights, weight)
	}
}

// locate finds a document's record.
func (s *segment) locate(doc uint32) located {
	return located{doc, s.forward[doc], s.forward[doc+1]}
}

// packed is a document's record.
func (s *segment) packed(doc uint32) []uint16 {
	return s.packing.of(s.records, s.forward[doc], s.forward[doc+1])
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
		if !e.empty() {
			n += int64(e.count())
		}
	}
	return n
}

func (s *segment) bytes() int64 {
	const word, half = 4, 2
	return int64(word*(len(s.forward)+len(s.first)+len(s.byID)+len(s.place))+
		half*(len(s.records)+len(s.postings))+8*len(s.entries)+kernel.ColumnBytes*len(s.columns)) +
		s.crests.bytes()
}

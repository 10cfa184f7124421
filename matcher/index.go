package matcher

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"sort"
)

// Catalogue is what an index is built from. Seats of opportunities and
// MaxSeats of partners are what is left of them.
type Catalogue struct {
	Tags          []Tag
	Partners      []Partner
	Opportunities []Opportunity
}

// Settings are a district's way to score. An index belongs to one of them.
type Settings struct {
	Decay   Weight // ancestor decay, 0 to 10,000; 0 is no hierarchy
	Measure Measure
	// IDF turns inverse document frequency on.
	IDF bool
	// Statistics are those that IDF uses; nil are those of the catalogue that
	// the index is built from.
	Statistics *Statistics
}

// ErrCatalogue is what the errors of NewIndex and Apply wrap.
var ErrCatalogue = errors.New("bad catalogue")

// maxDelta is how many opportunities an index holds beside its segment before
// Apply folds them in.
const maxDelta = 256

// Index is a catalogue that can be ranked. It is immutable: any number of
// rankers may use it while Apply makes its successors.
type Index struct {
	settings   Settings
	vocabulary *Vocabulary
	statistics *Statistics // nil without IDF
	importance []int64     // G by TagID
	partners   map[string]*Partner
	base       *segment
	// gone has a bit for each document of base that was removed or replaced;
	// nil is none.
	gone  []uint64
	delta []record // by opportunity id
}

// record is an opportunity with its impacts (cosine, dot) or weights after
// passing up (overlap), by tag.
type record struct {
	opportunity *Opportunity
	tags        []TagID
	weights     []uint16
}

// NewIndex builds an index. Values must have passed their Check. It returns an
// ErrCatalogue for bad tags, an id given twice or a partner that is not there.
func NewIndex(c Catalogue, s Settings) (*Index, error) {
	if !slices.Contains(Measures, s.Measure) || s.Decay > One {
		return nil, fmt.Errorf("%w: settings: measure or decay out of range", ErrCatalogue)
	}
	v, err := NewVocabulary(c.Tags)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCatalogue, err)
	}
	v = v.Extend(tagNames(c.Opportunities))
	if s.IDF && s.Statistics != nil {
		// A tag whose last opportunity went after they were taken still counts
		// in the score shown, as it does where an index has been kept up.
		v = v.Extend(slices.Sorted(maps.Keys(s.Statistics.Frequency)))
	}
	x := &Index{
		settings:   s,
		vocabulary: v,
		partners:   make(map[string]*Partner, len(c.Partners)),
	}
	for i := range c.Partners {
		p := c.Partners[i]
		if _, dup := x.partners[p.ID]; dup {
			return nil, fmt.Errorf("%w: partner %q is given twice", ErrCatalogue, p.ID)
		}
		x.partners[p.ID] = &p
	}
	opportunities := slices.Clone(c.Opportunities)
	slices.SortFunc(opportunities, func(a, b Opportunity) int { return cmp.Compare(a.ID, b.ID) })
	for i := range opportunities {
		if i > 0 && opportunities[i].ID == opportunities[i-1].ID {
			return nil, fmt.Errorf("%w: opportunity %q is given twice", ErrCatalogue, opportunities[i].ID)
		}
		if err := x.checkPartner(&opportunities[i]); err != nil {
			return nil, err
		}
	}
	x.build(opportunities)
	return x, nil
}

func (x *Index) build(opportunities []Opportunity) {
	b := newBuilder(x.vocabulary, x.settings)
	for i := range opportunities {
		b.add(&opportunities[i])
	}
	x.base = b.finish()
	if x.settings.IDF {
		x.statistics = x.settings.Statistics
		if x.statistics == nil {
			st := statistics(x.vocabulary, b.published, b.frequency)
			x.statistics = &st
		}
	}
	x.importance = importanceOf(x.vocabulary, x.statistics)
}

func (x *Index) checkPartner(o *Opportunity) error {
	if o.Partner == "" {
		return nil
	}
	if _, ok := x.partners[o.Partner]; !ok {
		return fmt.Errorf("%w: opportunity %q: partner %q is not there", ErrCatalogue, o.ID, o.Partner)
	}
	return nil
}

// Len is the number of opportunities, whatever their status.
func (x *Index) Len() int {
	n := len(x.base.opportunities) + len(x.delta)
	for _, w := range x.gone {
		n -= onesCount(w)
	}
	return n
}

// Vocabulary is the tags of the index, those included that only an
// opportunity names.
func (x *Index) Vocabulary() *Vocabulary { return x.vocabulary }

// Settings are those that the index was built with.
func (x *Index) Settings() Settings { return x.settings }

// Opportunity finds an opportunity by id. It must not be changed.
func (x *Index) Opportunity(id string) (*Opportunity, bool) {
	if i, ok := x.findDelta(id); ok {
		return x.delta[i].opportunity, true
	}
	if d, ok := x.base.find(id); ok && !x.isGone(d) {
		return &x.base.opportunities[d], true
	}
	return nil, false
}

// Partner finds a partner by id. It must not be changed.
func (x *Index) Partner(id string) (*Partner, bool) {
	p, ok := x.partners[id]
	return p, ok
}

// Bytes is the memory of postings and forward records, attributes apart.
func (x *Index) Bytes() int64 { return x.base.bytes() }

// Postings is the number of postings that a ranking of the student visits.
func (x *Index) Postings(s *Student) int64 {
	sp := newSpreader(x.vocabulary, x.settings.Decay)
	sp.spread(s.Interests)
	var n int64
	for _, t := range sp.touched {
		docs, _ := x.base.postings(t)
		n += int64(len(docs))
	}
	return n
}

// ProfileTags is how many tags the student has after passing up.
func (x *Index) ProfileTags(s *Student) int {
	sp := newSpreader(x.vocabulary, x.settings.Decay)
	sp.spread(s.Interests)
	return len(sp.touched) + len(sp.unlisted)
}

// AllPostings is the number of all postings.
func (x *Index) AllPostings() int64 { return int64(len(x.base.docs)) }

func (x *Index) isGone(doc uint32) bool {
	return x.gone != nil && x.gone[doc/64]&(1<<(doc%64)) != 0
}

func (x *Index) findDelta(id string) (int, bool) {
	return slices.BinarySearchFunc(x.delta, id, func(r record, id string) int {
		return cmp.Compare(r.opportunity.ID, id)
	})
}

// segment is an inverted index with its forward records. Documents are
// numbered in the order of opportunity ids, so that ties are broken by number.
type segment struct {
	opportunities []Opportunity
	forward       []uint32 // where each document's record starts; one more at the end
	tags          []TagID  // of the records
	weights       []uint16 // of the records
	posting       []uint32 // where each tag's postings start; one more at the end
	docs          []uint32 // of the postings, ascending per tag
	docWeights    []uint16 // of the postings
}

func (s *segment) find(id string) (uint32, bool) {
	i, ok := sort.Find(len(s.opportunities), func(i int) int { return cmp.Compare(id, s.opportunities[i].ID) })
	return uint32(i), ok
}

func (s *segment) record(doc uint32) record {
	a, b := s.forward[doc], s.forward[doc+1]
	return record{&s.opportunities[doc], s.tags[a:b], s.weights[a:b]}
}

// postings returns the documents of a tag and their weights. A tag that came
// after the segment has none.
func (s *segment) postings(t TagID) ([]uint32, []uint16) {
	if int(t)+1 >= len(s.posting) {
		return nil, nil
	}
	a, b := s.posting[t], s.posting[t+1]
	return s.docs[a:b], s.docWeights[a:b]
}

func (s *segment) bytes() int64 {
	return int64(4*len(s.forward) + 4*len(s.tags) + 2*len(s.weights) +
		4*len(s.posting) + 4*len(s.docs) + 2*len(s.docWeights))
}

// builder makes a segment of opportunities that come in the order of ids.
type builder struct {
	spreader  *spreader
	measure   Measure
	seg       *segment
	published int64
	frequency []int64 // published opportunities by TagID
}

func newBuilder(v *Vocabulary, s Settings) *builder {
	return &builder{
		spreader:  newSpreader(v, s.Decay),
		measure:   s.Measure,
		seg:       &segment{forward: []uint32{0}},
		frequency: make([]int64, v.Len()),
	}
}

func (b *builder) add(o *Opportunity) {
	b.spreader.spread(o.Tags)
	if o.Status == Published {
		b.published++
		for _, t := range b.spreader.touched {
			b.frequency[t]++
		}
	}
	b.seg.tags, b.seg.weights = b.spreader.appendImpacts(b.seg.tags, b.seg.weights, b.measure, o.Boost)
	b.seg.forward = append(b.seg.forward, uint32(len(b.seg.tags)))
	b.seg.opportunities = append(b.seg.opportunities, *o)
}

// addRecord adds what another segment has worked out already.
func (b *builder) addRecord(r record) {
	b.seg.tags = append(b.seg.tags, r.tags...)
	b.seg.weights = append(b.seg.weights, r.weights...)
	b.seg.forward = append(b.seg.forward, uint32(len(b.seg.tags)))
	b.seg.opportunities = append(b.seg.opportunities, *r.opportunity)
}

// finish inverts the forward records by counting.
func (b *builder) finish() *segment {
	s := b.seg
	s.posting = make([]uint32, b.spreader.vocabulary.Len()+1)
	for _, t := range s.tags {
		s.posting[t+1]++
	}
	for t := 1; t < len(s.posting); t++ {
		s.posting[t] += s.posting[t-1]
	}
	s.docs, s.docWeights = make([]uint32, len(s.tags)), make([]uint16, len(s.tags))
	next := slices.Clone(s.posting)
	for doc := range s.opportunities {
		for i := s.forward[doc]; i < s.forward[doc+1]; i++ {
			at := next[s.tags[i]]
			next[s.tags[i]]++
			s.docs[at], s.docWeights[at] = uint32(doc), s.weights[i]
		}
	}
	return s
}

// appendImpacts appends, for an opportunity whose weights sp holds, the tags
// in ascending order and what the postings keep of them; zeros are dropped.
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

package matcher

import (
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
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

// Index is a catalogue that can be ranked. It is immutable: any number of
// rankers may use it while Apply makes its successors.
type Index struct {
	settings   Settings
	vocabulary *Vocabulary
	statistics *Statistics // nil without IDF
	importance []int64     // G by TagID
	partners   partners
	// kindsMoved says that a partner has another kind than when base was built.
	kindsMoved bool
	base       *segment
	numbers    vector[uint32] // documents by Opportunity.Number, from 1 on
	overlay    overlay
	delta      delta
	n          int // opportunities
}

// NewIndex builds an index. Values must have passed their Check. The index
// keeps the opportunities and all that they refer to: they must not be changed
// any more. It returns an ErrCatalogue for bad tags, an id given twice or a
// partner that is not there.
//
// It uses as many cores as the program may; the index doesn't depend on it.
func NewIndex(c Catalogue, s Settings) (*Index, error) {
	return newIndex(c, s, workers(len(c.Opportunities)))
}

func newIndex(c Catalogue, s Settings, workers int) (*Index, error) {
	if !slices.Contains(Measures, s.Measure) || s.Decay > One {
		return nil, fmt.Errorf("%w: settings: measure or decay out of range", ErrCatalogue)
	}
	v, err := NewVocabulary(c.Tags)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCatalogue, err)
	}
	x := &Index{settings: s}
	var twice string
	if x.partners, twice = newPartners(c.Partners); twice != "" {
		return nil, fmt.Errorf("%w: partner %q is given twice", ErrCatalogue, twice)
	}
	if err := x.build(v, c.Opportunities, workers); err != nil {
		return nil, err
	}
	return x, nil
}

func (x *Index) build(v *Vocabulary, opportunities []Opportunity, workers int) error {
	b := builder{workers: workers}
	if err := b.read(v, x.settings, &x.partners, opportunities); err != nil {
		return err
	}
	x.vocabulary = b.vocabulary
	if x.settings.IDF {
		x.statistics = x.settings.Statistics
		if x.statistics == nil {
			x.statistics = new(b.statistics())
		}
		// A tag whose last opportunity went after they were taken still counts
		// in the score shown, as it does where an index has been kept up.
		x.vocabulary = x.vocabulary.Extend(slices.Sorted(maps.Keys(x.statistics.Frequency)))
	}
	x.importance = importanceOf(x.vocabulary, x.statistics)
	base, err := b.finish(x.partners.kinds())
	if err == nil {
		x.install(base)
	}
	return err
}

func (x *Index) checkPartner(o *Opportunity) error {
	if o.Partner == "" {
		return nil
	}
	if _, ok := x.partners.find(o.Partner); !ok {
		return fmt.Errorf("%w: opportunity %q: partner %q is not there", ErrCatalogue, o.ID, o.Partner)
	}
	return nil
}

// Len is the number of opportunities, whatever their status.
func (x *Index) Len() int { return x.n }

// Vocabulary is the tags of the index, those included that only an
// opportunity names.
func (x *Index) Vocabulary() *Vocabulary { return x.vocabulary }

// Settings are those that the index was built with.
func (x *Index) Settings() Settings { return x.settings }

// Opportunity finds an opportunity by id. It must not be changed.
func (x *Index) Opportunity(id string) (*Opportunity, bool) {
	if doc, ok := x.find(id); ok {
		o, _ := x.document(doc)
		return o, true
	}
	return nil, false
}

// Partner finds a partner by id. It must not be changed.
func (x *Index) Partner(id string) (*Partner, bool) {
	return x.partners.find(id)
}

// Bytes is the memory of postings and forward records, attributes apart.
func (x *Index) Bytes() int64 { return x.base.bytes() }

// Postings is the number of postings that a ranking of the student visits.
func (x *Index) Postings(s *Student) int64 {
	sp := newSpreader(x.vocabulary, x.settings.Decay)
	sp.spread(s.Interests)
	var n int64
	for _, t := range sp.touched {
		n += x.base.frequency(t)
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
func (x *Index) AllPostings() int64 { return int64(len(x.base.records) / int(x.base.packing)) }

// find finds the document of an opportunity. The late ones, in the delta, have
// the numbers from that of the segment's documents on.
func (x *Index) find(id string) (doc uint32, ok bool) {
	if at, ok := x.delta.find(id); ok {
		return uint32(x.base.len()) + x.delta.byID[at], true
	}
	if doc, ok := x.base.find(id); ok {
		o, _ := x.document(doc)
		return doc, o != nil
	}
	return 0, false
}

// document is what a document is now, nil if it is gone, and the number of its
// partner.
func (x *Index) document(doc uint32) (*Opportunity, int32) {
	if n := uint32(x.base.len()); doc >= n {
		if r := x.delta.slots.at(doc - n); r != nil {
			return r.opportunity, r.partner
		}
		return nil, noPartner
	}
	if p := x.overlay.patch(doc); p != nil {
		return p.opportunity, p.partner
	}
	return x.base.opportunities[doc], x.base.attributes[doc].partner
}

// record is the record of a document that is there.
func (x *Index) record(doc uint32) record {
	var r record
	x.read(&r, doc)
	return r
}

// read fills a record with that of a document that is there; its slices are
// used again.
func (x *Index) read(r *record, doc uint32) {
	if n := uint32(x.base.len()); doc >= n {
		late := x.delta.slots.at(doc - n)
		r.tags, r.weights = append(r.tags[:0], late.tags...), append(r.weights[:0], late.weights...)
	} else {
		x.base.read(r, doc)
	}
	r.opportunity, r.partner = x.document(doc)
}

// records yields all opportunities that are there.
func (x *Index) records() iter.Seq[record] {
	return func(yield func(record) bool) {
		for doc := range uint32(x.base.len()) + x.delta.n {
			if o, _ := x.document(doc); o != nil && !yield(x.record(doc)) {
				return
			}
		}
	}
}

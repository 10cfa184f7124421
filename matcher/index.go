package matcher

import (
	"cmp"
	"errors"
	"fmt"
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
	partners   partners
	// kindsMoved says that a partner has another kind than when base was built.
	kindsMoved bool
	base       *segment
	// gone has a bit for each document of base that was removed or replaced;
	// nil is none.
	gone  []uint64
	delta []record // by opportunity id
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
	x := &Index{
		settings: s,
		partners: partners{numbers: make(map[string]int32, len(c.Partners))},
	}
	for i := range c.Partners {
		if _, dup := x.partners.find(c.Partners[i].ID); dup {
			return nil, fmt.Errorf("%w: partner %q is given twice", ErrCatalogue, c.Partners[i].ID)
		}
		x.partners.set(c.Partners[i])
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
	var err error
	x.base, err = b.finish(x.partners.kinds())
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
func (x *Index) Len() int {
	n := x.base.len() + len(x.delta)
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
		return x.base.opportunities[d], true
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
func (x *Index) AllPostings() int64 { return int64(len(x.base.records) / perTag) }

func (x *Index) isGone(doc uint32) bool {
	return x.gone != nil && x.gone[doc/64]&(1<<(doc%64)) != 0
}

func (x *Index) findDelta(id string) (int, bool) {
	return slices.BinarySearchFunc(x.delta, id, func(r record, id string) int {
		return cmp.Compare(r.opportunity.ID, id)
	})
}

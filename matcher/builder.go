package matcher

import (
	"fmt"
	"slices"

	"github.com/kindred-match/kindred/matcher/internal/kernel"
)

// builder makes a segment, in stages: each opportunity is worked out where it
// stands, into drafts; ids are sorted; documents are put in clusters; what was
// worked out is copied in the order of documents; that is inverted.
//
// The segment is the same whatever the order of the opportunities, and
// whatever the number of drafts.
type builder struct {
	vocabulary *Vocabulary
	drafts     []*draft
	size       int // opportunities of each draft but the last
}

// read works out opportunities, which it keeps. The vocabulary is extended by
// the tags that it lacks.
func (b *builder) read(v *Vocabulary, s Settings, p *partners, opportunities []Opportunity) error {
	d := newDraft(v, s, len(opportunities))
	b.drafts, b.size = []*draft{d}, max(1, len(opportunities))
	for i := range opportunities {
		o := &opportunities[i]
		partner := p.number(o.Partner)
		if partner == noPartner && o.Partner != "" {
			return fmt.Errorf("%w: opportunity %q: partner %q is not there", ErrCatalogue, o.ID, o.Partner)
		}
		d.add(o, partner)
	}
	b.number(v)
	return nil
}

// number makes the vocabulary of the drafts, and the drafts' tags those of it.
func (b *builder) number(v *Vocabulary) {
	var names []string
	for _, d := range b.drafts {
		names = append(names, d.names()...)
	}
	slices.Sort(names)
	b.vocabulary = v.Extend(names)
	for _, d := range b.drafts {
		number := d.renumber(b.vocabulary)
		frequency, published := d.frequency, d.publishedByTag
		d.frequency, d.publishedByTag = make([]uint32, b.vocabulary.Len()), make([]int64, b.vocabulary.Len())
		for t, to := range number {
			d.frequency[to], d.publishedByTag[to] = frequency[t], published[t]
		}
	}
}

// statistics are those of the opportunities that were read.
func (b *builder) statistics() Statistics {
	var published int64
	frequency := make([]int64, b.vocabulary.Len())
	for _, d := range b.drafts {
		published += d.published
		for t, n := range d.publishedByTag {
			frequency[t] += n
		}
	}
	return statistics(b.vocabulary, published, frequency)
}

// finish orders the documents and inverts their records. It returns an
// ErrCatalogue for an id that is given twice. The kinds are of the partners, by
// number.
func (b *builder) finish(kinds []PartnerKind) (*segment, error) {
	var opportunities []*Opportunity
	for _, d := range b.drafts {
		opportunities = append(opportunities, d.opportunities...)
	}
	byID, err := sortIDs(opportunities)
	if err != nil {
		return nil, err
	}
	s := &segment{minColumn: kernel.MinColumn()}
	b.place(s, byID)
	b.drafts = nil // they may go
	s.invert(b.vocabulary.Len())
	s.newSieve(kinds)
	kernel.Huge(s.records)
	kernel.Huge(s.forward)
	kernel.Huge(s.attributes)
	kernel.Huge(s.postings)
	kernel.Huge(s.columns)
	kernel.Huge(s.entries)
	return s, nil
}

// place copies the drafts in the order of documents. What it is given are the
// places in the drafts, in the order of ids, and is overwritten.
func (b *builder) place(s *segment, byID []uint32) {
	n, numbers := len(byID), 0
	for _, d := range b.drafts {
		numbers += len(d.records)
		s.maxBoost = max(s.maxBoost, d.maxBoost)
	}
	s.place = b.clustered(byID)
	s.opportunities = make([]*Opportunity, n)
	s.attributes = make([]attributes, n)
	s.forward = make([]uint32, 1, n+1)
	s.records = make([]uint16, 0, numbers)
	for doc, place := range s.place {
		d, i := b.at(byID[place])
		s.opportunities[doc] = d.opportunities[i]
		s.attributes[doc] = d.attributes[i]
		s.records = append(s.records, d.packed(i)...)
		s.forward = append(s.forward, uint32(len(s.records)/perTag))
	}
	b.numberLists(s, byID)
	for doc, place := range s.place {
		byID[place] = uint32(doc)
	}
	s.byID = byID
}

// at finds an opportunity in the drafts.
func (b *builder) at(i uint32) (*draft, int) {
	if len(b.drafts) == 1 {
		return b.drafts[0], int(i)
	}
	return b.drafts[int(i)/b.size], int(i) % b.size
}

// numberLists numbers the lists of the attributes in the order of documents.
func (b *builder) numberLists(s *segment, byID []uint32) {
	all := newDictionaries()
	known := make(map[*draft]*[dimensions][]uint32, len(b.drafts)) // numbers; 0 is not known yet
	for _, d := range b.drafts {
		known[d] = new([dimensions][]uint32)
		for dim := range dimensions {
			known[d][dim] = make([]uint32, len(d.dictionaries[dim].lists))
		}
	}
	last := b.drafts[0]
	numbers := known[last]
	for doc := range s.attributes {
		if d, _ := b.at(byID[s.place[doc]]); d != last {
			last, numbers = d, known[d]
		}
		for dim, list := range &s.attributes[doc].lists {
			if list == 0 {
				continue
			}
			n := &numbers[dim][list]
			if *n == 0 {
				*n = all[dim].number(last.dictionaries[dim].lists[list])
			}
			s.attributes[doc].lists[dim] = *n
		}
	}
	for dim := range dimensions {
		s.lists[dim] = all[dim].lists
	}
}

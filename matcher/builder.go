package matcher

import (
	"slices"

	"github.com/kindred-match/kindred/matcher/internal/kernel"
)

// builder makes a segment, in stages: each opportunity is worked out where it
// stands, into drafts; ids are sorted; documents are put in clusters; what was
// worked out is copied in the order of documents; that is inverted.
//
// The segment is the same whatever the order of the opportunities, and
// whatever the number of workers.
type builder struct {
	vocabulary *Vocabulary
	workers    int
	drafts     []*draft
	size       int // opportunities of each draft but the last
	pause      pause
}

// read works out opportunities, which it keeps. The vocabulary is extended by
// the tags that it lacks. The error is that of the first bad opportunity.
func (b *builder) read(v *Vocabulary, s Settings, p *partners, opportunities []Opportunity) error {
	n := len(opportunities)
	b.size = max(1, (n+b.workers-1)/b.workers)
	b.drafts = make([]*draft, max(1, (n+b.size-1)/b.size))
	errs := make([]error, len(b.drafts))
	together(len(b.drafts), func(i int) {
		share := opportunities[i*b.size : min((i+1)*b.size, n)]
		b.drafts[i] = newDraft(v, s, len(share))
		errs[i] = b.drafts[i].read(p, share)
	})
	for _, err := range errs {
		if err != nil {
			return err
		}
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
	together(len(b.drafts), func(i int) { b.drafts[i].renumber(b.vocabulary) })
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
// ErrCatalogue for an id that is given twice, and errStopped when the pause says
// so. The kinds are of the partners, by number.
func (b *builder) finish(kinds []PartnerKind) (*segment, error) {
	var opportunities []*Opportunity
	for _, d := range b.drafts {
		opportunities = append(opportunities, d.opportunities...)
	}
	byID, err := sortIDs(opportunities)
	if err != nil {
		return nil, err
	}
	s := &segment{minColumn: kernel.MinColumn(), crested: kernel.Crested()}
	b.place(s, byID)
	b.drafts = nil // they may go
	if b.pause.stopped {
		return nil, errStopped
	}
	s.invert(b.vocabulary.Len(), b.workers, &b.pause)
	s.newSieve(kinds, b.workers, &b.pause)
	if b.pause.stopped {
		return nil, errStopped
	}
	kernel.Huge(s.records)
	kernel.Huge(s.forward)
	kernel.Huge(s.attributes)
	kernel.Huge(s.postings)
	kernel.Huge(s.columns)
	kernel.Huge(s.crests.levels)
	kernel.Huge(s.entries)
	return s, nil
}

// place copies the drafts in the order of documents. What it is given are the
// places in the drafts, in the order of ids, and is overwritten.
func (b *builder) place(s *segment, byID []uint32) {
	n := len(byID)
	s.place = b.clustered(byID)
	s.opportunities = make([]*Opportunity, n)
	s.attributes = make([]attributes, n)
	s.forward = make([]uint32, n+1)
	b.inDocuments(s, byID, func(doc int, d *draft, i int) {
		s.forward[doc+1] = d.forward[i+1] - d.forward[i]
	})
	for doc := range n {
		s.forward[doc+1] += s.forward[doc]
	}
	s.packing = packingOf(b.vocabulary.Len())
	s.records = make([]uint16, uint(s.packing)*uint(s.forward[n]))
	b.inDocuments(s, byID, func(doc int, d *draft, i int) {
		s.opportunities[doc] = d.opportunities[i]
		s.attributes[doc] = d.attributes[i]
		s.packing.repack(s.packed(uint32(doc))[:0], wide, d.packed(i))
	})
	for _, d := range b.drafts {
		s.maxBoost = max(s.maxBoost, d.maxBoost)
	}
	b.numberLists(s, byID)
	for doc, place := range s.place {
		byID[place] = uint32(doc)
	}
	s.byID = byID
}

// inDocuments calls visit for each document with the place of what was worked
// out of it. Workers share the documents.
func (b *builder) inDocuments(s *segment, byID []uint32, visit func(doc int, d *draft, i int)) {
	together(b.workers, func(worker int) {
		first, end := span(len(byID), worker, b.workers)
		for doc := first; doc < end; doc++ {
			b.pause.after(1)
			if ahead := doc + 2*prefetchAhead; ahead < end {
				d, i := b.at(byID[s.place[ahead]])
				d.prefetch(i)
			}
			if ahead := doc + prefetchAhead; ahead < end {
				d, i := b.at(byID[s.place[ahead]])
				d.prefetchRecord(i)
			}
			d, i := b.at(byID[s.place[doc]])
			visit(doc, d, i)
		}
	})
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
	known := make([][dimensions][]uint32, len(b.drafts)) // numbers; 0 is not known yet
	for i, d := range b.drafts {
		for dim := range dimensions {
			known[i][dim] = make([]uint32, len(d.dictionaries[dim].lists))
		}
	}
	for doc := range s.attributes {
		b.pause.after(1)
		at := int(byID[s.place[doc]]) / b.size
		lists := &s.attributes[doc].lists
		for dim, list := range lists {
			if list == 0 {
				continue
			}
			n := &known[at][dim][list]
			if *n == 0 {
				*n = all[dim].number(b.drafts[at].dictionaries[dim].lists[list])
			}
			lists[dim] = *n
		}
	}
	for dim := range dimensions {
		s.lists[dim] = all[dim].lists
	}
}

package matcher

import (
	"fmt"
	"slices"

	"github.com/kindred-match/kindred/matcher/internal/kernel"
)

// draft is what one worker has worked out of opportunities that follow each
// other, each looked at once, in the order given.
type draft struct {
	measure Measure
	// spreader's vocabulary is the builder's, or a clone with the tags that it
	// lacks.
	spreader *spreader
	listed   int                       // tags of the builder's vocabulary
	found    *[1 << foundBits]foundTag // by hashOf

	opportunities []*Opportunity
	attributes    []attributes
	dictionaries  dictionaries // of the lists in attributes
	forward       []uint32     // as in a segment
	records       []uint16     // as in a segment
	maxBoost      int64
	frequency     []uint32 // records by TagID

	published      int64
	publishedByTag []int64 // published opportunities by TagID
}

func newDraft(v *Vocabulary, s Settings, n int) *draft {
	return &draft{
		measure:        s.Measure,
		spreader:       newSpreader(v, s.Decay),
		listed:         v.Len(),
		found:          new([1 << foundBits]foundTag),
		opportunities:  make([]*Opportunity, 0, n),
		attributes:     make([]attributes, 0, n),
		dictionaries:   newDictionaries(),
		forward:        append(make([]uint32, 0, n+1), 0),
		frequency:      make([]uint32, v.Len()),
		publishedByTag: make([]int64, v.Len()),
	}
}

// read works out opportunities, which it keeps.
func (d *draft) read(p *partners, opportunities []Opportunity) error {
	for i := range opportunities {
		if ahead := i + prefetchAhead; ahead < len(opportunities) && len(opportunities[ahead].Tags) > 0 {
			kernel.Prefetch(&opportunities[ahead].Tags[0])
		}
		o := &opportunities[i]
		partner := p.number(o.Partner)
		if partner == noPartner && o.Partner != "" {
			return fmt.Errorf("%w: opportunity %q: partner %q is not there", ErrCatalogue, o.ID, o.Partner)
		}
		d.add(o, partner)
	}
	return nil
}

// add works out an opportunity, which it keeps.
func (d *draft) add(o *Opportunity, partner int32) {
	sp := d.spreader
	sp.clear()
	for i := range o.Tags {
		sp.raise(d.tag(o.Tags[i].Tag), o.Tags[i].Weight)
	}
	if o.Status == Published {
		d.published++
		for _, t := range sp.touched {
			d.publishedByTag[t]++
		}
	}
	slices.Sort(sp.touched)
	d.reserve(len(sp.touched))
	impacts := sp.impacts(d.measure, o.Boost)
	for _, t := range sp.touched {
		if w := impacts.of(sp.weight[t]); w > 0 {
			d.frequency[t]++
			d.records = wide.pack(d.records, t, w)
		}
	}
	d.close(o, partner)
}

// addRecord adds what has been worked out already.
func (d *draft) addRecord(r record) {
	d.reserve(len(r.tags))
	for i, t := range r.tags {
		d.frequency[t]++
		d.records = wide.pack(d.records, t, r.weights[i])
	}
	d.close(r.opportunity, r.partner)
}

// addPacked adds a document of a segment that was built of the same vocabulary.
func (d *draft) addPacked(o *Opportunity, partner int32, p packing, packed []uint16) {
	d.reserve(len(packed) / int(p))
	d.records = wide.repack(d.records, p, packed)
	for ; len(packed) > 0; packed = packed[p:] {
		t, _ := p.unpack(packed)
		d.frequency[t]++
	}
	d.close(o, partner)
}

// foundTag is a name that was looked up lately.
type foundTag struct {
	name string
	tag  TagID
}

const foundBits = 13

// tag is the number of a name: the vocabulary's, or one of the draft's own. A
// few tags are most of all that are named, so it first looks where the name
// was put when it was last looked up.
func (d *draft) tag(name string) TagID {
	found := &d.found[hashOf(name)]
	if found.name == name && name != "" {
		return found.tag
	}
	t, ok := d.spreader.vocabulary.ids[name]
	if !ok {
		t = d.unlisted(name)
	}
	*found = foundTag{name, t}
	return t
}

// hashOf scatters names by their length, their first and their last eight
// bytes. Names with the same hash cost a look into the vocabulary.
func hashOf(name string) uint64 {
	const odd, other = 0x9e3779b97f4a7c15, 0xd6e8feb86659fd93
	h := uint64(len(name))
	if len(name) < 8 {
		for i := range len(name) {
			h = h<<8 | uint64(name[i])
		}
	} else {
		h ^= eightOf(name)*odd ^ eightOf(name[len(name)-8:])*other
	}
	return h * odd >> (64 - foundBits)
}

// eightOf is the first eight bytes of s.
func eightOf(s string) uint64 {
	_ = s[7]
	return uint64(s[0])<<56 | uint64(s[1])<<48 | uint64(s[2])<<40 | uint64(s[3])<<32 |
		uint64(s[4])<<24 | uint64(s[5])<<16 | uint64(s[6])<<8 | uint64(s[7])
}

// unlisted gives a tag that the vocabulary lacks a number of the draft's own.
func (d *draft) unlisted(name string) TagID {
	sp := d.spreader
	if sp.vocabulary.Len() == d.listed {
		sp.vocabulary = sp.vocabulary.clone()
	}
	sp.weight = append(sp.weight, 0)
	d.frequency = append(d.frequency, 0)
	d.publishedByTag = append(d.publishedByTag, 0)
	return sp.vocabulary.add(name)
}

// reserve makes room for the record of so many tags. It makes as much as all
// will need if they are like those before, so that little is moved.
func (d *draft) reserve(tags int) {
	if cap(d.records)-len(d.records) >= int(wide)*tags {
		return
	}
	done := max(1, len(d.opportunities))
	expected := len(d.records) / done * (cap(d.opportunities) - done)
	d.records = slices.Grow(d.records, expected+expected/16+int(wide)*(tags+1024))
}

// close ends a record, and does all that isn't about tags.
func (d *draft) close(o *Opportunity, partner int32) {
	d.forward = append(d.forward, uint32(len(d.records)/int(wide)))
	d.opportunities = append(d.opportunities, o)
	d.attributes = append(d.attributes, d.dictionaries.describe(o, partner))
	d.maxBoost = max(d.maxBoost, boostFactor(o.Boost))
}

// names are the tags that the builder's vocabulary lacks.
func (d *draft) names() []string { return d.spreader.vocabulary.names[d.listed:] }

func (d *draft) packed(i int) []uint16 {
	return wide.of(d.records, d.forward[i], d.forward[i+1])
}

// prefetchAhead is how many opportunities ahead their memory is asked for.
const prefetchAhead = 8

// prefetch asks for all but the record.
func (d *draft) prefetch(i int) {
	kernel.Prefetch(&d.forward[i])
	kernel.Prefetch(&d.attributes[i])
	kernel.Prefetch(&d.opportunities[i])
}

func (d *draft) prefetchRecord(i int) {
	if packed := d.packed(i); len(packed) > 0 {
		kernel.Prefetch(&packed[0])
		kernel.Prefetch(&packed[len(packed)-1])
	}
}

// renumber gives the draft's own tags the numbers that a vocabulary has for
// them.
func (d *draft) renumber(v *Vocabulary) {
	number := make([]TagID, d.spreader.vocabulary.Len())
	for t := range number {
		number[t] = TagID(t)
	}
	for i, name := range d.names() {
		number[d.listed+i] = v.ids[name]
	}
	frequency, published := d.frequency, d.publishedByTag
	d.frequency, d.publishedByTag = make([]uint32, v.Len()), make([]int64, v.Len())
	for t, to := range number {
		d.frequency[to], d.publishedByTag[to] = frequency[t], published[t]
	}
	if len(d.names()) == 0 {
		return
	}
	for i := range d.opportunities {
		renumberRecord(d.packed(i), number)
	}
}

// renumberRecord keeps the record in the order of tags.
func renumberRecord(packed []uint16, number []TagID) {
	const perTag = int(wide)
	for i := 0; i < len(packed); i += perTag {
		t, w := wide.unpack(packed[i:])
		t = number[t]
		at := i // as an insertion sort: few are out of order
		for ; at > 0; at -= perTag {
			if before, _ := wide.unpack(packed[at-perTag:]); before < t {
				break
			}
			copy(packed[at:at+perTag], packed[at-perTag:at])
		}
		wide.pack(packed[at:at], t, w)
	}
}

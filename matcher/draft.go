package matcher

import "slices"

// draft is what one worker has worked out of opportunities that follow each
// other, each looked at once, in the order given.
type draft struct {
	measure Measure
	// spreader's vocabulary is the builder's, or a clone with the tags that it
	// lacks.
	spreader *spreader
	listed   int // tags of the builder's vocabulary

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
		opportunities:  make([]*Opportunity, 0, n),
		attributes:     make([]attributes, 0, n),
		dictionaries:   newDictionaries(),
		forward:        append(make([]uint32, 0, n+1), 0),
		frequency:      make([]uint32, v.Len()),
		publishedByTag: make([]int64, v.Len()),
	}
}

// add works out an opportunity, which it keeps.
func (d *draft) add(o *Opportunity, partner int32) {
	sp := d.spreader
	sp.clear()
	for i := range o.Tags {
		t, ok := sp.vocabulary.ids[o.Tags[i].Tag]
		if !ok {
			t = d.unlisted(o.Tags[i].Tag)
		}
		sp.raise(t, o.Tags[i].Weight)
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
			d.records = append(d.records, uint16(t), uint16(t>>16), w)
		}
	}
	d.close(o, partner)
}

// addRecord adds what has been worked out already.
func (d *draft) addRecord(r record) {
	d.reserve(len(r.tags))
	for i, t := range r.tags {
		d.frequency[t]++
		d.records = append(d.records, uint16(t), uint16(t>>16), r.weights[i])
	}
	d.close(r.opportunity, r.partner)
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
	if cap(d.records)-len(d.records) >= perTag*tags {
		return
	}
	done := max(1, len(d.opportunities))
	expected := len(d.records) / done * (cap(d.opportunities) - done)
	d.records = slices.Grow(d.records, expected+expected/16+perTag*(tags+1024))
}

// close ends a record, and does all that isn't about tags.
func (d *draft) close(o *Opportunity, partner int32) {
	d.forward = append(d.forward, uint32(len(d.records)/perTag))
	d.opportunities = append(d.opportunities, o)
	d.attributes = append(d.attributes, d.dictionaries.describe(o, partner))
	d.maxBoost = max(d.maxBoost, boostFactor(o.Boost))
}

// names are the tags that the builder's vocabulary lacks.
func (d *draft) names() []string { return d.spreader.vocabulary.names[d.listed:] }

func (d *draft) packed(i int) []uint16 {
	return d.records[perTag*uint(d.forward[i]) : perTag*uint(d.forward[i+1])]
}

// renumber gives the draft's own tags the numbers that a vocabulary has for
// them, and returns those of all its tags.
func (d *draft) renumber(v *Vocabulary) []TagID {
	number := make([]TagID, d.spreader.vocabulary.Len())
	for t := range number {
		number[t] = TagID(t)
	}
	for i, name := range d.names() {
		number[d.listed+i] = v.ids[name]
	}
	if len(d.names()) == 0 {
		return number
	}
	for i := range d.opportunities {
		packed := d.packed(i)
		for j := 0; j < len(packed); j += perTag {
			t, w := unpack(packed[j:])
			t = number[t]
			at := j // as an insertion sort: few are out of order
			for ; at > 0; at -= perTag {
				if before, _ := unpack(packed[at-perTag:]); before < t {
					break
				}
				copy(packed[at:at+perTag], packed[at-perTag:at])
			}
			packed[at], packed[at+1], packed[at+2] = uint16(t), uint16(t>>16), w
		}
	}
	return number
}

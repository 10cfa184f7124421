package matcher

import (
	"cmp"
	"slices"
)

// delta is the opportunities that came, or got other tags, after the segment
// was built: each has a slot, in the order of their coming. They are scored
// exactly, tag by tag, from postings of their own. It is immutable but for add,
// patch and drop, which are for a clone.
type delta struct {
	slots vector[*record] // nil: gone
	n     uint32          // slots that were given
	byID  []uint32        // slots of those that are there, in the order of ids
	heads vector[*chunk]  // by TagID: its newest postings
}

// chunk is some postings of a tag, in the order of slots, and those before.
type chunk struct {
	next     *chunk
	n        int32
	postings [14]deltaPosting
}

type deltaPosting struct {
	slot   uint32
	weight uint16
}

func (d *delta) clone() delta {
	return delta{d.slots.clone(), d.n, slices.Clone(d.byID), d.heads.clone()}
}

// find returns the place in byID of an id, or where it would be.
func (d *delta) find(id string) (int, bool) {
	return slices.BinarySearchFunc(d.byID, id, func(slot uint32, id string) int {
		return cmp.Compare(d.slots.at(slot).opportunity.ID, id)
	})
}

// add gives a record a slot. Its id must not have one.
func (d *delta) add(r *record) {
	at, _ := d.find(r.opportunity.ID)
	d.slots.set(d.n, r)
	d.byID = slices.Insert(d.byID, at, d.n)
	for i, t := range r.tags {
		c := new(chunk)
		if head := d.heads.at(t); head != nil && int(head.n) < len(head.postings) {
			*c = *head
		} else {
			c.next = head
		}
		c.postings[c.n] = deltaPosting{d.n, r.weights[i]}
		c.n++
		d.heads.set(t, c)
	}
	d.n++
}

// drop takes away the record at a place in byID.
func (d *delta) drop(at int) {
	d.slots.set(d.byID[at], nil)
	d.byID = slices.Delete(d.byID, at, at+1)
}

// visitDelta hands the sink the opportunities beside the segment.
func (r *Ranker) visitDelta(q *Query, to sink) {
	r.scoreLate(to.threshold(), func(doc uint32, rec *record, units int64) {
		h := hit{units: units, doc: doc}
		if units < to.threshold() || !to.admits(h) || !r.admitted(q, rec.opportunity, rec.partner) {
			return
		}
		h.partner = r.pair.partner
		to.offer(h)
	})
}

// scoreLate scores the opportunities beside the segment for the compiled
// profile. Those that reach the threshold are visited, and perhaps others.
func (r *Ranker) scoreLate(threshold int64, visit func(doc uint32, rec *record, units int64)) {
	d := &r.x.delta
	if len(d.byID) == 0 {
		return
	}
	overlap := r.x.settings.Measure == Overlap
	if overlap {
		threshold = (threshold + maxBoostFactor - 1) / maxBoostFactor // boosts come afterwards
	}
	for _, slot := range r.accumulateLate(threshold) {
		rec, units := d.slots.at(slot), r.late[slot]
		r.late[slot] = 0 // it may have been noted more than once
		if rec == nil || units == 0 {
			continue
		}
		if overlap {
			units *= boostFactor(rec.opportunity.Boost)
		}
		visit(uint32(r.x.base.len())+slot, rec, units)
	}
}

// accumulateLate adds up in r.late, by slot, what the compiled profile gains, boosts
// of the overlap measure apart, and notes the slots that reach the threshold,
// again with each posting that comes after.
func (r *Ranker) accumulateLate(threshold int64) []uint32 {
	d := &r.x.delta
	r.late = slices.Grow(r.late[:0], int(d.n))[:d.n]
	clear(r.late)
	noted := r.lately[:0]
	overlap := r.x.settings.Measure == Overlap
	for _, t := range r.profile.touched {
		p, g := int64(r.profile.weight[t]), r.x.importance[t]
		for c := d.heads.at(t); c != nil; c = c.next {
			for _, posting := range c.postings[:c.n] {
				gain := g * p * int64(posting.weight)
				if overlap {
					gain = g * min(p, int64(posting.weight))
				}
				sum := r.late[posting.slot] + gain
				r.late[posting.slot] = sum
				if sum >= threshold {
					noted = append(noted, posting.slot)
				}
			}
		}
	}
	r.lately = noted
	return noted
}

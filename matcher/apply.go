package matcher

import (
	"fmt"
	"math/bits"
	"slices"
)

// Change is one change of a catalogue: exactly one field is set.
type Change struct {
	Opportunity        *Opportunity // written
	Partner            *Partner     // written
	RemovedOpportunity string       // id; one that isn't there is no error
	RemovedPartner     string       // id; one that isn't there is no error
}

// Apply returns the index after the changes, which come one after the other.
// The index itself stays as it is. Statistics don't change; changes of tags
// need a new index. An ErrCatalogue when after them all the partner of an
// opportunity is not there; then nothing has changed.
func (x *Index) Apply(changes ...Change) (*Index, error) {
	y := *x
	y.gone, y.delta = slices.Clone(x.gone), slices.Clone(x.delta)
	y.applyPartners(changes)
	for i := range changes {
		switch c := &changes[i]; {
		case c.Opportunity != nil:
			y.put(c.Opportunity)
		case c.RemovedOpportunity != "":
			y.remove(c.RemovedOpportunity)
		}
	}
	if err := y.checkWritten(changes); err != nil {
		return nil, err
	}
	if err := y.checkRemovedPartners(changes); err != nil {
		return nil, err
	}
	if len(y.delta) > maxDelta {
		if err := y.merge(); err != nil {
			return nil, err
		}
	}
	return &y, nil
}

func (x *Index) applyPartners(changes []Change) {
	cloned := false
	for i := range changes {
		c := &changes[i]
		if c.Partner == nil && c.RemovedPartner == "" {
			continue
		}
		if !cloned {
			x.partners, cloned = x.partners.clone(), true
		}
		if c.Partner != nil {
			x.kindsMoved = x.kindsMoved || x.base.otherKind(x.partners.number(c.Partner.ID), c.Partner.Kind)
			x.partners.set(*c.Partner)
		} else {
			x.partners.remove(c.RemovedPartner)
		}
	}
}

// checkWritten holds that what was written, and is still there, has its partner.
func (x *Index) checkWritten(changes []Change) error {
	for i := range changes {
		if changes[i].Opportunity == nil {
			continue
		}
		if o, ok := x.Opportunity(changes[i].Opportunity.ID); ok {
			if err := x.checkPartner(o); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkRemovedPartners holds that no opportunity is left without its partner.
func (x *Index) checkRemovedPartners(changes []Change) error {
	removed := make(map[string]struct{})
	for i := range changes {
		if id := changes[i].RemovedPartner; id != "" {
			if _, back := x.partners.find(id); !back {
				removed[id] = struct{}{}
			}
		}
	}
	if len(removed) == 0 {
		return nil
	}
	for r := range x.records() {
		if _, ok := removed[r.opportunity.Partner]; ok {
			return fmt.Errorf("%w: partner %q still has opportunities", ErrCatalogue, r.opportunity.Partner)
		}
	}
	return nil
}

func (x *Index) put(o *Opportunity) {
	names := make([]string, len(o.Tags))
	for i := range o.Tags {
		names[i] = o.Tags[i].Tag
	}
	if v := x.vocabulary.Extend(names); v != x.vocabulary {
		x.vocabulary = v
		x.importance = importanceOf(v, x.statistics)
	}
	x.remove(o.ID)
	kept := *o
	sp := newSpreader(x.vocabulary, x.settings.Decay)
	sp.spread(o.Tags)
	r := record{opportunity: &kept, partner: x.partners.number(o.Partner)}
	r.tags, r.weights = sp.appendImpacts(nil, nil, x.settings.Measure, o.Boost)
	i, _ := x.findDelta(o.ID)
	x.delta = slices.Insert(x.delta, i, r)
}

func (x *Index) remove(id string) {
	if i, ok := x.findDelta(id); ok {
		x.delta = slices.Delete(x.delta, i, i+1)
	}
	if d, ok := x.base.find(id); ok {
		if x.gone == nil {
			x.gone = make([]uint64, (x.base.len()+63)/64)
		}
		x.gone[d/64] |= 1 << (d % 64)
	}
}

// merge folds the delta into a segment of its own.
func (x *Index) merge() error {
	d := newDraft(x.vocabulary, x.settings, x.Len())
	for r := range x.records() {
		d.addRecord(r)
	}
	b := builder{vocabulary: x.vocabulary, workers: 1, drafts: []*draft{d}, size: max(1, x.Len())}
	base, err := b.finish(x.partners.kinds())
	if err != nil {
		return err
	}
	x.base, x.gone, x.delta, x.kindsMoved = base, nil, nil, false
	return nil
}

// records yields all opportunities that are there.
func (x *Index) records() func(yield func(record) bool) {
	return func(yield func(record) bool) {
		for d := range uint32(x.base.len()) {
			if !x.isGone(d) && !yield(x.base.record(d)) {
				return
			}
		}
		for i := range x.delta {
			if !yield(x.delta[i]) {
				return
			}
		}
	}
}

func onesCount(w uint64) int { return bits.OnesCount64(w) }

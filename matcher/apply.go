package matcher

import (
	"fmt"
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
//
// It takes microseconds a change, whatever the size of the index: what is not
// scored (seats, status, dates, partners, ...) is patched, and what is new or
// has other tags or another boost stands beside the segment. What piles up
// there costs rankings time; Load says how much it is, and Merge folds it in.
func (x *Index) Apply(changes ...Change) (*Index, error) {
	y := *x
	e := edit{Index: &y}
	for i := range changes {
		switch c := &changes[i]; {
		case c.Partner != nil:
			e.ownPartners()
			y.kindsMoved = y.kindsMoved || y.base.otherKind(y.partners.number(c.Partner.ID), c.Partner.Kind)
			y.partners.set(*c.Partner)
		case c.RemovedPartner != "":
			e.ownPartners()
			y.partners.remove(c.RemovedPartner)
		}
	}
	for i := range changes {
		switch c := &changes[i]; {
		case c.Opportunity != nil:
			e.put(c.Opportunity)
		case c.RemovedOpportunity != "":
			e.remove(c.RemovedOpportunity)
		}
	}
	if err := y.checkChanged(changes); err != nil {
		return nil, err
	}
	return &y, nil
}

// checkChanged holds that what was written, and is still there, has its
// partner, and that no opportunity is left without one that was removed.
func (x *Index) checkChanged(changes []Change) error {
	for i := range changes {
		if o := changes[i].Opportunity; o != nil {
			if kept, ok := x.Opportunity(o.ID); ok {
				if err := x.checkPartner(kept); err != nil {
					return err
				}
			}
		}
		if n := x.partners.number(changes[i].RemovedPartner); n != noPartner {
			if left := x.partners.list.at(uint32(n)); left.partner == nil && left.opportunities > 0 {
				return fmt.Errorf("%w: partner %q still has opportunities", ErrCatalogue, changes[i].RemovedPartner)
			}
		}
	}
	return nil
}

// edit makes a successor of an index: what it shares is cloned before it is
// changed for the first time.
type edit struct {
	*Index
	partnersOwned, overlayOwned, deltaOwned, numbersOwned bool
	spreader                                              *spreader
}

func (e *edit) ownPartners() {
	if !e.partnersOwned {
		e.partners, e.partnersOwned = e.partners.clone(), true
	}
}

func (e *edit) ownDelta() {
	if !e.deltaOwned {
		e.delta, e.deltaOwned = e.delta.clone(), true
	}
}

func (e *edit) put(o *Opportunity) {
	kept := *o
	partner := e.partners.number(o.Partner)
	at, late := e.delta.find(o.ID)
	doc, based := e.base.find(o.ID)
	switch {
	case late && alike(o, e.delta.slots.at(e.delta.byID[at]).opportunity):
		slot := e.delta.byID[at]
		before := e.delta.slots.at(slot)
		kept.share(before.opportunity)
		e.recount(before.partner, partner)
		e.ownDelta()
		e.delta.slots.set(slot, &record{&kept, partner, before.tags, before.weights})
		doc = uint32(e.base.len()) + slot
	case based && alike(o, e.base.opportunities[doc]):
		e.removeLate(o.ID)
		kept.share(e.base.opportunities[doc])
		e.patch(doc, &kept, partner)
	default:
		e.remove(o.ID)
		e.ownDelta()
		e.delta.add(e.recordOf(&kept, partner))
		e.recount(noPartner, partner)
		e.n++
		doc = uint32(e.base.len()) + e.delta.n - 1
	}
	e.number(o.Number, doc)
}

// number says which document has a number.
func (e *edit) number(number, doc uint32) {
	if number == 0 || e.numbers.at(number) == doc+1 {
		return
	}
	if !e.numbersOwned {
		e.numbers, e.numbersOwned = e.numbers.clone(), true
	}
	e.numbers.set(number, doc+1)
}

// recordOf works out an opportunity.
func (e *edit) recordOf(o *Opportunity, partner int32) *record {
	names := make([]string, len(o.Tags))
	for i := range o.Tags {
		names[i] = o.Tags[i].Tag
	}
	if v := e.vocabulary.Extend(names); v != e.vocabulary {
		e.vocabulary = v
		e.importance = importanceOf(v, e.statistics)
	}
	if e.spreader == nil || e.spreader.vocabulary != e.vocabulary {
		e.spreader = newSpreader(e.vocabulary, e.settings.Decay)
	}
	e.spreader.spread(o.Tags)
	r := &record{opportunity: o, partner: partner}
	r.tags, r.weights = e.spreader.appendImpacts(nil, nil, e.settings.Measure, o.Boost)
	return r
}

func (e *edit) remove(id string) {
	e.removeLate(id)
	if doc, ok := e.base.find(id); ok {
		e.patch(doc, nil, noPartner)
	}
}

func (e *edit) removeLate(id string) {
	if at, ok := e.delta.find(id); ok {
		e.recount(e.delta.slots.at(e.delta.byID[at]).partner, noPartner)
		e.ownDelta()
		e.delta.drop(at)
		e.n--
	}
}

// patch gives a document of the segment another opportunity, or none.
func (e *edit) patch(doc uint32, o *Opportunity, partner int32) {
	before, beforePartner := e.document(doc)
	switch {
	case before == nil && o == nil:
		return
	case before == nil:
		e.n++
	case o == nil:
		e.n--
	}
	e.recount(beforePartner, partner)
	if !e.overlayOwned {
		e.overlay, e.overlayOwned = e.overlay.clone(), true
	}
	e.overlay.set(doc, &patch{o, partner})
}

// recount moves an opportunity from one partner to another.
func (e *edit) recount(from, to int32) {
	if from != to {
		e.ownPartners()
		e.partners.count(from, -1)
		e.partners.count(to, +1)
	}
}

// alike reports whether two opportunities score the same in every ranking.
func alike(a, b *Opportunity) bool { return a.Boost == b.Boost && slices.Equal(a.Tags, b.Tags) }

// share makes o hold what it has in common with its predecessor only once.
func (o *Opportunity) share(before *Opportunity) {
	o.ID = before.ID
	o.Tags = before.Tags
	if o.Title == before.Title {
		o.Title = before.Title
	}
	if o.Partner == before.Partner {
		o.Partner = before.Partner
	}
	lists := [...]struct{ own, other *[]string }{
		{&o.Grades, &before.Grades},
		{&o.Regions, &before.Regions},
		{&o.Slots, &before.Slots},
		{&o.Requires, &before.Requires},
		{&o.Goals, &before.Goals},
	}
	for _, l := range lists {
		if slices.Equal(*l.own, *l.other) {
			*l.own = *l.other
		}
	}
}

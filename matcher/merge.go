package matcher

import (
	"context"
	"errors"
	"runtime"
	"slices"
)

// ErrUnrelated is what Rebase returns for an index that didn't come of the one
// that was merged.
var ErrUnrelated = errors.New("the indexes have no segment in common")

// Load is what has piled up beside an index's segment.
type Load struct {
	// Late opportunities came, or got other tags, since the segment was built,
	// those included that went again: each costs a ranking a few nanoseconds.
	Late int
	// Patched opportunities of the segment were written or removed: they cost
	// memory.
	Patched int
	// Partners came since.
	Partners int
}

// Load says what Merge would fold in.
func (x *Index) Load() Load {
	return Load{Late: int(x.delta.n), Patched: x.overlay.patches, Partners: len(x.partners.later)}
}

// Due reports whether so much has piled up that Merge is worth its while: for
// the late ones, a few percent of the time of a ranking; for the others, a
// sixteenth of the memory.
func (x *Index) Due() bool {
	const few = 64
	l := x.Load()
	return l.Late > few+x.n/512 || l.Patched > few+x.n/16 || l.Partners > few+int(x.partners.n)/16
}

// Merge builds an index that holds and ranks the same, with nothing beside its
// segment. It takes as long as NewIndex, and gives way to other goroutines all
// the while. The error is the context's.
func (x *Index) Merge(ctx context.Context) (*Index, error) {
	y := *x
	var renumbered []int32
	y.partners, renumbered = x.partners.compact()
	b := builder{vocabulary: x.vocabulary, workers: 1, size: max(1, x.n), pause: pause{take: func() bool {
		runtime.Gosched()
		return ctx.Err() == nil
	}}}
	b.drafts = []*draft{x.draft(renumbered, &b.pause)}
	if b.pause.stopped {
		return nil, ctx.Err()
	}
	base, err := b.finish(y.partners.kinds())
	switch {
	case errors.Is(err, errStopped):
		return nil, ctx.Err()
	case err != nil:
		return nil, err
	}
	y.install(base)
	return &y, nil
}

// draft copies all that is there, by id, so that ids needn't be sorted again.
// Partners get other numbers.
func (x *Index) draft(renumbered []int32, p *pause) *draft {
	d := newDraft(x.vocabulary, x.settings, x.n)
	number := func(n int32) int32 {
		if n == noPartner {
			return n
		}
		return renumbered[n]
	}
	late := x.delta.byID
	addLate := func(before string) {
		for ; len(late) > 0; late = late[1:] {
			r := *x.delta.slots.at(late[0])
			if before != "" && r.opportunity.ID > before {
				return
			}
			r.partner = number(r.partner)
			d.addRecord(r)
		}
	}
	for _, doc := range x.base.byID {
		if p.after(1); p.stopped {
			return d
		}
		if o, partner := x.document(doc); o != nil {
			addLate(o.ID)
			d.addPacked(o, number(partner), x.base.packing, x.base.packed(doc))
		}
	}
	addLate("")
	return d
}

// errStopped is how a build ends whose pause says that it shall not go on.
var errStopped = errors.New("the build was stopped")

// pause lets a build by one worker give way to others, and end before its time.
// The zero value does neither, for any number of workers.
type pause struct {
	take    func() bool // whether to go on; nil: without a pause
	work    int         // since the last one
	stopped bool
}

// often is the work between two pauses: less than a millisecond.
const often = 1024

// after says that so many opportunities were dealt with, or compared.
func (p *pause) after(n int) {
	if p.take == nil || p.stopped {
		return
	}
	if p.work += n; p.work >= often {
		p.work, p.stopped = 0, !p.take()
	}
}

// install makes a segment the index's, with nothing beside it. The index must
// not have been published, and its partners have no counts yet.
func (x *Index) install(base *segment) {
	x.base, x.n, x.kindsMoved = base, base.len(), false
	x.overlay, x.delta, x.numbers = newOverlay(base), delta{}, numbersOf(base)
	x.partners.countAll(base.attributes)
}

// Rebase returns x, which Merge made of the index from, with all that has
// changed between from and to, a successor of from by Apply. It is for a merge
// in the background: what changed in the meantime is made up for. ErrUnrelated
// when from and to have not the same segment.
func (x *Index) Rebase(from, to *Index) (*Index, error) {
	if from.base != to.base {
		return nil, ErrUnrelated
	}
	return x.Apply(from.changesTo(to)...)
}

// changesTo lists what leads from x to a successor by Apply: partners first,
// and what is gone before what is there.
func (x *Index) changesTo(y *Index) []Change {
	changes := x.partners.changesTo(&y.partners)
	var written []Change
	for doc, p := range y.overlay.differences(&x.overlay) {
		if p.opportunity != nil {
			written = append(written, Change{Opportunity: p.opportunity})
		} else {
			changes = append(changes, Change{RemovedOpportunity: y.base.opportunities[doc].ID})
		}
	}
	for page := range y.delta.slots.differences(&x.delta.slots) {
		for slot := page * vectorPage; slot < min(y.delta.n, (page+1)*vectorPage); slot++ {
			before, after := x.delta.slots.at(slot), y.delta.slots.at(slot)
			switch {
			case before == after:
			case after == nil:
				changes = append(changes, Change{RemovedOpportunity: before.opportunity.ID})
			default:
				written = append(written, Change{Opportunity: after.opportunity})
			}
		}
	}
	return slices.Concat(changes, written)
}

// changesTo lists what leads from p to a successor.
func (p *partners) changesTo(q *partners) []Change {
	var changes []Change
	for page := range q.list.differences(&p.list) {
		for n := page * vectorPage; n < min(uint32(q.n), (page+1)*vectorPage); n++ {
			before, after := p.list.at(n).partner, q.list.at(n).partner
			switch {
			case before == after:
			case after == nil:
				changes = append(changes, Change{RemovedPartner: before.ID})
			default:
				changes = append(changes, Change{Partner: after})
			}
		}
	}
	return changes
}

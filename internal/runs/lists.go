package runs

import (
	"context"
	"slices"

	"github.com/kindred-match/kindred/matcher/place"
	"github.com/kindred-match/kindred/store"
)

// A part of the step score is a shard: the number of its first student in the
// problem's order, how many there are, and of each the number of entries, twice,
// and one more where nothing of what it could have had is eligible; then of each
// entry the opportunity's number in the problem, by how much its rank is beyond
// the next one, and the weight.

// shard is a part that is being made.
type shard struct {
	first, count int
	entries      encoder
}

func (s *shard) add(entries []place.Entry, ineligible bool) {
	e := &s.entries
	flags := uint64(len(entries)) << 1
	if ineligible && len(entries) == 0 {
		flags |= 1
	}
	e.uint(flags)
	rank := int32(0)
	for _, x := range entries {
		e.uint(uint64(x.Opportunity))
		e.uint(uint64(x.Rank - rank - 1))
		e.uint(uint64(x.Weight))
		rank = x.Rank
	}
	s.count++
}

// content is the part; the shard then goes on behind it.
func (s *shard) content() []byte {
	head := new(encoder)
	head.uint(uint64(s.first))
	head.uint(uint64(s.count))
	content := slices.Concat(head.b, s.entries.b)
	s.first, s.count, s.entries.b = s.first+s.count, 0, s.entries.b[:0]
	return content
}

// appendShard appends the lists of a part to those of the problem.
func appendShard(p *place.Problem, content []byte) error {
	d := &decoder{rest: content}
	if first := d.uint(); first != uint64(p.Lists.Len()) {
		return errDamaged
	}
	students := d.count()
	if p.Lists.Len()+students > len(p.Students) {
		return errDamaged
	}
	var entries []place.Entry
	for range students {
		flags := d.uint()
		if flags>>1 > uint64(len(p.Opportunities)) {
			return errDamaged
		}
		entries = entries[:0]
		rank := int32(0)
		for range flags >> 1 {
			o := d.below(len(p.Opportunities))
			rank += d.below(place.MaxRank) + 1
			entries = append(entries, place.Entry{Opportunity: o, Rank: rank, Weight: d.below(1 << 31)})
		}
		if d.failed {
			return errDamaged
		}
		p.Lists.Append(entries, flags&1 == 1)
	}
	if len(d.rest) > 0 {
		return errDamaged
	}
	return nil
}

// score makes the lists: those of shards that are kept are taken from them, and
// the others are made and, if the run is at this step, kept.
func (w *work) score(ctx context.Context) error {
	number, err := w.keptLists(ctx)
	if err != nil {
		return err
	}
	p := w.c.Problem
	made := shard{first: p.Lists.Len()}
	if made.first == len(p.Students) && w.run.Step != store.StepScore {
		return nil
	}
	keep := func(next store.Step) error {
		if w.run.Step != store.StepScore {
			return nil
		}
		number++
		return w.keep(ctx, []store.Part{{Number: number, Content: made.content()}}, next)
	}
	err = w.c.List(ctx, made.first, func(entries []place.Entry, ineligible bool) error {
		p.Lists.Append(entries, ineligible)
		made.add(entries, ineligible)
		if len(made.entries.b) < w.partBytes {
			return nil
		}
		return keep("")
	})
	if err != nil {
		return err
	}
	return keep(store.StepPlace)
}

// keptLists takes the lists of shards that are kept, up to the first that is
// missing or damaged, and says how many shards these are.
func (w *work) keptLists(ctx context.Context) (shards int, err error) {
	const atOnce = 16
	for {
		parts, err := w.store.RunParts(ctx, w.key.District, w.key.ID, store.StepScore, shards, atOnce)
		if err != nil {
			return shards, err
		}
		for i := range parts {
			p := &parts[i]
			if p.Number != shards+1 || !p.Intact() {
				return shards, nil
			}
			if err := appendShard(w.c.Problem, p.Content); err != nil {
				return shards, err
			}
			shards++
		}
		if len(parts) < atOnce {
			return shards, nil
		}
	}
}

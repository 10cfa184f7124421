package runs

import (
	"cmp"
	"context"
	"iter"
	"maps"
	"slices"

	"github.com/kindred-match/kindred/store"
)

// Diff is what is different between a run and the placements that stand, or
// another run. Students who aren't in the run are not counted.
type Diff struct {
	Stay, Move, Gain, Lose, Without int64
	// Opportunities are those whose students change, by id.
	Opportunities []OpportunityDiff
	// Flows are by From and To.
	Flows []Flow
}

// OpportunityDiff is what is different at an opportunity.
type OpportunityDiff struct {
	Opportunity                   string
	Before, After, Arrive, Depart int64
}

// Flow is how many students go from one opportunity to another; empty is none.
type Flow struct {
	From, To string
	Students int64
}

// Diff compares a draft or published run with the placements that stand, or with
// another such run. ErrNoDraft, or the store's errors.
func (e *Engine) Diff(ctx context.Context, district, id, base string) (*Diff, error) {
	key := store.RunKey{District: district, ID: id}
	if _, err := e.draft(ctx, key); err != nil {
		return nil, err
	}
	before := e.standing(ctx, district)
	if base != "" {
		other := store.RunKey{District: district, ID: base}
		if _, err := e.draft(ctx, other); err != nil {
			return nil, err
		}
		before = pairsOf(e.outcome(ctx, other))
	}
	nextBefore, stop := iter.Pull2(before)
	defer stop()
	d := differing{at: make(map[string]*OpportunityDiff), flows: make(map[[2]string]int64)}
	old, err, more := nextBefore()
	for now, failed := range pairsOf(e.outcome(ctx, key)) {
		if failed != nil {
			return nil, failed
		}
		for more && err == nil && old.student < now.student {
			old, err, more = nextBefore()
		}
		if err != nil {
			return nil, err
		}
		from := ""
		if more && old.student == now.student {
			from = old.opportunity
		}
		d.count(from, now.opportunity)
	}
	return d.done(), nil
}

// pair is a student and what it has, or nothing.
type pair struct{ student, opportunity string }

// pages yields what fetch gives page by page, each after the key of the last.
func pages[T any](atOnce int, fetch func(after string) ([]T, error), key func(*T) string) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for after := ""; ; {
			page, err := fetch(after)
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for i := range page {
				if !yield(page[i], nil) {
					return
				}
			}
			if len(page) < atOnce {
				return
			}
			after = key(&page[len(page)-1])
		}
	}
}

// outcome yields the rows of a draft or published run, by student.
func (e *Engine) outcome(ctx context.Context, key store.RunKey) iter.Seq2[store.RunPlacement, error] {
	return pages(rowsAtOnce, func(after string) ([]store.RunPlacement, error) {
		return e.store.RunPlacements(ctx, key.District, key.ID, after, rowsAtOnce)
	}, func(p *store.RunPlacement) string { return p.Student })
}

func pairsOf(rows iter.Seq2[store.RunPlacement, error]) iter.Seq2[pair, error] {
	return func(yield func(pair, error) bool) {
		for p, err := range rows {
			if !yield(pair{p.Student, p.Opportunity}, err) || err != nil {
				return
			}
		}
	}
}

// standing yields the placements that stand, by student: the ledger's, and the
// rows of students who have none there.
func (e *Engine) standing(ctx context.Context, district string) iter.Seq2[pair, error] {
	ledger := pages(rowsAtOnce, func(after string) ([]store.Placement, error) {
		return e.store.Placements(ctx, district, after, rowsAtOnce)
	}, func(p *store.Placement) string { return p.Student })
	return func(yield func(pair, error) bool) {
		next, stop := iter.Pull2(e.standingRows(ctx, district))
		defer stop()
		row, err, more := next()
		for p, failed := range ledger {
			if failed != nil {
				yield(pair{}, failed)
				return
			}
			for ; more && err == nil && row.student <= p.Student; row, err, more = next() {
				if row.student < p.Student && !yield(row, nil) {
					return
				}
			}
			if err != nil {
				yield(pair{}, err)
				return
			}
			if !yield(pair{p.Student, p.Opportunity}, nil) {
				return
			}
		}
		for ; more; row, err, more = next() {
			if !yield(row, err) || err != nil {
				return
			}
		}
	}
}

// standingRows yields the rows of standing placements, by student.
func (e *Engine) standingRows(ctx context.Context, district string) iter.Seq2[pair, error] {
	return func(yield func(pair, error) bool) {
		for cursor := ""; ; {
			rows, next, err := e.store.ListRows(ctx, district, store.RowStanding, store.RowFilter{}, cursor, rowsAtOnce)
			if err != nil {
				yield(pair{}, err)
				return
			}
			for _, r := range rows.Standing {
				if !yield(pair{r.Student, r.Opportunity}, nil) {
					return
				}
			}
			if cursor = next; next == "" {
				return
			}
		}
	}
}

// differing adds up what is different.
type differing struct {
	Diff
	at    map[string]*OpportunityDiff
	flows map[[2]string]int64
}

func (d *differing) of(opportunity string) *OpportunityDiff {
	if d.at[opportunity] == nil {
		d.at[opportunity] = &OpportunityDiff{Opportunity: opportunity}
	}
	return d.at[opportunity]
}

// count counts a student who goes from one opportunity, or none, to another.
func (d *differing) count(from, to string) {
	if from != "" {
		d.of(from).Before++
	}
	if to != "" {
		d.of(to).After++
	}
	switch {
	case from == "" && to == "":
		d.Without++
		return
	case from == to:
		d.Stay++
		return
	case from == "":
		d.Gain++
	case to == "":
		d.Lose++
	default:
		d.Move++
	}
	if from != "" {
		d.of(from).Depart++
	}
	if to != "" {
		d.of(to).Arrive++
	}
	d.flows[[2]string{from, to}]++
}

func (d *differing) done() *Diff {
	for _, id := range slices.Sorted(maps.Keys(d.at)) {
		if o := d.at[id]; o.Arrive+o.Depart > 0 {
			d.Opportunities = append(d.Opportunities, *o)
		}
	}
	for way, n := range d.flows {
		d.Flows = append(d.Flows, Flow{way[0], way[1], n})
	}
	slices.SortFunc(d.Flows, func(a, b Flow) int { return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To)) })
	return &d.Diff
}

package verify

import (
	"cmp"
	"context"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

// makeLists makes the lists of all students, by scoring every pair where the
// input has neither preferences nor scores of a student. With a sample, the
// lists are those that the options give, and the sample's are compared with
// them.
func (p *problem) makeLists(ctx context.Context, o Options) error {
	n := len(p.students)
	p.lists, p.barred = make([][]entry, n), make([]bool, n)
	sampled := func(s int) bool { return o.Sample <= 0 || s*o.Sample/n != (s-1)*o.Sample/n || s == 0 || o.Sample >= n }
	var done atomic.Int64
	var mu sync.Mutex // of wrong and of calls of Progress
	var wrong error
	err := p.share(ctx, 0, n, func(s int32, w *work) {
		err := p.makeList(s, sampled(int(s)), w, o)
		count := done.Add(1)
		if err == nil && count%1024 != 0 {
			return
		}
		mu.Lock()
		p.progress("lists", count, int64(n))
		wrong = cmp.Or(wrong, err)
		mu.Unlock()
	})
	return cmp.Or(err, wrong)
}

// work is the scratch of one goroutine.
type work struct {
	units []int64 // by offer
}

func (p *problem) newWork() *work { return &work{units: make([]int64, len(p.offers))} }

// share does something for each of some students, over all goroutines. The
// error is the context's.
func (p *problem) share(ctx context.Context, from, to int, do func(s int32, w *work)) error {
	workers := p.workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	var next atomic.Int64
	next.Store(int64(from))
	var wait sync.WaitGroup
	for range workers {
		wait.Go(func() {
			for w := p.newWork(); ctx.Err() == nil; {
				s := next.Add(1) - 1
				if s >= int64(to) {
					return
				}
				do(int32(s), w)
			}
		})
	}
	wait.Wait()
	return ctx.Err()
}

// makeList makes the list of one student.
func (p *problem) makeList(s int32, sampled bool, w *work, o Options) error {
	if sampled {
		p.lists[s], p.barred[s] = p.bruteForce(s, w)
	}
	if o.Sample <= 0 {
		return nil
	}
	given := o.Lists(p.rows[s])
	if !sampled {
		p.barred[s] = given.Ineligible
		for _, e := range given.Entries {
			p.lists[s] = append(p.lists[s], entry{p.offerAt[e.Opportunity], e.Rank, e.Weight})
		}
		return nil
	}
	same := slices.EqualFunc(p.lists[s], given.Entries, func(a entry, b Entry) bool {
		return p.offers[a.offer].row.ID == b.Opportunity && a.rank == b.Rank && a.weight() == b.Weight
	})
	if !same || p.barred[s] != given.Ineligible {
		return violation(placementsFile, 0, "the list of a student of the sample is not what scoring every pair gives")
	}
	return nil
}

// bruteForce is a student's list: its eligible rows of preferences, by rank, if
// it has any row there; else its eligible rows of scores, by score and then id,
// if it has any row there; else its first candidates. It says of an empty one
// whether eligibility is the reason.
func (p *problem) bruteForce(s int32, w *work) (list []entry, barred bool) {
	switch {
	case len(p.prefers[s]) > 0:
		rows := slices.SortedFunc(slices.Values(p.prefers[s]), func(a, b Preference) int { return cmp.Compare(a.Rank, b.Rank) })
		score := p.scoresOf(s)
		for i, r := range rows {
			if o := p.offerAt[r.Opportunity]; p.eligible(s, o) {
				list = append(list, entry{o, int32(i + 1), micro(score(o))})
			}
		}
		return list, len(list) == 0
	case len(p.scored[s]) > 0:
		rows := slices.SortedFunc(slices.Values(p.scored[s]), func(a, b Score) int {
			return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Opportunity, b.Opportunity))
		})
		for _, r := range rows {
			if o := p.offerAt[r.Opportunity]; p.eligible(s, o) {
				list = append(list, entry{o, int32(len(list) + 1), micro(r.Score)})
			}
		}
		return list, len(list) == 0
	default:
		return p.candidates(s, w)
	}
}

// candidates scores every opportunity and takes the first, by units and then id.
func (p *problem) candidates(s int32, w *work) (list []entry, barred bool) {
	type candidate struct {
		offer int32
		units int64
	}
	o := &p.run.summary.Options
	k := min(o.Candidates, len(p.offers))
	f := p.scorer.profile(&p.in.Students[p.rows[s]])
	f.all(w.units, p.offers)
	shares := false
	var found []candidate
	better := func(a, b candidate) int { return cmp.Or(cmp.Compare(b.units, a.units), cmp.Compare(a.offer, b.offer)) }
	least, enough := int64(1), 3*k
	for at, units := range w.units {
		shares = shares || units > 0
		if units < least || !p.eligible(s, int32(at)) {
			continue
		}
		found = append(found, candidate{int32(at), units})
		if len(found) == enough && o.MaxPerPartner == 0 { // no need to keep what can't be among the first
			slices.SortFunc(found, better)
			found = found[:k]
			least = found[len(found)-1].units
		}
	}
	slices.SortFunc(found, better)
	of := make(map[string]int) // by partner
	for _, c := range found {
		partner := p.offers[c.offer].row.Partner
		if len(list) == k {
			break
		}
		if of[partner]++; partner != "" && o.MaxPerPartner > 0 && of[partner] > o.MaxPerPartner {
			continue
		}
		list = append(list, entry{c.offer, int32(len(list) + 1), micro(f.shown(c.units))})
	}
	return list, shares && len(list) == 0
}

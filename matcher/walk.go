package matcher

import (
	"cmp"
	"slices"

	"github.com/kindred-match/kindred/matcher/internal/kernel"
)

// Where a rule asks lists for an item that few documents have, these are walked
// one by one instead of the windows.

// walkable is the largest share of the documents that a list of documents is
// kept for: one in so many. That is where a bucket of a byte ends to tell values
// apart.
const walkable = 256

// rare has the documents of each item of a property that few of them have.
type rare struct {
	documents map[string][]uint32
	// without are those without a list. It is nil, and nothing can be walked,
	// where that are too many.
	without []uint32
}

// find returns the documents whose lists have an item, or that have none. It
// reports false where they are not kept.
func (r *rare) find(item string, c *sieveColumn) (with, without []uint32, ok bool) {
	if r.documents == nil {
		return nil, nil, false
	}
	with, ok = r.documents[item]
	return with, r.without, ok || c.passing[item] == nil
}

// rareItems lists the documents of rare items of a dimension.
func (s *segment) rareItems(d dimension) rare {
	lists := s.lists[d]
	limit := s.len()/walkable + 64
	count := make(map[string]int)
	documents := make([]int, len(lists))
	for doc := range s.attributes {
		documents[s.attributes[doc].listNumber(d)]++
	}
	for i, list := range lists {
		for _, item := range list {
			count[item] += documents[i]
		}
	}
	if documents[0] > limit {
		return rare{}
	}
	r := rare{documents: make(map[string][]uint32), without: make([]uint32, 0, documents[0])}
	for item, n := range count {
		if n <= limit {
			r.documents[item] = make([]uint32, 0, n)
		}
	}
	some := make([]bool, len(lists)) // has a rare item
	for i, list := range lists {
		some[i] = slices.ContainsFunc(list, func(item string) bool { return count[item] <= limit })
	}
	for doc := range s.attributes {
		n := s.attributes[doc].listNumber(d)
		if n == 0 {
			r.without = append(r.without, uint32(doc))
		}
		if !some[n] {
			continue
		}
		for i, item := range lists[n] {
			if docs, ok := r.documents[item]; ok && !slices.Contains(lists[n][:i], item) {
				r.documents[item] = append(docs, uint32(doc))
			}
		}
	}
	return r
}

// usualFirst returns each list in an order for which lists with a usual item
// stand together: the items that most documents have come first.
func usualFirst(lists [][]string, documents []uint32) [][]string {
	count := make(map[string]uint64)
	for i, list := range lists {
		for _, item := range list {
			count[item] += uint64(documents[i])
		}
	}
	ordered := make([][]string, len(lists))
	for i, list := range lists {
		ordered[i] = slices.Clone(list)
		slices.SortFunc(ordered[i], func(a, b string) int {
			return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(a, b))
		})
	}
	return ordered
}

// walk is what a sifter walks, if that takes less time than the windows.
type walk struct {
	with, without []uint32
	ok            bool
}

func (w *walk) len() int { return len(w.with) + len(w.without) }

// offerWalk keeps the shortest walk.
func (f *sifter) offerWalk(w walk) {
	if w.ok && (!f.walk.ok || w.len() < f.walk.len()) {
		f.walk = w
	}
}

// plan decides whether to walk, by what both ways are expected to take. Where
// nothing of the segment passes, there is only what was patched to be walked.
func (r *Ranker) plan() {
	const (
		decide = 20.0 // nanoseconds, as all that follow: the rules of a document
		score  = 25.0
		window = 150.0
		sieve  = 90.0 // a rule and window
	)
	f := &r.sifter
	if f.nothing {
		f.walk = walk{ok: true}
		return
	}
	if !f.walk.ok {
		return
	}
	documents := f.share * float64(r.x.base.len()) * score
	walk := decide*float64(f.walk.len()+r.x.overlay.patches) + documents
	windows := float64(len(r.windows))*(window+sieve*float64(len(f.rules))) + documents
	f.walk.ok = walk < windows
}

// visitWalk hands the sink the documents of the walk that pass, and those that
// were patched, of which the lists know nothing.
func (r *Ranker) visitWalk(q *Query, to sink) {
	for _, docs := range [...][]uint32{r.sifter.walk.with, r.sifter.walk.without} {
		for len(docs) > 0 {
			some := docs[:min(len(docs), inFlight)]
			docs = docs[len(some):]
			for _, doc := range some {
				kernel.Prefetch(&r.x.base.attributes[doc])
				kernel.Prefetch(&r.x.base.forward[doc])
			}
			for _, doc := range some {
				if r.x.overlay.patch(doc) == nil && r.eligible(doc, q) {
					r.noted = append(r.noted, doc)
				}
			}
			r.advance(q, to)
		}
	}
	if r.x.overlay.patches > 0 {
		for w, c := range r.x.overlay.windows {
			if c != nil {
				r.mask = c.patched
				r.note(int32(w), r.mask.Words(), q, to)
			}
		}
	}
	r.finish(q, to)
}

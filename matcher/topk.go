package matcher

import "slices"

// hit is a document with its units.
type hit struct {
	units   int64
	doc     uint32
	partner *Partner // for the cap
}

const noDocument = ^uint32(0)

// sink takes the documents that may matter, each at most once.
type sink interface {
	// threshold is a number of units below which documents need not be offered
	// any more, at least 1; it never drops.
	threshold() int64
	// tie is a document that those with exactly the threshold's units have to
	// stand above, by their ids, to be offered; noDocument if there is none.
	tie() uint32
	// admits reports whether a document would change anything, if the student is
	// eligible for it.
	admits(h hit) bool
	offer(h hit)
}

// topK keeps the first k hits, with at most perPartner of one partner if that
// is above 0: once there are k, in a heap with the worst at the root.
type topK struct {
	k, perPartner int
	before        func(a, b hit) bool // the ranking: a stands above b
	// place, unless it is nil, is a document's in the order of those with the same
	// units, or unknownPlace.
	place func(doc uint32) uint32
	hits  []hit
	// Scratch of distribute.
	keys, otherKeys []keyed
	spare           []hit
}

func (t *topK) reset(k, perPartner int) {
	t.k, t.perPartner, t.hits = k, perPartner, t.hits[:0]
}

func (t *topK) threshold() int64 {
	if len(t.hits) < t.k {
		return 1
	}
	return t.hits[0].units
}

func (t *topK) tie() uint32 {
	if len(t.hits) < t.k {
		return noDocument
	}
	return t.hits[0].doc
}

func (t *topK) admits(h hit) bool { return len(t.hits) < t.k || t.before(h, t.hits[0]) }

func (t *topK) offer(h hit) {
	if !t.admits(h) {
		return
	}
	if t.perPartner > 0 && h.partner != nil {
		// Whoever is displaced by the cap stands below h and below those of
		// its partner that stay, so it can't come back.
		if worst, n := t.worstOf(h.partner); n == t.perPartner {
			if t.before(h, t.hits[worst]) {
				t.hits[worst] = h
				if len(t.hits) == t.k {
					t.fix(worst)
				}
			}
			return
		}
	}
	if len(t.hits) == t.k {
		t.hits[0] = h
		t.down(0)
		return
	}
	t.hits = append(t.hits, h)
	if len(t.hits) == t.k {
		for i := t.k/2 - 1; i >= 0; i-- {
			t.down(i)
		}
	}
}

// worstOf finds the lowest hit of a partner and counts its hits.
func (t *topK) worstOf(p *Partner) (worst, n int) {
	for i := range t.hits {
		if t.hits[i].partner != p {
			continue
		}
		if n == 0 || t.before(t.hits[worst], t.hits[i]) {
			worst = i
		}
		n++
	}
	return worst, n
}

func (t *topK) fix(i int) {
	t.down(i)
	t.up(i)
}

func (t *topK) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if !t.before(t.hits[parent], t.hits[i]) {
			return
		}
		t.hits[parent], t.hits[i] = t.hits[i], t.hits[parent]
		i = parent
	}
}

func (t *topK) down(i int) {
	for {
		child := 2*i + 1
		if child >= len(t.hits) {
			return
		}
		if r := child + 1; r < len(t.hits) && t.before(t.hits[child], t.hits[r]) {
			child = r
		}
		if !t.before(t.hits[i], t.hits[child]) {
			return
		}
		t.hits[i], t.hits[child] = t.hits[child], t.hits[i]
		i = child
	}
}

// ranked sorts the hits, the best first. The heap is used up.
func (t *topK) ranked() []hit {
	const many = 512
	if len(t.hits) >= many && t.place != nil && t.distribute() {
		return t.hits
	}
	slices.SortFunc(t.hits, func(a, b hit) int {
		switch {
		case t.before(a, b):
			return -1
		case t.before(b, a):
			return 1
		}
		return 0
	})
	return t.hits
}

// distribute sorts the hits by the bytes of their units and places, in a third of the
// time that comparing many takes. It reports false, and does nothing, where a place
// is unknown.
func (t *topK) distribute() bool {
	n := len(t.hits)
	t.keys = slices.Grow(t.keys[:0], n)[:n]
	t.otherKeys = slices.Grow(t.otherKeys[:0], n)[:n]
	for i := range t.hits {
		place := t.place(t.hits[i].doc)
		if place == unknownPlace {
			return false
		}
		t.keys[i] = keyed{uint64(place), uint32(i)}
	}
	keys := radixSort(t.keys, t.otherKeys)
	for i := range keys {
		keys[i].key = ^uint64(t.hits[keys[i].at].units)
	}
	other := t.keys
	if &other[0] == &keys[0] {
		other = t.otherKeys
	}
	t.spare = t.spare[:0]
	for _, k := range radixSort(keys, other) {
		t.spare = append(t.spare, t.hits[k.at])
	}
	t.hits, t.spare = t.spare, t.hits
	return true
}

// counter counts the hits that stand above a target.
type counter struct {
	target hit
	before func(a, b hit) bool
	n      int
}

func (c *counter) threshold() int64  { return max(1, c.target.units) }
func (c *counter) tie() uint32       { return c.target.doc }
func (c *counter) admits(h hit) bool { return c.before(h, c.target) }
func (c *counter) offer(hit)         { c.n++ }

package place

import "cmp"

// A heap of keys has the largest, which is the worst, at its root.

func heapify(h []key) {
	for i := len(h)/2 - 1; i >= 0; i-- {
		siftDown(h, i)
	}
}

func siftDown(h []key, i int) {
	k := h[i]
	for {
		child := 2*i + 1
		if child >= len(h) {
			break
		}
		if child+1 < len(h) && h[child+1] > h[child] {
			child++
		}
		if h[child] <= k {
			break
		}
		h[i] = h[child]
		i = child
	}
	h[i] = k
}

func siftUp(h []key, i int) {
	k := h[i]
	for i > 0 {
		parent := (i - 1) / 2
		if h[parent] >= k {
			break
		}
		h[i] = h[parent]
		i = parent
	}
	h[i] = k
}

// pop removes the root.
func pop(h []key) (key, []key) {
	root, last := h[0], len(h)-1
	h[0] = h[last]
	h = h[:last]
	if last > 0 {
		siftDown(h, 0)
	}
	return root, h
}

// partners are heaps of the opportunities of each capped partner, the one that
// holds the worst key at the root.
type partners struct {
	tree  spans[int32] // by partner: opportunities
	at    []int32      // by opportunity: its place in the partner's heap
	worst []key        // by opportunity: the worst key that it holds; 0 none
	count []int32      // by partner: students
	tight []bool       // by partner: its cap has turned somebody away
}

func newPartners(p *Problem) partners {
	t := partners{
		at: make([]int32, len(p.Partner)), worst: make([]key, len(p.Partner)), count: make([]int32, len(p.Caps)),
		tight: make([]bool, len(p.Caps)),
	}
	var with []owned[int32]
	for o, partner := range p.Partner {
		if partner >= 0 {
			with = append(with, owned[int32]{partner, int32(o)})
		}
	}
	t.tree = spansOf(len(p.Caps), with, cmp.Compare[int32])
	for partner := range t.count {
		for i, o := range t.tree.of(int32(partner)) {
			t.at[o] = int32(i)
		}
	}
	return t
}

// root is the opportunity that holds the partner's worst key.
func (t *partners) root(partner int32) int32 { return t.tree.of(partner)[0] }

// set changes the worst key of an opportunity.
func (t *partners) set(partner, o int32, worst key) {
	was := t.worst[o]
	t.worst[o] = worst
	h := t.tree.of(partner)
	if worst > was {
		t.up(h, t.at[o])
	} else {
		t.down(h, t.at[o])
	}
}

func (t *partners) up(h []int32, i int32) {
	o := h[i]
	for i > 0 {
		parent := (i - 1) / 2
		if t.worst[h[parent]] >= t.worst[o] {
			break
		}
		h[i] = h[parent]
		t.at[h[i]] = i
		i = parent
	}
	h[i] = o
	t.at[o] = i
}

func (t *partners) down(h []int32, i int32) {
	o := h[i]
	n := int32(len(h))
	for {
		child := 2*i + 1
		if child >= n {
			break
		}
		if child+1 < n && t.worst[h[child+1]] > t.worst[h[child]] {
			child++
		}
		if t.worst[h[child]] <= t.worst[o] {
			break
		}
		h[i] = h[child]
		t.at[h[i]] = i
		i = child
	}
	h[i] = o
	t.at[o] = i
}

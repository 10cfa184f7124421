package flow

// queued is a node with the distance at which it was put into a queue.
type queued struct {
	distance int64
	node     int32
}

func (a queued) before(b queued) bool {
	return a.distance < b.distance || a.distance == b.distance && a.node < b.node
}

// queue hands out nodes by distance, equal ones by number.
type queue []queued

func (q *queue) push(e queued) {
	h := append(*q, e)
	i := len(h) - 1
	for i > 0 {
		up := (i - 1) / 2
		if !e.before(h[up]) {
			break
		}
		h[i] = h[up]
		i = up
	}
	h[i] = e
	*q = h
}

func (q *queue) pop() queued {
	h := *q
	top, e := h[0], h[len(h)-1]
	h = h[:len(h)-1]
	*q = h
	if len(h) == 0 {
		return top
	}
	i := 0
	for {
		c := 2*i + 1
		if c >= len(h) {
			break
		}
		if c+1 < len(h) && h[c+1].before(h[c]) {
			c++
		}
		if !h[c].before(e) {
			break
		}
		h[i] = h[c]
		i = c
	}
	h[i] = e
	return top
}

package flow

// limits are what an auction has to respect beyond seats: the caps of partners
// and the minimums of opportunities.
//
// A partner at its cap has the price of the lowest bid that any of its
// opportunities holds; it is the one that goes. An opportunity under its minimum
// has a price below 0, one at its minimum the lowest bid up to 0, above it 0
// until its seats are taken. What comes out needs not be exact: it is where the
// exact finish starts. Of partners above each other only the highest counts.
type limits struct {
	tree    *program
	partner []int32 // by opportunity; -1: none that counts
	// The opportunities of partner k are of[ofFirst[k]:ofFirst[k+1]].
	ofFirst, of []int32
	price       []int32 // by partner
	count       []int32 // by partner
	least       []int32 // by opportunity
	lowest      int32   // no price may be below it
	floor       int32   // no price is below it in this phase, in which prices rise
}

// limitsOf returns nil where seats are all that counts.
func limitsOf(t *program, heaviest int32) *limits {
	l := &limits{tree: t, least: t.low[:t.opportunities], partner: make([]int32, t.opportunities)}
	bound := len(t.parent) > t.opportunities
	for o := range l.partner {
		l.partner[o] = -1
		for up := t.parent[o]; up != t.root(); up = t.parent[up] {
			l.partner[o] = up - int32(t.opportunities)
		}
		bound = bound || l.least[o] > 0
	}
	if !bound {
		return nil
	}
	l.price = make([]int32, len(t.parent)-t.opportunities)
	l.count = make([]int32, len(l.price))
	l.lowest = -heaviest
	l.group()
	return l
}

// group lists the opportunities of each partner.
func (l *limits) group() {
	l.ofFirst = make([]int32, len(l.price)+2)
	for _, k := range l.partner {
		if k >= 0 {
			l.ofFirst[k+2]++
		}
	}
	for k := range l.price {
		l.ofFirst[k+2] += l.ofFirst[k+1]
	}
	l.of = make([]int32, l.ofFirst[len(l.price)+1])
	for o, k := range l.partner {
		if k >= 0 {
			l.of[l.ofFirst[k+1]] = int32(o)
			l.ofFirst[k+1]++
		}
	}
}

// priceOf returns what a seat costs, the partner's price included.
func (a *auction) priceOf(o int32) int32 {
	if k := a.limits.partner[o]; k >= 0 {
		return max(a.price[o], a.limits.price[k])
	}
	return a.price[o]
}

// bidLimited is bid where there are limits.
func (a *auction) bidLimited(s int32) int32 {
	best, second, at := int32(0), int32(0), int32(-1)
	floor := a.limits.floor
	for _, e := range a.arcs[a.first[s]:a.first[s+1]] {
		if e.value-floor <= second {
			break
		}
		switch v := e.value - a.priceOf(e.to); {
		case v > best:
			second, best, at = best, v, e.to
		case v > second:
			second = v
		}
	}
	if at < 0 {
		return -1
	}
	bid := a.priceOf(at) + best - second + a.eps
	return a.acceptLimited(at, key(bid, s))
}

func (a *auction) acceptLimited(o int32, e uint64) int32 {
	l := a.limits
	h := a.bids[a.from[o]:a.from[o+1]]
	n, k := int(a.count[o]), l.partner[o]
	switch {
	case n == len(h) || n > 0 && n == int(l.least[o]) && bidOf(h[0]) < 0:
		if bidOf(e) <= bidOf(h[0]) {
			return -1
		}
		lost := bidder(h[0])
		sink(h[:n], e)
		a.reprice(o)
		return lost
	case k >= 0 && l.count[k] == l.tree.high[l.tree.opportunities+int(k)]:
		from := a.lowestOf(k)
		if from < 0 {
			return -1
		}
		g := a.bids[a.from[from]:a.from[from+1]]
		if bidOf(e) <= bidOf(g[0]) {
			return -1
		}
		lost := bidder(g[0])
		a.count[from]--
		if c := a.count[from]; c > 0 {
			sink(g[:c], g[c])
		}
		a.count[o]++
		rise(h[:a.count[o]], e)
		a.reprice(from)
		a.reprice(o)
		return lost
	}
	a.count[o]++
	rise(h[:n+1], e)
	if k >= 0 {
		l.count[k]++
	}
	a.reprice(o)
	return -1
}

// lowestOf returns the opportunity of a partner that holds the lowest bid, or -1.
func (a *auction) lowestOf(k int32) int32 {
	l := a.limits
	found := int32(-1)
	for _, o := range l.of[l.ofFirst[k]:l.ofFirst[k+1]] {
		if a.count[o] > 0 && (found < 0 || a.bids[a.from[o]] < a.bids[a.from[found]]) {
			found = o
		}
	}
	return found
}

// reprice sets the prices of an opportunity and its partner by their bids.
func (a *auction) reprice(o int32) {
	l := a.limits
	h := a.bids[a.from[o]:a.from[o+1]]
	n := a.count[o]
	switch {
	case int(n) == len(h):
		a.price[o] = bidOf(h[0])
	case n > 0 && n == l.least[o] && a.price[o] < 0:
		a.price[o] = min(0, bidOf(h[0]))
	case n > l.least[o] && a.price[o] < 0:
		a.price[o] = 0
	}
	k := l.partner[o]
	if k < 0 || l.count[k] < l.tree.high[l.tree.opportunities+int(k)] {
		return
	}
	if from := a.lowestOf(k); from >= 0 {
		l.price[k] = max(l.price[k], bidOf(a.bids[a.from[from]]))
	}
}

// unsoldLimited counts seats of partners that are free though they have a price,
// and students that are missing for minimums.
func (a *auction) unsoldLimited() int32 {
	l := a.limits
	var free int32
	for k, p := range l.price {
		if high := l.tree.high[l.tree.opportunities+k]; p > 0 && l.count[k] < high {
			free += high - l.count[k]
		}
	}
	for o, c := range a.count {
		if a.price[o] > l.lowest && c < l.least[o] && a.price[o] != closed {
			free += l.least[o] - c
		}
	}
	return free
}

// reopenLimited empties all seats and lets prices fall. What had seats left
// under a partner at its cap has no price of its own.
func (a *auction) reopenLimited(drop int32) {
	l := a.limits
	l.floor = 0
	for o, p := range a.price {
		k := l.partner[o]
		switch {
		case p == closed:
		case l.least[o] > 0:
			a.price[o] = max(l.lowest, p-drop)
			l.floor = min(l.floor, a.price[o])
		case k >= 0 && l.price[k] > 0 && a.count[o] < a.from[o+1]-a.from[o]:
			a.price[o] = 0
		default:
			a.price[o] = max(0, p-drop)
		}
	}
	for k, p := range l.price {
		l.price[k] = max(0, p-drop)
	}
	clear(a.count)
	clear(l.count)
}

package flow

// The precision of an auction: values are in units of 1/scale.
const scale = 4

// auction finds prices and a placement that are nearly optimal, by bids of the
// students (Bertsekas 1988) with epsilon scaling. Opportunities keep the best
// bids up to their seats; the price of a full one is the lowest of them.
//
// A last phase with an epsilon of 0 leaves everyone who has a seat exactly at a
// best one; who could only tie with those seated stays without. Seats that are
// free at a price above 0 are costly to repair, too few seats aren't: so prices
// fall between phases, the more if a phase ended with such seats.
type auction struct {
	first []int32
	arcs  []arc   // of a student, by value descending
	price []int32 // by opportunity
	count []int32
	bids  []uint64 // heaps, lowest first: the bid, then the student
	from  []int32  // where an opportunity's heap starts; it has a place per seat
	line  []int32  // a ring of students who are to bid
	eps   int32
	// limits is nil where seats are all that counts.
	limits *limits
}

// key orders bids: the lower one first, equal ones by student.
func key(bid, student int32) uint64 {
	return uint64(uint32(bid)^1<<31)<<32 | uint64(student)
}

func bidOf(key uint64) int32  { return int32(uint32(key>>32) ^ 1<<31) }
func bidder(key uint64) int32 { return int32(uint32(key)) }

// closed is the price of an opportunity without seats: above every value.
const closed = 1<<31 - 1

func newAuction(p *program, seats []int32) *auction {
	first, arcs := p.first, p.arcs
	a := &auction{
		first: first, arcs: arcs,
		price: make([]int32, len(seats)),
		count: make([]int32, len(seats)),
		from:  make([]int32, len(seats)+1),
		line:  make([]int32, len(first)-1),
	}
	wanted := make([]int32, len(seats))
	for _, e := range arcs {
		wanted[e.to]++
	}
	for o, c := range seats {
		a.from[o+1] = a.from[o] + min(c, wanted[o])
		if c == 0 {
			a.price[o] = closed
		}
	}
	a.bids = make([]uint64, a.from[len(seats)])
	if a.limits = limitsOf(p, a.heaviest()); a.limits != nil {
		for o, least := range a.limits.least {
			if least > 0 && a.price[o] == 0 {
				a.price[o] = a.limits.lowest
				a.limits.floor = a.limits.lowest
			}
		}
	}
	return a
}

// run holds the phases; every so many bids goOn is asked whether to continue.
func (a *auction) run(goOn func() error) error {
	const fall, steep = 1, 4 // prices fall by so many epsilons between phases
	a.eps = max(1, a.heaviest()/8)
	last, times := a.eps, int32(fall)
	for {
		if err := a.phase(goOn); err != nil {
			return err
		}
		free := a.unsold()
		drop := times * a.eps
		switch {
		case a.eps == 0 || free == 0 && !a.contested():
			return nil
		case free > 0 && times == fall:
			// Prices were too high from the start: once more, from lower ones.
			times = steep
			drop = times * last
		case a.eps == 1:
			drop = scale
			a.eps = 0
		default:
			last, a.eps = a.eps, max(1, a.eps/8)
		}
		a.reopen(drop)
	}
}

func (a *auction) heaviest() int32 {
	var heaviest int32
	for s := range len(a.first) - 1 {
		if a.first[s] < a.first[s+1] {
			heaviest = max(heaviest, a.arcs[a.first[s]].value)
		}
	}
	return heaviest
}

// unsold counts seats that are free though they have a price.
func (a *auction) unsold() int32 {
	var free int32
	for o, p := range a.price {
		if seats := a.from[o+1] - a.from[o]; p > 0 && a.count[o] < seats {
			free += seats - a.count[o]
		}
	}
	if a.limits != nil {
		free += a.unsoldLimited()
	}
	return free
}

// contested tells whether anything has a price.
func (a *auction) contested() bool {
	if a.limits != nil {
		return true
	}
	for o, p := range a.price {
		if p > 0 && a.from[o] < a.from[o+1] {
			return true
		}
	}
	return false
}

// reopen empties all seats and lets prices fall.
func (a *auction) reopen(drop int32) {
	if a.limits != nil {
		a.reopenLimited(drop)
		return
	}
	clear(a.count)
	for o := range a.price {
		if a.from[o] < a.from[o+1] {
			a.price[o] = max(0, a.price[o]-drop)
		}
	}
}

// phase lets students bid in turn until all have a seat or want none.
func (a *auction) phase(goOn func() error) error {
	const often = 1 << 16 // bids, some milliseconds
	n := len(a.line)
	for s := range a.line {
		a.line[s] = int32(s)
	}
	head := 0
	for waiting, bids := n, 0; waiting > 0; waiting, bids = waiting-1, bids+1 {
		if bids%often == 0 {
			if err := goOn(); err != nil {
				return err
			}
		}
		s := a.line[head]
		if head++; head == n {
			head = 0
		}
		var lost int32
		if a.limits == nil {
			lost = a.bid(s)
		} else {
			lost = a.bidLimited(s)
		}
		if lost >= 0 {
			at := head + waiting - 1
			if at >= n {
				at -= n
			}
			a.line[at] = lost
			waiting++
		}
	}
	return nil
}

// bid lets a student bid for the best opportunity as much as makes it epsilon
// worse than the second best, and returns who lost a seat by it, or -1.
func (a *auction) bid(s int32) int32 {
	best, second, at := int32(0), int32(0), int32(-1)
	price := a.price
	for _, e := range a.arcs[a.first[s]:a.first[s+1]] {
		if e.value <= second {
			break
		}
		switch v := e.value - price[e.to]; {
		case v > best:
			second, best, at = best, v, e.to
		case v > second:
			second = v
		}
	}
	if at < 0 {
		return -1
	}
	bid := price[at] + best - second + a.eps
	return a.accept(at, key(bid, s))
}

// accept seats a bidder, in place of the lowest where no seat is free, and
// returns who has none now, or -1. A bid that only ties with the lowest is
// dropped.
func (a *auction) accept(o int32, e uint64) int32 {
	h := a.bids[a.from[o]:a.from[o+1]]
	n := int(a.count[o])
	if n < len(h) {
		rise(h[:n+1], e)
		a.count[o]++
		if n+1 == len(h) {
			a.price[o] = bidOf(h[0])
		}
		return -1
	}
	if e>>32 <= h[0]>>32 {
		return -1
	}
	lost := bidder(h[0])
	sink(h, e)
	a.price[o] = bidOf(h[0])
	return lost
}

// rise puts a bid into a heap whose last place is free.
func rise(h []uint64, e uint64) {
	i := len(h) - 1
	for i > 0 {
		up := (i - 1) / 2
		if h[up] <= e {
			break
		}
		h[i] = h[up]
		i = up
	}
	h[i] = e
}

// sink puts a bid in the place of a heap's lowest.
func sink(h []uint64, e uint64) {
	i := 0
	for {
		c := 2*i + 1
		if c >= len(h) {
			break
		}
		if c+1 < len(h) && h[c+1] < h[c] {
			c++
		}
		if h[c] >= e {
			break
		}
		h[i] = h[c]
		i = c
	}
	h[i] = e
}

// owners returns by student the opportunity that has its bid, or -1.
func (a *auction) owners() []int32 {
	owner := make([]int32, len(a.line))
	for s := range owner {
		owner[s] = -1
	}
	for o, c := range a.count {
		for _, b := range a.bids[a.from[o] : a.from[o]+c] {
			owner[uint32(b)] = int32(o)
		}
	}
	return owner
}

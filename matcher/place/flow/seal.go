package flow

// seal prices what has no seats in a stage. No arc leads there: solvers leave
// out those of the network. Prices have to be above what these are worth in the
// first stage, which takes them out of the face; after it any price does.
func (n *Network) seal(st *Stage, first bool, value func(s int, a int32) int32) {
	for o, seats := range n.Seats {
		if seats == 0 {
			st.Opportunities[o] = 0
		}
	}
	for k, most := range n.Cap {
		if most == 0 {
			st.Partners[k] = 0
		}
	}
	if !first {
		return
	}
	for s, u := range st.Students {
		for a := n.First[s]; a < n.First[s+1]; a++ {
			if price := n.barrier(st, n.Target[a]); price != nil {
				*price = max(*price, int64(value(s, a))-u-n.price(st, n.Target[a])+*price+1)
			}
		}
	}
}

// barrier is the price of the first of an opportunity and its partners that has
// no seats, nil where all have.
func (n *Network) barrier(st *Stage, o int32) *int64 {
	if n.Seats[o] == 0 {
		return &st.Opportunities[o]
	}
	for k := n.partner(int(o)); k >= 0; k = n.above(int(k)) {
		if n.Cap[k] == 0 {
			return &st.Partners[k]
		}
	}
	return nil
}

// price adds up the duals of an opportunity and its partners.
func (n *Network) price(st *Stage, o int32) int64 {
	price := st.Opportunities[o]
	for k := n.partner(int(o)); k >= 0; k = n.above(int(k)) {
		price += st.Partners[k]
	}
	return price
}

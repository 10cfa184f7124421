package verify

// seat checks that students can sit where the placement has them, by the arcs
// and within the bounds that the last stage left.
func (n *network) seat(at []int32) error {
	in := make([][]int32, len(n.m.offers)) // the students in the network
	total := make([]int64, len(n.above))
	for s, o := range at {
		if o >= 0 && !n.outside(int32(s)) {
			in[o] = append(in[o], int32(s))
		}
	}
	for o, students := range in {
		first := n.first[o]
		end := first
		for int(end) < len(n.nodes) && int(n.nodes[end].offer) == o {
			end++
		}
		for up := n.nodes[first].above; up >= 0; up = n.above[up].above {
			total[up] += int64(len(students))
		}
		if !n.sit(students, n.nodes[first:end], first) {
			return violation(placementsFile, 0, "the students of opportunity %s don't go with the seats and prices of %s",
				n.m.offers[o].row.ID, certificateFile)
		}
	}
	for i := range n.above {
		if total[i] < n.above[i].least || total[i] > n.above[i].most {
			return violation(placementsFile, 0, "the number of students with %s doesn't go with the prices of %s", n.nameAbove(i), certificateFile)
		}
	}
	return nil
}

func (n *network) nameAbove(i int) string {
	if i < len(n.m.partners) {
		return "partner " + n.m.partners[i].id
	}
	for o, at := range n.whole {
		if int(at) == i {
			return "opportunity " + n.m.offers[o].row.ID
		}
	}
	return "nobody"
}

// sit says whether the students of an opportunity can sit at its nodes: first
// what there must be at each, then everybody. Finding somebody a seat never
// takes one's last student from a node.
func (n *network) sit(students []int32, nodes []node, first int32) bool {
	if len(nodes) == 1 {
		count := int64(len(students))
		return count >= nodes[0].least && count <= nodes[0].most
	}
	holders := make([][]int32, len(nodes))
	var place func(s int32, bound func(*node) int64, seen []bool) bool
	place = func(s int32, bound func(*node) int64, seen []bool) bool {
		for _, a := range n.arcs[s] {
			i := a.node - first
			if i < 0 || int(i) >= len(nodes) || seen[i] {
				continue
			}
			seen[i] = true
			if int64(len(holders[i])) < bound(&nodes[i]) {
				holders[i] = append(holders[i], s)
				return true
			}
			for h, holder := range holders[i] {
				if place(holder, bound, seen) {
					holders[i][h] = s
					return true
				}
			}
		}
		return false
	}
	var rest []int32
	for _, s := range students {
		if !place(s, func(of *node) int64 { return of.least }, make([]bool, len(nodes))) {
			rest = append(rest, s)
		}
	}
	for i := range nodes {
		if int64(len(holders[i])) < nodes[i].least {
			return false
		}
	}
	for _, s := range rest {
		if !place(s, func(of *node) int64 { return of.most }, make([]bool, len(nodes))) {
			return false
		}
	}
	return true
}

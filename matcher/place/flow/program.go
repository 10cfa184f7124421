package flow

import (
	"cmp"
	"slices"
)

// arc is a way to place a student: at an opportunity, for a value.
type arc struct {
	to    int32
	value int32
}

// program is what one stage solves: students with arcs to opportunities, which
// are the leaves of a tree of flows. Opportunities are the nodes 0 to m-1, then
// come partners, last the root, where students without a placement are. Each
// node but the root sends low to high students on to its parent, which has a
// higher number.
type program struct {
	first         []int32 // the arcs of student s are first[s] to first[s+1]
	arcs          []arc   // of a student, by value descending
	must          []bool  // students who must be placed
	uncounted     []bool  // of these, whose arcs have no value; nil: nobody
	opportunities int
	parent        []int32
	low, high     []int32
	childFirst    []int32 // the children of node v are child[childFirst[v]] to child[childFirst[v+1]]
	child         []int32
}

func (p *program) students() int { return len(p.first) - 1 }
func (p *program) root() int32   { return int32(len(p.parent)) }

// newTree returns a program with the nodes of a network and no arcs.
func newTree(n *Network) *program {
	m, partners := len(n.Seats), len(n.Cap)
	root := int32(m + partners)
	p := &program{
		opportunities: m,
		parent:        make([]int32, root),
		low:           make([]int32, root),
		high:          make([]int32, root),
		must:          make([]bool, n.Students()),
		uncounted:     n.Uncounted,
	}
	copy(p.high, n.Seats)
	copy(p.high[m:], n.Cap)
	copy(p.low, n.Minimum)
	copy(p.low[m:], n.Least)
	copy(p.must, n.Must)
	for v := range p.parent {
		p.parent[v] = root
		if v < m && n.partner(v) >= 0 {
			p.parent[v] = int32(m) + n.partner(v)
		}
		if v >= m && n.above(v-m) >= 0 {
			p.parent[v] = int32(m) + n.above(v-m)
		}
	}
	p.linkChildren()
	return p
}

func (p *program) linkChildren() {
	p.childFirst = make([]int32, len(p.parent)+2)
	for _, up := range p.parent {
		p.childFirst[up+1]++
	}
	for v := range len(p.parent) + 1 {
		p.childFirst[v+1] += p.childFirst[v]
	}
	p.child = make([]int32, len(p.parent))
	next := slices.Clone(p.childFirst)
	for v, up := range p.parent {
		p.child[next[up]] = int32(v)
		next[up]++
	}
}

// sortRow puts a student's arcs in the order of a program: by value descending,
// equal ones as they were.
func sortRow(row []arc) {
	if len(row) > 64 {
		slices.SortStableFunc(row, func(a, b arc) int { return cmp.Compare(b.value, a.value) })
		return
	}
	for i := 1; i < len(row); i++ {
		a := row[i]
		j := i
		for ; j > 0 && row[j-1].value < a.value; j-- {
			row[j] = row[j-1]
		}
		row[j] = a
	}
}

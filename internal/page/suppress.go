package page

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
)

// partition puts each student into one of the groups of a name.
type partition struct {
	name   string
	values []string // by group, ascending; of those without a value, last
	cells  []int32  // by student, its group
	sizes  []int    // by group
	hidden []bool   // by group
}

// newPartition makes groups of the values that students have.
func newPartition(name string, students int, values map[int]string) *partition {
	p := &partition{name: name, cells: make([]int32, students)}
	numbers := make(map[string]int32)
	for _, value := range values {
		numbers[value] = 0
	}
	p.values = slices.SortedFunc(maps.Keys(numbers), compareValues)
	for i, value := range p.values {
		numbers[value] = int32(i)
	}
	if len(values) < students || students == 0 {
		p.values = append(p.values, notSaid)
	}
	p.sizes, p.hidden = make([]int, len(p.values)), make([]bool, len(p.values))
	for s := range students {
		cell := int32(len(p.values) - 1)
		if value, said := values[s]; said {
			cell = numbers[value]
		}
		p.cells[s] = cell
		p.sizes[cell]++
	}
	return p
}

// compareValues puts numbers before all else, in their order: grades.
func compareValues(a, b string) int {
	x, noX := strconv.Atoi(a)
	y, noY := strconv.Atoi(b)
	switch {
	case noX == nil && noY == nil:
		return cmp.Or(cmp.Compare(x, y), cmp.Compare(a, b))
	case noX == nil:
		return -1
	case noY == nil:
		return 1
	default:
		return cmp.Compare(a, b)
	}
}

// suppress hides the groups of fewer students than small, and as many others as
// it takes that they can't be found by subtraction: whatever is left of a group
// that is shown, or of what is so left of one, without the groups of another
// name that lie wholly in it, is nobody, or as many students as a group has
// that is shown. All students together are the partition without a name.
func suppress(parts []*partition, small int) {
	for _, p := range parts {
		for cell, size := range p.sizes {
			p.hidden[cell] = size < small
		}
	}
	for again := true; again; {
		again = false
		for _, p := range slices.Backward(parts) { // all together last, for which most else is done then
			for cell, members := range p.members() {
				if !p.hidden[cell] && protect(parts, members, small, 1) {
					again = true
				}
			}
		}
	}
}

// members are the students of each group.
func (p *partition) members() [][]int32 {
	found := make([][]int32, len(p.values))
	for s, cell := range p.cells {
		found[cell] = append(found[cell], int32(s))
	}
	return found
}

// protect hides groups within some students, whose figures can be known, until
// what is left of them is nobody or not small; and so, deeper, for what is left.
// It says whether it hid any.
func protect(parts []*partition, students []int32, small, deeper int) (hid bool) {
	for _, p := range parts {
		inside := p.inside(students)
		left := len(students)
		for _, cell := range inside {
			left -= p.sizes[cell]
		}
		// The smallest ones go first.
		slices.SortStableFunc(inside, func(a, b int32) int { return p.sizes[a] - p.sizes[b] })
		for left > 0 && left < small && len(inside) > 0 {
			p.hidden[inside[0]] = true
			left += p.sizes[inside[0]]
			inside, hid = inside[1:], true
		}
		if deeper == 0 || left == 0 || left == len(students) {
			continue
		}
		shown := make([]bool, len(p.sizes))
		for _, cell := range inside {
			shown[cell] = true
		}
		var rest []int32
		for _, s := range students {
			if !shown[p.cells[s]] {
				rest = append(rest, s)
			}
		}
		hid = protect(parts, rest, small, deeper-1) || hid
	}
	return hid
}

// inside are the groups that are shown and lie wholly within some students.
func (p *partition) inside(students []int32) []int32 {
	within := make([]int, len(p.sizes))
	for _, s := range students {
		within[p.cells[s]]++
	}
	var found []int32
	for cell, n := range within {
		if n > 0 && n == p.sizes[cell] && !p.hidden[cell] {
			found = append(found, int32(cell))
		}
	}
	return found
}

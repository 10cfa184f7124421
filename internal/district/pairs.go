package district

import (
	"slices"
)

// pairs is what the rows of a file refer to, by row: the places of a major and
// a minor resource, -1 where it isn't there.
type pairs struct {
	lines, major, minor []int32
}

// add adds a row that names a major and a minor resource, returning their ids.
func (p *pairs) add(r *row, major, minor *index, rep reporter) (string, string) {
	i, a := major.find(r.text[rowFirst], r, rep)
	j, b := minor.find(r.text[rowSecond], r, rep)
	p.append(r.line, i, j)
	return a, b
}

func (p *pairs) append(line int, major, minor int32) {
	p.lines = append(p.lines, int32(line))
	p.major = append(p.major, major)
	p.minor = append(p.minor, minor)
}

// duplicates reports each row whose major and minor numbers an earlier row has
// too, with that row. It takes linear time: rows are visited by their major
// number, and for each minor number the last row that had it is kept.
func duplicates(major, minor []int32, report func(row, before int32)) {
	if len(major) == 0 {
		return
	}
	last := make([]int32, slices.Max(minor)+1+1) // 1 + row, 0 for none; by minor number
	for _, i := range byMajor(major) {
		if major[i] < 0 || minor[i] < 0 {
			continue
		}
		if b := last[minor[i]] - 1; b >= 0 && major[b] == major[i] {
			report(i, b)
			continue
		}
		last[minor[i]] = i + 1
	}
}

// byMajor returns the rows ordered by their major number, those of equal ones
// in the order of rows.
func byMajor(major []int32) []int32 {
	order := make([]int32, len(major))
	if slices.IsSorted(major) { // as most files are
		for i := range order {
			order[i] = int32(i)
		}
		return order
	}
	next := make([]int32, slices.Max(major)+3)
	for _, m := range major {
		next[m+2]++
	}
	for m := 1; m < len(next); m++ {
		next[m] += next[m-1]
	}
	for i, m := range major {
		order[next[m+1]] = int32(i)
		next[m+1]++
	}
	return order
}

// checkPairs reports what is wrong between the rows of a file.
func (d *decoder) checkPairs(t *table, rep reporter) {
	p := &d.pairs
	column, rule := t.columns[rowSecond].name, rulePairTwice(t)
	if t.file == Placements {
		clear(p.minor) // whatever the opportunity
		column, rule = t.columns[rowFirst].name, rulePlaced
	}
	duplicates(p.major, p.minor, func(row, before int32) {
		rep.error(int(p.lines[row]), column, onLine(rule, p.lines[before]))
	})
	switch t.file {
	case Preferences:
		ranks := make([]int32, len(p.major))
		for i, r := range d.folder.Rows.Preferences {
			ranks[i] = r.Rank
		}
		duplicates(p.major, ranks, func(row, before int32) {
			rep.error(int(p.lines[row]), "rank", onLine(ruleRank, p.lines[before]))
		})
	case Locks:
		d.checkLocks(rep)
	default: // nothing more
	}
	*p = pairs{}
}

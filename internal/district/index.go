package district

// index finds the rows of a file by their id.
type index struct {
	file  File
	at    map[string]int32
	ids   []string // by row
	lines []int32  // by row
	// whole: every id of the file is known, so that one that isn't found
	// doesn't exist.
	whole bool
	last  int32 // found last: rows about the same one often follow each other
}

func newIndex(f File) index { return index{file: f, at: make(map[string]int32), whole: true} }

// add adds the next row and reports an id that is there already.
func (x *index) add(id string, r *row, rep reporter) {
	n := int32(len(x.lines))
	x.ids = append(x.ids, id)
	x.lines = append(x.lines, int32(r.line))
	if id == "" {
		x.whole = x.whole && !r.broken
		return
	}
	if before, twice := x.at[id]; twice {
		rep.error(r.line, rep.table.columns[0].name, onLine(ruleListedOnce, x.lines[before]))
		return
	}
	x.at[id] = n
}

// find returns the place of the row that an id names, and the id. It reports
// an id that isn't there, in the column that is named as the index's own, and
// returns -1.
func (x *index) find(id string, r *row, rep reporter) (int32, string) {
	if int(x.last) < len(x.ids) && id != "" && x.ids[x.last] == id {
		return x.last, x.ids[x.last]
	}
	if n, ok := x.at[id]; ok {
		x.last = n
		return n, x.ids[n]
	}
	if x.whole || id == "" {
		rep.error(r.line, tableOf(x.file).columns[0].name, ruleListed(x.file))
	}
	return -1, ""
}

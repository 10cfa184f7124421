package matcher

import (
	"cmp"
	"fmt"
	"math/bits"
	"slices"

	"github.com/kindred-match/kindred/matcher/internal/kernel"
)

// windowTerms is what a window has of the terms: a row of the ranker's refs as
// long as there are terms, its lists from the front on, its columns at the end.
type windowTerms struct {
	row            uint32
	lists, columns uint32
}

// refer fills the rows of the windows that are to be visited. The others have
// the first row together, which nobody reads.
func (r *Ranker) refer() {
	clear(r.windows)
	n := uint32(len(r.terms))
	size := n * uint32(len(r.order)+1)
	r.refs = slices.Grow(r.refs[:0], int(size))[:size]
	for i, w := range r.order {
		r.windows[w].row = n * uint32(i+1)
		r.referEverywhere(w)
	}
	for i := range r.terms {
		if t := &r.terms[i]; !t.everywhere {
			for _, e := range t.entries {
				r.put(&r.windows[e.window], e, i)
			}
		}
	}
}

// referOne is refer for a window alone, in the first row.
func (r *Ranker) referOne(w int32) {
	n := len(r.terms)
	r.refs = slices.Grow(r.refs[:0], n)[:n]
	r.windows[w] = windowTerms{}
	r.referEverywhere(w)
	for i := range r.terms {
		if t := &r.terms[i]; !t.everywhere {
			if e, ok := entryOf(t.entries, w); ok {
				r.put(&r.windows[w], e, i)
			}
		}
	}
}

// referEverywhere puts the terms that have an entry for every window.
func (r *Ranker) referEverywhere(w int32) {
	window := r.windows[w]
	for i := range r.terms {
		if t := &r.terms[i]; t.everywhere {
			r.put(&window, t.entries[w], i)
		}
	}
	r.windows[w] = window
}

// put puts a term where its window's next list, or column, goes; what is empty is
// written over by the next. There is no branch that would be hard to foresee.
func (r *Ranker) put(w *windowTerms, e entry, term int) {
	longest := uint32(newEntry(0, 0, r.x.base.minColumn-1, 15).info)
	column := (longest - uint32(e.info)) >> 31
	some := (uint32(e.highest()) + 15) >> 4
	n := uint32(len(r.terms))
	at := w.row + (w.lists&(column-1) | (n-1-w.columns)&-column)
	r.refs[at] = kernel.Ref{At: e.at, Count: uint16(e.count()), Table: uint16(term)}
	w.columns += column
	w.lists += some - column
}

// entryOf finds the entry of a window.
func entryOf(entries []entry, w int32) (entry, bool) {
	i, ok := slices.BinarySearchFunc(entries, uint16(w), func(e entry, w uint16) int { return cmp.Compare(e.window, w) })
	if !ok {
		return entry{}, false
	}
	return entries[i], true
}

// ahead is how many windows ahead of its visit a window is asked for.
const ahead = 2

// visit hands the sink every document that its threshold lets pass and that
// the query wants and the student is eligible for, but for those of the opened
// window that it has been offered.
func (r *Ranker) visit(q *Query, to sink) {
	if r.sifter.walk.ok {
		r.visitWalk(q, to)
	} else {
		r.visitWindows(q, to)
	}
	r.visitDelta(q, to)
}

func (r *Ranker) visitWindows(q *Query, to sink) {
	r.arrange(to.threshold())
	r.refer()
	r.scaled = 0
	for _, w := range r.order[:min(ahead, len(r.order))] {
		r.prefetch(w)
	}
	for i, w := range r.order {
		if i+ahead < len(r.order) {
			r.prefetch(r.order[i+ahead])
		}
		threshold := to.threshold()
		sections := r.reached(w, threshold)
		if sections == 0 {
			continue
		}
		if r.siftFirst(w, sections) {
			r.skipOffered(w)
			r.note(w, r.mask.Words(), q, to)
			continue
		}
		// Finer steps are worth it once the threshold has risen by a few of them.
		if threshold > r.scaled+r.scaled/32 {
			r.scale(threshold)
		}
		r.gather(w, sections)
		words := kernel.Collect(r.sums, r.columns, r.cut, sections, &r.mask)
		if words == 0 {
			continue
		}
		r.skipOffered(w)
		r.siftCollected(w)
		r.breakTies(w, sections, to)
		r.note(w, words, q, to)
	}
	r.finish(q, to)
}

// finest is the sum that a threshold is scaled to: below 255, so that sums that
// saturate are above it.
const finest = 240

// scale sets the cut and the tables so that a document of the given units or
// more has a sum of the cut or more, and one whose sum is the cut has at most
// these units. A level that contributes m has ceil(m finest / units) for it.
func (r *Ranker) scale(units int64) {
	r.scaled, r.cut = units, finest
	factor := float64(finest) / float64(units)
	for i := range r.terms {
		worth, table := &r.terms[i].worth, &r.tables[i]
		if kernel.RoundUp(table, worth, factor) {
			continue
		}
		for l, upper := range worth.Upper {
			table[l] = steps(int64(worth.Slope*min(upper, worth.Limit)), units)
		}
	}
}

// steps is ceil(most finest / units), at most 255.
func steps(most, units int64) uint8 {
	high, low := bits.Mul64(uint64(most), finest)
	if high >= uint64(units) {
		return 255
	}
	n, rest := bits.Div64(high, low, uint64(units))
	if rest > 0 {
		n++
	}
	return uint8(min(n, 255))
}

// bulk is how many documents of a window may be scored without a thought.
const bulk = 64

// breakTies takes out of the mask the documents that can only tie with the last
// of the first k, and lose by their ids. Where whole windows tie, scoring them
// all would take longer than a plain loop.
func (r *Ranker) breakTies(w int32, sections uint16, to sink) {
	last := to.tie()
	if int(last) >= r.x.base.len() || r.scaled != to.threshold() || r.mask.Count() <= bulk {
		return
	}
	r.gather(w, sections)
	kernel.Collect(r.sums, r.columns, r.cut+1, sections, &r.above)
	place := r.x.base.place
	kernel.KeepBelow(&r.mask, &r.above, place[int(w)*kernel.Window:], place[last])
}

// lists and columns are what a window has of the terms.
func (r *Ranker) lists(w int32) []kernel.Ref {
	window := &r.windows[w]
	return r.refs[window.row : window.row+window.lists]
}

func (r *Ranker) columnRefs(w int32) []kernel.Ref {
	window := &r.windows[w]
	end := window.row + uint32(len(r.terms))
	return r.refs[end-window.columns : end]
}

// prefetch asks for what gather and Collect will read of a window, unless so few
// documents pass the rules that it is likely to be nothing.
func (r *Ranker) prefetch(w int32) {
	const unlikely = 8 // documents
	if r.sifter.share*kernel.Window < unlikely {
		return
	}
	base := r.x.base
	kernel.PrefetchLists(base.postings, r.lists(w))
	for _, c := range r.columnRefs(w) {
		kernel.PrefetchColumn(&base.columns[c.At], r.alive[w])
	}
}

// gather adds up the postings of sections of a window and lists its columns.
func (r *Ranker) gather(w int32, sections uint16) {
	base := r.x.base
	kernel.Scatter(r.sums, base.postings, r.tables, r.lists(w), sections)
	r.columns = r.columns[:0]
	for _, c := range r.columnRefs(w) {
		r.columns = append(r.columns, kernel.Column{Levels: &base.columns[c.At], Table: r.tables[c.Table]})
	}
}

// skipOffered takes the documents of an opened window out of the mask that were
// offered then.
func (r *Ranker) skipOffered(w int32) {
	if i := slices.Index(r.opened, w); i >= 0 {
		r.mask.Remove(&r.offered[i])
	}
}

// note puts the masked documents of a window on the list of those to be
// scored, but for the dead. The words of the mask that are not 0 are among
// words.
func (r *Ranker) note(w int32, words uint64, q *Query, to sink) {
	if c := r.x.overlay.windows[w]; c != nil {
		r.mask.Remove(&c.dead)
	}
	for ; words != 0; words &= words - 1 {
		b := bits.TrailingZeros64(words)
		for word := r.mask[b]; word != 0; word &= word - 1 {
			if len(r.noted) == inFlight {
				r.advance(q, to)
			}
			doc := uint32(int(w)*kernel.Window + b*64 + bits.TrailingZeros64(word))
			r.noted = append(r.noted, doc)
			kernel.Prefetch(&r.x.base.forward[doc])
		}
	}
}

// finish scores all documents that were noted.
func (r *Ranker) finish(q *Query, to sink) {
	r.advance(q, to)
	r.advance(q, to)
}

// advance scores the documents that have been located and locates those that
// were noted.
func (r *Ranker) advance(q *Query, to sink) {
	base := r.x.base
	for _, d := range r.located {
		h := hit{units: r.scoreDocument(d), doc: d.doc}
		if invariants && h.units > r.most(r.bounds[d.doc/kernel.Section]) {
			panic(fmt.Sprintf("document %d has %d units, above the bound %d of its section",
				d.doc, h.units, r.most(r.bounds[d.doc/kernel.Section])))
		}
		if h.units < to.threshold() || !to.admits(h) || !r.eligible(d.doc, q) {
			continue
		}
		h.partner = r.partnerOf(d.doc)
		to.offer(h)
	}
	r.located = r.located[:0]
	for _, doc := range r.noted {
		d := base.locate(doc)
		r.located = append(r.located, d)
		kernel.PrefetchAll(base.packing.of(base.records, d.first, d.end))
		kernel.Prefetch(&base.attributes[doc])
	}
	r.noted = r.noted[:0]
}

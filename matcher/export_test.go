package matcher

import (
	"math/bits"
	"reflect"
	"slices"

	"github.com/kindred-match/kindred/matcher/internal/kernel"
)

// SameSegment reports whether the segments of two indexes are the same in all
// that they hold.
func (x *Index) SameSegment(y *Index) bool { return reflect.DeepEqual(x.base, y.base) }

// NewIndexBy is NewIndex by so many workers.
func NewIndexBy(c Catalogue, s Settings, workers int) (*Index, error) { return newIndex(c, s, workers) }

// Overlooked counts the documents of the segment with the threshold's units or
// more whose section isn't visited, or is bounded below them; passed is how many
// sections are passed over.
func (r *Ranker) Overlooked(q *Query, threshold int64) (documents, passed int) {
	r.compile(q)
	r.sift(q)
	if r.sifter.walk.ok {
		return 0, 0 // no section is bounded
	}
	r.bound()
	r.arrange(threshold)
	for w, sections := range r.alive {
		passed += kernel.Sections - bits.OnesCount16(sections)
		if sections != r.reached(int32(w), threshold) || (sections != 0) != slices.Contains(r.order, int32(w)) {
			documents++
		}
	}
	for doc := range uint32(r.x.base.len()) {
		units := r.scoreDocument(r.x.base.locate(doc))
		alive := r.alive[doc/kernel.Window]>>(doc%kernel.Window/kernel.Section)&1 == 1
		if units >= threshold && !alive || units > r.most(r.bounds[doc/kernel.Section]) {
			documents++
		}
	}
	return documents, passed
}

// Baseless counts the sections with a bound above 0 that have no document with a tag
// of the query.
func (r *Ranker) Baseless(q *Query) (sections int) {
	r.compile(q)
	r.sift(q)
	r.bound()
	shared := make([]bool, len(r.bounds))
	for doc := range uint32(r.x.base.len()) {
		if r.scoreDocument(r.x.base.locate(doc)) > 0 {
			shared[doc/kernel.Section] = true
		}
	}
	for s, b := range r.bounds {
		if b > 0 && !shared[s] {
			sections++
		}
	}
	return sections
}

package matcher

import (
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
// more whose window isn't visited, or is bounded below them; held is how many
// windows are passed over only because of what squares add up to.
func (r *Ranker) Overlooked(q *Query, threshold int64) (documents, held int) {
	r.compile(q)
	r.sift(q)
	r.bound()
	for w := range r.windows {
		if r.windows[w].most >= threshold {
			held++
		}
	}
	r.arrange(threshold)
	held -= len(r.order)
	for doc := range uint32(r.x.base.len()) {
		w := int32(doc / kernel.Window)
		units := r.scoreDocument(r.x.base.locate(doc))
		if units >= threshold && (!slices.Contains(r.order, w) || units > r.windows[w].most) {
			documents++
		}
	}
	return documents, held
}

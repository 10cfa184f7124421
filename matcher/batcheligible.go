package matcher

import (
	"math/bits"

	"github.com/kindred-match/kindred/matcher/internal/kernel"
)

// Eligible appends the numbers of all opportunities that are eligible for the
// student, whatever they share, in no order that means anything.
func (r *BatchRanker) Eligible(dst []uint32, s *Student, forbidden map[string]bool) []uint32 {
	r.query.Student, r.query.Forbidden = s, forbidden
	r.bar(s)
	for window := range r.batch.rules.open {
		var allowed kernel.Mask
		r.allow(int32(window), &allowed)
		for i, word := range allowed {
			for ; word != 0; word &= word - 1 {
				doc := uint32(window)*kernel.Window + uint32(64*i+bits.TrailingZeros64(word))
				if !r.strict() || r.admits(doc) {
					dst = append(dst, doc)
				}
			}
		}
	}
	x := r.batch.x
	for slot := range x.delta.n {
		if rec := x.delta.slots.at(slot); rec != nil && r.single.admitted(&r.query, rec.opportunity, rec.partner) {
			dst = append(dst, uint32(x.base.len())+slot)
		}
	}
	return dst
}

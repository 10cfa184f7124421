package matcher

import "github.com/kindred-match/kindred/matcher/internal/kernel"

// Eligible appends the numbers of all opportunities that are eligible for the
// student, whatever they share, in no order that means anything.
func (r *BatchRanker) Eligible(dst []uint32, s *Student, forbidden map[string]bool) []uint32 {
	r.query.Student, r.query.Forbidden = s, forbidden
	r.bar(s)
	for window := range r.batch.rules.open {
		var allowed kernel.Mask
		r.allow(int32(window), &allowed)
		n := len(dst)
		dst = kernel.Members(dst, &allowed, uint32(window)*kernel.Window)
		if r.strict() {
			dst = dst[:n+len(r.admitted(dst[n:]))]
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

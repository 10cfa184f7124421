package candidates

import "github.com/kindred-match/kindred/matcher"

// First appends to dst the first k candidates of the set, with at most
// perPartner of one partner if that is above 0, as ranking with the index
// would. The index is the catalogue at the set's epoch. It reports false where
// the set doesn't have enough to know, or doesn't fit the index.
func (s *Set) First(dst []matcher.Candidate, x *matcher.Index, k, perPartner int) ([]matcher.Candidate, bool) {
	var count map[string]int
	if perPartner > 0 {
		count = make(map[string]int)
	}
	first := len(dst)
	for _, m := range s.Members {
		if len(dst)-first == k {
			break
		}
		o, ok := x.OfNumber(m.Number)
		if !ok {
			return dst[:first], false
		}
		if count != nil && o.Partner != "" {
			if count[o.Partner]++; count[o.Partner] > perPartner {
				continue
			}
		}
		dst = append(dst, matcher.Candidate{
			Opportunity: o.ID,
			Number:      m.Number,
			Rank:        len(dst) - first + 1,
			Units:       m.Units,
			Score:       float64(m.Units) / s.Denominator,
		})
	}
	if len(dst)-first < k && !s.Complete {
		return dst[:first], false
	}
	return dst, true
}

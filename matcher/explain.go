package matcher

import (
	"cmp"
	"slices"
)

// Part is one shared tag's part of a score.
type Part struct {
	Tag         string
	Profile     Weight // P
	Opportunity Weight // O
	Importance  int64  // G
	Units       int64  // above 0
}

// Explanation says how a pair scores, where the opportunity stands, or why the
// student is not eligible.
type Explanation struct {
	Opportunity string
	// Failures are the rules that the pair fails; none: eligible.
	Failures []Code
	Units    int64
	Score    float64 // the score shown, not rounded
	// Rank is the place in the student's ranking without a cap per partner;
	// 0 when the pair is not eligible, not wanted, or shares nothing.
	Rank int
	// Parts add up to Units exactly; by tag id.
	Parts []Part
}

// Explain explains the pair of the query's student and an opportunity. It
// reports false when there is no such opportunity. K and MaxPerPartner play no
// part.
func (r *Ranker) Explain(q *Query, opportunity string) (Explanation, bool) {
	o, ok := r.x.Opportunity(opportunity)
	if !ok {
		return Explanation{}, false
	}
	p := r.x.pairOf(q, o)
	e := Explanation{Opportunity: opportunity, Failures: p.failures()}
	e.Parts, _ = r.Parts(q.Student, opportunity)
	for i := range e.Parts {
		e.Units += e.Parts[i].Units
	}
	if e.Units == 0 {
		return e, true
	}
	r.compile(q)
	e.Score = float64(e.Units) / r.denominator()
	if len(e.Failures) == 0 && wanted(q, &p) {
		r.sift(q)
		r.bound()
		doc, _ := r.x.find(opportunity)
		c := counter{target: hit{units: e.Units, doc: doc}, before: r.before}
		r.visit(q, &c)
		e.Rank = c.n + 1
	}
	return e, true
}

// Parts splits the pair's units by tag, in the order of tag ids. It reports
// false when there is no such opportunity.
func (r *Ranker) Parts(s *Student, opportunity string) ([]Part, bool) {
	r.profile.spread(s.Interests)
	return r.parts(opportunity)
}

// parts is Parts for the profile at hand.
func (r *Ranker) parts(opportunity string) ([]Part, bool) {
	o, ok := r.x.Opportunity(opportunity)
	if !ok {
		return nil, false
	}
	overlap := r.x.settings.Measure == Overlap
	own := newSpreader(r.x.vocabulary, r.x.settings.Decay)
	own.spread(o.Tags)
	tags, weights := own.appendImpacts(nil, nil, r.x.settings.Measure, o.Boost)
	var parts []Part
	for i, t := range tags {
		part := Part{
			Tag:         r.x.vocabulary.Name(t),
			Profile:     r.profile.weight[t],
			Opportunity: own.weight[t],
			Importance:  r.x.importance[t],
		}
		if overlap {
			part.Units = boostFactor(o.Boost) * part.Importance * int64(min(part.Profile, part.Opportunity))
		} else {
			part.Units = int64(part.Profile) * part.Importance * int64(weights[i])
		}
		if part.Units > 0 {
			parts = append(parts, part)
		}
	}
	slices.SortFunc(parts, func(a, b Part) int { return cmp.Compare(a.Tag, b.Tag) })
	return parts, true
}

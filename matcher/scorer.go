package matcher

// Scorer scores single pairs, eligible or not. It is the scratch of one worker:
// not for several goroutines at once.
type Scorer struct {
	ranker Ranker // of which the profile is used
	whole  float64
}

// NewScorer makes scratch for scores by the index.
func (x *Index) NewScorer() *Scorer {
	return &Scorer{ranker: Ranker{x: x, profile: newSpreader(x.vocabulary, x.settings.Decay)}}
}

// Begin takes the student whose pairs are scored next.
func (c *Scorer) Begin(s *Student) {
	c.ranker.profile.spread(s.Interests)
	c.whole = c.ranker.denominator()
}

// Score is the score shown, not rounded, of the student and the opportunity of
// a number; 0 where they share nothing.
func (c *Scorer) Score(number uint32) float64 {
	r := &c.ranker
	var units int64
	if base := r.x.base; int(number) < base.len() {
		units = r.scorePacked(base.packed(number), r.x.settings.Measure == Overlap, number)
	} else {
		rec := r.x.record(number)
		units = r.score(&rec)
	}
	if units == 0 {
		return 0
	}
	return float64(units) / c.whole
}

// Number finds the number of an opportunity by id; see Numbered. In an index
// without changes the numbers are those below Len.
func (x *Index) Number(id string) (uint32, bool) { return x.find(id) }

package matcher

import "math"

// Member is a member of a candidate set: an opportunity, by the number that the
// store gave it, with its units.
type Member struct {
	Number uint32
	Units  int64
}

// OfNumber finds an opportunity by the number that the store gave it. It must
// not be changed.
func (x *Index) OfNumber(number uint32) (*Opportunity, bool) {
	o, _, _ := x.ofNumber(number)
	return o, o != nil
}

// ofNumber is the opportunity with a number, or nil, with its document and the
// number of its partner.
func (x *Index) ofNumber(number uint32) (o *Opportunity, doc uint32, partner int32) {
	at := x.numbers.at(number)
	if at == 0 {
		return nil, 0, noPartner
	}
	doc = at - 1
	// Deleted and made anew, an opportunity may have kept its document, but not
	// its number.
	if o, partner = x.document(doc); o == nil || o.Number != number {
		return nil, 0, noPartner
	}
	return o, doc, partner
}

// numbersOf is the documents of a segment by number, from 1 on; 0 is none.
func numbersOf(s *segment) vector[uint32] {
	most := uint32(0)
	for _, o := range s.opportunities {
		most = max(most, o.Number)
	}
	if most == 0 {
		return vector[uint32]{}
	}
	documents := make([]uint32, most+1)
	for doc, o := range s.opportunities {
		if o.Number != 0 {
			documents[o.Number] = uint32(doc) + 1
		}
	}
	return vectorOf(documents)
}

// Rescore appends to dst those of the opportunities with the given numbers that
// are there, eligible, wanted, and have at least that many units and more than
// 0, in the order of the numbers. K and MaxPerPartner play no part. It takes a
// fraction of a microsecond and less than a tenth of one for each opportunity,
// whatever the size of the index.
func (r *Ranker) Rescore(dst []Member, q *Query, numbers []uint32, least int64) []Member {
	r.profile.spread(q.Student.Interests)
	r.assignSlots()
	r.verdicts.begin(q)
	for _, number := range numbers {
		o, doc, partner := r.x.ofNumber(number)
		if o == nil || !o.offered() {
			continue
		}
		units := r.unitsOf(doc)
		if units >= max(1, least) && r.admitted(q, o, partner) {
			dst = append(dst, Member{number, units})
		}
	}
	return dst
}

// unitsOf is the units of a document that is there, for the compiled profile.
func (r *Ranker) unitsOf(doc uint32) int64 {
	if n := uint32(r.x.base.len()); doc >= n {
		return r.score(r.x.delta.slots.at(doc - n))
	}
	return r.scoreDocument(r.x.base.locate(doc))
}

// Denominator is what units are divided by to give the score shown, for the
// query that was ranked or rescored last.
func (r *Ranker) Denominator() float64 { return r.denominator() }

// Forecast is about how many nanoseconds a ranking takes, on the machine that the
// figures were taken on: by the postings and columns of its terms in all windows,
// by how many candidates are wanted, or by how many documents a list leaves. It is
// a guide, for deciding what is worth keeping; how well bounds part a catalogue is
// only known by ranking.
func (r *Ranker) Forecast(q *Query) float64 {
	const (
		start  = 8500.0 // nanoseconds, as all that follow
		entry  = 50.0   // a tag in a window
		window = 1500.0 // of overlap, whose bounds rule fewer out
		late   = 1.0    // an opportunity beside the segment
		walked = 25.0   // a document, where only those of a list are looked at
		few    = 10     // candidates: the figures are for so many
		more   = 0.6    // the power by which more of them take longer
	)
	r.compile(q)
	r.sift(q)
	cost := start + late*float64(r.x.delta.n)
	switch {
	case r.sifter.walk.ok:
		return cost + walked*float64(r.sifter.walk.len())
	case r.x.settings.Measure == Overlap:
		cost += window * float64(len(r.windows))
	default:
		for i := range r.terms {
			for _, e := range r.terms[i].entries {
				if !e.empty() {
					cost += entry
				}
			}
		}
	}
	return cost * math.Pow(float64(max(q.K, few))/few, more)
}

// Index is what r ranks with.
func (r *Ranker) Index() *Index { return r.x }

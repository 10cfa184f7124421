package matcher

import (
	"cmp"
	"math"
	"slices"

	"github.com/kindred-match/kindred/matcher/internal/kernel"
)

// Query asks for the ranking of one student.
type Query struct {
	// Student has the interests and what eligibility needs; its id may be empty.
	Student *Student
	AsOf    Date
	// Term, unless empty, is the only term wanted.
	Term string
	// Kinds and PartnerKinds, unless empty, are the only kinds wanted; they are
	// wishes, not rules of eligibility, as is Exclude (opportunity ids).
	Kinds        []OpportunityKind
	PartnerKinds []PartnerKind
	Exclude      map[string]bool
	// Forbidden are the opportunity ids that a lock forbids the student.
	Forbidden map[string]bool
	// K is how many candidates are wanted at most.
	K int
	// MaxPerPartner, unless 0, is how many of them one partner may have.
	MaxPerPartner int
}

// Candidate is a ranked opportunity.
type Candidate struct {
	Opportunity string
	Number      uint32 // of the opportunity
	Rank        int    // from 1
	Units       int64
	Score       float64 // the score shown, not rounded
}

// Shown is a score with the 6 decimals that are shown, rounded half away from
// zero.
func Shown(score float64) float64 { return math.Round(1e6*score) / 1e6 }

// Ranker ranks with one index. It is the scratch of one worker: not for
// several goroutines at once.
type Ranker struct {
	x       *Index
	profile *spreader
	terms   []term
	top     topK
	pair    pair // kept here, since what the rules are handed escapes

	// slot is by TagID where gains has a tag's P G; 0, where there is none, but
	// for the tags of the query. A byte each stays in the cache.
	slot     []uint8
	gains    [256]int64
	slotted  []TagID // those whose slot is not 0
	verdicts verdicts
	sifter   sifter
	tables   []kernel.Table // by term
	crests   []kernel.Crest // of the terms that have one
	bounds   []uint16       // by section, in steps; see bound
	start    []uint16       // by section: what terms without a crest add
	perUnit  float64        // steps of the bounds
	alive    []uint16       // by window: the sections that may matter
	strong   []uint16       // those that are likely to
	one      [1]uint16      // as alive, of a window
	steps    kernel.Steps   // kept here, since what kernels are handed escapes
	windows  []windowTerms  // by window
	refs     []kernel.Ref   // rows of the windows
	scaled   int64          // units that the finest sum stands for
	cut      uint8          // the sum from which on a document may matter
	sums     *kernel.Sums
	columns  []kernel.Column
	mask     kernel.Mask
	above    kernel.Mask   // of the documents with more than the cut
	order    []int32       // windows to visit
	weaker   []int32       // those that come last
	opened   []int32       // windows that were opened
	offered  []kernel.Mask // their documents that were offered then
	noted    []uint32      // documents to be scored, of which forward is on its way
	located  []located     // the next ones, of which records are on their way
	late     []int64       // units by slot of the delta
	lately   []uint32      // slots that may matter
}

// located is a document with its record: where it starts and ends, in tags.
type located struct{ doc, first, end uint32 }

// inFlight is how many documents go together from one stage of scoring to the
// next, so that what is read of them has arrived by then.
const inFlight = 16

// term is a tag of the query.
type term struct {
	entries []entry
	// everywhere says that there is an entry for every window, empty ones too.
	everywhere bool
	crest      []uint8 // nil if there is none
	// worth is what a document gains by a weight for the tag: P G times the weight,
	// or G times the largest boost times the weight, up to P. These are whole numbers
	// below 2^53, and so is the worth of any weight.
	worth kernel.Worth
}

// none is no window.
const none = int32(-1)

// NewRanker makes scratch for rankings with x.
func (x *Index) NewRanker() *Ranker {
	r := &Ranker{
		sums:    new(kernel.Sums),
		noted:   make([]uint32, 0, inFlight),
		located: make([]located, 0, inFlight),
	}
	r.top.before, r.top.place = r.before, r.place
	r.Move(x)
	return r
}

// Move makes r a ranker of x. That costs next to nothing where x came of the
// index that it ranked with by Apply, or the other way round.
func (r *Ranker) Move(x *Index) {
	if r.x == nil || r.x.vocabulary != x.vocabulary || r.x.settings.Decay != x.settings.Decay {
		r.profile = newSpreader(x.vocabulary, x.settings.Decay)
		r.slot, r.slotted = make([]uint8, x.vocabulary.Len()), r.slotted[:0]
	}
	if r.x == nil || r.x.base != x.base {
		r.windows = make([]windowTerms, len(x.overlay.windows))
		r.verdicts = newVerdicts(x.base)
	}
	r.x = x
}

// Rank appends to dst the first K of the eligible opportunities with units
// above 0, by units descending, then by id ascending.
//
// Its stages: compile the profile into terms; bound each section by the highest
// levels of its terms; open the window of the highest bound to learn what the
// top k have at least; visit the sections whose bound is not below that, window by
// window, add up levels in bytes, and score exactly what may still matter; score
// what is not in the segment yet; order the top k.
func (r *Ranker) Rank(dst []Candidate, q *Query) []Candidate {
	if q.K <= 0 {
		return dst
	}
	// Finding the hits of a partner takes a look at all that are kept, which
	// pays for short rankings only.
	const longest = 1024
	if q.MaxPerPartner > 0 && q.K > longest {
		return r.rankLong(dst, q)
	}
	r.compile(q)
	r.sift(q)
	r.top.reset(q.K, q.MaxPerPartner)
	r.bound()
	r.open(q)
	r.visit(q, &r.top)
	return r.candidates(dst, r.top.ranked())
}

// rankLong ranks all, then applies the cap per partner.
func (r *Ranker) rankLong(dst []Candidate, q *Query) []Candidate {
	r.compile(q)
	r.sift(q)
	r.top.reset(math.MaxInt, 0)
	r.bound()
	r.visit(q, &r.top)
	count := make(map[*Partner]int)
	kept := slices.DeleteFunc(r.top.ranked(), func(h hit) bool {
		count[h.partner]++
		return h.partner != nil && count[h.partner] > q.MaxPerPartner
	})
	return r.candidates(dst, kept[:min(q.K, len(kept))])
}

func (r *Ranker) candidates(dst []Candidate, hits []hit) []Candidate {
	denominator := r.denominator()
	first := len(dst)
	for i, h := range hits {
		dst = append(dst, Candidate{Rank: i + 1, Units: h.units, Score: float64(h.units) / denominator})
	}
	// Apart, so that all these are on their way at once.
	for i, h := range hits {
		o, _ := r.x.document(h.doc)
		dst[first+i].Opportunity, dst[first+i].Number = o.ID, o.Number
	}
	return dst
}

// compile passes the interests up and looks up the entries of each tag.
func (r *Ranker) compile(q *Query) {
	x := r.x
	r.verdicts.begin(q)
	r.profile.spread(q.Student.Interests)
	r.assignSlots()
	r.terms, r.opened, r.offered = r.terms[:0], r.opened[:0], r.offered[:0]
	for _, t := range r.profile.touched {
		g := x.importance[t]
		entries := x.base.entriesOf(t)
		if g == 0 || len(entries) == 0 {
			continue
		}
		kernel.PrefetchAll(entries)
		r.terms = append(r.terms, term{
			entries: entries, everywhere: len(entries) == len(r.windows), crest: x.base.crests.crest(t),
		})
		worth := &r.terms[len(r.terms)-1].worth
		worth.Upper = &x.base.upper
		p := int64(r.profile.weight[t])
		worth.Slope, worth.Limit = float64(p*g), math.MaxUint16
		if x.settings.Measure == Overlap {
			worth.Slope, worth.Limit = float64(g*x.base.maxBoost), float64(p)
		}
	}
	r.tables = slices.Grow(r.tables[:0], len(r.terms))[:len(r.terms)]
}

// assignSlots fills slot and gains, unless there are more tags than slots.
func (r *Ranker) assignSlots() {
	for _, t := range r.slotted {
		r.slot[t] = 0
	}
	r.slotted = r.slotted[:0]
	if len(r.profile.touched) >= len(r.gains) {
		return
	}
	r.slotted = append(r.slotted, r.profile.touched...)
	for i, t := range r.slotted {
		r.slot[t] = uint8(i + 1)
		r.gains[i+1] = int64(r.profile.weight[t]) * r.x.importance[t]
	}
}

func (r *Ranker) denominator() float64 {
	x := r.x
	return r.profile.denominator(x.settings.Measure, x.importance, unlistedImportance(x.statistics))
}

// scoreDocument is the units of a document of the segment for the compiled
// profile.
func (r *Ranker) scoreDocument(d located) int64 {
	base := r.x.base
	packed := base.packing.of(base.records, d.first, d.end)
	overlap := r.x.settings.Measure == Overlap
	if overlap || base.packing != narrow || len(r.slotted) < len(r.profile.touched) {
		return r.scorePacked(packed, overlap, d.doc)
	}
	var sum int64
	for ; len(packed) >= int(narrow); packed = packed[narrow:] {
		sum += r.gains[r.slot[packed[0]]] * int64(packed[1])
	}
	return sum
}

// scorePacked is scoreDocument for every measure, packing and number of tags.
func (r *Ranker) scorePacked(packed []uint16, overlap bool, doc uint32) int64 {
	var sum int64
	p := r.x.base.packing
	for ; len(packed) > 0; packed = packed[p:] {
		t, weight := p.unpack(packed)
		own := int64(r.profile.weight[t])
		switch {
		case own == 0:
		case overlap:
			sum += r.x.importance[t] * min(own, int64(weight))
		default:
			sum += r.x.importance[t] * own * int64(weight)
		}
	}
	if overlap {
		sum *= boostFactor(r.x.base.opportunities[doc].Boost)
	}
	return sum
}

// score is the units of a record for the compiled profile.
func (r *Ranker) score(rec *record) int64 {
	var sum int64
	overlap := r.x.settings.Measure == Overlap
	for i, t := range rec.tags {
		p, g, w := int64(r.profile.weight[t]), r.x.importance[t], int64(rec.weights[i])
		switch {
		case p == 0:
		case overlap:
			sum += g * min(p, w)
		default:
			sum += p * g * w
		}
	}
	if overlap {
		sum *= boostFactor(rec.opportunity.Boost)
	}
	return sum
}

// pairOf is the pair of the query's student and an opportunity of the index.
func (x *Index) pairOf(q *Query, o *Opportunity) pair {
	partner, _ := x.partners.find(o.Partner)
	return newPair(q, o, partner)
}

func wanted(q *Query, p *pair) bool {
	if len(q.Kinds) > 0 && !slices.Contains(q.Kinds, p.opportunity.Kind) {
		return false
	}
	if len(q.PartnerKinds) > 0 && (p.partner == nil || !slices.Contains(q.PartnerKinds, p.partner.Kind)) {
		return false
	}
	return !q.Exclude[p.opportunity.ID]
}

func (r *Ranker) opportunity(doc uint32) *Opportunity {
	if int(doc) < r.x.base.len() {
		return r.x.base.opportunities[doc] // patched or not, the id is the same
	}
	o, _ := r.x.document(doc)
	return o
}

// place is a document's in the order of ids, if it is in the segment.
func (r *Ranker) place(doc uint32) uint32 {
	if place := r.x.base.place; int(doc) < len(place) {
		return place[doc]
	}
	return unknownPlace
}

// before is the order of rankings: units descending, then id ascending.
func (r *Ranker) before(a, b hit) bool {
	if a.units != b.units {
		return a.units > b.units
	}
	if place := r.x.base.place; int(max(a.doc, b.doc)) < len(place) {
		return place[a.doc] < place[b.doc]
	}
	return cmp.Less(r.opportunity(a.doc).ID, r.opportunity(b.doc).ID)
}

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
	Rank        int // from 1
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

	// gain is P G by TagID, 0 but for the tags of the query.
	gain     []int64
	gained   []TagID // those that are not 0
	verdicts verdicts
	sifter   sifter
	windows  []windowBound // by window
	nodes    []node
	scaled   int64 // units that the finest sum stands for
	cut      uint8 // the sum from which on a document may matter
	sums     *kernel.Sums
	columns  []kernel.Column
	mask     kernel.Mask
	above    kernel.Mask // of the documents with more than the cut
	order    []int32     // windows to visit
	pending  []uint32    // documents to be scored
	late     []int64     // units by slot of the delta
	noted    []uint32    // slots that may matter
}

// pendingDocuments is how many documents wait to be scored together, so that
// their records are on the way when they are needed.
const pendingDocuments = 16

// term is a tag of the query.
type term struct {
	entries []entry
	// most is by level the most that a document with that level gains: P G times
	// the level's largest weight, or G min(P, that weight) times the largest
	// boost.
	most  [16]int64
	table kernel.Table // most in steps of the ranker's scale, rounded up
}

// windowBound is what is known of a window before it is visited.
type windowBound struct {
	most  int64 // no document of it has more units
	nodes int32 // its list of nodes, or none
}

// node is an entry of a window's list: the terms that occur there.
type node struct {
	term, next int32
	entry      entry
}

const none = int32(-1)

// NewRanker makes scratch for rankings with x.
func (x *Index) NewRanker() *Ranker {
	r := &Ranker{
		sums:    new(kernel.Sums),
		pending: make([]uint32, 0, pendingDocuments),
	}
	r.top.before = r.before
	r.Move(x)
	return r
}

// Move makes r a ranker of x. That costs next to nothing where x came of the
// index that it ranked with by Apply, or the other way round.
func (r *Ranker) Move(x *Index) {
	if r.x == nil || r.x.vocabulary != x.vocabulary || r.x.settings.Decay != x.settings.Decay {
		r.profile = newSpreader(x.vocabulary, x.settings.Decay)
		r.gain, r.gained = make([]int64, x.vocabulary.Len()), r.gained[:0]
	}
	if r.x == nil || r.x.base != x.base {
		r.windows = make([]windowBound, len(x.overlay.windows))
		r.verdicts = newVerdicts(x.base)
	}
	r.x = x
}

// Rank appends to dst the first K of the eligible opportunities with units
// above 0, by units descending, then by id ascending.
//
// Its stages: compile the profile into terms; bound each window by the highest
// levels of its terms; open the window of the highest bound to learn what the
// top k have at least; visit the windows whose bound is not below that, add up
// levels in bytes, and score exactly what may still matter; score what is not
// in the segment yet; order the top k.
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
	r.top.least = max(1, r.open(q))
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
	for i, h := range hits {
		dst = append(dst, Candidate{
			Opportunity: r.opportunity(h.doc).ID,
			Rank:        i + 1,
			Units:       h.units,
			Score:       float64(h.units) / denominator,
		})
	}
	return dst
}

// compile passes the interests up and looks up the entries of each tag.
func (r *Ranker) compile(q *Query) {
	x := r.x
	r.verdicts.begin(q)
	for _, t := range r.gained {
		r.gain[t] = 0
	}
	r.profile.spread(q.Student.Interests)
	r.gained = append(r.gained[:0], r.profile.touched...)
	r.terms = r.terms[:0]
	for _, t := range r.profile.touched {
		g := x.importance[t]
		r.gain[t] = int64(r.profile.weight[t]) * g
		entries := x.base.entriesOf(t)
		if g == 0 || len(entries) == 0 {
			continue
		}
		r.terms = append(r.terms, term{entries: entries})
		most := &r.terms[len(r.terms)-1].most
		p := int64(r.profile.weight[t])
		for l, w := range x.base.upper {
			if x.settings.Measure == Overlap {
				most[l] = g * min(p, w) * x.base.maxBoost
			} else {
				most[l] = p * g * w
			}
		}
	}
}

func (r *Ranker) denominator() float64 {
	x := r.x
	return r.profile.denominator(x.settings.Measure, x.importance, unlistedImportance(x.statistics))
}

// scoreDocument is the units of a document of the segment for the compiled
// profile.
func (r *Ranker) scoreDocument(doc uint32) int64 {
	packed := r.x.base.packed(doc)
	if r.x.settings.Measure == Overlap {
		return r.overlap(packed, r.x.base.opportunities[doc].Boost)
	}
	var sum int64
	for ; len(packed) >= perTag; packed = packed[perTag:] {
		t, impact := unpack(packed)
		sum += r.gain[t] * int64(impact)
	}
	return sum
}

func (r *Ranker) overlap(packed []uint16, boost float64) int64 {
	var sum int64
	for ; len(packed) >= perTag; packed = packed[perTag:] {
		t, weight := unpack(packed)
		if p := int64(r.profile.weight[t]); p > 0 {
			sum += r.x.importance[t] * min(p, int64(weight))
		}
	}
	return sum * boostFactor(boost)
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

// before is the order of rankings: units descending, then id ascending.
func (r *Ranker) before(a, b hit) bool {
	if a.units != b.units {
		return a.units > b.units
	}
	if a.place != unknownPlace && b.place != unknownPlace {
		return a.place < b.place
	}
	return cmp.Less(r.opportunity(a.doc).ID, r.opportunity(b.doc).ID)
}

// place is a document's in the order of ids.
func (r *Ranker) place(doc uint32) uint32 {
	if int(doc) < r.x.base.len() {
		return r.x.base.place[doc]
	}
	return unknownPlace
}

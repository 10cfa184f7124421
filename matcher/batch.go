package matcher

import "github.com/kindred-match/kindred/matcher/internal/kernel"

// Batch is a question that is asked for many students: a query without its
// student and what is forbidden. It is immutable: any number of rankers may
// use it.
type Batch struct {
	x     *Index
	query Query
	rules *batchRules
	// raised has the documents whose boost is above 1, for the overlap measure;
	// nil is none.
	raised []kernel.Mask
}

// Numbered is a candidate by the number of its opportunity; see
// Index.Numbered.
type Numbered struct {
	Units       int64
	Opportunity uint32
}

// NewBatch prepares the rankings of many students who are asked the same: of
// the query, Student and Forbidden are left out.
func (x *Index) NewBatch(q *Query) *Batch {
	b := &Batch{x: x, query: *q, rules: newBatchRules(x, q)}
	if x.settings.Measure == Overlap && x.base.maxBoost > 1000 {
		b.raised = make([]kernel.Mask, len(b.rules.open))
		for doc, o := range x.base.opportunities {
			if boostFactor(o.Boost) > 1000 {
				b.raised[doc/kernel.Window][doc%kernel.Window/64] |= 1 << (doc % 64)
			}
		}
	}
	return b
}

// Numbered is the opportunity of a number that a batch of this index gave. It
// must not be changed.
func (x *Index) Numbered(number uint32) *Opportunity {
	o, _ := x.document(number)
	return o
}

// BatchRanker ranks for the students of a batch. It is the scratch of one
// worker: not for several goroutines at once.
type BatchRanker struct {
	ranker    *Ranker
	batch     *Batch
	query     Query
	bars      []barred // of the student
	reach     reach
	forbidden []uint32 // documents
	opens     []opened
	docs      []uint32 // to be scored
	best      scoredList
	// factor turns units into steps of the sums; lift is the largest boost that
	// is above 1.
	factor, lift float64
	// usual is the score shown that the last of the first k had of late, and
	// the cut that found the first k.
	usual    float64
	usualCut uint8
	// whole is what units are divided by to give the score shown.
	whole float64
	watch func(stage string) // may be nil
}

// NewRanker makes scratch for rankings of the batch.
func (b *Batch) NewRanker() *BatchRanker {
	r := &BatchRanker{
		ranker: b.x.NewRanker(), batch: b, query: b.query, usual: 0.2, usualCut: aim, lift: 1,
		opens: make([]opened, max(1, min(stretch, len(b.rules.open)))),
	}
	r.best.id = func(doc uint32) string { return r.ranker.opportunity(doc).ID }
	if b.raised != nil {
		r.lift = float64(b.x.base.maxBoost) / 1000
	}
	return r
}

// Rank appends to dst what Ranker.Rank gives for the student, by number.
//
// Its stages: compile the profile into terms; put together who is eligible, a
// bit each; add up levels in the windows of the highest bounds; score exactly
// those with the highest sums, which gives a threshold; score the others that
// it leaves; go through the windows that are left with it; order the top k.
func (r *BatchRanker) Rank(dst []Numbered, s *Student, forbidden map[string]bool) []Numbered {
	if r.query.K <= 0 {
		return dst
	}
	r.query.Student, r.query.Forbidden = s, forbidden
	if r.query.MaxPerPartner > 0 {
		return r.capped(dst)
	}
	r.ranker.compile(&r.query)
	r.whole = r.ranker.denominator()
	r.ranker.bound()
	r.ended("compile")
	r.best.reset(r.query.K)
	r.bar(s)
	r.begin()
	r.follow()
	r.late()
	r.ended("follow")
	r.best.settle()
	for _, h := range r.best.list {
		dst = append(dst, Numbered{h.units, h.doc})
	}
	r.ended("select")
	return dst
}

// Watch has f called with the name of each stage of a ranking when it ends, for
// measurements; nil ends that.
func (r *BatchRanker) Watch(f func(stage string)) { r.watch = f }

func (r *BatchRanker) ended(stage string) {
	if r.watch != nil {
		r.watch(stage)
	}
}

// Score is the score shown, not rounded, of units of the student ranked last.
func (r *BatchRanker) Score(units int64) float64 { return float64(units) / r.whole }

// capped ranks one by one.
func (r *BatchRanker) capped(dst []Numbered) []Numbered {
	for _, c := range r.ranker.Rank(nil, &r.query) {
		doc, _ := r.ranker.x.find(c.Opportunity)
		dst = append(dst, Numbered{c.Units, doc})
	}
	r.whole = r.ranker.denominator()
	return dst
}

// bar gathers what bars the student.
func (r *BatchRanker) bar(s *Student) {
	r.bars = r.batch.rules.of(r.bars[:0], s)
	r.reach = reachOf(s)
	r.forbidden = r.forbidden[:0]
	for id := range r.query.Forbidden {
		if doc, ok := r.ranker.x.base.find(id); ok {
			r.forbidden = append(r.forbidden, doc)
		}
	}
}

package matcher

import "github.com/kindred-match/kindred/matcher/internal/kernel"

// Batch is a question that is asked for many students: a query without its
// student and what is forbidden. It is immutable: any number of rankers may
// use it.
type Batch struct {
	x     *Index
	query Query
	rules *batchRules
	swept swept
}

// Numbered is a candidate by the number of its opportunity; see
// Index.Numbered.
type Numbered struct {
	Units       int64
	Opportunity uint32
}

// NewBatch prepares the rankings of many students who are asked the same: of
// the query, Student and Forbidden are left out. It takes about as long as
// some ten rankings one by one.
func (x *Index) NewBatch(q *Query) *Batch {
	b := &Batch{x: x, query: *q, rules: newBatchRules(x, q)}
	b.query.K = min(q.K, x.base.len()+int(x.delta.n))
	b.swept = swept{segment: x.base, overlap: x.settings.Measure == Overlap, unit: 1, lift: 1}
	boost := func(uint32) int64 { return 1 }
	if b.swept.overlap {
		boost = func(doc uint32) int64 { return boostFactor(x.base.opportunities[doc].Boost) }
		b.swept.unit = 1000
		b.raise()
	}
	b.swept.cards = newCards(x.base, x.vocabulary.Len(), boost)
	return b
}

// raise notes the documents whose boost is above 1.
func (b *Batch) raise() {
	base := b.x.base
	if base.maxBoost <= 1000 {
		return
	}
	b.swept.lift = float64(base.maxBoost) / 1000
	b.swept.raised = make([]kernel.Mask, len(b.rules.open))
	for doc, o := range base.opportunities {
		if boostFactor(o.Boost) > 1000 {
			set(b.swept.raised, uint32(doc))
		}
	}
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
	batch     *Batch
	sweep     *sweep
	single    *Ranker // whose profile is used
	query     Query
	bars      []bars // of the student
	here      []*kernel.Mask
	reach     reach
	forbidden []uint32 // documents
	whole     float64  // what units are divided by to give the score shown
}

// NewRanker makes scratch for rankings of the batch.
func (b *Batch) NewRanker() *BatchRanker {
	r := &BatchRanker{batch: b, sweep: newSweep(&b.swept, b.x.vocabulary.Len()), single: b.x.NewRanker(), query: b.query}
	r.sweep.best.id = func(doc uint32) string { return b.x.Numbered(doc).ID }
	return r
}

// Rank appends to dst what Ranker.Rank gives for the student, by number. A cap
// per partner has it rank as a Ranker does.
func (r *BatchRanker) Rank(dst []Numbered, s *Student, forbidden map[string]bool) []Numbered {
	if r.query.K <= 0 {
		return dst
	}
	r.query.Student, r.query.Forbidden = s, forbidden
	if r.query.MaxPerPartner > 0 {
		return r.capped(dst)
	}
	r.compile(s)
	r.bar(s)
	r.sweep.run(r, r.whole)
	r.late()
	r.sweep.best.settle()
	for _, h := range r.sweep.best.list {
		dst = append(dst, Numbered{h.units, h.doc})
	}
	r.sweep.ended("select")
	return dst
}

// Watch has f called with the name of each stage of a ranking when it ends, for
// measurements; nil ends that.
func (r *BatchRanker) Watch(f func(stage string)) { r.sweep.watch = f }

// Score is the score shown, not rounded, of units of the student ranked last.
func (r *BatchRanker) Score(units int64) float64 { return float64(units) / r.whole }

// capped ranks one by one.
func (r *BatchRanker) capped(dst []Numbered) []Numbered {
	for _, c := range r.single.Rank(nil, &r.query) {
		doc, _ := r.batch.x.find(c.Opportunity)
		dst = append(dst, Numbered{c.Units, doc})
	}
	r.whole = r.single.denominator()
	return dst
}

// compile passes the interests up and gives the sweep their tags.
func (r *BatchRanker) compile(s *Student) {
	profile := r.single.profile
	profile.spread(s.Interests)
	r.whole = r.single.denominator()
	r.sweep.begin(r.query.K)
	for _, t := range profile.touched {
		r.sweep.add(t, int64(profile.weight[t]), r.batch.x.importance[t])
	}
	r.sweep.ended("compile")
}

// bar gathers what bars the student.
func (r *BatchRanker) bar(s *Student) {
	r.bars = r.batch.rules.of(r.bars[:0], s)
	r.reach = reachOf(s)
	r.forbidden = r.forbidden[:0]
	for id, is := range r.query.Forbidden {
		if doc, ok := r.batch.x.base.find(id); ok && is {
			r.forbidden = append(r.forbidden, doc)
		}
	}
}

// allow puts together who is eligible, distance apart.
func (r *BatchRanker) allow(window int32, allowed *kernel.Mask) {
	r.here = r.here[:0]
	for _, b := range r.bars {
		r.here = append(r.here, &b[window])
	}
	*allowed = r.batch.rules.open[window]
	kernel.Exclude(allowed, r.here)
	for _, doc := range r.forbidden {
		if doc/kernel.Window == uint32(window) {
			allowed[doc%kernel.Window/64] &^= 1 << (doc % 64)
		}
	}
}

func (r *BatchRanker) strict() bool { return r.reach.any }

// admitted implements gate: it decides the rule of distance. There is no branch
// in its loop that would be hard to foresee.
func (r *BatchRanker) admitted(docs []uint32) []uint32 {
	spots, n := r.batch.rules.spots, 0
	for _, doc := range docs {
		holds, sure := r.reach.decides(&spots[doc])
		if !sure {
			holds = r.near(doc)
		}
		docs[n] = doc
		if holds {
			n++
		}
	}
	return docs[:n]
}

// near decides the rule of distance by the distance itself.
func (r *BatchRanker) near(doc uint32) bool {
	o, _ := r.batch.x.document(doc)
	s := r.query.Student
	return distance(*s.Position, *o.Position) <= *s.MaxKm
}

// late ranks what is not in the segment yet.
func (r *BatchRanker) late() {
	best := &r.sweep.best
	r.single.scoreLate(best.threshold(), func(doc uint32, rec *record, units int64) {
		if units >= best.threshold() && r.single.admitted(&r.query, rec.opportunity, rec.partner) {
			best.add(scored{units, doc, unknownPlace})
		}
	})
}

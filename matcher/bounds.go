package matcher

import (
	"math"
	"slices"

	"github.com/kindred-match/kindred/matcher/internal/kernel"
)

const (
	// mostSteps is what the highest bound that a query's levels allow is in steps. It
	// leaves room for one more a tag, of which a profile has MaxOwnTags with
	// MaxAncestors each at most. Where the sum would saturate all the same, its
	// section is visited.
	mostSteps = 60_000
	// inexact is far more than floating point is off.
	inexact = 1e-9
	// stronger is how far above the threshold a window's bound has to be for it to
	// be visited with the first, which raise the threshold for the others.
	stronger = 1.3
)

// bound bounds the sections by the highest levels of their tags.
func (r *Ranker) bound() {
	if r.sifter.walk.ok && !invariants {
		return // no window is visited
	}
	sections := r.x.base.crests.windows * kernel.Sections
	r.bounds = slices.Grow(r.bounds[:0], sections)[:sections]
	r.start = slices.Grow(r.start[:0], sections)[:sections]
	var most float64
	for i := range r.terms {
		worth := &r.terms[i].worth
		most += worth.Slope * min(r.x.base.largest, worth.Limit)
	}
	r.perUnit = mostSteps / max(1, most)
	r.crests = r.crests[:0]
	for i := range r.terms {
		t := &r.terms[i]
		if t.crest == nil {
			kernel.StepsOf(&r.steps, &t.worth, r.perUnit)
			r.startFrom(t, &r.steps)
			continue
		}
		r.crests = append(r.crests, kernel.Crest{Levels: &t.crest[0]})
		kernel.StepsOf(&r.crests[len(r.crests)-1].Steps, &t.worth, r.perUnit)
	}
	kernel.Bound(r.bounds, r.start, r.crests)
}

// startFrom adds the steps of a term without a crest to the sections' starts.
func (r *Ranker) startFrom(t *term, steps *kernel.Steps) {
	base := r.x.base
	for _, e := range t.entries {
		if e.empty() {
			continue
		}
		section, most := -1, uint16(0)
		for _, p := range base.postings[e.at : int(e.at)+e.count()] {
			at, s := int(e.window)*kernel.Sections+int(p)/(kernel.Section<<4), steps[p&15]
			if at != section {
				section, most = at, 0
			}
			if s > most { // of several in a section the highest counts
				r.start[at] = uint16(min(uint32(r.start[at])+uint32(s-most), math.MaxUint16))
				most = s
			}
		}
	}
}

// reached are the sections of a window that may have a document of the threshold.
func (r *Ranker) reached(w int32, threshold int64) uint16 {
	return r.from(w, r.least(float64(threshold)))
}

// from are the sections of a window with a bound of at least so many steps.
func (r *Ranker) from(w int32, least uint16) uint16 {
	kernel.Reach(r.bounds[int(w)*kernel.Sections:][:kernel.Sections], least, r.one[:])
	return r.one[0]
}

// least is the bound from which on a section may have a document of so many units.
func (r *Ranker) least(units float64) uint16 {
	return uint16(max(1, min(math.MaxUint16, math.Ceil(units*r.perUnit*(1-inexact)))))
}

// most is more units than a bound stands for.
func (r *Ranker) most(bound uint16) int64 { return int64(float64(bound)/r.perUnit*(1+inexact)) + 1 }

// arrange chooses the windows to visit, and their order.
func (r *Ranker) arrange(threshold int64) {
	r.order, r.weaker = r.order[:0], r.weaker[:0]
	windows := r.x.base.crests.windows
	r.alive = slices.Grow(r.alive[:0], windows)[:windows]
	r.strong = slices.Grow(r.strong[:0], windows)[:windows]
	kernel.Reach(r.bounds, r.least(float64(threshold)), r.alive)
	kernel.Reach(r.bounds, r.least(stronger*float64(threshold)), r.strong)
	for w, sections := range r.alive {
		switch {
		case r.strong[w] != 0:
			r.order = append(r.order, int32(w))
		case sections != 0:
			r.weaker = append(r.weaker, int32(w))
		}
	}
	r.order = append(r.order, r.weaker...)
}

package generate

import (
	"slices"

	"github.com/kindred-match/kindred/matcher"
)

// shape is how many tags an opportunity or a student has, those that are
// passed up to included: least, as much as is drawn below each of spread, and
// for some (of a thousand) as much as is drawn below extra.
type shape struct {
	least  int
	spread [3]int
	some   int
	extra  int
	most   int // never more than this
}

var (
	opportunityShape = shape{least: 3, spread: [3]int{5, 5, 5}, some: 75, extra: 6, most: 20}
	studentShape     = shape{least: 5, spread: [3]int{8, 7, 1}, some: 140, extra: 32, most: 50}
)

func (d *draw) target(s *shape) int {
	n := s.least
	for _, below := range s.spread {
		n += d.below(below)
	}
	if d.chance(s.some) {
		n += d.below(s.extra)
	}
	return n
}

// weights are those of invented tags, in ten-thousandths: most are high.
var (
	weights      = []matcher.Weight{10000, 9500, 9000, 8500, 8000, 7500, 7000, 6500, 6000, 5500, 5000, 4500, 4000, 3500, 3000, 2500, 2000, 1500, 1000, 500}
	weightShares = []uint64{180, 60, 130, 60, 120, 70, 80, 40, 60, 25, 60, 15, 20, 10, 20, 15, 10, 10, 10, 5}
	weightSums   = sums(len(weightShares), func(i int) uint64 { return weightShares[i] })
)

// drawTags draws tags from topics, the first topic most, until the shape's
// target is met.
func (v *Invented) drawTags(d *draw, topics []int, s *shape) []matcher.Weighted {
	voc := v.vocabulary
	target := d.target(s)
	own := make([]int, 0, 16)
	all := make([]int, 0, 64) // with those passed up to
	// A few tags can be out of reach: small vocabularies, tags drawn twice.
	for try := 0; len(all) < target && try < 8*target; try++ {
		t := 0
		switch {
		case try < len(topics):
			t = try
		case d.chance(450):
			t = d.below(len(topics))
		}
		topic := &voc.topics[topics[t]]
		tag := topic.below[d.pick(topic.usual)]
		if slices.Contains(own, tag) || len(own) == matcher.MaxOwnTags {
			continue
		}
		before := len(all)
		all = voc.passUp(all, tag)
		if len(all) > s.most {
			all = all[:before]
			continue
		}
		own = append(own, tag)
	}
	return v.weigh(d, own)
}

func (v *Invented) weigh(d *draw, own []int) []matcher.Weighted {
	tags := make([]matcher.Weighted, len(own))
	for i, tag := range own {
		t := &v.vocabulary.tags[tag]
		tags[i] = matcher.Weighted{Tag: t.ID, Weight: d.weight()}
		if len(t.Synonyms) > 0 && d.chance(50) {
			tags[i].Tag = t.Synonyms[0]
		}
	}
	return tags
}

func (d *draw) weight() matcher.Weight {
	if d.chance(40) {
		return matcher.Weight(100 * d.between(1, 100))
	}
	return weights[d.pick(weightSums)]
}

package verify

import (
	"math"
	"math/big"
	"slices"

	"github.com/kindred-match/kindred/matcher"
)

// scorer scores pairs as the contract says, by going over the tags of each.
// Conversions to float64 around single operations keep a compiler from fusing
// them.
type scorer struct {
	measure string
	decay   int64
	parent  map[string]string
	stands  map[string]string // a synonym for its tag
	number  map[string]int    // of a tag that an opportunity has
	weigh   func(tag string) int64
	offers  map[string]*posting
	holders [][]holder // by tag; see hold
}

// posting is an opportunity's tags, by number: the impact, or with overlap the
// weight.
type posting struct {
	tags   []int
	values []int64
	boost  int64 // overlap: in thousandths
}

// holder is an opportunity that has a tag, with the value of its posting.
type holder struct {
	offer int32
	value int64
}

func newScorer(in *Input, o *options) *scorer {
	c := &scorer{
		measure: o.Measure, decay: int64(math.Round(10000 * o.AncestorDecay)),
		parent: make(map[string]string), stands: make(map[string]string), number: make(map[string]int),
		offers: make(map[string]*posting),
	}
	listed := make(map[string]float64) // importance
	for i := range in.Tags {
		t := &in.Tags[i]
		c.parent[t.ID], listed[t.ID] = t.Parent, t.Importance
		for _, s := range t.Synonyms {
			c.stands[s] = t.ID
		}
	}
	published, frequency := int64(0), make(map[string]int64)
	for i := range in.Opportunities {
		offer := &in.Opportunities[i]
		weights := c.passUp(offer.Tags)
		c.offers[offer.ID] = c.posting(offer.Boost, weights)
		if offer.Status == matcher.Published {
			published++
			for tag := range weights {
				frequency[tag]++
			}
		}
	}
	if in.Statistics != nil {
		published, frequency = in.Statistics.Published, in.Statistics.Frequency
	}
	logs := make(map[int64]float64) // by frequency
	c.weigh = func(tag string) int64 {
		g, there := listed[tag]
		if !there {
			g = 1
		}
		if !o.IDF {
			return int64(math.Round(1000 * g))
		}
		df := frequency[tag]
		if df == 0 {
			return 0
		}
		if _, there := logs[df]; !there {
			logs[df] = ln(1 + float64(published)/float64(df))
		}
		return int64(math.Round(float64(1000*g) * logs[df]))
	}
	weights := make(map[string]int64) // so that profiles can be made by several goroutines
	known := c.weigh
	for tag := range listed {
		weights[tag] = known(tag)
	}
	for tag := range c.number {
		weights[tag] = known(tag)
	}
	unknown := known("")
	c.weigh = func(tag string) int64 {
		if g, there := weights[tag]; there {
			return g
		}
		return unknown
	}
	return c
}

// checkStrict checks, of a run for which a tag that is used must be listed, that
// all are.
func checkStrict(in *Input) error {
	listed := make(map[string]bool)
	for i := range in.Tags {
		listed[in.Tags[i].ID] = true
		for _, s := range in.Tags[i].Synonyms {
			listed[s] = true
		}
	}
	foreign := func(named []matcher.Weighted) bool {
		return slices.ContainsFunc(named, func(n matcher.Weighted) bool { return !listed[n.Tag] })
	}
	for i := range in.Opportunities {
		if foreign(in.Opportunities[i].Tags) {
			return violation(summaryFile, 0, "strict can't be true: opportunity %s has a tag that is not listed", in.Opportunities[i].ID)
		}
	}
	if slices.ContainsFunc(in.Students, func(s matcher.Student) bool { return foreign(s.Interests) }) {
		return violation(summaryFile, 0, "strict can't be true: a student has a tag that is not listed")
	}
	return nil
}

// passUp gives the weights of the named tags and of their ancestors.
func (c *scorer) passUp(named []matcher.Weighted) map[string]int64 {
	weights := make(map[string]int64)
	for _, n := range named {
		tag := n.Tag
		if stands, synonym := c.stands[tag]; synonym {
			tag = stands
		}
		for w := int64(n.Weight); w > 0 && tag != ""; tag = c.parent[tag] {
			weights[tag] = max(weights[tag], w)
			w = w * c.decay / 10000
		}
	}
	return weights
}

func (c *scorer) posting(boost float64, weights map[string]int64) *posting {
	norm := 10000.0
	if c.measure == "cosine" {
		squares := int64(0)
		for _, w := range weights {
			squares += w * w
		}
		norm = math.Sqrt(float64(squares))
	}
	made := &posting{boost: int64(math.Round(1000 * boost))}
	for tag, w := range weights {
		if _, there := c.number[tag]; !there {
			c.number[tag] = len(c.number)
		}
		if c.measure != "overlap" {
			w = int64(math.Round(float64(float64(32767*boost)*float64(w)) / norm))
		}
		made.tags, made.values = append(made.tags, c.number[tag]), append(made.values, w)
	}
	return made
}

// hold says for each tag which opportunities have it.
func (c *scorer) hold(offers []offer) {
	c.holders = make([][]holder, len(c.number))
	for o := range offers {
		has := offers[o].posting
		for i, tag := range has.tags {
			c.holders[tag] = append(c.holders[tag], holder{int32(o), has.values[i]})
		}
	}
}

// profile is a student's tags: by number P and G.
type profile struct {
	c     *scorer
	tags  map[int]weighed
	scale float64
}

// weighed is P and G of a tag.
type weighed struct{ weight, g int64 }

func (c *scorer) profile(s *matcher.Student) *profile {
	f := &profile{c: c, tags: make(map[int]weighed)}
	sum, squares := new(big.Int), new(big.Int)
	for tag, w := range c.passUp(s.Interests) {
		g := c.weigh(tag)
		if at, there := c.number[tag]; there {
			f.tags[at] = weighed{w, g}
		}
		part := big.NewInt(w * g)
		sum.Add(sum, part)
		squares.Add(squares, new(big.Int).Mul(part, part))
	}
	total, _ := sum.Float64()
	square, _ := squares.Float64()
	switch c.measure {
	case "cosine":
		f.scale = 32767 * math.Sqrt(square)
	case "dot":
		f.scale = 32767 * total
	default:
		f.scale = 1000 * total
	}
	return f
}

// part is what a shared tag adds to S, with overlap before the boost.
func (f *profile) part(tag weighed, value int64) int64 {
	if f.c.measure == "overlap" {
		return tag.g * min(tag.weight, value)
	}
	return tag.weight * tag.g * value
}

// units is S. It stays below 2^63: at most 1,088 tags of parts below 2^47.
func (f *profile) units(o *posting) int64 {
	sum := int64(0)
	for i, tag := range o.tags {
		sum += f.part(f.tags[tag], o.values[i])
	}
	if f.c.measure == "overlap" {
		sum *= o.boost
	}
	return sum
}

// all puts into to the units of all opportunities, tag by tag.
func (f *profile) all(to []int64, offers []offer) {
	clear(to)
	for at, tag := range f.tags {
		for _, h := range f.c.holders[at] {
			to[h.offer] += f.part(tag, h.value)
		}
	}
	if f.c.measure == "overlap" {
		for o := range to {
			to[o] *= offers[o].posting.boost
		}
	}
}

// shown is the score of units.
func (f *profile) shown(units int64) float64 {
	if units == 0 {
		return 0
	}
	return float64(units) / f.scale
}

// micro is a score in millionths.
func micro(score float64) int32 { return int32(math.Round(1e6 * score)) }

// ln is the natural logarithm of x > 0, rounded once from 320 bits.
func ln(x float64) float64 {
	number := func(x float64) *big.Float { return new(big.Float).SetPrec(320).SetFloat64(x) }
	artanh := func(x *big.Float) *big.Float { // x + x^3/3 + x^5/5 + ...
		sum, power := number(0), number(0).Set(x)
		square := number(0).Mul(x, x)
		for n := 1.0; power.Sign() != 0 && power.MantExp(nil) > -320; n += 2 {
			sum.Add(sum, number(0).Quo(power, number(n)))
			power.Mul(power, square)
		}
		return sum
	}
	m, exponent := math.Frexp(x) // ln m = 2 artanh((m-1)/(m+1)), ln 2 = 2 artanh(1/3)
	ratio := number(0).Quo(number(m-1), number(0).Add(number(m), number(1)))
	sum := number(0).Mul(number(float64(exponent)), artanh(number(0).Quo(number(1), number(3))))
	result, _ := sum.Add(sum, artanh(ratio)).Float64()
	return 2 * result
}

// offeredOn says whether an opportunity is offered in the run at all.
func offeredOn(o *matcher.Opportunity, with *options) bool {
	return o.Status == matcher.Published && (o.Opens == 0 || o.Opens <= with.asOf) && (o.Closes == 0 || with.asOf <= o.Closes) &&
		(with.Term == "" || o.Term == with.Term)
}

// eligible says whether all rules hold for a pair.
func (p *problem) eligible(s, o int32) bool {
	student, offer := &p.in.Students[p.rows[s]], p.offers[o].row
	switch {
	case !p.offers[o].open,
		len(offer.Grades) > 0 && !slices.Contains(offer.Grades, student.Grade),
		!offer.Remote && len(offer.Regions) > 0 && !slices.Contains(offer.Regions, student.Region),
		len(student.Slots) > 0 && !hasAll(student.Slots, offer.Slots),
		!hasAll(student.Credentials, offer.Requires),
		offer.MinAge != nil && (student.Age == nil || *student.Age < *offer.MinAge),
		!offer.Remote && tooFar(student, offer.Position),
		len(p.forbids) > 0 && p.forbids[pair{s, o}]:
		return false
	}
	return true
}

func hasAll(has, needed []string) bool {
	return !slices.ContainsFunc(needed, func(n string) bool { return !slices.Contains(has, n) })
}

// tooFar compares the great-circle distance, by the haversine formula, with what
// the student can travel.
func tooFar(s *matcher.Student, to *matcher.Position) bool {
	if s.MaxKm == nil || s.Position == nil || to == nil {
		return false
	}
	const radian = math.Pi / 180
	squaredSine := func(angle float64) float64 { x := math.Sin(angle / 2); return float64(x * x) }
	h := squaredSine((to.Latitude-s.Position.Latitude)*radian) +
		float64(float64(math.Cos(s.Position.Latitude*radian)*math.Cos(to.Latitude*radian))*
			squaredSine((to.Longitude-s.Position.Longitude)*radian))
	return 2*6371.0088*math.Asin(math.Sqrt(min(1, h))) > *s.MaxKm
}

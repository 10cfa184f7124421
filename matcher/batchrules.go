package matcher

import (
	"math"
	"slices"

	"github.com/kindred-match/kindred/matcher/internal/kernel"
)

// bars are documents that a rule bars: a bit each, by window; nil is none.
type bars []kernel.Mask

// batchRules are the rules of eligibility and the wishes of a batch, turned
// into bits by what a student may have, so that a student's are a few of them
// put together.
type batchRules struct {
	// open has a bit for each document that passes what doesn't depend on the
	// student, in whole windows.
	open []kernel.Mask
	// grades and regions: whom they bar by the student's; others are bars by
	// the entry "", since no id is empty.
	grades, regions map[string]bars
	// slots and credentials: who asks for each.
	slots, credentials needs
	ages               []ageRule // by age
	spots              []spot    // by document; nil where no student travels
}

// needs are the documents by an item that they ask for.
type needs struct {
	items []string
	asks  []bars // by item
}

// ageRule bars who is younger.
type ageRule struct {
	least int32
	bars  bars
}

// spot is where a document is: a point of the unit sphere, or fixed.
type spot struct {
	x, y, z float64
	fixed   bool // remote or without a position: distance doesn't matter
}

// newBatchRules decides for each document what doesn't depend on a student.
func newBatchRules(x *Index, q *Query) *batchRules {
	windows := x.base.windows()
	b := &batchRules{open: make([]kernel.Mask, windows), spots: make([]spot, x.base.len())}
	everyone := &Student{}
	asked := *q
	asked.Student = everyone
	var grades, regions, slots, credentials listing
	ages := make(map[int32]bars)
	for doc := range uint32(x.base.len()) {
		o, _ := x.document(doc)
		if o == nil {
			continue
		}
		p := x.pairOf(&asked, o)
		if !p.offered() || !wanted(&asked, &p) {
			continue
		}
		set(b.open, doc)
		grades.add(doc, windows, o.Grades)
		if !o.Remote {
			regions.add(doc, windows, o.Regions)
		}
		slots.add(doc, windows, o.Slots)
		credentials.add(doc, windows, o.Requires)
		if o.MinAge != nil {
			setBy(ages, *o.MinAge, windows, doc)
		}
		b.spots[doc] = spotOf(o)
	}
	b.grades, b.regions = grades.lacking(), regions.lacking()
	b.slots, b.credentials = slots.needs(), credentials.needs()
	b.ages = ageRules(ages)
	return b
}

// general are the rules that don't look at the student.
var general = []Code{CodeStatus, CodeWindow, CodeTerm, CodeFull}

// offered decides the general rules.
func (p *pair) offered() bool {
	for i := range rules {
		if slices.Contains(general, rules[i].code) && !rules[i].holds(p) {
			return false
		}
	}
	return true
}

// listing collects the documents of each item of a list, and of all that have
// a list.
type listing struct {
	listed bars
	by     map[string]bars
}

func (l *listing) add(doc uint32, windows int, items []string) {
	if len(items) == 0 {
		return
	}
	if l.by == nil {
		l.listed, l.by = make(bars, windows), make(map[string]bars)
	}
	set(l.listed, doc)
	for _, item := range items {
		setBy(l.by, item, windows, doc)
	}
}

// lacking are the documents that have a list without the item; under "" all that
// have a list.
func (l *listing) lacking() map[string]bars {
	for _, documents := range l.by {
		for w := range documents {
			for i, word := range &l.listed[w] {
				documents[w][i] = word &^ documents[w][i]
			}
		}
	}
	if l.by != nil {
		l.by[""] = l.listed
	}
	return l.by
}

func (l *listing) needs() needs {
	var n needs
	for item := range l.by {
		n.items = append(n.items, item)
	}
	slices.Sort(n.items)
	for _, item := range n.items {
		n.asks = append(n.asks, l.by[item])
	}
	return n
}

func ageRules(ages map[int32]bars) []ageRule {
	list := make([]ageRule, 0, len(ages))
	for least, documents := range ages {
		list = append(list, ageRule{least, documents})
	}
	slices.SortFunc(list, func(a, b ageRule) int { return int(b.least - a.least) })
	// Whoever is younger than one limit is younger than those above it.
	for i := 1; i < len(list); i++ {
		for w := range list[i].bars {
			for j, word := range &list[i-1].bars[w] {
				list[i].bars[w][j] |= word
			}
		}
	}
	slices.Reverse(list)
	return list
}

func set(b []kernel.Mask, doc uint32) {
	b[doc/kernel.Window][doc%kernel.Window/64] |= 1 << (doc % 64)
}

func setBy[K comparable](by map[K]bars, key K, windows int, doc uint32) {
	if by[key] == nil {
		by[key] = make(bars, windows)
	}
	set(by[key], doc)
}

// of appends what bars the student.
func (b *batchRules) of(dst []bars, s *Student) []bars {
	dst = listed(dst, b.grades, s.Grade)
	dst = listed(dst, b.regions, s.Region)
	for i := range b.ages {
		if s.Age == nil || b.ages[i].least > *s.Age {
			dst = append(dst, b.ages[i].bars)
			break
		}
	}
	if len(s.Slots) > 0 {
		dst = b.slots.lacking(dst, s.Slots)
	}
	return b.credentials.lacking(dst, s.Credentials)
}

func listed(dst []bars, by map[string]bars, item string) []bars {
	b, ok := by[item]
	if !ok {
		b = by[""]
	}
	if b != nil {
		dst = append(dst, b)
	}
	return dst
}

// lacking appends who asks for what the student doesn't have.
func (n *needs) lacking(dst []bars, has []string) []bars {
	for i, item := range n.items {
		if !slices.Contains(has, item) {
			dst = append(dst, n.asks[i])
		}
	}
	return dst
}

func spotOf(o *Opportunity) spot {
	if o.Remote || o.Position == nil {
		return spot{fixed: true}
	}
	return spotAt(*o.Position)
}

func spotAt(p Position) spot {
	sinLat, cosLat := math.Sincos(p.Latitude * (math.Pi / 180))
	sinLon, cosLon := math.Sincos(p.Longitude * (math.Pi / 180))
	return spot{x: cosLat * cosLon, y: cosLat * sinLon, z: sinLat}
}

// reach is how far a student travels, in squared chords of the unit sphere.
type reach struct {
	any  bool // there is a limit
	from spot
	near float64 // surely within it
	far  float64 // surely beyond it
}

func reachOf(s *Student) reach {
	if s.MaxKm == nil || s.Position == nil {
		return reach{}
	}
	r := reach{any: true, from: spotAt(*s.Position), far: 5}
	if angle := *s.MaxKm / earthRadiusKm; angle < math.Pi {
		half := math.Sin(angle / 2)
		chord := 4 * half * half
		// Far above what the arithmetic may be off by, which is some 1e-15.
		const off = 1e-12
		r.near, r.far = chord-off, chord+off
	} else {
		r.near = 5
	}
	return r
}

// decides reports whether the rule of distance holds, and whether that is sure:
// near the limit it has to be worked out exactly.
func (r *reach) decides(at *spot) (holds, sure bool) {
	if at.fixed {
		return true, true
	}
	x, y, z := at.x-r.from.x, at.y-r.from.y, at.z-r.from.z
	chord := x*x + y*y + z*z
	return chord <= r.near, chord <= r.near || chord >= r.far
}

package matcher

import (
	"math"
	"math/bits"
	"slices"

	"github.com/kindred-match/kindred/matcher/internal/kernel"
)

// A sieve finds the documents of a window that may be eligible before they are
// scored. For each property that a rule looks at, a document has a bucket, one
// byte; a query says which buckets may pass. Buckets with several values pass if
// one of these might, so that the sieve never drops an eligible document: the
// rules are decided exactly for what is left.
//
// Bucket 0 is of the documents that the property says nothing of, and for which
// the rule always holds.

// property is what a sieve has buckets for. The first ones are the dimensions.
type property int

const (
	byKinds  = property(dimensions) + iota // of opportunity and partner, and whether there is a seat
	byOpens                                // the first day
	byCloses                               // the last day
	byAge                                  // the least age
	byLatitude
	byLongitude
	properties
)

const (
	buckets = 256
	// unavailable is the bucket of byKinds for what is not published or has no
	// seat left; the kinds have those below.
	unavailable = partnerKinds * opportunityKinds
)

// sieveColumn has the buckets of one property. It has no windows where all
// documents are in the same bucket.
type sieveColumn struct {
	windows []kernel.Buckets
	count   [buckets]uint32 // documents by bucket
	used    int             // no bucket from here on has a document

	// passing has, for a property that is asked for one item of a list, the
	// buckets with a list that has it.
	passing map[string]*kernel.Passing
	rare    rare
	// common has by bucket the items that all its lists have, as numbers, and
	// items the number of each: for a property of which all items are asked for.
	common [][]uint32
	items  map[string]uint32
	// low and high are the least and the largest value by bucket, for an ordered
	// property.
	low, high []float64
}

func (c *sieveColumn) set(doc int, bucket uint8) {
	c.windows[doc/kernel.Window][doc%kernel.Window] = bucket
	c.count[bucket]++
	c.used = max(c.used, int(bucket)+1)
}

// newSieve fills the columns of a segment whose documents are described. Workers
// share the columns.
func (s *segment) newSieve(kinds []PartnerKind, workers int, pause *pause) {
	s.kinds = kinds
	together(workers, func(worker int) {
		for p := property(worker); p < properties; p += property(workers) {
			s.sieve[p] = s.sieveColumn(p)
			pause.after(often)
		}
	})
}

func (s *segment) sieveColumn(p property) sieveColumn {
	switch p {
	case byKinds:
		return s.kindColumn(s.kinds)
	case byOpens:
		return s.orderedColumn(func(_ int, a *attributes) (float64, bool) { return float64(a.opens), a.opens != 0 })
	case byCloses:
		return s.orderedColumn(func(_ int, a *attributes) (float64, bool) { return float64(a.closes), a.closes != 0 })
	case byAge:
		return s.orderedColumn(func(_ int, a *attributes) (float64, bool) { return float64(a.minAge), a.minAge >= 0 })
	case byLatitude:
		return s.orderedColumn(func(doc int, a *attributes) (float64, bool) {
			if !a.placed || a.remote {
				return 0, false
			}
			return s.opportunities[doc].Position.Latitude, true
		})
	case byLongitude:
		return s.orderedColumn(func(doc int, a *attributes) (float64, bool) {
			if !a.placed || a.remote {
				return 0, false
			}
			return s.opportunities[doc].Position.Longitude, true
		})
	default:
		return s.listColumn(dimension(p))
	}
}

// column makes an empty one, all in bucket 0.
func (s *segment) column() sieveColumn { return newSieveColumn(s.len()) }

func newSieveColumn(documents int) sieveColumn {
	return sieveColumn{windows: make([]kernel.Buckets, (documents+kernel.Window-1)/kernel.Window)}
}

// listNumber is the number of the list that a rule looks at, 0 where it holds
// whatever the list.
func (a *attributes) listNumber(d dimension) uint32 {
	if d == byRegion && a.remote {
		return 0
	}
	return a.lists[d]
}

// listColumn gives each list a bucket of its own, if there are enough; else
// lists that begin alike share one.
func (s *segment) listColumn(d dimension) sieveColumn {
	lists := s.lists[d]
	documents := make([]uint32, len(lists))
	some := false
	for doc := range s.attributes {
		n := s.attributes[doc].listNumber(d)
		documents[n]++
		some = some || n != 0
	}
	if !some {
		return sieveColumn{}
	}
	bucket := bucketsOfLists(usualFirst(lists, documents), documents)
	c := s.column()
	for doc := range s.attributes {
		c.set(doc, bucket[s.attributes[doc].listNumber(d)])
	}
	if d == bySlot || d == byCredential {
		c.intersect(lists, bucket)
	} else {
		c.unite(lists, bucket)
		c.rare = s.rareItems(d)
	}
	return c
}

// bucketsOfLists numbers lists as buckets. Where there are too many, it cuts
// their sorted order into runs of about as many documents.
func bucketsOfLists(lists [][]string, documents []uint32) []uint8 {
	bucket := make([]uint8, len(lists))
	if len(lists) <= buckets {
		for i := range bucket {
			bucket[i] = uint8(i)
		}
		return bucket
	}
	order := make([]int, 0, len(lists)-1)
	var all, before uint64
	for i := 1; i < len(lists); i++ {
		order = append(order, i)
		all += uint64(documents[i])
	}
	slices.SortFunc(order, func(a, b int) int { return slices.Compare(lists[a], lists[b]) })
	for _, i := range order {
		bucket[i] = uint8(1 + before*(buckets-1)/max(1, all))
		before += uint64(documents[i])
		before = min(before, max(1, all)-1)
	}
	return bucket
}

// unite notes for each item the buckets that have a list with it.
func (c *sieveColumn) unite(lists [][]string, bucket []uint8) {
	c.passing = make(map[string]*kernel.Passing)
	for i, list := range lists {
		for _, item := range list {
			p := c.passing[item]
			if p == nil {
				p = new(kernel.Passing)
				p.Pass(0)
				c.passing[item] = p
			}
			p.Pass(bucket[i])
		}
	}
}

// intersect notes for each bucket what all its lists have.
func (c *sieveColumn) intersect(lists [][]string, bucket []uint8) {
	c.items = make(map[string]uint32)
	c.common = make([][]uint32, c.used)
	seen := [buckets]bool{0: true}
	for i, list := range lists {
		numbers := make([]uint32, len(list))
		for j, item := range list {
			n, ok := c.items[item]
			if !ok {
				n = uint32(len(c.items))
				c.items[item] = n
			}
			numbers[j] = n
		}
		b := bucket[i]
		if !seen[b] {
			seen[b], c.common[b] = true, numbers
			continue
		}
		c.common[b] = slices.DeleteFunc(c.common[b], func(n uint32) bool { return !slices.Contains(numbers, n) })
	}
}

// kindColumn has a bucket for each pair of kinds.
func (s *segment) kindColumn(kinds []PartnerKind) sieveColumn {
	c := s.column()
	for doc := range s.attributes {
		a := &s.attributes[doc]
		bucket := uint8(unavailable)
		if a.published && a.seats {
			bucket = kindBucket(a.kind, partnerKindOf(kinds, a.partner))
		}
		c.set(doc, bucket)
	}
	if one := kindBucket(1<<len(OpportunityKinds), 0); int(c.count[one]) == s.len() {
		c.windows = nil // nothing says any
	}
	return c
}

const (
	// opportunityKinds is how many kinds of opportunities the sieve knows: those
	// that exist, one that isn't said, and others.
	opportunityKinds = 10
	// partnerKinds is how many of partners: none at all before those.
	partnerKinds = 11
)

// otherKind reports whether a partner, by its number, had another kind when the
// sieve was made.
func (s *segment) otherKind(partner int32, kind PartnerKind) bool {
	return partner != noPartner && int(partner) < len(s.kinds) && s.kinds[partner] != kind
}

// partnerKindNumber is below partnerKinds, and not 0.
func partnerKindNumber(k PartnerKind) int {
	if k == "" {
		return len(PartnerKinds) + 1
	}
	if i := slices.Index(PartnerKinds, k); i >= 0 {
		return i + 1
	}
	return partnerKinds - 1
}

func partnerKindOf(kinds []PartnerKind, partner int32) int {
	if partner == noPartner {
		return 0
	}
	return partnerKindNumber(kinds[partner])
}

// kindBucket is below unavailable: of an opportunity's kind, given as its bit,
// and the number of its partner's kind.
func kindBucket(kind uint16, partner int) uint8 {
	return uint8(min(bits.TrailingZeros16(kind), opportunityKinds-1)*partnerKinds + partner)
}

// orderedColumn cuts the values of an ordered property into buckets of about as
// many documents, by a sample.
func (s *segment) orderedColumn(value func(doc int, a *attributes) (v float64, said bool)) sieveColumn {
	values := make([]float64, s.len()) // each is looked up once: it may be far away
	some := false
	for doc := range s.attributes {
		v, said := value(doc, &s.attributes[doc])
		if !said {
			v = math.NaN()
		}
		values[doc], some = v, some || said
	}
	if !some {
		return sieveColumn{}
	}
	return bucketsOf(values, func(int) float64 { return 0 })
}

// bucketsOf puts documents into buckets by their values; who has none (NaN) is in
// bucket 0. Low and high are how far the documents of a bucket reach.
func bucketsOf(values []float64, reach func(doc int) float64) sieveColumn {
	starts := bucketStarts(sampleOf(values))
	c := newSieveColumn(len(values))
	c.low, c.high = make([]float64, len(starts)+2), make([]float64, len(starts)+2)
	for b := range c.low {
		c.low[b], c.high[b] = math.Inf(1), math.Inf(-1)
	}
	for doc, v := range values {
		if math.IsNaN(v) {
			c.count[0]++
			continue
		}
		bucket, exact := slices.BinarySearch(starts, v)
		if exact {
			bucket++
		}
		bucket++ // 1 is below the first start
		c.low[bucket], c.high[bucket] = min(c.low[bucket], v-reach(doc)), max(c.high[bucket], v+reach(doc))
		c.set(doc, uint8(bucket))
	}
	return c
}

// sampleOf is a few of the values that are numbers.
func sampleOf(values []float64) []float64 {
	const samples = 1 << 12
	var sample []float64
	for doc := 0; doc < len(values); doc += len(values)/samples + 1 {
		if v := values[doc]; !math.IsNaN(v) {
			sample = append(sample, v)
		}
	}
	return sample
}

// bucketStarts are the values, ascending, with which buckets from 2 on begin.
func bucketStarts(sample []float64) []float64 {
	slices.Sort(sample)
	const most = buckets - 2
	distinct := slices.Compact(slices.Clone(sample))
	if len(distinct) <= most {
		return distinct
	}
	starts := make([]float64, 0, most)
	for i := range most {
		starts = append(starts, sample[i*len(sample)/most])
	}
	return slices.Compact(starts)
}

// between lets the buckets pass that have a value from least to most.
func (c *sieveColumn) between(p *kernel.Passing, least, most float64) {
	for b := 1; b < len(c.low); b++ {
		if c.low[b] <= most && c.high[b] >= least {
			p.Pass(uint8(b))
		}
	}
}

// around lets pass what may be within a distance of a position: between two
// parallels, and between two meridians that touch the circle.
func (s *segment) around(at Position, km float64) (latitude, longitude kernel.Passing, ok bool) {
	const degree = math.Pi / 180
	const slack = 1e-6 // degrees: a tenth of a metre, far above the errors of the distance's formula
	radius := km / earthRadiusKm
	if !(radius < 1) || s.sieve[byLatitude].windows == nil {
		return latitude, longitude, false
	}
	reach := radius/degree + slack
	latitude.Pass(0)
	s.sieve[byLatitude].between(&latitude, at.Latitude-reach, at.Latitude+reach)
	longitude.Pass(0)
	if math.Abs(at.Latitude)+reach >= 89 {
		s.sieve[byLongitude].between(&longitude, math.Inf(-1), math.Inf(1))
		return latitude, longitude, true
	}
	wide := math.Asin(math.Sin(radius)/math.Cos(at.Latitude*degree))/degree*(1+1e-9) + slack
	for _, turn := range [...]float64{-360, 0, 360} {
		s.sieve[byLongitude].between(&longitude, at.Longitude+turn-wide, at.Longitude+turn+wide)
	}
	return latitude, longitude, true
}

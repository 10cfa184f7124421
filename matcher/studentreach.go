package matcher

import (
	"math"

	"github.com/kindred-match/kindred/matcher/internal/kernel"
)

// reachSieve finds the students who may be within reach of a position before
// they are scored: by the parallels and the meridians between which each one
// travels. Bucket 0 is of those who say nothing of it or travel far.
type reachSieve struct{ latitude, longitude sieveColumn }

// newReachSieve is empty where nobody travels within limits.
func newReachSieve(limits []limit, limitOf []uint32) reachSieve {
	if limitOf == nil {
		return reachSieve{}
	}
	return reachSieve{
		latitude: extentColumn(limits, limitOf, func(p *Position, latitude, _ float64) (float64, float64) {
			return p.Latitude, latitude
		}),
		longitude: extentColumn(limits, limitOf, func(p *Position, _, longitude float64) (float64, float64) {
			return p.Longitude, longitude
		}),
	}
}

// degrees are how far someone travels north and south, and east and west at
// most. It reports false where that is so far that it tells little.
func (l *limit) degrees() (latitude, longitude float64, ok bool) {
	const degree = math.Pi / 180
	const slack = 1e-6 // degrees, as where a segment looks around
	const far = 1.5
	radius := l.maxKm / earthRadiusKm
	latitude = radius/degree + slack
	if !l.any || !(latitude < far) || math.Abs(l.position.Latitude)+latitude >= 85 {
		return 0, 0, false
	}
	longitude = math.Asin(math.Sin(radius)/math.Cos(l.position.Latitude*degree))/degree*(1+1e-9) + slack
	return latitude, longitude, true
}

// extentColumn puts documents into buckets by a coordinate. Its low and high are
// how far those of a bucket get.
func extentColumn(limits []limit, limitOf []uint32, extent func(p *Position, latitude, longitude float64) (at, reach float64)) sieveColumn {
	values, reaches := make([]float64, len(limitOf)), make([]float64, len(limitOf))
	for doc, number := range limitOf {
		values[doc] = math.NaN()
		if latitude, longitude, ok := limits[number].degrees(); ok {
			values[doc], reaches[doc] = extent(&limits[number].position, latitude, longitude)
		}
	}
	return bucketsOf(values, func(doc int) float64 { return reaches[doc] })
}

// around lets the buckets pass whose students may get to a position. It reports
// false where that is so many that it is quicker to decide for each by itself.
func (s *reachSieve) around(at *Position) (latitude, longitude kernel.Passing, few bool) {
	latitude.Pass(0)
	s.latitude.between(&latitude, at.Latitude, at.Latitude)
	longitude.Pass(0)
	for _, turn := range [...]float64{-360, 0, 360} {
		s.longitude.between(&longitude, at.Longitude+turn, at.Longitude+turn)
	}
	const many = 0.5
	return latitude, longitude, s.latitude.share(&latitude) < many || s.longitude.share(&longitude) < many
}

// share is that of the documents that are in buckets that pass.
func (c *sieveColumn) share(passing *kernel.Passing) float64 {
	var all, n uint64
	for b, count := range c.count {
		if all += uint64(count); passing.Passes(uint8(b)) {
			n += uint64(count)
		}
	}
	return float64(n) / float64(max(1, all))
}

package matcher_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/kindred-match/kindred/matcher"
)

// Units that are one apart, better and worse ones in any order over several
// windows: a threshold that is off by one loses some.
func TestUnitsOneApart(t *testing.T) {
	// G = 1 and P = 1, so that units are impacts: boost b gives round(32767 b).
	c := matcher.Catalogue{Tags: []matcher.Tag{{ID: "t", Importance: 0.001}}}
	const n = 12_000
	for i := range n {
		c.Opportunities = append(c.Opportunities, matcher.Opportunity{
			ID: fmt.Sprintf("o%05d", i), Seats: 1, Status: matcher.Published,
			Boost: float64(20_000+i*7919%n/2) / 32767, Tags: []matcher.Weighted{{Tag: "t", Weight: matcher.One}},
		})
	}
	s := matcher.Student{Interests: []matcher.Weighted{{Tag: "t", Weight: 1}}}
	settings := matcher.Settings{Measure: matcher.Dot}
	r, d := index(t, c, settings).NewRanker(), brute(c, settings)
	all := expected(d.Rank(&s, options(&matcher.Query{})))
	if len(all) != n || all[0].units != "25999" || all[2].units != "25998" {
		t.Fatalf("the example isn't what it should be: %v", all[:3])
	}
	for _, k := range []int{1, 2, 3, 10, 99, 100, 5000, n} {
		same(t, forward(r.Rank(nil, &matcher.Query{Student: &s, K: k})), all[:k])
	}
}

// Expressions are evaluated left to right, which shows where a boost brings
// an impact, or the factor of overlap, next to a half.
func TestImpactsNextToHalves(t *testing.T) {
	var c matcher.Catalogue
	add := func(w matcher.Weight, boost float64) {
		for _, b := range []float64{math.Nextafter(boost, 0), boost, math.Nextafter(boost, 3)} {
			c.Opportunities = append(c.Opportunities, matcher.Opportunity{
				ID: fmt.Sprint("o", len(c.Opportunities)), Seats: 1, Status: matcher.Published, Boost: b,
				Tags: []matcher.Weighted{{Tag: "t", Weight: w}},
			})
		}
	}
	for w := matcher.Weight(3); w <= matcher.One; w += 7 {
		half := math.Floor(32767*1.1*float64(w)/10000) + 0.5
		add(w, half*10000/(32767*float64(w)))
		add(w, (1000+float64(w)/10-0.1*float64(w%10)+0.5)/1000)
	}
	c.Opportunities = slices.DeleteFunc(c.Opportunities, func(o matcher.Opportunity) bool { return o.Boost < 0.5 || o.Boost > 2 })
	s := matcher.Student{Interests: []matcher.Weighted{{Tag: "t", Weight: matcher.One}}}
	for _, m := range matcher.Measures {
		settings := matcher.Settings{Measure: m}
		r, d := index(t, c, settings).NewRanker(), brute(c, settings)
		q := matcher.Query{Student: &s, K: len(c.Opportunities)}
		same(t, forward(r.Rank(nil, &q)), expected(d.Rank(&s, options(&q))))
	}
}

// One degree along the equator, or along a meridian, is 6371.0088 km times
// pi / 180, 111.1950802 km; from pole to pole it is 180 times that.
func TestDistance(t *testing.T) {
	for _, c := range []struct {
		from, to matcher.Position
		km       float64
		want     bool // near enough
	}{
		{matcher.Position{}, matcher.Position{Longitude: 1}, 111.19509, true},
		{matcher.Position{}, matcher.Position{Longitude: 1}, 111.19508, false},
		{matcher.Position{Latitude: 40}, matcher.Position{Latitude: 41}, 111.19509, true},
		{matcher.Position{Latitude: 40}, matcher.Position{Latitude: 41}, 111.19508, false},
		{matcher.Position{Longitude: 179.5}, matcher.Position{Longitude: -179.5}, 111.19509, true},
		{matcher.Position{Longitude: 179.5}, matcher.Position{Longitude: -179.5}, 111.19508, false},
		{matcher.Position{Latitude: 90}, matcher.Position{Latitude: -90, Longitude: 5}, 20015.115, true},
		{matcher.Position{Latitude: 90}, matcher.Position{Latitude: -90, Longitude: 5}, 20015.114, false},
		{matcher.Position{Latitude: 40.7, Longitude: -74}, matcher.Position{Latitude: 40.7, Longitude: -74}, 0, true},
	} {
		q := matcher.Query{Student: &matcher.Student{Position: &c.from, MaxKm: &c.km}}
		o := goodOpportunity()
		o.Position, o.Grades, o.Regions, o.Requires, o.MinAge = &c.to, nil, nil, nil, nil
		failures := matcher.Failures(&q, &o, nil)
		if got := !slices.Contains(failures, matcher.CodeDistance); got != c.want || len(failures) > 1 {
			t.Errorf("from %v to %v within %v km: %v, failures %v", c.from, c.to, c.km, got, failures)
		}
	}
}

package generate

import (
	"github.com/kindred-match/kindred/matcher"
)

// The shares by which facts are drawn make about 60 % of the opportunities
// eligible for a student in the terms' year.

var (
	opportunityKindShares = []uint64{260, 110, 160, 230, 70, 70, 50, 50}
	opportunityKindSums   = sums(len(opportunityKindShares), func(i int) uint64 { return opportunityKindShares[i] })
	termShares            = []uint64{550, 400, 50}
	termSums              = sums(len(termShares), func(i int) uint64 { return termShares[i] })
	gradeLists            = [][]string{{"11", "12"}, {"10", "11", "12"}, {"12"}, {"9", "10"}, {"9", "10", "11", "12"}}
	boosts                = []float64{0.75, 0.9, 1.1, 1.25, 1.5}
	leastAges             = []int32{16, 16, 16, 15, 17, 18}
)

// Opportunity makes the opportunity of a number from 0.
func (v *Invented) Opportunity(i int) matcher.Opportunity {
	from, h, tags := v.offerOf(i)
	d := newDraw(v.options.Seed, drawOpportunity, i)
	o := matcher.Opportunity{
		ID:        rowID('o', i, v.digits.opportunity),
		Seats:     int32(d.tail(250)),
		MinPolicy: matcher.MinHard,
		Boost:     1,
		Status:    matcher.Published,
		Tags:      tags,
	}
	if v.options.Plain {
		return o
	}
	o.Partner = rowID('p', from, v.digits.partner)
	o.Kind = matcher.OpportunityKinds[d.pick(opportunityKindSums)]
	if i < len(matcher.OpportunityKinds) { // so that small districts have every kind
		o.Kind = matcher.OpportunityKinds[i]
	}
	o.Title = v.title(&d, &o)
	o.Term = terms[d.pick(termSums)]
	d.offer(&o)
	d.place(&o, h.region)
	d.demand(&o)
	return o
}

// offerOf draws who offers an opportunity, and its tags: of 1 to 3 topics, the
// first more often than not one of the partner's.
func (v *Invented) offerOf(i int) (partner int, h host, tags []matcher.Weighted) {
	d := newDraw(v.options.Seed, drawTags, i)
	partner = d.pick(v.offers)
	h, _ = v.host(partner)
	topics := make([]int, 0, 3)
	if d.chance(600) {
		topics = append(topics, one(&d, h.topics))
	}
	for n := one(&d, []int{1, 1, 2, 2, 2, 3}); len(topics) < n; {
		topics = appendNew(topics, d.pick(v.vocabulary.popular))
	}
	return partner, h, v.drawTags(&d, topics, &opportunityShape)
}

// title reads like "Robotics apprentice"; who offers it is the partner's name.
func (v *Invented) title(d *draw, o *matcher.Opportunity) string {
	return v.vocabulary.label(o.Tags[0].Tag) + " " + one(d, kindTitles[o.Kind])
}

// offer sets what concerns seats, status and time.
func (d *draw) offer(o *matcher.Opportunity) {
	if d.chance(10) {
		o.Seats = 0
	}
	if o.Seats >= 3 && d.chance(150) {
		// A minimum that has to hold may leave no placement that can be found by
		// lists alone; an invented district is to be placed without looking at it.
		o.MinSeats, o.MinPolicy = int32(d.between(2, int(min(o.Seats, 5)))), matcher.MinCancel
	}
	switch x := d.below(1000); {
	case x < 30:
		o.Status = matcher.Closed
	case x < 50:
		o.Status = matcher.Draft
	}
	if d.chance(60) {
		o.Boost = one(d, boosts)
	}
	if d.chance(200) {
		o.Goals = []string{one(d, goals)}
	}
	switch x := d.below(1000); {
	case x < 20: // over before the first term
		o.Opens, o.Closes = matcher.Date(20260100+d.between(1, 28)), matcher.Date(20260600+d.between(1, 30))
	case x < 40: // for the last term
		o.Opens = matcher.Date(20270800 + d.between(1, 31))
	case x < 180:
		o.Opens = matcher.Date(20260000 + 100*d.between(3, 8) + d.between(1, 30))
	case x < 260:
		o.Opens = matcher.Date(20260000 + 100*d.between(3, 8) + d.between(1, 30))
		o.Closes = matcher.Date(20280000 + 100*d.between(1, 12) + d.between(1, 28))
	}
}

// place sets what concerns the region and the position, near the partner's.
func (d *draw) place(o *matcher.Opportunity, region int) {
	if d.chance(900) {
		o.Position = d.position(region)
	}
	switch x := d.below(1000); {
	case x < 90:
		o.Remote = true
	case x < 250:
		o.Regions = regionLists[region][d.between(2, 6)]
	}
}

// demand sets what is asked of students.
func (d *draw) demand(o *matcher.Opportunity) {
	if d.chance(220) {
		o.Grades = one(d, gradeLists)
	}
	if d.chance(200) {
		at := d.below(len(weekSlots))
		o.Slots = weekSlots[at:min(at+d.between(1, 2), len(weekSlots))]
	}
	if d.chance(60) {
		at := min(d.below(len(credentials)), d.below(len(credentials)))
		o.Requires = credentials[at : at+1]
	}
	if d.chance(60) {
		age := one(d, leastAges)
		o.MinAge = &age
	}
}

// regionLists has, for each region, itself and the next ones, by how many.
var regionLists = func() [][][]string {
	lists := make([][][]string, len(regions))
	for r := range regions {
		around := append(append([]string{}, regions[r:]...), regions[:r]...)
		for n := range len(regions) + 1 {
			lists[r] = append(lists[r], around[:n:n])
		}
	}
	return lists
}()

// The city lies in the middle of the Atlantic, where there is none: two rows
// of four regions, each about six kilometres wide. Positions are whole
// ten-thousandths of a degree.
const (
	cityNorth, cityWest = 40_6000, -40_2000
	regionHeight        = 540
	regionWidth         = 720
)

// position draws a point in a region, its middle being likelier.
func (d *draw) position(region int) *matcher.Position {
	south := cityNorth - (region/4)*regionHeight - (d.below(regionHeight)+d.below(regionHeight))/2
	east := cityWest + (region%4)*regionWidth + (d.below(regionWidth)+d.below(regionWidth))/2
	return &matcher.Position{Latitude: float64(south) / 10000, Longitude: float64(east) / 10000}
}

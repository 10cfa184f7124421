package generate

import (
	"strconv"
	"strings"

	"github.com/kindred-match/kindred/matcher"
)

var (
	gradeNames   = []string{"9", "10", "11", "12"}
	gradeShares  = []uint64{15, 20, 33, 32}
	gradeSums    = sums(len(gradeShares), func(i int) uint64 { return gradeShares[i] })
	holds        = []int{500, 350, 200, 120, 100, 60, 60} // of a thousand, by credential
	studentReach = []float64{6, 8, 10, 10, 12, 12, 15, 20, 25}
)

// Student makes the student of a number from 0.
func (v *Invented) Student(i int) matcher.Student {
	s := matcher.Student{
		ID:        rowID('s', i, v.digits.student),
		Interests: v.interests(i),
	}
	if v.options.Plain {
		return s
	}
	d := newDraw(v.options.Seed, drawStudent, i)
	grade := d.pick(gradeSums)
	s.Grade = gradeNames[grade]
	if d.chance(900) {
		age := int32(14 + grade + d.below(2))
		s.Age = &age
	}
	school := min(d.below(v.schools), d.below(v.schools))
	s.School = schoolID(school)
	region := school % len(regions)
	if d.chance(150) {
		region = d.below(len(regions))
	}
	s.Region = regions[region]
	d.live(&s, region)
	lunch := "paid"
	if d.chance(300 + 350*(school%3)/2) {
		lunch = "free"
	}
	s.Groups = []matcher.Group{{Name: "school", Value: s.School}, {Name: "lunch", Value: lunch}}
	return s
}

// interests draws from 1 to 4 topics.
func (v *Invented) interests(i int) []matcher.Weighted {
	d := newDraw(v.options.Seed, drawInterests, i)
	topics := v.drawTopics(&d, one(&d, []int{1, 2, 2, 2, 3, 3, 4}))
	return v.drawTags(&d, topics, &studentShape)
}

// live sets where and when the student can be, and what it holds.
func (d *draw) live(s *matcher.Student, region int) {
	if d.chance(700) {
		s.Position = d.position(region)
		if d.chance(350) {
			reach := one(d, studentReach)
			s.MaxKm = &reach
		}
	}
	if d.chance(350) {
		for _, slot := range weekSlots {
			if strings.HasSuffix(slot, "pm") && d.chance(800) || d.chance(250) {
				s.Slots = append(s.Slots, slot)
			}
		}
	}
	for i, c := range credentials {
		if d.chance(holds[i]) {
			s.Credentials = append(s.Credentials, c)
		}
	}
}

// schoolID reads like harbor-high; the names begin anew with a number.
func schoolID(i int) string {
	id := strings.ToLower(firstWords[i%len(firstWords)]) + "-high"
	if again := i / len(firstWords); again > 0 {
		id += "-" + strconv.Itoa(again+1)
	}
	return id
}

package matcher

import (
	"github.com/kindred-match/kindred/matcher/internal/kernel"
)

// The properties of students that rules look at, distance apart.
const (
	gradeOf = iota
	regionOf
	slotsOf
	credentialsOf
	ageOf
	traits
)

// trait is a property of students. Each distinct value has a number; value 0 is
// that of those of whom nothing is said. A document has a bucket of values, so
// that a kernel finds those that pass.
type trait struct {
	lists   [][]string // by number; nil for ages
	ages    []int32    // by number; nil but for ages
	bucket  []uint8    // by number
	windows []kernel.Buckets
	// numbers are by document, and nil where no two values share a bucket.
	numbers []uint32
}

// traitRules are the rule that looks at each property, and whether an
// opportunity leaves nobody out by it.
var traitRules = [traits]struct {
	code Code
	open func(o *Opportunity) bool
}{
	gradeOf:       {CodeGrade, func(o *Opportunity) bool { return len(o.Grades) == 0 }},
	regionOf:      {CodeRegion, func(o *Opportunity) bool { return o.Remote || len(o.Regions) == 0 }},
	slotsOf:       {CodeSlots, func(o *Opportunity) bool { return len(o.Slots) == 0 }},
	credentialsOf: {CodeCredentials, func(o *Opportunity) bool { return len(o.Requires) == 0 }},
	ageOf:         {CodeAge, func(o *Opportunity) bool { return o.MinAge == nil }},
}

// rule is what decides a rule.
func (c Code) rule() func(*pair) bool {
	for i := range rules {
		if rules[i].code == c {
			return rules[i].holds
		}
	}
	return nil
}

func (t *trait) values() int { return max(len(t.lists), len(t.ages)) }

// place gives each document the bucket of its value. Documents come from
// students by number, of whom the values are given.
func (t *trait) place(values, from []uint32) {
	documents := make([]uint32, t.values())
	for _, v := range values {
		documents[v]++
	}
	t.bucket = bucketsOfLists(usualFirst(t.lists, documents), documents)
	if t.ages != nil {
		t.bucket = bucketsOfAges(t.ages)
	}
	t.windows = make([]kernel.Buckets, (len(from)+kernel.Window-1)/kernel.Window)
	if t.values() > buckets {
		t.numbers = make([]uint32, len(from))
	}
	for doc, i := range from {
		t.windows[doc/kernel.Window][doc%kernel.Window] = t.bucket[values[i]]
		if t.numbers != nil {
			t.numbers[doc] = values[i]
		}
	}
}

// bucketsOfAges numbers ages as buckets; where there are too many, the oldest
// share one.
func bucketsOfAges(ages []int32) []uint8 {
	bucket := make([]uint8, len(ages))
	for i := range ages {
		bucket[i] = uint8(min(i, buckets-1))
		if len(ages) > buckets && i > 0 {
			bucket[i] = uint8(max(1, min(ages[i], buckets-1)))
		}
	}
	return bucket
}

// number is that of a document's value.
func (t *trait) number(doc uint32) uint32 {
	if t.numbers != nil {
		return t.numbers[doc]
	}
	return uint32(t.windows[doc/kernel.Window][doc%kernel.Window])
}

// describe gives a student the value of a number, and no other.
func (t *trait) describe(s *Student, of int, number uint32) {
	*s = Student{}
	if number == 0 {
		return
	}
	switch of {
	case gradeOf:
		s.Grade = t.lists[number][0]
	case regionOf:
		s.Region = t.lists[number][0]
	case slotsOf:
		s.Slots = t.lists[number]
	case credentialsOf:
		s.Credentials = t.lists[number]
	case ageOf:
		s.Age = &t.ages[number]
	}
}

// traitRule is what an opportunity asks of a property.
type traitRule struct {
	trait   *trait
	holds   []bool // by number
	passing kernel.Passing
}

// decide decides the rule for each value. The pair has the opportunity; its
// student is overwritten.
func (r *traitRule) decide(t *trait, of int, p *pair) {
	r.trait, r.passing = t, kernel.Passing{}
	if cap(r.holds) < t.values() {
		r.holds = make([]bool, t.values())
	}
	r.holds = r.holds[:t.values()]
	rule := traitRules[of].code.rule()
	for number := range r.holds {
		t.describe(p.student, of, uint32(number))
		if r.holds[number] = rule(p); r.holds[number] {
			r.passing.Pass(t.bucket[number])
		}
	}
}

package matcher

import (
	"cmp"
	"fmt"
	"iter"
	"math"
	"slices"
	"strings"

	"github.com/kindred-match/kindred/matcher/internal/kernel"
)

// studentDraft is what has been worked out of students, in the order given.
type studentDraft struct {
	spreader *spreader
	ids      []string
	forward  []uint32 // as in a segment
	records  []uint16 // as in a segment
	traits   *traitDraft
	limits   []limit
	limitOf  []uint32
	unlisted map[uint32][]Weighted
}

// NewStudentIndex builds an index of students, who must have passed their
// Check, for the opportunities of x and what comes of it. They are used only
// until the next one is asked for. It returns an ErrStudents for an id that is
// given twice.
func NewStudentIndex(x *Index, students iter.Seq[*Student]) (*StudentIndex, error) {
	d := studentDraft{
		spreader: newSpreader(x.vocabulary, x.settings.Decay),
		forward:  []uint32{0}, traits: newTraitDraft(), limits: make([]limit, 1),
		unlisted: make(map[uint32][]Weighted),
	}
	for s := range students {
		d.add(s)
	}
	byID, ok := d.byID()
	if !ok {
		return nil, fmt.Errorf("%w: an id is given twice", ErrStudents)
	}
	return d.finish(x, byID), nil
}

// add works out a student, of which it keeps nothing.
func (d *studentDraft) add(s *Student) {
	sp := d.spreader
	sp.spread(s.Interests)
	slices.Sort(sp.touched)
	for _, t := range sp.touched {
		d.records = wide.pack(d.records, t, sp.weight[t])
	}
	d.forward = append(d.forward, uint32(len(d.records)/int(wide)))
	if len(sp.unlisted) > 0 {
		own := slices.Clone(sp.unlisted)
		for i := range own {
			own[i].Tag = strings.Clone(own[i].Tag)
		}
		d.unlisted[uint32(len(d.ids))] = own
	}
	d.ids = append(d.ids, strings.Clone(s.ID))
	d.traits.add(s)
	number := uint32(0)
	if r := reachOf(s); r.any {
		number = uint32(len(d.limits))
		d.limits = append(d.limits, limit{r, *s.Position, *s.MaxKm})
	}
	d.limitOf = append(d.limitOf, number)
}

// byID are the students in the order of their ids; it reports false where two
// are the same.
func (d *studentDraft) byID() ([]uint32, bool) {
	order := make([]uint32, len(d.ids))
	for i := range order {
		order[i] = uint32(i)
	}
	compare := func(a, b uint32) int { return cmp.Compare(d.ids[a], d.ids[b]) }
	if !slices.IsSortedFunc(order, compare) {
		slices.SortFunc(order, compare)
	}
	for i := 1; i < len(order); i++ {
		if d.ids[order[i-1]] == d.ids[order[i]] {
			return nil, false
		}
	}
	return order, true
}

func (d *studentDraft) packed(i uint32) []uint16 {
	return wide.of(d.records, d.forward[i], d.forward[i+1])
}

// order are the places, in byID, of the documents: students with the same
// frequent tags stand together.
func (d *studentDraft) order(byID []uint32) []uint32 {
	frequency := make([]uint32, d.spreader.vocabulary.Len())
	for packed := d.records; len(packed) > 0; packed = packed[wide:] {
		t, _ := wide.unpack(packed)
		frequency[t]++
	}
	ranks := frequencyRanks(frequency)
	keys := make([]uint64, len(byID))
	for i := range keys {
		keys[i] = mostFrequent(ranks, d.packed(uint32(i)))
	}
	return byKey(byID, keys)
}

// finish orders the documents and inverts their records.
func (d *studentDraft) finish(x *Index, byID []uint32) *StudentIndex {
	n, tags := len(byID), x.vocabulary.Len()
	g := &segment{
		minColumn: kernel.MinColumn(), place: d.order(byID), byID: make([]uint32, n),
		forward: make([]uint32, 1, n+1), packing: packingOf(tags),
	}
	g.records = make([]uint16, 0, len(d.records)/int(wide)*int(g.packing))
	s := &StudentIndex{
		vocabulary: x.vocabulary, decay: x.settings.Decay, segment: g, ids: make([]string, n),
		unlisted: make(map[uint32][]Weighted, len(d.unlisted)), lacking: make(map[string][]uint32),
	}
	from := make([]uint32, n) // by document
	for doc, place := range g.place {
		i := byID[place]
		from[doc], g.byID[place] = i, uint32(doc)
		g.records = g.packing.repack(g.records, wide, d.packed(i))
		g.forward = append(g.forward, uint32(len(g.records)/int(g.packing)))
		s.ids[doc] = d.ids[i]
		s.lack(uint32(doc), d.unlisted[i])
	}
	s.traits = d.traits.finish(from)
	if s.limits = d.limits; len(s.limits) > 1 {
		s.limitOf = make([]uint32, n)
		for doc, i := range from {
			s.limitOf[doc] = d.limitOf[i]
		}
	}
	s.reaches = newReachSieve(s.limits, s.limitOf)
	g.invert(tags, workers(n), new(pause))
	s.cards = newCards(g, tags, func(uint32) int64 { return 1 })
	g.records = nil // the cards have all of it
	kernel.Huge(g.postings)
	kernel.Huge(g.columns)
	return s
}

// lack notes the tags of a document that the vocabulary lacks.
func (s *StudentIndex) lack(doc uint32, own []Weighted) {
	if len(own) == 0 {
		return
	}
	s.unlisted[doc] = own
	for _, u := range own {
		s.lacking[u.Tag] = append(s.lacking[u.Tag], doc)
	}
}

// traitDraft numbers the values of students' properties.
type traitDraft struct {
	lists [traits]*numbered
	ages  map[int32]uint32
	age   []int32 // by number
	// numbers are by property, then by student.
	numbers [traits][]uint32
}

func newTraitDraft() *traitDraft {
	d := &traitDraft{ages: make(map[int32]uint32), age: []int32{math.MinInt32}}
	for i := range d.lists {
		d.lists[i] = newNumbered()
	}
	return d
}

func (d *traitDraft) add(s *Student) {
	d.one(gradeOf, s.Grade)
	d.one(regionOf, s.Region)
	d.list(slotsOf, s.Slots)
	d.list(credentialsOf, s.Credentials)
	number := uint32(0)
	if s.Age != nil {
		var ok bool
		if number, ok = d.ages[*s.Age]; !ok {
			number = uint32(len(d.age))
			d.ages[*s.Age], d.age = number, append(d.age, *s.Age)
		}
	}
	d.numbers[ageOf] = append(d.numbers[ageOf], number)
}

func (d *traitDraft) one(of int, item string) {
	if item == "" {
		d.numbers[of] = append(d.numbers[of], 0)
		return
	}
	d.list(of, []string{item})
}

func (d *traitDraft) list(of int, list []string) {
	n := d.lists[of]
	at := n.number(list)
	if kept := &n.lists[at]; len(list) > 0 && &(*kept)[0] == &list[0] {
		*kept = make([]string, len(list)) // it is new, and the student's
		for i, item := range list {
			(*kept)[i] = strings.Clone(item)
		}
	}
	d.numbers[of] = append(d.numbers[of], at)
}

// finish makes the properties of documents, which come from students by number.
func (d *traitDraft) finish(from []uint32) [traits]trait {
	var all [traits]trait
	for of := range all {
		t := &all[of]
		t.lists = d.lists[of].lists
		if of == ageOf {
			t.ages, t.lists = d.age, nil
		}
		t.place(d.numbers[of], from)
	}
	return all
}

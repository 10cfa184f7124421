package generate

import (
	"fmt"
	"iter"
	"strconv"

	"github.com/kindred-match/kindred/matcher"
)

// MaxRows bounds the students and the opportunities of a district.
const MaxRows = 100_000_000

// Options say what district to invent.
type Options struct {
	Students      int // 0 to MaxRows
	Opportunities int // 0 to MaxRows
	Seed          uint64
	// Plain leaves out all that eligibility looks at, and all that nothing
	// scores: opportunities are published, have seats and tags, students have
	// interests. These are the same as without Plain.
	Plain bool
}

// Invented is an invented district. It holds the vocabulary and little else:
// each row is made when it is asked for, and is the same each time. Any number
// of goroutines may use it.
//
// Rows share the lists that many have in common; they must not be changed in
// place.
type Invented struct {
	options    Options
	vocabulary *vocabulary
	partners   int
	schools    int
	offers     []uint64 // running sums of the partners' shares in the opportunities
	digits     struct{ partner, opportunity, student int }
}

// District invents a district. The error says which option is out of range.
func District(o Options) (*Invented, error) {
	if o.Students < 0 || o.Students > MaxRows {
		return nil, fmt.Errorf("students: must be from 0 to %d", MaxRows)
	}
	if o.Opportunities < 0 || o.Opportunities > MaxRows {
		return nil, fmt.Errorf("opportunities: must be from 0 to %d", MaxRows)
	}
	v := &Invented{
		options:    o,
		vocabulary: newVocabulary(o.Seed, vocabularySize(o.Opportunities)),
		partners:   max(8, o.Opportunities/8),
		schools:    min(max(8, o.Students/500), 2000),
	}
	v.offers = sums(v.partners, zipf(6+v.partners/50))
	v.digits.partner = digits(v.partners)
	v.digits.opportunity = digits(o.Opportunities)
	v.digits.student = digits(o.Students)
	return v, nil
}

// Tags returns the vocabulary, parents before their children.
func (v *Invented) Tags() []matcher.Tag { return v.vocabulary.tags }

// Partners yields the partners by id.
func (v *Invented) Partners() iter.Seq[matcher.Partner] { return rows(v.PartnerCount(), v.Partner) }

// Opportunities yields the opportunities by id.
func (v *Invented) Opportunities() iter.Seq[matcher.Opportunity] {
	return rows(v.options.Opportunities, v.Opportunity)
}

// Students yields the students by id.
func (v *Invented) Students() iter.Seq[matcher.Student] {
	return rows(v.options.Students, v.Student)
}

// PartnerCount is how many partners there are: one for eight opportunities,
// none in a plain district.
func (v *Invented) PartnerCount() int {
	if v.options.Plain {
		return 0
	}
	return v.partners
}

func rows[T any](n int, row func(i int) T) iter.Seq[T] {
	return func(yield func(T) bool) {
		for i := range n {
			if !yield(row(i)) {
				return
			}
		}
	}
}

// lists yields the rows of each of n lists.
func lists[T any](n int, list func(i int) []T) iter.Seq[T] {
	return func(yield func(T) bool) {
		for i := range n {
			for _, row := range list(i) {
				if !yield(row) {
					return
				}
			}
		}
	}
}

// digits is how wide ids are made, so that their byte order is their order.
func digits(rows int) int { return max(4, len(strconv.Itoa(rows))) }

func rowID(prefix byte, i, width int) string {
	var b [24]byte
	at := len(b)
	for n := i + 1; width > 0; width-- {
		at--
		b[at] = byte('0' + n%10)
		n /= 10
	}
	at--
	b[at] = prefix
	return string(b[at:])
}

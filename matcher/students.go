package matcher

import (
	"cmp"
	"errors"
	"slices"
	"sort"

	"github.com/kindred-match/kindred/matcher/internal/kernel"
)

// ErrStudents is what the errors of NewStudentIndex wrap.
var ErrStudents = errors.New("bad students")

// StudentIndex is students who can be ranked for one opportunity after the
// other: the index with the roles changed. It has their tags after passing up
// and what eligibility looks at, and is the same for all measures and
// importances, so that an Index may change beside it as long as its vocabulary
// does no more than grow. It is immutable: any number of rankers may use it.
type StudentIndex struct {
	vocabulary *Vocabulary
	decay      Weight
	segment    *segment
	cards      *cards
	ids        []string // by document
	traits     [traits]trait
	// limits are how far students travel; limitOf is by document, 0 for those
	// who say nothing of it, and nil where none does.
	limits  []limit
	limitOf []uint32
	reaches reachSieve
	// unlisted are the tags that the vocabulary lacks, by document; lacking the
	// documents by such a tag.
	unlisted map[uint32][]Weighted
	lacking  map[string][]uint32

	// gone are the documents that are no longer so; nil is none. Late are the
	// students who came instead, by id.
	gone  []kernel.Mask
	count int // documents that are gone
	late  []*Student
}

// limit is how far a student travels, and from where.
type limit struct {
	reach
	position Position
	maxKm    float64
}

// StudentChange is a student as it is now, or the id of one who is no more.
type StudentChange struct {
	Student *Student
	Removed string
}

// Len is the number of students.
func (s *StudentIndex) Len() int { return len(s.ids) - s.count + len(s.late) }

// Bytes is about the memory of the index, ids and the lists of properties
// apart.
func (s *StudentIndex) Bytes() int64 {
	const word = 4
	n := s.segment.bytes() + int64(word*(len(s.cards.words)+len(s.cards.at)+len(s.limitOf)))
	for i := range s.traits {
		t := &s.traits[i]
		n += int64(kernel.Window*len(t.windows) + word*len(t.numbers))
	}
	n += int64(kernel.Window * (len(s.reaches.latitude.windows) + len(s.reaches.longitude.windows)))
	return n
}

// With returns an index with the changes, in their order; s stays as it is. The
// students must not be changed any more. Rankings take a fraction of a microsecond
// longer for each; see Due.
func (s *StudentIndex) With(changes ...StudentChange) *StudentIndex {
	next := *s
	next.gone, next.late = slices.Clone(s.gone), slices.Clone(s.late)
	if next.gone == nil {
		next.gone = make([]kernel.Mask, (len(s.ids)+kernel.Window-1)/kernel.Window)
	}
	for _, c := range changes {
		id := c.Removed
		if c.Student != nil {
			id = c.Student.ID
		}
		if doc, ok := next.find(id); ok && !next.isGone(doc) {
			set(next.gone, doc)
			next.count++
		}
		at, there := next.findLate(id)
		switch {
		case there && c.Student == nil:
			next.late = slices.Delete(next.late, at, at+1)
		case there:
			next.late[at] = c.Student
		case c.Student != nil:
			next.late = slices.Insert(next.late, at, c.Student)
		}
	}
	return &next
}

// Due reports whether so much has changed that the index should be built anew.
func (s *StudentIndex) Due() bool {
	const few, share = 500, 500
	return len(s.late) > few+len(s.ids)/share || s.count > few+len(s.ids)/4
}

func (s *StudentIndex) isGone(doc uint32) bool {
	return s.gone != nil && s.gone[doc/kernel.Window][doc%kernel.Window/64]>>(doc%64)&1 == 1
}

// findLate finds who came since the index was built, or the place for it.
func (s *StudentIndex) findLate(id string) (int, bool) {
	return slices.BinarySearchFunc(s.late, id, func(l *Student, id string) int { return cmp.Compare(l.ID, id) })
}

// find finds the document of a student, gone or not.
func (s *StudentIndex) find(id string) (uint32, bool) {
	byID := s.segment.byID
	i, ok := sort.Find(len(byID), func(i int) int { return cmp.Compare(id, s.ids[byID[i]]) })
	if !ok {
		return 0, false
	}
	return byID[i], true
}

// Fits reports whether the students can be ranked for the opportunities of x:
// whether its decay is that of the index that they were read with, and its
// vocabulary the same or one that has grown from it.
func (s *StudentIndex) Fits(x *Index) bool {
	return s.decay == x.settings.Decay && s.vocabulary.within(x.vocabulary)
}

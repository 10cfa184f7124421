package candidates

import (
	"crypto/sha256"
	"encoding/binary"
	"maps"
	"slices"

	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/store"
)

// Key is where a set is kept: a field of its student's.
type Key struct {
	Student Student
	Field   [16]byte
	// Brief: the profile was given in line, and has a key of its own; its sets
	// don't live long.
	Brief bool
}

// Student stands for a student of a district of a store. It tells nobody who
// doesn't know the store's identity which one that is.
type Student [16]byte

// Question is all that shapes an answer beside the student. What it leaves out
// of a request (k, the cap per partner, explanations, the least epoch) is
// applied when a set is read, or doesn't matter to it.
type Question struct {
	Settings          store.Revision
	StatisticsVersion uint64
	Measure           matcher.Measure
	AsOf              matcher.Date
	Term              string
	Kinds             []matcher.OpportunityKind
	PartnerKinds      []matcher.PartnerKind
	Exclude           map[string]bool
}

// Keys makes the keys of one store's students.
type Keys struct{ identity, line string }

// NewKeys returns those of the store with that identity. The line is part of
// fields: whoever shares it follows the same line of epochs. A store whose file
// can be put back to an older state has another one each time it is opened, or
// an epoch might come twice.
func NewKeys(identity, line string) *Keys { return &Keys{identity, line} }

// Student is the one with an id.
func (k *Keys) Student(district, id string) Student {
	var space [256]byte
	// It is keyed by the identity, which stands first and is as secret as the
	// store; cut off, the digest can't be carried on.
	sum := sha256.Sum256(store.AppendText(k.begin(space[:0], 0, district), id))
	return Student(sum[:16])
}

// Key is the key of a question about a student who is kept. The subject's Memo
// is used for the last one.
func (k *Keys) Key(district, id string, s *store.Subject, q *Question) Key {
	plain, ok := q.plain(district, id)
	if last, _ := s.Memo.Load().(*remembered); ok && last != nil && last.of == k && last.question == plain {
		return last.key
	}
	d := s.Digest()
	var space [256]byte
	b := append(append(space[:0], version), d[:]...)
	sum := sha256.Sum256(k.question(b, q))
	key := Key{Student: k.Student(district, id), Field: [16]byte(sum[:16])}
	if ok {
		s.Memo.Store(&remembered{k, plain, key})
	}
	return key
}

// remembered is a key with what it was made of beside the subject.
type remembered struct {
	of       *Keys
	question plain
	key      Key
}

// plain is a question without lists, about a student.
type plain struct {
	district, student string
	settings          store.Revision
	statisticsVersion uint64
	measure           matcher.Measure
	asOf              matcher.Date
	term              string
}

// plain reports false for a question with lists.
func (q *Question) plain(district, student string) (plain, bool) {
	return plain{district, student, q.Settings, q.StatisticsVersion, q.Measure, q.AsOf, q.Term},
		len(q.Kinds)+len(q.PartnerKinds)+len(q.Exclude) == 0
}

// InLine is the key of a question with a profile in line: one digest of all of
// it, since there is nobody to be erased.
func (k *Keys) InLine(district string, s *store.Subject, q *Question) Key {
	var space [1024]byte
	b := k.begin(space[:0], 1, district)
	sum := sha256.Sum256(s.AppendShape(k.question(append(b, version), q)))
	return Key{Student: Student(sum[:16]), Field: [16]byte(sum[16:]), Brief: true}
}

// begin appends what parts stores, districts and kinds of subjects.
func (k *Keys) begin(b []byte, kind byte, district string) []byte {
	return store.AppendText(store.AppendText(append(b, kind), k.identity), district)
}

// question appends the line and a question.
func (k *Keys) question(b []byte, q *Question) []byte {
	b = store.AppendText(b, k.line)
	b = binary.AppendUvarint(b, uint64(q.Settings))
	b = binary.AppendUvarint(b, q.StatisticsVersion)
	b = binary.AppendVarint(b, int64(q.AsOf))
	b = store.AppendText(store.AppendText(b, string(q.Measure)), q.Term)
	b = store.AppendTexts(store.AppendTexts(b, q.Kinds), q.PartnerKinds)
	b = binary.AppendUvarint(b, uint64(len(q.Exclude)))
	if len(q.Exclude) > 0 {
		for _, id := range slices.Sorted(maps.Keys(q.Exclude)) {
			b = store.AppendText(b, id)
		}
	}
	return b
}

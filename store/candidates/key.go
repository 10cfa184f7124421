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
func (k *Keys) Student(district, id string) Student { return k.digest(0, district, id) }

// Key is the key of a question about a student who is kept.
func (k *Keys) Key(district, id string, s *store.Subject, q *Question) Key {
	return Key{Student: k.Student(district, id), Field: k.field(s.Digest(), q)}
}

// InLine is the key of a question with a profile in line.
func (k *Keys) InLine(district string, s *store.Subject, q *Question) Key {
	d := s.Digest()
	return Key{Student: k.digest(1, district, string(d[:])), Field: k.field(d, q), Brief: true}
}

// digest is keyed by the identity, which stands first and is as secret as the
// store; cut off, the digest can't be carried on.
func (k *Keys) digest(kind byte, district, id string) Student {
	var space [256]byte
	b := store.AppendText(append(space[:0], kind), k.identity)
	sum := sha256.Sum256(store.AppendText(store.AppendText(b, district), id))
	return Student(sum[:16])
}

// field is the digest of a question about a subject.
func (k *Keys) field(subject [32]byte, q *Question) [16]byte {
	var space [256]byte
	b := append(space[:0], version)
	b = store.AppendText(append(b, subject[:]...), k.line)
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
	sum := sha256.Sum256(b)
	return [16]byte(sum[:16])
}

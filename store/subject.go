package store

import (
	"crypto/sha256"
	"encoding/binary"
	"maps"
	"math"
	"slices"
	"sync/atomic"

	"github.com/kindred-match/kindred/matcher"
)

// Subject is a student to rank for.
type Subject struct {
	Student *matcher.Student
	// Forbidden are the opportunities that locks forbid the student.
	Forbidden map[string]bool

	// Memo is for one reader to keep what it worked out from the subject, for the
	// next time; it is nobody else's.
	Memo atomic.Value

	digest atomic.Pointer[[32]byte]
}

// Digest is a SHA-256 of all of the subject that shapes a ranking: interests,
// what eligibility looks at, and what is forbidden; not the id, the school and
// the groups, which never do. It is made once: the subject must not be changed
// any more.
func (s *Subject) Digest() [32]byte {
	if d := s.digest.Load(); d != nil {
		return *d
	}
	d := sha256.Sum256(s.AppendShape(make([]byte, 0, 1024)))
	s.digest.Store(&d)
	return d
}

// AppendShape appends what Digest is a digest of, so that different subjects give
// different bytes: each text and list stands behind its length, and what may be
// missing behind whether it is there.
func (s *Subject) AppendShape(b []byte) []byte {
	t := s.Student
	b = binary.AppendUvarint(b, uint64(len(t.Interests)))
	for _, w := range t.Interests {
		b = binary.LittleEndian.AppendUint16(AppendText(b, w.Tag), w.Weight)
	}
	b = AppendText(AppendText(b, t.Grade), t.Region)
	b = append(b, given(t.Age != nil), given(t.Position != nil), given(t.MaxKm != nil))
	if t.Age != nil {
		b = binary.LittleEndian.AppendUint32(b, uint32(*t.Age))
	}
	if t.Position != nil {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(t.Position.Latitude))
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(t.Position.Longitude))
	}
	if t.MaxKm != nil {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(*t.MaxKm))
	}
	b = AppendTexts(AppendTexts(b, t.Slots), t.Credentials)
	if len(s.Forbidden) == 0 {
		return append(b, 0)
	}
	return AppendTexts(b, slices.Sorted(maps.Keys(s.Forbidden)))
}

// AppendText appends a text behind its length, so that what several texts give
// can be told apart.
func AppendText(b []byte, text string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

// AppendTexts appends a list of texts behind its length.
func AppendTexts[S ~string](b []byte, texts []S) []byte {
	b = binary.AppendUvarint(b, uint64(len(texts)))
	for _, t := range texts {
		b = AppendText(b, string(t))
	}
	return b
}

func given(yes bool) byte {
	if yes {
		return 1
	}
	return 0
}

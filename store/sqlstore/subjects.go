package sqlstore

import (
	"context"
	"sync"

	"github.com/kindred-match/kindred/matcher/place"
	"github.com/kindred-match/kindred/store"
)

// maxSubjects is how many subjects are kept in memory at most, of all districts
// together; each takes about a kilobyte.
const maxSubjects = 1 << 16

// subjectKey names a student of a district by the ids of both.
type subjectKey struct{ district, student string }

// subjects keeps in memory the subjects that were asked for last. It relies on
// all writes being this process's: the writer has it forget what a transaction
// concerns, before the write is acknowledged.
type subjects struct {
	mu sync.Mutex
	// forgotten counts the calls of forget: what was read before one may be from
	// before the write that it is about, and is not kept.
	forgotten uint64
	// Once young is full it becomes old, and what is still asked for moves over.
	young, old map[subjectKey]*store.Subject
}

// get returns nil for a subject that is not there, and what put wants to know.
func (s *subjects) get(key subjectKey) (subject *store.Subject, forgotten uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if subject, ok := s.young[key]; ok {
		return subject, 0
	}
	if subject, ok := s.old[key]; ok {
		delete(s.old, key)
		s.add(key, subject)
		return subject, 0
	}
	return nil, s.forgotten
}

// put keeps a subject that was read after get said that it is not there.
func (s *subjects) put(key subjectKey, subject *store.Subject, forgotten uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if forgotten == s.forgotten {
		s.add(key, subject)
	}
}

func (s *subjects) add(key subjectKey, subject *store.Subject) {
	if s.young == nil || len(s.young) >= maxSubjects/2 {
		s.young, s.old = make(map[subjectKey]*store.Subject), s.young
	}
	s.young[key] = subject
}

// forget drops the subjects that a transaction changed.
func (s *subjects) forget(t *touchedSubjects) {
	if !t.all && len(t.keys) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forgotten++
	if t.all {
		s.young, s.old = nil, nil
		return
	}
	for _, key := range t.keys {
		delete(s.young, key)
		delete(s.old, key)
	}
}

// touchedSubjects are those that a transaction changes.
type touchedSubjects struct {
	keys []subjectKey
	all  bool // perhaps any
}

// touch notes that subjects of the district change.
func (d *districtTx) touch(students ...string) {
	for _, id := range students {
		d.subjects.keys = append(d.subjects.keys, subjectKey{d.id, id})
	}
}

// Subject implements store.Students.
func (s *Store) Subject(ctx context.Context, district, id string) (*store.Subject, error) {
	key := subjectKey{district, id}
	known, forgotten := s.subjects.get(key)
	if known != nil {
		return known, nil
	}
	subject, err := view(ctx, s, func(q queryer) (*store.Subject, error) {
		student, err := one(ctx, q, decodeStudent, `SELECT `+studentColumns+` FROM students`+inDistrict+` AND id = ?`, district, id)
		if err != nil {
			return nil, err
		}
		forbidden, err := collect(ctx, q, (*values).text,
			`SELECT opportunity FROM locks`+inDistrict+` AND student = ? AND action = ?`, district, id, string(place.Forbid))
		subject := &store.Subject{Student: &student.Student}
		for _, opportunity := range forbidden {
			if subject.Forbidden == nil {
				subject.Forbidden = make(map[string]bool, len(forbidden))
			}
			subject.Forbidden[opportunity] = true
		}
		return subject, err
	})
	if err != nil {
		return nil, err
	}
	s.subjects.put(key, subject, forgotten)
	return subject, nil
}

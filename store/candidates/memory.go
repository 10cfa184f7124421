package candidates

import (
	"fmt"

	"github.com/maypok86/otter/v2"
)

// Memory keeps values in process, within a number of bytes: what is asked for
// seldom goes. It is safe for concurrent use.
type Memory struct {
	students *otter.Cache[Student, []field]
}

// field is a value of a student. A slice of them is immutable.
type field struct {
	key   [16]byte
	value []byte
}

const (
	// maxFields is how many values one student may have in process.
	maxFields = 8
	// studentBytes and fieldBytes are about what the cache takes beside values.
	studentBytes, fieldBytes = 160, 48
)

// NewMemory makes a cache of at most that many bytes, about.
func NewMemory(bytes uint64) (*Memory, error) {
	students, err := otter.New(&otter.Options[Student, []field]{
		MaximumWeight: bytes,
		Weigher: func(_ Student, fields []field) uint32 {
			n := studentBytes
			for i := range fields {
				n += fieldBytes + cap(fields[i].value)
			}
			return uint32(n)
		},
	})
	if err != nil {
		return nil, fmt.Errorf("candidate sets in memory: %w", err)
	}
	return &Memory{students}, nil
}

// Get returns the value of a key, or nil. It must not be changed.
func (m *Memory) Get(k Key) []byte {
	fields, _ := m.students.GetIfPresent(k.Student)
	for i := range fields {
		if fields[i].key == k.Field {
			return fields[i].value
		}
	}
	return nil
}

// Put keeps a value, which must not be changed any more, unless there is one of
// a later epoch.
func (m *Memory) Put(k Key, value []byte) {
	epoch := EpochOf(value)
	m.students.Compute(k.Student, func(before []field, _ bool) ([]field, otter.ComputeOp) {
		after := make([]field, 1, min(len(before)+1, maxFields))
		after[0] = field{k.Field, value}
		for _, f := range before {
			switch {
			case f.key == k.Field && EpochOf(f.value) > epoch:
				return nil, otter.CancelOp
			case f.key != k.Field && len(after) < maxFields:
				after = append(after, f)
			}
		}
		return after, otter.WriteOp
	})
}

// Fields is how many values a student has.
func (m *Memory) Fields(s Student) int {
	fields, _ := m.students.GetIfPresent(s)
	return len(fields)
}

// Erase removes all that a student has.
func (m *Memory) Erase(s Student) { m.students.Invalidate(s) }

// CleanUp has done at once what the cache does in its own time.
func (m *Memory) CleanUp() { m.students.CleanUp() }

// Bytes is about what is taken.
func (m *Memory) Bytes() uint64 { return m.students.WeightedSize() }

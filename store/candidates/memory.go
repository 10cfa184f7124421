package candidates

import (
	"fmt"
	"slices"
	"time"

	"github.com/maypok86/otter/v2"
)

// Memory keeps sets in process, within a number of bytes: what is asked for
// seldom goes, and all that a student has goes at the end of its life. It is
// safe for concurrent use.
type Memory struct {
	students *otter.Cache[Student, []field]
}

// MemoryOptions say how sets are kept in process. Only Bytes is required.
type MemoryOptions struct {
	// Bytes is about how much is kept.
	Bytes uint64
	// Life is about how long a student's sets are kept from the first one on; 0
	// is an hour. BriefLife is the same for profiles in line; 0 is a minute.
	Life, BriefLife time.Duration
	// Now, unless nil, says what time it is.
	Now func() time.Time
}

// Kept is a set in process: its value, which must not be changed any more, and
// perhaps its head.
type Kept struct {
	Value []byte
	Head  *Head
}

// field is a set of a student. A slice of them is immutable.
type field struct {
	key   [16]byte
	kept  Kept
	brief bool
}

const (
	// maxFields is how many sets one student may have in process.
	maxFields = 8
	// studentBytes and fieldBytes are about what the cache takes beside values,
	// headBytes and entryBytes what heads do.
	studentBytes, fieldBytes = 160, 56
	headBytes, entryBytes    = 64, 16
	// resolution is how exactly lives are kept.
	resolution = time.Second
)

// NewMemory makes an empty cache.
func NewMemory(o MemoryOptions) (*Memory, error) {
	var clock otter.Clock = timer(o.Now)
	if o.Now == nil {
		clock = otter.NewCoarseClock(resolution) // reads needn't ask the machine
	}
	students, err := otter.New(&otter.Options[Student, []field]{
		MaximumWeight: o.Bytes,
		Weigher: func(_ Student, fields []field) uint32 {
			n := studentBytes
			for i := range fields {
				n += fieldBytes + cap(fields[i].kept.Value) + fields[i].kept.Head.bytes()
			}
			return uint32(n)
		},
		ExpiryCalculator: otter.ExpiryCreatingFunc(func(e otter.Entry[Student, []field]) time.Duration {
			return lifeOf(e.Value[0].brief, o.Life, o.BriefLife)
		}),
		// Keeping order takes less time than waking up a goroutine that does.
		Executor: func(keepOrder func()) { keepOrder() },
		Clock:    clock,
	})
	if err != nil {
		return nil, fmt.Errorf("candidate sets in memory: %w", err)
	}
	return &Memory{students}, nil
}

// timer is a clock of otter's. It has no ticks: what has expired goes when the
// cache is used.
type timer func() time.Time

// NowNano implements otter.Clock.
func (t timer) NowNano() int64 { return t().UnixNano() }

// Tick implements otter.Clock.
func (t timer) Tick(time.Duration) <-chan time.Time { return nil }

// Get returns what is kept under a key; without a value where there is nothing.
func (m *Memory) Get(k Key) Kept {
	fields, _ := m.students.GetIfPresent(k.Student)
	for i := range fields {
		if fields[i].key == k.Field {
			return fields[i].kept
		}
	}
	return Kept{}
}

// Put keeps a set, unless there is one of a later epoch.
func (m *Memory) Put(k Key, kept Kept) {
	epoch := EpochOf(kept.Value)
	m.students.Compute(k.Student, func(before []field, _ bool) ([]field, otter.ComputeOp) {
		after := make([]field, 1, min(len(before)+1, maxFields))
		after[0] = field{k.Field, kept, k.Brief}
		for _, f := range before {
			switch {
			case f.key == k.Field && EpochOf(f.kept.Value) > epoch:
				return nil, otter.CancelOp
			case f.key != k.Field && len(after) < maxFields:
				after = append(after, f)
			}
		}
		return after, otter.WriteOp
	})
}

// PutHead keeps the head of a set that is there already; if it no longer is,
// nothing.
func (m *Memory) PutHead(k Key, head *Head) {
	m.students.ComputeIfPresent(k.Student, func(before []field) ([]field, otter.ComputeOp) {
		i := slices.IndexFunc(before, func(f field) bool { return f.key == k.Field })
		if i < 0 || EpochOf(before[i].kept.Value) != head.epoch {
			return nil, otter.CancelOp
		}
		after := slices.Clone(before)
		after[i].kept.Head = head
		return after, otter.WriteOp
	})
}

// Fields is how many sets a student has.
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

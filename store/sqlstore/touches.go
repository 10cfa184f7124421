package sqlstore

import (
	"slices"
	"sync"

	"github.com/kindred-match/kindred/store"
)

// maxTouches is how many of the last writes of students are remembered at most,
// of all districts together. An id that was erased is among them for as long.
const maxTouches = 1 << 16

// touches remembers, in memory, which students were written last. Like subjects
// it relies on all writes being this process's.
type touches struct {
	mu   sync.Mutex
	list []subjectKey
	gone uint64 // how many came before the list
}

// add is for the writer, before it acknowledges the writes.
func (t *touches) add(keys []subjectKey) {
	if len(keys) == 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.list = append(t.list, keys...)
	if over := len(t.list) - maxTouches; over > 0 {
		over = min(len(t.list), over+maxTouches/2) // so that it is moved now and then only
		t.list = slices.Delete(t.list, 0, over)
		t.gone += uint64(over)
	}
}

// since are the students of a district that were written since a mark.
func (t *touches) since(district string, mark store.Mark) (ids []string, now store.Mark, known bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	end := t.gone + uint64(len(t.list))
	now = store.Mark(end + 1) // 0 is no mark
	if mark == 0 || mark > now || uint64(mark)-1 < t.gone {
		return nil, now, false
	}
	for _, key := range t.list[uint64(mark)-1-t.gone:] {
		if key.district == district {
			ids = append(ids, key.student)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids), now, true
}

// Touched implements store.Students.
func (s *Store) Touched(district string, since store.Mark) (ids []string, now store.Mark, known bool) {
	return s.touches.since(district, since)
}

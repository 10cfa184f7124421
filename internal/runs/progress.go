package runs

import (
	"sync"
	"time"

	"github.com/kindred-match/kindred/internal/clock"
	"github.com/kindred-match/kindred/store"
)

// Progress says how far a run is that is being worked on. It is kept in memory
// and has nothing of a student.
type Progress struct {
	Step store.Step
	// Detail is what is being done of the step; Done of Total are, of which 0 is
	// not known.
	Detail      string
	Done, Total int64
	// Rate is how many a second, Remaining how long the rest of the detail takes
	// at this rate; 0 where it isn't known.
	Rate      float64
	Remaining time.Duration
}

// tellEvery is how often progress within a detail is told.
const tellEvery = 200 * time.Millisecond

// meter keeps the progress of a run and tells when there is news.
type meter struct {
	clock clock.Clock
	tell  func()

	mu    sync.Mutex
	p     Progress
	first int64     // of the detail, done when it began: by a run that was resumed, say
	begun time.Time // of the detail
	told  time.Time
}

// set notes how far the run is. It may be called often, by any goroutine.
func (m *meter) set(step store.Step, detail string, done, total int64) {
	now := m.clock.Now()
	m.mu.Lock()
	if m.p.Step != step || m.p.Detail != detail || done < m.p.Done {
		m.first, m.begun, m.told = done, now, time.Time{}
	}
	m.p = Progress{Step: step, Detail: detail, Done: done, Total: total}
	if took := now.Sub(m.begun).Seconds(); took > 0 && done > m.first {
		m.p.Rate = float64(done-m.first) / took
		if total > done {
			m.p.Remaining = time.Duration(float64(total-done) / m.p.Rate * float64(time.Second))
		}
	}
	news := now.Sub(m.told) >= tellEvery
	if news {
		m.told = now
	}
	m.mu.Unlock()
	if news {
		m.tell()
	}
}

func (m *meter) progress() Progress {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.p
}

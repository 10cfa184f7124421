package service

import (
	"context"
	"errors"
	"sync"

	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/store"
)

const (
	// maxIndexedStudents is how many students are kept in indexes at most, of all
	// districts together; each takes some 300 bytes. While one is built, there may be
	// as many again.
	maxIndexedStudents = 1 << 20
	// worthIndexing is at which ranking without an index one is built: that takes
	// as long as one and a quarter without.
	worthIndexing = 2
	// maxCatchUp is how many changed students are read one by one.
	maxCatchUp = 5000
)

// studentIndexes are indexes of districts' students, built when they are asked
// for again and again. They follow the writes of the store: before each ranking
// what was written since the last one is read anew, so that an erased student is
// gone from the rankings at once, and from memory with the next build.
type studentIndexes struct {
	store store.Students
	most  int

	mu        sync.Mutex
	districts map[string]*studentsOf
	asks      uint64
}

func newStudentIndexes(s store.Students, most int) *studentIndexes {
	return &studentIndexes{store: s, most: most, districts: make(map[string]*studentsOf)}
}

// studentsOf are a district's.
type studentsOf struct {
	district string
	lastAsk  uint64 // guarded by studentIndexes.mu

	mu       sync.Mutex
	index    *matcher.StudentIndex // nil: none
	mark     store.Mark            // that the index is up to
	building bool
	without  int                            // rankings without an index
	rankers  map[matcher.Measure]*sync.Pool // of *matcher.StudentRanker
}

// of finds a district's, which may have no index yet.
func (s *studentIndexes) of(district string) *studentsOf {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.districts[district]
	if d == nil {
		d = &studentsOf{district: district, rankers: make(map[matcher.Measure]*sync.Pool)}
		for _, m := range matcher.Measures {
			d.rankers[m] = new(sync.Pool)
		}
		s.districts[district] = d
	}
	s.asks++
	d.lastAsk = s.asks
	return d
}

// rank ranks by an index. It reports false where there is none.
func (s *studentIndexes) rank(
	ctx context.Context, w *where, explain bool, q *matcher.StudentQuery,
) ([]rankedStudent, bool, error) {
	d := s.of(w.district)
	index, err := s.current(ctx, d, w.ranking.Index)
	if index == nil || err != nil {
		return nil, false, err
	}
	rankers := d.rankers[w.ranking.Measure]
	ranker, ok := rankers.Get().(*matcher.StudentRanker)
	if !ok {
		ranker = new(matcher.StudentRanker)
	}
	if !ranker.Move(w.ranking.Index, index) {
		d.drop() // the tags have changed
		return nil, false, nil
	}
	candidates, _ := ranker.Rank(nil, q)
	best := make([]rankedStudent, len(candidates))
	for i, c := range candidates {
		best[i].StudentCandidate = c
		if explain {
			best[i].parts, _ = ranker.Parts(c.Student, q.Opportunity)
		}
	}
	rankers.Put(ranker)
	return best, true, nil
}

// drop forgets the index; it is built anew if that is worth it.
func (d *studentsOf) drop() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.index, d.without = nil, worthIndexing-1
}

// current is the district's index with all that has been written, or nil. Who
// finds that it is time to build one does so; meanwhile others go on with the one
// before, or without.
func (s *studentIndexes) current(ctx context.Context, d *studentsOf, x *matcher.Index) (*matcher.StudentIndex, error) {
	d.mu.Lock()
	if err := d.catchUp(ctx, s.store); err != nil {
		d.mu.Unlock()
		return nil, err
	}
	index := d.index
	if index == nil {
		d.without++
	}
	build := !d.building && (index == nil && d.without >= worthIndexing || index != nil && index.Due())
	d.building = d.building || build
	d.mu.Unlock()
	if !build {
		return index, nil
	}
	return s.build(ctx, d, x)
}

// catchUp reads what was written since the index was brought up to date last.
func (d *studentsOf) catchUp(ctx context.Context, students store.Students) error {
	if d.index == nil {
		return nil
	}
	ids, now, known := students.Touched(d.district, d.mark)
	if !known || len(ids) > maxCatchUp {
		d.index = nil
		return nil
	}
	changes := make([]matcher.StudentChange, len(ids))
	for i, id := range ids {
		switch record, err := students.Student(ctx, d.district, id); {
		case errors.Is(err, store.ErrNotFound):
			changes[i].Removed = id
		case err != nil:
			return err
		default:
			changes[i].Student = &record.Student
		}
	}
	if len(changes) > 0 {
		d.index = d.index.With(changes...)
	}
	d.mark = now
	return nil
}

// errTooMany says that a district has more students than may be kept.
var errTooMany = errors.New("too many students for an index")

// build reads all students of the district. It returns nil where there are too
// many.
func (s *studentIndexes) build(ctx context.Context, d *studentsOf, x *matcher.Index) (*matcher.StudentIndex, error) {
	_, mark, _ := s.store.Touched(d.district, 0)
	index, err := s.read(ctx, d.district, x)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.building, d.without = false, 0
	if errors.Is(err, errTooMany) {
		const long = 10_000 // rankings until it is tried again
		d.index, d.without = nil, -long
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	d.index, d.mark = index, mark
	s.makeRoom(d)
	// What was written while it was read comes before this ranking, too.
	if err := d.catchUp(ctx, s.store); err != nil {
		return nil, err
	}
	return d.index, nil
}

func (s *studentIndexes) read(ctx context.Context, district string, x *matcher.Index) (*matcher.StudentIndex, error) {
	var failed error
	index, err := matcher.NewStudentIndex(x, func(yield func(*matcher.Student) bool) {
		n, after := 0, ""
		for {
			page, err := s.store.ListStudents(ctx, district, after, studentPage)
			if n += len(page); n > s.most {
				err = errTooMany
			}
			if err != nil || len(page) == 0 {
				failed = err
				return
			}
			for i := range page {
				if !yield(&page[i].Student) {
					return
				}
			}
			after = page[len(page)-1].ID
		}
	})
	return index, errors.Join(failed, err)
}

// makeRoom drops the indexes that were not asked for for the longest, while
// there are too many students in all. The one that was built stays; its lock is
// held.
func (s *studentIndexes) makeRoom(built *studentsOf) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		all := built.index.Len()
		var oldest *studentsOf
		for _, d := range s.districts {
			if d == built || !d.mu.TryLock() {
				continue // who is at it drops some when it has built
			}
			if d.index != nil {
				all += d.index.Len()
				if oldest == nil || d.lastAsk < oldest.lastAsk {
					oldest = d
				}
			}
			d.mu.Unlock()
		}
		if all <= s.most || oldest == nil || !oldest.mu.TryLock() {
			return
		}
		oldest.index, oldest.without = nil, 0
		oldest.mu.Unlock()
	}
}

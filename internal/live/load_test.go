package live_test

import (
	"context"
	"os"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest"

	"github.com/kindred-match/kindred/internal/clock"
	"github.com/kindred-match/kindred/internal/generate"
	"github.com/kindred-match/kindred/internal/live"
	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/store"
	"github.com/kindred-match/kindred/store/sqlstore"
)

// trial says what is tried.
type trial struct {
	opportunities, changes int
	rate                   int // changes a second; 0: as fast as may be
	quiet                  time.Duration
	every                  int // one answer of so many is checked
	students               int
	plain                  bool
}

// answer is one that was logged.
type answer struct {
	epoch   store.Epoch
	student int
	ranking []ranking
}

// load is a reader and writers on a followed store.
type load struct {
	trial
	invented   *generate.Invented
	students   []matcher.Student
	store      *sqlstore.Store
	catalogues *live.Catalogues
	merges     atomic.Int64
	merging    atomic.Int64 // nanoseconds

	epochs  []store.Epoch   // by change
	lags    []time.Duration // by change, from the commit until it can be read
	answers []answer
}

// TestReaderUnderChange has one reader rank without a pause while seats are
// taken, opportunities close and get other tags; then it looks at the answers
// again, with the reference at their epochs. With -measure it is the
// measurement of docs/performance.md.
func TestReaderUnderChange(t *testing.T) {
	o := trial{opportunities: 600, changes: 300, every: 1, students: 20}
	if *measured {
		o = trial{
			opportunities: *opportunities, changes: *rate * *seconds, rate: *rate, every: 100, students: 500, plain: true,
			quiet: time.Duration(*quiet) * time.Second,
		}
	}
	l := newLoad(t, o)
	var f figures
	if *measured {
		f = l.measure(t)
	} else {
		counts := l.readWhile(t, func() { l.write(t) })
		if counts.rankings == 0 || l.merges.Load() == 0 {
			t.Fatalf("%d rankings, %d merges: the test shows nothing", counts.rankings, l.merges.Load())
		}
	}
	wrong := l.check(t)
	if wrong > 0 {
		t.Errorf("%d of %d answers differ from the reference at their epoch", wrong, len(l.answers))
	}
	if *measured {
		f.AnswersChecked, f.AnswersWrong = len(l.answers), wrong
		printed(t, f)
	}
}

func newLoad(t *testing.T, o trial) *load {
	t.Helper()
	l := &load{
		trial:    o,
		invented: invent(t, generate.Options{Students: o.students, Opportunities: o.opportunities, Seed: 1, Plain: o.plain}),
		epochs:   make([]store.Epoch, o.changes),
		lags:     make([]time.Duration, o.changes),
	}
	l.students = slices.Collect(l.invented.Students())
	l.store = l.open(t)
	var err error
	l.catalogues, err = live.Open(t.Context(), live.Options{
		Store: l.store, Clock: clock.System{}, Log: zaptest.NewLogger(t, zaptest.Level(zap.WarnLevel)),
		Merged: func(d time.Duration) {
			l.merges.Add(1)
			l.merging.Add(int64(d))
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.catalogues.Close)
	<-l.catalogues.Ready()
	return l
}

// open opens a store with the invented catalogue: with -data a copy of what was
// kept, or what is kept for the next time.
func (l *load) open(t *testing.T) *sqlstore.Store {
	t.Helper()
	if !*measured || *data == "" {
		s := openStore(t, sqlstore.Options{})
		write(t, s, puts(l.invented))
		return s
	}
	if _, err := os.Stat(*data); err != nil {
		s, err := sqlstore.Open(t.Context(), sqlstore.Options{Dir: *data})
		if err != nil {
			t.Fatal(err)
		}
		write(t, s, puts(l.invented))
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	copied := t.TempDir()
	if err := os.CopyFS(copied, os.DirFS(*data)); err != nil {
		t.Fatal(err)
	}
	s, err := sqlstore.Open(t.Context(), sqlstore.Options{Dir: copied})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// change is the i-th: of 20, 16 take or free seats, 3 close, 1 has other tags.
func (l *load) change(i int) matcher.Opportunity {
	scatter := func(salt uint64) int {
		x := (uint64(i) + salt) * 0x9e3779b97f4a7c15
		return int((x ^ x>>29) % uint64(l.opportunities))
	}
	o := l.invented.Opportunity(scatter(1))
	switch kind := i % 20; {
	case kind == 19:
		o.Tags = l.invented.Opportunity(scatter(2)).Tags
	case kind >= 16:
		o.Status = matcher.Closed
	default:
		o.Seats = int32(i / 20 % 4)
	}
	return o
}

// write makes all changes, in step with the rate, and notes when each could be
// read.
func (l *load) write(t *testing.T) {
	const writers = 8
	begin := time.Now()
	var next atomic.Int64
	var group sync.WaitGroup
	for range writers {
		group.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= l.changes {
					return
				}
				o := l.change(i)
				if l.rate > 0 {
					due := begin.Add(time.Duration(i) * time.Second / time.Duration(l.rate))
					_ = clock.System{}.Until(t.Context(), due)
				}
				r, err := l.store.Write(t.Context(), district, store.Request{Now: start},
					store.Write{Mutations: []store.Mutation{{PutOpportunity: &o}}})
				if err != nil {
					t.Errorf("change %d: %v", i, err)
					return
				}
				committed := time.Now()
				if _, err := l.catalogues.At(t.Context(), district, r.Epoch); err != nil {
					t.Errorf("change %d: %v", i, err)
				}
				l.epochs[i], l.lags[i] = store.Epoch(r.Revisions[0]), time.Since(committed)
			}
		})
	}
	group.Wait()
}

// phase is what a reader did for a while.
type phase struct {
	rankings int
	took     time.Duration
	times    []time.Duration // of one ranking of ten
}

// readWhile has the reader rank until f returns.
func (l *load) readWhile(t *testing.T, f func()) phase {
	done := make(chan struct{})
	var p phase
	var reader sync.WaitGroup
	reader.Go(func() { p = l.read(t, done) })
	f()
	close(done)
	reader.Wait()
	return p
}

// read ranks for one student after the other until done is closed.
func (l *load) read(t *testing.T, done <-chan struct{}) phase {
	runtime.LockOSThread() // to the end: the thread may be pinned
	if *measured && *core >= 0 {
		if err := pin(*core); err != nil {
			t.Error(err)
		}
	}
	var p phase
	var dst []matcher.Candidate
	query := matcher.Query{K: 10}
	begin := time.Now()
	for ; ; p.rankings++ {
		select {
		case <-done:
			p.took = time.Since(begin)
			return p
		default:
		}
		var at time.Time
		if p.rankings%10 == 0 {
			at = time.Now()
		}
		s, err := l.catalogues.Get(context.Background(), district)
		if err != nil {
			t.Error(err)
			return p
		}
		student := p.rankings % len(l.students)
		query.Student, query.AsOf = &l.students[student], s.AsOf(start)
		r, _ := s.Ranking("")
		ranker := r.Acquire()
		dst = ranker.Rank(dst[:0], &query)
		r.Release(ranker)
		if p.rankings%10 == 0 {
			p.times = append(p.times, time.Since(at))
		}
		if p.rankings%l.every == 0 {
			l.answers = append(l.answers, answerOf(s.Epoch, student, dst))
		}
	}
}

func answerOf(epoch store.Epoch, student int, candidates []matcher.Candidate) answer {
	a := answer{epoch, student, make([]ranking, len(candidates))}
	for i, c := range candidates {
		a.ranking[i] = ranking{c.Opportunity, c.Units}
	}
	return a
}

// check compares the answers with the reference, brought to each epoch in turn.
func (l *load) check(t *testing.T) (wrong int) {
	t.Helper()
	c := matcher.Catalogue{
		Tags: l.invented.Tags(), Partners: slices.Collect(l.invented.Partners()),
		Opportunities: slices.Collect(l.invented.Opportunities()),
	}
	r := newReference(c)
	order := make([]int, l.changes)
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return int(l.epochs[a]) - int(l.epochs[b]) })
	slices.SortStableFunc(l.answers, func(a, b answer) int { return int(a.epoch) - int(b.epoch) })
	known := make(map[int][]matcher.Candidate) // by student, at the epoch at hand
	for i := range l.answers {
		a := &l.answers[i]
		if i > 0 && a.epoch != l.answers[i-1].epoch {
			clear(known)
		}
		for ; len(order) > 0 && l.epochs[order[0]] <= a.epoch; order = order[1:] {
			r.put(l.change(order[0]))
		}
		want, ok := known[a.student]
		if !ok {
			want = r.rank(&matcher.Query{Student: &l.students[a.student], AsOf: matcher.DateOf(start), K: 10})
			known[a.student] = want
		}
		if err := sameRanking(a.ranking, want); err != nil {
			t.Logf("at epoch %d: %v", a.epoch, err)
			wrong++
		}
	}
	return wrong
}

package sets

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap/zaptest"
	"pgregory.net/rapid"

	"github.com/kindred-match/kindred/internal/clock"
	"github.com/kindred-match/kindred/internal/live"
	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/matcher/place"
	"github.com/kindred-match/kindred/store"
	"github.com/kindred-match/kindred/store/candidates/redistest"
	"github.com/kindred-match/kindred/store/sqlstore"
)

var noon = time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)

// gated is a catalogue whose changes are heard of when the gate of a district is
// opened, so that two who follow it go in steps of their own.
type gated struct {
	store.Catalogue
	gates sync.Map // by district, chan struct{}
}

func (g *gated) gate(district string) chan struct{} {
	c, _ := g.gates.LoadOrStore(district, make(chan struct{}))
	return c.(chan struct{})
}

func (g *gated) Wait(ctx context.Context, district string, after store.Epoch) error {
	select {
	case <-g.gate(district):
		return g.Catalogue.Wait(ctx, district, after)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// replica follows a store, in steps.
type replica struct {
	gated      *gated
	catalogues *live.Catalogues
}

func newReplica(t *testing.T, st store.Store) *replica {
	g := &gated{Catalogue: st}
	c, err := live.Open(t.Context(), live.Options{Store: g, Clock: clock.System{}, Log: zaptest.NewLogger(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return &replica{g, c}
}

// machine is a district, two replicas with the sets that they share, and the
// snapshots that readers may still hold.
type machine struct {
	st       store.Store
	district string
	sets     *Sets
	replicas []*replica
	held     []*live.Snapshot
	now      time.Time
	asked    []question
	entries  int
	taken    []string
	fresh    int
}

var (
	someTag         = rapid.SampledFrom([]string{"a", "b", "c", "d", "e", "f", "unlisted"})
	somePartner     = rapid.SampledFrom([]string{"p", "q", "r"})
	someOpportunity = rapid.Custom(func(t *rapid.T) string { return fmt.Sprintf("o%02d", rapid.IntRange(0, 29).Draw(t, "n")) })
	someStudent     = rapid.SampledFrom([]string{"s", "t", "u"})
	someWeight      = rapid.SampledFrom([]matcher.Weight{10000, 5000, 5000, 2500, 1})
	someKinds       = []matcher.OpportunityKind{"internship", "mentorship"}
	partnerKinds    = []matcher.PartnerKind{"business", "community"}
)

// question is what is asked again and again.
type question struct {
	student      string
	measure      matcher.Measure
	kinds        []matcher.OpportunityKind
	partnerKinds []matcher.PartnerKind
	term         string
	exclude      map[string]bool
	inLine       bool
}

func someQuestion(t *rapid.T) question {
	q := question{student: someStudent.Draw(t, "student"), measure: rapid.SampledFrom(matcher.Measures).Draw(t, "measure")}
	switch rapid.IntRange(0, 7).Draw(t, "wishes") {
	case 0:
		q.kinds = someKinds[:1]
	case 1:
		q.partnerKinds = partnerKinds[:1]
	case 2:
		q.term = "fall"
	case 3:
		q.exclude = map[string]bool{"o01": true, "o02": true}
	}
	q.inLine = rapid.IntRange(0, 3).Draw(t, "in line") == 0
	return q
}

// TestSetsAnswerAsFreshRankings runs random histories. Whatever is read, out of
// whichever snapshot, must be what ranking it anew gives. A million steps:
// -rapid.checks=2000 -rapid.steps=500.
func TestSetsAnswerAsFreshRankings(t *testing.T) {
	histories(t, Options{MemoryBytes: 1 << 20}, func(total *Counts) bool {
		return total.Cached.Load() > 0 && total.Repaired.Load() > 0 && total.Short.Load() > 0 && total.Unknown.Load() > 0
	})
}

// TestSharedSetsAnswerAsFreshRankings is the same out of Redis alone.
func TestSharedSetsAnswerAsFreshRankings(t *testing.T) {
	shared := share(t, redistest.Start(t).URL())
	histories(t, Options{MemoryBytes: 1, Redis: shared}, func(total *Counts) bool {
		return shared.Counts.Found.Load() > 0 && total.Repaired.Load() > 0
	})
}

// histories runs random histories of districts, and more of them where few
// have not shown everything: each case is rare in a short history.
func histories(t *testing.T, o Options, shown func(total *Counts) bool) {
	st, err := sqlstore.Open(t.Context(), sqlstore.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	o.Store, o.Always = st, true
	replicas := []*replica{newReplica(t, st), newReplica(t, st)}
	districts := 0
	var total Counts
	history := func(rt *rapid.T) {
		districts++
		m := newMachine(rt, o, fmt.Sprintf("d%d", districts), replicas)
		rt.Repeat(map[string]func(*rapid.T){
			"opportunities": m.putOpportunities, "close": m.close, "delete": m.delete, "partner": m.putPartner,
			"reserve": m.reserve, "release": m.release, "student": m.putStudent, "lock": m.lock,
			"vocabulary": m.vocabulary, "settings": m.settings, "day": m.day,
			"first replica": func(t *rapid.T) { m.sync(t, 0) }, "second replica": func(t *rapid.T) { m.sync(t, 1) },
			"read": m.read, "read again": m.read, "read more": m.read, "and more": m.read, "and again": m.read,
		})
		total.Cached.Add(m.sets.Counts.Cached.Load())
		total.Repaired.Add(m.sets.Counts.Repaired.Load())
		total.Ranked.Add(m.sets.Counts.Ranked.Load())
		total.Short.Add(m.sets.Counts.Short.Load())
		total.Absent.Add(m.sets.Counts.Absent.Load())
		total.Garbage.Add(m.sets.Counts.Garbage.Load())
		total.Unknown.Add(m.sets.Counts.Unknown.Load())
	}
	const most = 20
	for range most {
		rapid.Check(t, history)
		if shown(&total) {
			break
		}
	}
	t.Logf("cached %d, repaired %d, ranked %d; short %d, unknown %d", total.Cached.Load(), total.Repaired.Load(),
		total.Ranked.Load(), total.Short.Load(), total.Unknown.Load())
	if !shown(&total) {
		t.Error("the test shows nothing")
	}
}

func newMachine(t *rapid.T, o Options, district string, replicas []*replica) *machine {
	st := o.Store
	sets, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	sets.spare = rapid.IntRange(0, 4).Draw(t, "spare")
	sets.most = rapid.IntRange(6, 20).Draw(t, "most")
	m := &machine{st: st, district: district, sets: sets, replicas: replicas, now: noon}
	for range 3 {
		m.asked = append(m.asked, someQuestion(t))
	}
	var w store.Write
	for _, id := range []string{"p", "q", "r"} {
		w.Mutations = append(w.Mutations, store.Mutation{PutPartner: &matcher.Partner{ID: id, Kind: "business"}})
	}
	for _, tag := range []matcher.Tag{{ID: "a", Importance: 1}, {ID: "b", Importance: 2, Parent: "a"}, {ID: "c", Importance: 1}} {
		w.Mutations = append(w.Mutations, store.Mutation{PutTag: &tag})
	}
	for i := range 24 {
		w.Mutations = append(w.Mutations, store.Mutation{PutOpportunity: m.opportunity(t, fmt.Sprintf("o%02d", i))})
	}
	if _, err := m.st.Write(t.Context(), m.district, m.request(), w); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"s", "t", "u"} {
		m.student(t, id)
	}
	for i := range replicas {
		s, err := replicas[i].catalogues.Get(t.Context(), district)
		if err != nil {
			t.Fatal(err)
		}
		m.held = append(m.held, s)
	}
	return m
}

func (m *machine) request() store.Request { return store.Request{Now: m.now} }

// write writes; what breaks a rule is left out.
func (m *machine) write(t *rapid.T, w store.Write) {
	_, err := m.st.Write(t.Context(), m.district, m.request(), w)
	if err != nil && !errors.Is(err, store.ErrInvalid) && !errors.Is(err, store.ErrInUse) && !errors.Is(err, store.ErrNotFound) {
		t.Fatal(err)
	}
}

func (m *machine) opportunity(t *rapid.T, id string) *matcher.Opportunity {
	o := &matcher.Opportunity{
		ID: id, Partner: rapid.SampledFrom([]string{"", "p", "p", "q", "r"}).Draw(t, "partner"),
		Kind: rapid.SampledFrom(someKinds).Draw(t, "kind"), Term: rapid.SampledFrom([]string{"", "fall"}).Draw(t, "term"),
		Seats: rapid.SampledFrom([]int32{0, 1, 1, 2, 5}).Draw(t, "seats"),
		Boost: rapid.SampledFrom([]float64{1, 1, 1, .5, 2}).Draw(t, "boost"),
		Status: rapid.SampledFrom([]matcher.Status{
			matcher.Published, matcher.Published, matcher.Published, matcher.Published, matcher.Draft,
		}).Draw(t, "status"),
		MinPolicy: matcher.MinHard, Tags: tags(t),
	}
	if rapid.IntRange(0, 3).Draw(t, "dated") == 0 {
		o.Opens = matcher.DateOf(m.now.AddDate(0, 0, rapid.IntRange(-3, 3).Draw(t, "opens")))
		o.Closes = o.Opens + matcher.Date(rapid.IntRange(0, 3).Draw(t, "closes"))
	}
	if rapid.IntRange(0, 3).Draw(t, "graded") == 0 {
		o.Grades = []string{rapid.SampledFrom([]string{"9", "10"}).Draw(t, "grade")}
	}
	return o
}

func tags(t *rapid.T) []matcher.Weighted {
	ids := rapid.SliceOfNDistinct(someTag, 1, 4, rapid.ID).Draw(t, "tags")
	slices.Sort(ids)
	list := make([]matcher.Weighted, len(ids))
	for i, id := range ids {
		list[i] = matcher.Weighted{Tag: id, Weight: someWeight.Draw(t, "weight")}
	}
	return list
}

func (m *machine) putOpportunities(t *rapid.T) {
	var w store.Write
	for _, id := range rapid.SliceOfNDistinct(someOpportunity, 1, 3, rapid.ID).Draw(t, "ids") {
		w.Mutations = append(w.Mutations, store.Mutation{PutOpportunity: m.opportunity(t, id)})
	}
	m.write(t, w)
}

// close closes an opportunity, or gives it other seats.
func (m *machine) close(t *rapid.T) {
	r, err := m.st.Opportunity(t.Context(), m.district, someOpportunity.Draw(t, "id"))
	if err != nil {
		return
	}
	if rapid.Bool().Draw(t, "close") {
		r.Status = matcher.Closed
	} else {
		r.Seats = rapid.Int32Range(0, 3).Draw(t, "seats")
	}
	m.write(t, store.Write{Mutations: []store.Mutation{{PutOpportunity: &r.Opportunity}}})
}

func (m *machine) delete(t *rapid.T) {
	mutation := store.Mutation{DeleteOpportunity: someOpportunity.Draw(t, "id")}
	if rapid.IntRange(0, 5).Draw(t, "a partner") == 0 {
		mutation = store.Mutation{DeletePartner: somePartner.Draw(t, "partner")}
	}
	m.write(t, store.Write{Mutations: []store.Mutation{mutation}})
}

func (m *machine) putPartner(t *rapid.T) {
	p := &matcher.Partner{ID: somePartner.Draw(t, "partner"), Kind: rapid.SampledFrom(partnerKinds).Draw(t, "kind")}
	if n := rapid.Int32Range(0, 3).Draw(t, "cap"); n < 3 {
		p.MaxSeats = &n
	}
	m.write(t, store.Write{Mutations: []store.Mutation{{PutPartner: p}}})
}

func (m *machine) reserve(t *rapid.T) {
	m.entries++
	id := fmt.Sprintf("00000000-0000-4000-8000-%012d", m.entries)
	_, err := m.st.Reserve(t.Context(), m.district, m.request(), store.Reservation{
		ID: id, Student: someStudent.Draw(t, "student"), Opportunity: someOpportunity.Draw(t, "id"), Expires: m.now.Add(1 << 40),
	})
	if err == nil {
		m.taken = append(m.taken, id)
	}
}

func (m *machine) release(t *rapid.T) {
	if len(m.taken) == 0 {
		return
	}
	i := rapid.IntRange(0, len(m.taken)-1).Draw(t, "entry")
	_, _ = m.st.Release(t.Context(), m.district, m.request(), m.taken[i]) // it may have gone with its student
	m.taken = slices.Delete(m.taken, i, i+1)
}

func (m *machine) student(t *rapid.T, id string) {
	s := &matcher.Student{ID: id, Grade: rapid.SampledFrom([]string{"9", "10"}).Draw(t, "grade"), Interests: tags(t)}
	if _, err := m.st.PutStudents(t.Context(), m.district, m.request(), []store.StudentPut{{Student: s}}); err != nil {
		t.Fatal(err)
	}
}

// putStudent changes a student, or erases one who then comes anew.
func (m *machine) putStudent(t *rapid.T) {
	id := someStudent.Draw(t, "student")
	if rapid.IntRange(0, 3).Draw(t, "erase") == 0 {
		if _, err := m.st.DeleteStudent(t.Context(), m.district, m.request(), id, 0); err != nil {
			t.Fatal(err)
		}
		m.sets.Erase(t.Context(), m.district, id)
		if fields := m.kept(id); fields > 0 {
			t.Fatalf("an erased student has %d sets", fields)
		}
	}
	m.student(t, id)
}

func (m *machine) kept(student string) int {
	return m.sets.memory.Fields(m.sets.keys.Student(m.district, student))
}

func (m *machine) lock(t *rapid.T) {
	lock := place.Lock{Student: someStudent.Draw(t, "student"), Opportunity: someOpportunity.Draw(t, "id"), Action: place.Forbid}
	w := store.RowsWrite{Put: store.Rows{Locks: []place.Lock{lock}}}
	if rapid.Bool().Draw(t, "lift") {
		w = store.RowsWrite{Clear: []store.RowScope{{Kind: store.RowLocks}}}
	}
	_, err := m.st.WriteRows(t.Context(), m.district, m.request(), w)
	if err != nil && !errors.Is(err, store.ErrInvalid) && !errors.Is(err, store.ErrNotFound) {
		t.Fatal(err)
	}
}

// vocabulary changes what moves many scores, now and then.
func (m *machine) vocabulary(t *rapid.T) {
	switch rapid.IntRange(0, 19).Draw(t, "what") {
	case 0:
		m.write(t, store.Write{Mutations: []store.Mutation{{PutTag: &matcher.Tag{
			ID: "c", Importance: rapid.SampledFrom([]float64{.5, 1, 2}).Draw(t, "importance"),
			Parent: rapid.SampledFrom([]string{"", "a"}).Draw(t, "parent"),
		}}}})
	case 1:
		m.write(t, store.Write{Refresh: func(s *store.State) (matcher.Statistics, error) {
			st := matcher.Statistics{Published: int64(len(s.Opportunities)), Frequency: map[string]int64{}}
			for i := range s.Opportunities {
				for _, w := range s.Opportunities[i].Tags {
					st.Frequency[w.Tag]++
				}
			}
			return st, nil
		}})
	}
}

func (m *machine) settings(t *rapid.T) {
	if rapid.IntRange(0, 5).Draw(t, "rarely") > 0 {
		return
	}
	s := store.DefaultSettings()
	s.IDF = rapid.Bool().Draw(t, "idf")
	s.AncestorDecay = rapid.SampledFrom([]matcher.Weight{5000, 0, 10000}).Draw(t, "decay")
	m.write(t, store.Write{Settings: &s})
}

// day lets a day pass, now and then.
func (m *machine) day(t *rapid.T) {
	if rapid.IntRange(0, 5).Draw(t, "rarely") == 0 {
		m.now = m.now.Add(24 * time.Hour)
	}
}

// sync has a replica hear of what was written.
func (m *machine) sync(t *rapid.T, i int) {
	head, err := m.st.Head(t.Context(), m.district)
	if err != nil {
		t.Fatal(err)
	}
	r := m.replicas[i]
	s, err := r.catalogues.Get(t.Context(), m.district)
	for err == nil && s.Epoch < head.Epoch {
		r.gated.gate(m.district) <- struct{}{}
		s, err = r.catalogues.At(t.Context(), m.district, head.Epoch)
	}
	if err != nil {
		t.Fatal(err)
	}
	const held = 4
	m.held = append(m.held, s)
	m.held = m.held[max(0, len(m.held)-held):]
}

// read asks for a ranking out of one of the snapshots, and compares.
func (m *machine) read(t *rapid.T) {
	s := m.held[rapid.IntRange(0, len(m.held)-1).Draw(t, "snapshot")]
	asked := rapid.SampledFrom(m.asked).Draw(t, "question")
	ranking, ok := s.Ranking(asked.measure)
	if !ok {
		t.Fatal("a measure isn't offered")
	}
	subject, err := m.st.Subject(t.Context(), m.district, asked.student)
	if err != nil {
		t.Fatal(err)
	}
	q := &matcher.Query{
		Student: subject.Student, Forbidden: subject.Forbidden, AsOf: s.AsOf(m.now),
		K: rapid.IntRange(1, 8).Draw(t, "k"), MaxPerPartner: rapid.SampledFrom([]int{0, 0, 1, 2}).Draw(t, "cap"),
		Kinds: asked.kinds, PartnerKinds: asked.partnerKinds, Term: asked.term, Exclude: asked.exclude,
	}
	ask := &Ask{District: m.district, Snapshot: s, Ranking: ranking, Query: q, Subject: subject, InLine: asked.inLine}
	got, source := m.sets.Rank(t.Context(), nil, ask)
	want := m.anew(t, ask)
	if !slices.Equal(got, want) {
		t.Fatalf("epoch %d, source %d, spare %d, %+v:\n got %+v\nwant %+v", s.Epoch, source, m.sets.spare, *q, got, want)
	}
}

// anew is a fresh ranking: now and then out of an index that is built for it.
func (m *machine) anew(t *rapid.T, a *Ask) []matcher.Candidate {
	ranker := a.Ranking.Acquire()
	want := ranker.Rank(nil, a.Query)
	a.Ranking.Release(ranker)
	m.fresh++
	if m.fresh%16 > 0 {
		return want
	}
	state, err := m.st.State(t.Context(), m.district)
	if err != nil {
		t.Fatal(err)
	}
	if state.Epoch != a.Snapshot.Epoch {
		return want
	}
	x, err := matcher.NewIndex(live.CatalogueOf(state), matcher.Settings{
		Decay: state.Settings.AncestorDecay, Measure: a.Ranking.Measure, IDF: state.Settings.IDF, Statistics: &state.Statistics,
	})
	if err != nil {
		t.Fatal(err)
	}
	if built := x.NewRanker().Rank(nil, a.Query); !slices.Equal(built, want) {
		t.Fatalf("the snapshot ranks\n%+v\nan index that is built ranks\n%+v", want, built)
	}
	return want
}

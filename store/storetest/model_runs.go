package storetest

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/store"
)

// modelRun is a run of the model: running until it has rows.
type modelRun struct {
	state    store.RunState
	epoch    store.Epoch
	students []string          // of the snapshot
	numbers  map[string]uint32 // of its opportunities
	rows     map[string]store.RunPlacement
}

// epoch is that of the store now.
func (m *model) epoch(t *rapid.T) store.Epoch {
	head, err := m.st.Head(t.Context(), m.district)
	must(t, err)
	return head.Epoch
}

// place makes a placement by hand.
func (m *model) place(t *rapid.T) {
	p := store.NewPlacement{
		ID: modelEntries.Draw(t, "id"), Student: modelStudents.Draw(t, "student"), Opportunity: modelOffers.Draw(t, "opportunity"),
	}
	_, err := m.st.CreatePlacement(t.Context(), m.district, at(m.now), p)
	entry := store.Entry{Reservation: store.Reservation{ID: p.ID, Student: p.Student, Opportunity: p.Opportunity}, Placed: true}
	// Where nothing is placed and no id in use, the rules are a reservation's.
	want := m.refusal(store.Reservation{ID: p.ID, Student: p.Student, Opportunity: p.Opportunity, Expires: m.now})
	if !errors.Is(want, store.ErrNotFound) && !errors.Is(want, store.ErrConflict) && m.placed(p.Student) != nil {
		want = store.ErrAlreadyPlaced
	}
	if want != nil {
		wantError(t, err, want)
		return
	}
	must(t, err)
	m.freeExpired(entry.Reservation)
	m.ledger[p.ID] = entry
	m.moved[p.Student] = m.epoch(t)
}

// placed is the student's placement, nil: none.
func (m *model) placed(student string) *store.Entry {
	for _, e := range m.ledger {
		if e.Placed && e.Student == student {
			return &e
		}
	}
	return nil
}

func (m *model) withdraw(t *rapid.T) {
	student := modelStudents.Draw(t, "student")
	_, err := m.st.WithdrawPlacement(t.Context(), m.district, at(m.now), student, "why")
	e := m.placed(student)
	if e == nil {
		wantError(t, err, store.ErrNotFound)
		return
	}
	must(t, err)
	delete(m.ledger, e.ID)
	m.moved[student] = m.epoch(t)
}

// erase erases a student, or enrols one that was erased.
func (m *model) erase(t *rapid.T) {
	if rapid.IntRange(0, 3).Draw(t, "rarely") != 0 {
		return
	}
	student := modelStudents.Draw(t, "student")
	if m.gone[student] {
		enrol(t, m.st, m.district, student)
		delete(m.gone, student)
		return
	}
	must(t, second(m.st.DeleteStudent(t.Context(), m.district, at(m.now), student, 0)))
	m.gone[student] = true
	delete(m.moved, student)
	maps.DeleteFunc(m.ledger, func(_ string, e store.Entry) bool { return e.Student == student })
	for _, r := range m.runs {
		delete(r.rows, student)
		if r.state == store.RunRunning && slices.Contains(r.students, student) {
			r.state = store.RunFailed
		}
	}
}

// run starts a run and keeps its snapshot, and mostly finishes it.
func (m *model) run(t *rapid.T) {
	id := fmt.Sprintf("run%d", len(m.runs))
	createRun(t, m.st, m.district, id)
	in := keepSnapshot(t, m.st, m.district, id)
	r := &modelRun{state: store.RunRunning, epoch: in.Epoch, numbers: map[string]uint32{}}
	for i := range in.Students {
		r.students = append(r.students, in.Students[i].ID)
	}
	for _, o := range in.Opportunities {
		r.numbers[o.ID] = o.Number
	}
	m.runs[id] = r
	if rapid.IntRange(0, 3).Draw(t, "finished") > 0 {
		m.finishRun(t, id, r)
	}
}

// drawRun is one of the runs, mostly one in the state; nil: there is none.
func (m *model) drawRun(t *rapid.T, state store.RunState) (string, *modelRun) {
	ids := slices.Sorted(maps.Keys(m.runs))
	if len(ids) == 0 {
		return "", nil
	}
	if rapid.IntRange(0, 7).Draw(t, "any run") > 0 {
		ids = slices.DeleteFunc(ids, func(id string) bool { return m.runs[id].state != state })
		if len(ids) == 0 {
			return "", nil
		}
	}
	id := rapid.SampledFrom(ids).Draw(t, "run")
	return id, m.runs[id]
}

// finish gives a run rows, which need not fit the seats.
func (m *model) finish(t *rapid.T) {
	id, r := m.drawRun(t, store.RunRunning)
	if r != nil {
		m.finishRun(t, id, r)
	}
}

func (m *model) finishRun(t *rapid.T, id string, r *modelRun) {
	rows := map[string]store.RunPlacement{}
	opportunities := slices.Sorted(maps.Keys(r.numbers))
	for _, s := range r.students {
		rows[s] = store.RunPlacement{Student: s}
		if len(opportunities) > 0 && rapid.IntRange(0, 3).Draw(t, "placed") > 0 {
			o := rapid.SampledFrom(opportunities).Draw(t, "opportunity")
			rows[s] = store.RunPlacement{Student: s, Opportunity: o, Number: r.numbers[o], Rank: 1}
		}
	}
	err := m.st.FinishRun(t.Context(), m.district, id, draftOf(inOrder(rows)...))
	if r.state != store.RunRunning {
		wantError(t, err, store.ErrConflict)
		return
	}
	must(t, err)
	r.state, r.rows = store.RunDraft, rows
}

func inOrder(rows map[string]store.RunPlacement) (list []store.RunPlacement) {
	for _, s := range slices.Sorted(maps.Keys(rows)) {
		list = append(list, rows[s])
	}
	return list
}

// drop cancels a run, or discards it.
func (m *model) drop(t *rapid.T) {
	id, r := m.drawRun(t, store.RunRunning)
	if r == nil || rapid.IntRange(0, 3).Draw(t, "rarely") != 0 {
		return
	}
	call, to, from := m.st.CancelRun, store.RunCancelled, []store.RunState{store.RunRunning, store.RunCancelled}
	if rapid.Bool().Draw(t, "discard") {
		call, to = m.st.DiscardRun, store.RunDiscarded
		from = []store.RunState{store.RunDraft, store.RunFailed, store.RunCancelled, store.RunDiscarded}
	}
	_, err := call(t.Context(), m.district, at(m.now), id)
	if !slices.Contains(from, r.state) {
		wantError(t, err, store.ErrConflict)
		return
	}
	must(t, err)
	r.state, r.rows = to, nil
}

// publish publishes a run where that is to be.
func (m *model) publish(t *rapid.T) {
	id, r := m.drawRun(t, store.RunDraft)
	if r == nil {
		return
	}
	_, err := m.st.PublishRun(t.Context(), m.district, at(m.now), id)
	if r.state != store.RunDraft {
		wantError(t, err, store.ErrConflict)
		return
	}
	after, want := m.published(id, r)
	if want.Changed > 0 || len(want.Lost) > 0 {
		var got *store.PublishError
		if !errors.As(err, &got) {
			t.Fatalf("published, or failed with %v; want %+v", err, want)
		}
		wantEqual(t, "what is refused", *got, want)
		return
	}
	must(t, err)
	r.state = store.RunPublished
	for s := range r.rows {
		if before, now := m.placed(s), placedIn(after, s); (before == nil) != (now == nil) || before != nil && *before != *now {
			m.moved[s] = m.epoch(t)
		}
	}
	m.ledger = after
}

func placedIn(ledger map[string]store.Entry, student string) *store.Entry {
	return (&model{ledger: ledger}).placed(student)
}

// published is the ledger with the run's rows in force, and what speaks against that.
func (m *model) published(id string, r *modelRun) (map[string]store.Entry, store.PublishError) {
	var refused store.PublishError
	after := maps.Clone(m.ledger)
	maps.DeleteFunc(after, func(_ string, e store.Entry) bool { return !m.live(e) })
	given, fresh := map[string]int32{}, map[string]int32{}
	for i, row := range inOrder(r.rows) {
		if m.moved[row.Student] > r.epoch {
			refused.Changed++
		}
		had := placedIn(after, row.Student)
		if had != nil && had.Opportunity == row.Opportunity {
			continue
		}
		if had != nil {
			delete(after, had.ID)
		}
		if row.Opportunity == "" {
			continue
		}
		given[row.Opportunity]++
		e := store.Entry{
			Reservation: store.Reservation{ID: fmt.Sprintf("new%d", i), Student: row.Student, Opportunity: row.Opportunity}, Placed: true,
		}
		for _, reserved := range after {
			if reserved.Student == row.Student && reserved.Opportunity == row.Opportunity {
				e.ID = reserved.ID
			}
		}
		if e.ID == fmt.Sprintf("new%d", i) {
			e.ID = id + "-" + row.Student // which the store names otherwise
			fresh[row.Opportunity]++
		}
		after[e.ID] = e
	}
	refused.Lost = m.lostSeats(r, after, given, fresh)
	return after, refused
}

// lostSeats are the seats that a publication would give and that aren't there.
func (m *model) lostSeats(r *modelRun, after map[string]store.Entry, given, fresh map[string]int32) (lost []store.LostSeats) {
	partners := map[string]int32{}
	for _, id := range slices.Sorted(maps.Keys(given)) {
		l := store.LostSeats{Opportunity: id, Why: store.LostFull}
		o := m.offers[id]
		if o == nil || m.numbers[id] != r.numbers[id] {
			l.Why, l.Seats = store.LostDeleted, given[id]
			lost = append(lost, l)
		}
		if o == nil {
			continue
		}
		partners[o.Partner] += fresh[id]
		if l.Why == store.LostDeleted {
			continue
		}
		l.Seats = min(fresh[id], count(after, func(e store.Entry) bool { return e.Opportunity == id })-o.Seats)
		if o.Status != matcher.Published {
			l.Why, l.Seats = store.LostNotPublished, fresh[id]
		}
		if l.Seats > 0 {
			lost = append(lost, l)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(partners)) {
		p := m.partners[id]
		if p == nil || p.MaxSeats == nil {
			continue
		}
		held := count(after, func(e store.Entry) bool { o := m.offers[e.Opportunity]; return o != nil && o.Partner == id })
		if seats := min(partners[id], held-*p.MaxSeats); seats > 0 {
			lost = append(lost, store.LostSeats{Partner: id, Why: store.LostFull, Seats: seats})
		}
	}
	return lost
}

func count(ledger map[string]store.Entry, fits func(store.Entry) bool) int32 {
	return (&model{ledger: ledger}).held(fits)
}

// checkRuns compares the runs and the placements.
func (m *model) checkRuns(t *rapid.T) {
	for id, r := range m.runs {
		wantState(t, m.st, m.district, id, r.state)
		rows, err := m.st.RunPlacements(t.Context(), m.district, id, "", 10)
		must(t, err)
		for i := range rows {
			rows[i] = store.RunPlacement{
				Student: rows[i].Student, Opportunity: rows[i].Opportunity, Number: rows[i].Number, Rank: rows[i].Rank,
			}
		}
		wantEqual(t, "the rows of "+id, rows, inOrder(r.rows))
	}
	got, want := pairs(t, m.st, m.district), map[string]string{}
	for _, e := range m.ledger {
		if e.Placed {
			want[e.Student] = e.Opportunity
		}
	}
	wantEqual(t, "placements", got, want)
}

// renamed gives entries that publishing made the ids that the store gave them.
func (m *model) renamed(t *rapid.T) {
	list, err := m.st.Placements(t.Context(), m.district, "", 10)
	must(t, err)
	for _, p := range list {
		e, ok := m.ledger[p.Run+"-"+p.Student]
		if !ok || e.Opportunity != p.Opportunity || e.Student != p.Student {
			continue
		}
		delete(m.ledger, p.Run+"-"+p.Student)
		e.ID = p.ID
		m.ledger[p.ID] = e
	}
}

// later lets an hour go by.
func (m *model) later(*rapid.T) { m.now = m.now.Add(time.Hour) }

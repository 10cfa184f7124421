package storetest

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/store"
)

// model is what a district must be, kept by the plainest means.
type model struct {
	st       store.Store
	district string
	now      time.Time
	states   []*store.State // one per write, oldest first
	partners map[string]*matcher.Partner
	offers   map[string]*matcher.Opportunity
	ledger   map[string]store.Entry // what has expired included, until it's logged
	log      []store.Change
	numbers  map[string]uint32      // of opportunities
	gone     map[string]bool        // students that are erased
	moved    map[string]store.Epoch // when a student's placement last changed
	runs     map[string]*modelRun
}

var (
	modelPartners = rapid.SampledFrom([]string{"p", "q"})
	modelOffers   = rapid.SampledFrom([]string{"a", "b", "c"})
	modelStudents = rapid.SampledFrom([]string{"s", "t", "u"})
	modelEntries  = rapid.SampledFrom([]string{"1", "2", "3", "4", "5"})
)

// testModel runs random histories. After each step the state must be that of
// the model, the log without gaps, and the delta since any earlier state,
// applied to that, the newest state.
func (s *suite) testModel(t *testing.T) {
	st := s.open(t)
	districts := 0
	rapid.Check(t, func(rt *rapid.T) {
		districts++
		m := &model{
			st: st, district: fmt.Sprintf("d%d", districts), now: noon,
			partners: map[string]*matcher.Partner{}, offers: map[string]*matcher.Opportunity{},
			ledger: map[string]store.Entry{}, numbers: map[string]uint32{}, gone: map[string]bool{},
			moved: map[string]store.Epoch{}, runs: map[string]*modelRun{},
		}
		enrol(rt, st, m.district, "s", "t", "u")
		m.begin(rt)
		m.states = append(m.states, state(rt, st, m.district))
		rt.Repeat(map[string]func(*rapid.T){
			"put":      m.put,
			"delete":   m.delete,
			"tag":      m.tag,
			"reserve":  m.reserve,
			"confirm":  m.confirm,
			"release":  m.release,
			"later":    m.later,
			"expire":   m.expire,
			"place":    m.place,
			"withdraw": m.withdraw,
			"erase":    m.erase,
			"run":      m.run,
			"finish":   m.finish,
			"drop":     m.drop,
			"publish":  m.publish,
			"":         m.check,
		})
	})
}

// begin makes a partner with two opportunities, so that there is something to
// take from the start.
func (m *model) begin(t *rapid.T) {
	m.partners["p"] = &matcher.Partner{ID: "p", MaxSeats: new(int32(3))}
	w := batch(putPartner(m.partners["p"]))
	for _, id := range []string{"a", "b"} {
		m.offers[id] = opportunity(id, "p")
		m.offers[id].Seats = 2
		w.Mutations = append(w.Mutations, putOpportunity(m.offers[id]))
	}
	must(t, second(m.st.Write(t.Context(), m.district, at(m.now), w)))
	var err error
	m.log, err = m.st.Changes(t.Context(), m.district, 0, 10)
	must(t, err)
}

// put writes a batch of partners and opportunities.
func (m *model) put(t *rapid.T) {
	w := store.Write{CloseOthers: rapid.IntRange(0, 9).Draw(t, "close others") == 0}
	for id := range set(rapid.SliceOfN(modelPartners, 0, 2).Draw(t, "partners")) {
		p := partner(id)
		if n := rapid.Int32Range(0, 4).Draw(t, "cap"); n < 4 {
			p.MaxSeats = &n
		}
		w.Mutations = append(w.Mutations, putPartner(p))
	}
	for id := range set(rapid.SliceOfN(modelOffers, 0, 3).Draw(t, "opportunities")) {
		o := opportunity(id, rapid.SampledFrom([]string{"", "p", "q"}).Draw(t, "partner"))
		o.Seats = rapid.Int32Range(0, 3).Draw(t, "seats")
		o.Status = rapid.SampledFrom([]matcher.Status{matcher.Published, matcher.Published, matcher.Draft}).Draw(t, "status")
		w.Mutations = append(w.Mutations, putOpportunity(o))
	}
	slices.SortFunc(w.Mutations, func(a, b store.Mutation) int { return cmp.Compare(mutated(a), mutated(b)) })
	partners, offers := maps.Clone(m.partners), maps.Clone(m.offers)
	if w.CloseOthers {
		for id, o := range offers {
			closed := *o
			closed.Status = matcher.Closed
			offers[id] = &closed
		}
	}
	for _, mutation := range w.Mutations {
		if p := mutation.PutPartner; p != nil {
			partners[p.ID] = p
		}
		if o := mutation.PutOpportunity; o != nil {
			offers[o.ID] = o
		}
	}
	dangling := false
	for _, o := range offers {
		dangling = dangling || o.Partner != "" && partners[o.Partner] == nil
	}
	_, err := m.st.Write(t.Context(), m.district, at(m.now), w)
	if dangling {
		wantError(t, err, store.ErrInvalid)
		return
	}
	must(t, err)
	m.partners, m.offers = partners, offers
}

func mutated(m store.Mutation) string {
	if m.PutPartner != nil {
		return "partner " + m.PutPartner.ID
	}
	return "opportunity " + m.PutOpportunity.ID
}

func set(ids []string) map[string]struct{} {
	m := map[string]struct{}{}
	for _, id := range ids {
		m[id] = struct{}{}
	}
	return m
}

// delete deletes one opportunity or partner.
func (m *model) delete(t *rapid.T) {
	if rapid.Bool().Draw(t, "a partner") {
		id := modelPartners.Draw(t, "partner")
		_, err := m.st.Write(t.Context(), m.district, at(m.now), batch(store.Mutation{DeletePartner: id}))
		used := false
		for _, o := range m.offers {
			used = used || o.Partner == id
		}
		switch {
		case m.partners[id] == nil:
			wantError(t, err, store.ErrNotFound)
		case used:
			wantError(t, err, store.ErrInUse)
		default:
			must(t, err)
			delete(m.partners, id)
		}
		return
	}
	id := modelOffers.Draw(t, "opportunity")
	_, err := m.st.Write(t.Context(), m.district, at(m.now), batch(store.Mutation{DeleteOpportunity: id}))
	switch {
	case m.offers[id] == nil:
		wantError(t, err, store.ErrNotFound)
	case m.held(func(e store.Entry) bool { return e.Opportunity == id && m.live(e) }) > 0:
		wantError(t, err, store.ErrInUse)
	default:
		must(t, err)
		delete(m.offers, id)
		maps.DeleteFunc(m.ledger, func(_ string, e store.Entry) bool { return e.Opportunity == id })
	}
}

// tag changes the vocabulary, after which there is no delta.
func (m *model) tag(t *rapid.T) {
	if rapid.IntRange(0, 4).Draw(t, "rarely") == 0 {
		label := rapid.StringMatching(`[a-z]{3}`).Draw(t, "label")
		write(t, m.st, m.district, putTag(&matcher.Tag{ID: "t", Label: label, Importance: 1}))
	}
}

func (m *model) live(e store.Entry) bool { return e.Placed || e.Expires.After(m.now) }

func (m *model) held(fits func(store.Entry) bool) (n int32) {
	for _, e := range m.ledger {
		if fits(e) {
			n++
		}
	}
	return n
}

func (m *model) reserve(t *rapid.T) {
	r := store.Reservation{
		ID: modelEntries.Draw(t, "id"), Student: modelStudents.Draw(t, "student"), Opportunity: modelOffers.Draw(t, "opportunity"),
		Expires: m.now.Add(time.Duration(rapid.IntRange(1, 3).Draw(t, "hours")) * time.Hour),
	}
	_, err := m.st.Reserve(t.Context(), m.district, at(m.now), r)
	if want := m.refusal(r); want != nil {
		wantError(t, err, want)
		return
	}
	must(t, err)
	m.freeExpired(r)
	m.ledger[r.ID] = store.Entry{Reservation: r}
}

// freeExpired frees what taking a seat does: what had expired at this partner,
// and the id.
func (m *model) freeExpired(r store.Reservation) {
	mine := m.offers[r.Opportunity].Partner
	maps.DeleteFunc(m.ledger, func(id string, e store.Entry) bool {
		there := e.Opportunity == r.Opportunity || mine != "" && m.offers[e.Opportunity].Partner == mine
		return !m.live(e) && (there || id == r.ID)
	})
}

// refusal is the error that a reservation must get.
func (m *model) refusal(r store.Reservation) error {
	o := m.offers[r.Opportunity]
	if o == nil || m.gone[r.Student] {
		return store.ErrNotFound
	}
	if e, ok := m.ledger[r.ID]; ok && m.live(e) && (e.Placed || !reflect.DeepEqual(e.Reservation, r)) {
		return store.ErrConflict
	}
	seats, cap := o.Seats, int32(matcher.MaxInteger)
	if p := m.partners[o.Partner]; p != nil && p.MaxSeats != nil {
		cap = *p.MaxSeats
	}
	seats -= m.held(func(e store.Entry) bool { return m.live(e) && e.Opportunity == o.ID })
	cap -= m.held(func(e store.Entry) bool {
		return m.live(e) && o.Partner != "" && m.offers[e.Opportunity].Partner == o.Partner
	})
	switch {
	case m.held(func(e store.Entry) bool { return m.live(e) && e.Opportunity == o.ID && e.Student == r.Student }) > 0:
		return store.ErrAlreadyHeld
	case o.Status != matcher.Published:
		return store.ErrNotOffered
	case seats <= 0 || cap <= 0:
		return store.ErrFull
	}
	return nil
}

func (m *model) confirm(t *rapid.T) {
	id := modelEntries.Draw(t, "id")
	_, err := m.st.Confirm(t.Context(), m.district, at(m.now), id)
	e, ok := m.ledger[id]
	switch {
	case !ok || !m.live(e):
		wantError(t, err, store.ErrNotFound)
	case !e.Placed && m.held(func(o store.Entry) bool { return o.Placed && o.Student == e.Student }) > 0:
		wantError(t, err, store.ErrAlreadyPlaced)
	default:
		must(t, err)
		if !e.Placed {
			m.moved[e.Student] = m.epoch(t)
		}
		e.Placed, e.Expires = true, time.Time{}
		m.ledger[id] = e
	}
}

func (m *model) release(t *rapid.T) {
	id := modelEntries.Draw(t, "id")
	_, err := m.st.Release(t.Context(), m.district, at(m.now), id)
	e, ok := m.ledger[id]
	switch {
	case !ok || !m.live(e):
		wantError(t, err, store.ErrNotFound)
	case e.Placed:
		wantError(t, err, store.ErrAlreadyPlaced)
	default:
		must(t, err)
		delete(m.ledger, id)
	}
}

func (m *model) expire(t *rapid.T) {
	_, _, err := m.st.Expire(t.Context(), m.now)
	must(t, err)
	maps.DeleteFunc(m.ledger, func(_ string, e store.Entry) bool { return !m.live(e) })
}

// check compares the store with the model.
func (m *model) check(t *rapid.T) {
	now := state(t, m.st, m.district)
	last := m.states[len(m.states)-1]
	m.states = append(m.states, now)
	clear(m.numbers)
	for _, o := range now.Opportunities {
		m.numbers[o.ID] = o.Number
	}
	m.renamed(t)
	m.checkRuns(t)
	wantEqual(t, "the number of opportunities and partners", []int{len(now.Opportunities), len(now.Partners)},
		[]int{len(m.offers), len(m.partners)})
	for _, o := range now.Opportunities {
		wantEqual(t, "opportunity", &o.Opportunity, m.offers[o.ID])
		wantEqual(t, "taken at "+o.ID, o.Taken, m.held(func(e store.Entry) bool { return e.Opportunity == o.ID }))
	}
	for _, p := range now.Partners {
		wantEqual(t, "partner", &p.Partner, m.partners[p.ID])
		wantEqual(t, "taken at "+p.ID, p.Taken, m.held(func(e store.Entry) bool { return m.offers[e.Opportunity].Partner == p.ID }))
	}
	for id, e := range m.ledger {
		got, err := m.st.Entry(t.Context(), m.district, id, m.now)
		if !m.live(e) {
			wantError(t, err, store.ErrNotFound)
			continue
		}
		must(t, err)
		wantEqual(t, "entry", store.Entry{Reservation: got.Reservation, Placed: got.Placed}, e)
	}
	m.checkLog(t, last, now)
	from := m.states[rapid.IntRange(0, len(m.states)-1).Draw(t, "from")]
	m.checkDelta(t, from, now)
}

// checkLog reads what is new in the log: epochs without gaps, and the epoch of
// each resource's last write.
func (m *model) checkLog(t *rapid.T, last, now *store.State) {
	changes, err := m.st.Changes(t.Context(), m.district, last.Epoch, 1000)
	must(t, err)
	if len(changes) != int(now.Epoch-last.Epoch) {
		t.Fatalf("%d changes from epoch %d to %d", len(changes), last.Epoch, now.Epoch)
	}
	for i, c := range changes {
		if c.Epoch != last.Epoch+store.Epoch(i)+1 {
			t.Fatalf("epoch %d after %d", c.Epoch, last.Epoch+store.Epoch(i))
		}
	}
	m.log = append(m.log, changes...)
	written := map[string]store.Revision{}
	for _, c := range m.log {
		if c.Kind == store.KindOpportunity {
			written[c.ID] = store.Revision(c.Epoch)
		}
	}
	for _, o := range now.Opportunities {
		if o.Revision != written[o.ID] {
			t.Fatalf("revision %d, last written at epoch %d", o.Revision, written[o.ID])
		}
	}
}

func (m *model) checkDelta(t *rapid.T, from, to *store.State) {
	delta, err := m.st.Delta(t.Context(), m.district, from.Epoch)
	must(t, err)
	if delta.From != from.Epoch || delta.To != to.Epoch {
		t.Fatalf("delta from %d to %d, want %d to %d", delta.From, delta.To, from.Epoch, to.Epoch)
	}
	rebuild := slices.ContainsFunc(m.log, func(c store.Change) bool { return c.Epoch > from.Epoch && c.Kind == store.KindTag })
	if delta.Rebuild != rebuild {
		t.Fatalf("rebuild is %t", delta.Rebuild)
	}
	if !rebuild {
		wantEqual(t, "the delta applied", applied(from, delta), to)
	}
}

// applied is what a reader of deltas does.
func applied(from *store.State, d *store.Delta) *store.State {
	to := *from
	to.Epoch = d.To
	to.Partners = merged(from.Partners, d.Partners, d.RemovedPartners, func(p store.PartnerRecord) string { return p.ID })
	to.Opportunities = merged(from.Opportunities, d.Opportunities, d.RemovedOpportunities,
		func(o store.OpportunityRecord) string { return o.ID })
	return &to
}

func merged[T any](old, put []T, removed []string, id func(T) string) []T {
	byID := map[string]T{}
	for _, r := range slices.Concat(old, put) {
		byID[id(r)] = r
	}
	for _, id := range removed {
		delete(byID, id)
	}
	var list []T
	for _, id := range slices.Sorted(maps.Keys(byID)) {
		list = append(list, byID[id])
	}
	return list
}

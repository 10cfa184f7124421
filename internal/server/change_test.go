package server_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/kindred-match/kindred/internal/clock"
	"github.com/kindred-match/kindred/internal/generate"
	"github.com/kindred-match/kindred/internal/server"
	"github.com/kindred-match/kindred/matcher"
	kindredv1 "github.com/kindred-match/kindred/proto/kindred/v1"
)

// offered are the opportunities that a student is offered at an epoch.
func (p *program) offered(t testing.TB, student string, epoch uint64) []string {
	t.Helper()
	r := must(p.match.Match(t.Context(), &kindredv1.MatchRequest{
		District: district, MinEpoch: epoch, Subject: &kindredv1.MatchRequest_StudentId{StudentId: student},
	}))(t)
	if r.GetEpoch() < epoch {
		t.Fatalf("answered at epoch %d, asked for %d", r.GetEpoch(), epoch)
	}
	return ids(r)
}

func cad(id string, change ...func(*kindredv1.Opportunity)) *kindredv1.Opportunity {
	o := &kindredv1.Opportunity{Opportunity: id, Tags: map[string]float64{"cad": 1}}
	for _, f := range change {
		f(o)
	}
	return o
}

// TestEachChangeIsVisibleAtItsEpoch: a request that asks for the epoch of a
// write sees it, whatever it was, seats that expire included.
func TestEachChangeIsVisibleAtItsEpoch(t *testing.T) {
	p := run(t, t.TempDir())
	for _, s := range []string{"s1", "s2"} {
		p.putStudent(t, &kindredv1.Student{Student: s, Interests: map[string]float64{"cad": 1}})
	}
	sees := func(epoch uint64, want ...string) {
		t.Helper()
		if got := p.offered(t, "s1", epoch); !slices.Equal(got, want) {
			t.Fatalf("at epoch %d offered %v, want %v", epoch, got, want)
		}
	}
	sees(p.put(t, cad("a")), "a")
	sees(p.put(t, cad("b", func(o *kindredv1.Opportunity) { o.Boost = ptr(2.0) })), "b", "a")
	closed := func(o *kindredv1.Opportunity) { o.Status = kindredv1.OpportunityStatus_OPPORTUNITY_STATUS_CLOSED }
	sees(p.put(t, cad("b", closed)), "a")

	held := p.reserve(t, "s2", "a", time.Minute)
	sees(held.GetEpoch())
	released := must(p.seats.ReleaseSeat(t.Context(), &kindredv1.ReleaseSeatRequest{
		District: district, Seat: held.GetSeat().GetSeat(),
	}))(t)
	sees(released.GetEpoch(), "a")

	held = p.reserve(t, "s2", "a", time.Minute)
	sees(held.GetEpoch())
	p.clock.Advance(time.Minute)
	expired := p.changeAfter(t, held.GetEpoch())
	if expired.GetKind() != kindredv1.ChangeKind_CHANGE_KIND_SEATS || expired.GetId() != "a" {
		t.Fatalf("after the reservation came %v", expired)
	}
	sees(expired.GetEpoch(), "a")

	p.putPartner(t, &kindredv1.Partner{Partner: "p", MaxSeats: ptr(int32(1))})
	of := func(o *kindredv1.Opportunity) { o.Partner, o.Seats = "p", ptr(int32(5)) }
	p.put(t, cad("c", of))
	sees(p.put(t, cad("d", of)), "a", "c", "d")
	sees(p.reserve(t, "s2", "c", time.Minute).GetEpoch(), "a") // which fills the partner's cap
	sees(p.putPartner(t, &kindredv1.Partner{Partner: "p", MaxSeats: ptr(int32(2))}), "a", "c", "d")

	deleted := must(p.catalog.DeleteOpportunity(t.Context(), &kindredv1.DeleteOpportunityRequest{
		District: district, Opportunity: "d",
	}))(t)
	sees(deleted.GetEpoch(), "a", "c")
	tagged := must(p.catalog.UpsertTag(t.Context(), &kindredv1.UpsertTagRequest{
		District: district, Tag: &kindredv1.Tag{Tag: "drawing", Synonyms: []string{"cad"}},
	}))(t)
	sees(tagged.GetEpoch(), "a", "c")
	confirmed := must(p.seats.ConfirmSeat(t.Context(), &kindredv1.ConfirmSeatRequest{
		District: district, Seat: p.reserve(t, "s1", "a", time.Minute).GetSeat().GetSeat(),
	}))(t)
	sees(confirmed.GetEpoch(), "c")
}

func (p *program) reserve(t testing.TB, student, opportunity string, hold time.Duration) *kindredv1.ReserveSeatResponse {
	t.Helper()
	return must(p.seats.ReserveSeat(t.Context(), &kindredv1.ReserveSeatRequest{
		District: district, Student: student, Opportunity: opportunity, Hold: durationpb.New(hold),
	}))(t)
}

// changeAfter waits for the first change after an epoch.
func (p *program) changeAfter(t testing.TB, epoch uint64) *kindredv1.Change {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	changes := must(p.catalog.WatchChanges(ctx, &kindredv1.WatchChangesRequest{District: district, AfterEpoch: epoch}))(t)
	return must(changes.Recv())(t).GetChanges()[0]
}

// TestTheDayIsTheDistricts: today is that of the district's time zone.
func TestTheDayIsTheDistricts(t *testing.T) {
	p := run(t, t.TempDir()) // at noon of the 1st in UTC
	p.putStudent(t, &kindredv1.Student{Student: "s", Interests: map[string]float64{"cad": 1}})
	p.put(t, cad("first", func(o *kindredv1.Opportunity) { o.Closes = "2026-09-01" }))
	epoch := p.put(t, cad("second", func(o *kindredv1.Opportunity) { o.Opens = "2026-09-02" }))
	if got := p.offered(t, "s", epoch); !slices.Equal(got, []string{"first"}) {
		t.Errorf("in UTC offered %v", got)
	}
	r := must(p.catalog.UpdateSettings(t.Context(), &kindredv1.UpdateSettingsRequest{
		District: district, Settings: &kindredv1.Settings{TimeZone: "Pacific/Kiritimati"}, // UTC+14
	}))(t)
	if got := p.offered(t, "s", r.GetEpoch()); !slices.Equal(got, []string{"second"}) {
		t.Errorf("in Kiritimati offered %v", got)
	}
}

// TestReadersBesideAWriter: while somebody writes, every answer is that of an
// index built of the rows as they were at the answer's epoch.
func TestReadersBesideAWriter(t *testing.T) {
	f := invent(t, generate.Options{Students: 6, Opportunities: 80, Seed: 5})
	p := run(t, t.TempDir())
	first := p.load(t, f)

	// Each write changes one opportunity, so that the rows at an epoch are known.
	writes := make([]matcher.Opportunity, 60)
	for i := range writes {
		writes[i] = f.Catalogue.Opportunities[i]
		writes[i].Boost, writes[i].Status = 2, matcher.Published
		if i%3 == 0 {
			writes[i].Status = matcher.Closed
		}
	}
	type answer struct {
		student int
		resp    *kindredv1.MatchResponse
	}
	var answers []answer
	var mu sync.Mutex
	var readers sync.WaitGroup
	var latest atomic.Uint64
	latest.Store(first)
	stop := make(chan struct{})
	for i := range 4 {
		readers.Go(func() {
			for n := i; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				student := n % len(f.Students)
				least := latest.Load()
				resp, err := p.match.Match(context.Background(), &kindredv1.MatchRequest{
					District: district, MinEpoch: least, K: 20,
					Subject: &kindredv1.MatchRequest_StudentId{StudentId: f.Students[student].ID},
				})
				if err != nil || resp.GetEpoch() < least {
					t.Errorf("asked for epoch %d, got %d, %v", least, resp.GetEpoch(), err)
					return
				}
				mu.Lock()
				answers = append(answers, answer{student, resp})
				mu.Unlock()
			}
		})
	}
	epochOf := make([]uint64, len(writes))
	for i := range writes {
		o := &writes[i]
		req := &kindredv1.UpsertOpportunityRequest{
			District: district, Opportunity: &kindredv1.Opportunity{
				Opportunity: o.ID, Status: kindredv1.OpportunityStatus_OPPORTUNITY_STATUS_PUBLISHED, Boost: ptr(2.0),
			},
		}
		req.UpdateMask = mask("boost", "status")
		if o.Status == matcher.Closed {
			req.Opportunity.Status = kindredv1.OpportunityStatus_OPPORTUNITY_STATUS_CLOSED
		}
		epochOf[i] = must(p.catalog.UpsertOpportunity(t.Context(), req))(t).GetEpoch()
		latest.Store(epochOf[i])
	}
	close(stop)
	readers.Wait()

	rankers := map[uint64]*matcher.Ranker{}
	for _, a := range answers {
		epoch := a.resp.GetEpoch()
		ranker := rankers[epoch]
		if ranker == nil {
			at := *f
			at.Catalogue.Opportunities = slices.Clone(f.Catalogue.Opportunities)
			for i, e := range epochOf {
				if e <= epoch {
					at.Catalogue.Opportunities[i] = writes[i]
				}
			}
			ranker = at.indexes(t)[matcher.Cosine].NewRanker()
			rankers[epoch] = ranker
		}
		want := ranker.Rank(nil, &matcher.Query{Student: &f.Students[a.student], AsOf: matcher.DateOf(start), K: 20})
		if err := same(a.resp.GetCandidates(), want); err != nil {
			t.Fatalf("at epoch %d: %v", epoch, err)
		}
	}
	if len(rankers) < 2 {
		t.Fatalf("%d answers at %d epochs show nothing", len(answers), len(rankers))
	}
}

// TestManyDistricts: what one district writes, no other sees.
func TestManyDistricts(t *testing.T) {
	dir := t.TempDir()
	p := run(t, dir)
	put := func(district, id string) {
		t.Helper()
		must(p.catalog.UpsertOpportunity(t.Context(), &kindredv1.UpsertOpportunityRequest{
			District: district, Opportunity: cad(id),
		}))(t)
	}
	sees := func(district string) []string {
		t.Helper()
		return ids(must(p.match.Match(t.Context(), &kindredv1.MatchRequest{
			District: district, MinEpoch: 1, Subject: &kindredv1.MatchRequest_Profile{
				Profile: &kindredv1.Profile{Interests: map[string]float64{"cad": 1}},
			},
		}))(t))
	}
	check := func() {
		t.Helper()
		for i := range 5 {
			if got, want := sees(fmt.Sprint("d", i)), []string{fmt.Sprint("o", i)}; !slices.Equal(got, want) {
				t.Errorf("district %d sees %v, want %v", i, got, want)
			}
		}
	}
	for i := range 5 {
		put(fmt.Sprint("d", i), fmt.Sprint("o", i))
	}
	check()
	if err := p.end(); err != nil {
		t.Fatal(err)
	}
	p = run(t, dir) // and so after a restart
	check()
}

// TestReservationsExpireWhileNobodyServes: what expired meanwhile is freed at
// the next start.
func TestReservationsExpireWhileNobodyServes(t *testing.T) {
	dir := t.TempDir()
	p := run(t, dir)
	p.putStudent(t, &kindredv1.Student{Student: "s", Interests: map[string]float64{"cad": 1}})
	p.put(t, cad("o"))
	held := p.reserve(t, "s", "o", time.Minute)
	if err := p.end(); err != nil {
		t.Fatal(err)
	}
	p = run(t, dir, func(c *server.Config) { c.Clock = clock.NewManual(start.Add(time.Minute)) })
	freed := p.changeAfter(t, held.GetEpoch())
	if got := p.offered(t, "s", freed.GetEpoch()); !slices.Equal(got, []string{"o"}) {
		t.Errorf("after %v offered %v", freed, got)
	}
}

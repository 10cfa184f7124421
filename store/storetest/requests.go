package storetest

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/kindred-match/kindred/store"
)

func (s *suite) testRequests(t *testing.T) {
	st := s.open(t)
	ctx := t.Context()
	req := request("6f1b", "the answer")
	first, err := st.Write(ctx, "d", req, batch(putTag(tag("a")), putTag(tag("b"))))
	must(t, err)
	wantEqual(t, "the first receipt", first, store.Receipt{
		Epoch: 2, Revisions: []store.Revision{1, 2}, Response: []byte("the answer"),
	})
	write(t, st, "d", putTag(tag("c")))
	// What a retry says is not looked at: it is the same request.
	req.Respond = func(store.Receipt) ([]byte, error) { return nil, errors.New("rendered again") }
	req.Now = noon.Add(24*time.Hour - 1)
	again, err := st.Write(ctx, "d", req, batch(putTag(tag("a")), putTag(tag("b"))))
	must(t, err)
	first.Replayed = true
	wantEqual(t, "the receipt of a retry", again, first)

	other := req
	other.Digest[0]++
	_, err = st.Write(ctx, "d", other, batch(putTag(tag("z"))))
	wantError(t, err, store.ErrRequestReused)
	_, err = st.PutStudents(ctx, "d", other, nil)
	wantError(t, err, store.ErrRequestReused)
	_, err = st.Write(ctx, "another district", req, batch())
	if err == nil || err.Error() == store.ErrRequestReused.Error() {
		t.Fatalf("a request id counts in its district alone, and an answer that can't be rendered fails: %v", err)
	}
	if _, err := st.Head(ctx, "another district"); !errors.Is(err, store.ErrNotFound) {
		t.Fatalf("the request failed, and yet its district: %v", err)
	}
	// A day later the id is free.
	other.Now = noon.Add(24 * time.Hour)
	other.Respond = nil
	r, err := st.Write(ctx, "d", other, batch(putTag(tag("z"))))
	must(t, err)
	if r.Replayed || r.Epoch != 4 {
		t.Fatalf("a request id used again after a day: %+v", r)
	}
	// A request that failed has not been carried out.
	failing := request("77aa", "")
	_, err = st.Write(ctx, "d", failing, batch(store.Mutation{DeleteTag: "y"}))
	wantError(t, err, store.ErrNotFound)
	r, err = st.Write(ctx, "d", failing, batch(putTag(tag("y"))))
	must(t, err)
	if r.Replayed {
		t.Fatal("a failed request was replayed")
	}
	wantViolation(t, second(st.Write(ctx, "d", store.Request{ID: "a\n", Now: noon}, batch())), -1, "request_id")
	wantViolation(t, second(st.Write(ctx, "d", store.Request{ID: "a"}, batch())), -1, "now")
	wantViolation(t, second(st.Write(ctx, "d", at(noon.AddDate(5000, 0, 0)), batch())), -1, "now")

	// Expire forgets requests whose day is over.
	_, _, err = st.Expire(ctx, noon.Add(72*time.Hour))
	must(t, err)
	other.Digest[1]++
	_, err = st.Write(ctx, "d", other, batch())
	must(t, err)
}

// testRequestRace sends a request many times at once: one is carried out.
func (s *suite) testRequestRace(t *testing.T) {
	st := s.open(t)
	ctx := t.Context()
	enrol(t, st, "d", "s0")
	o := opportunity("o", "")
	o.Seats = 1000
	write(t, st, "d", putOpportunity(o))
	for _, id := range []string{"r1", "r2", "r3", "r4"} {
		const senders = 12
		receipts := make([]store.Receipt, senders)
		var wg sync.WaitGroup
		for i := range senders {
			wg.Go(func() {
				var err error
				receipts[i], err = st.PutStudents(ctx, "d", request(id, id), []store.StudentPut{{Student: student(id)}})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		fresh := 0
		for _, r := range receipts {
			if !r.Replayed {
				fresh++
			}
			if r.Sequence != receipts[0].Sequence || string(r.Response) != id {
				t.Fatalf("retries differ: %+v, %+v", r, receipts[0])
			}
		}
		if fresh != 1 {
			t.Fatalf("a request was carried out %d times", fresh)
		}
	}
	if r := enrol(t, st, "d", "s0"); r.Sequence != 6 {
		t.Fatalf("sequence %d after six writes", r.Sequence)
	}
}

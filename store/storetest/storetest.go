// Package storetest is the conformance suite of store.Store: what the contract
// says, as tests that every implementation passes.
package storetest

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/store"
)

// Option adds to the suite what not every implementation can show.
type Option func(*suite)

// ShortLog adds the tests of ErrTruncated, with stores that keep at least the
// last keep entries of the change log, and fewer than twice as many.
func ShortLog(keep int, open func(t *testing.T) store.Store) Option {
	return func(s *suite) { s.keep, s.openShort = keep, open }
}

// Histories says how many histories of clients that reserve, place and publish
// at once are recorded and checked, instead of a few.
func Histories(n int) Option { return func(s *suite) { s.histories = n } }

type suite struct {
	open      func(t *testing.T) store.Store
	histories int
	keep      int
	openShort func(t *testing.T) store.Store
}

// Run runs the suite on stores that open returns: each new, empty, and closed
// by open's own cleanup (a store may be closed twice).
func Run(t *testing.T, open func(t *testing.T) store.Store, options ...Option) {
	s := &suite{open: open, histories: 6}
	for _, o := range options {
		o(s)
	}
	for _, test := range []struct {
		name string
		run  func(*suite, *testing.T)
	}{
		{"Batch", (*suite).testBatch},
		{"BatchErrors", (*suite).testBatchErrors},
		{"Tags", (*suite).testTags},
		{"Unchanged", (*suite).testUnchanged},
		{"Deletions", (*suite).testDeletions},
		{"CloseOthers", (*suite).testCloseOthers},
		{"Numbers", (*suite).testNumbers},
		{"Settings", (*suite).testSettings},
		{"Statistics", (*suite).testStatistics},
		{"CataloguePages", (*suite).testCataloguePages},
		{"Log", (*suite).testLog},
		{"Truncation", (*suite).testTruncation},
		{"Wait", (*suite).testWait},
		{"Model", (*suite).testModel},
		{"Requests", (*suite).testRequests},
		{"RequestRace", (*suite).testRequestRace},
		{"Students", (*suite).testStudents},
		{"StudentErrors", (*suite).testStudentErrors},
		{"Erasure", (*suite).testErasure},
		{"Subjects", (*suite).testSubjects},
		{"SubjectRace", (*suite).testSubjectRace},
		{"Rows", (*suite).testRows},
		{"RowErrors", (*suite).testRowErrors},
		{"RowPages", (*suite).testRowPages},
		{"Seats", (*suite).testSeats},
		{"SeatErrors", (*suite).testSeatErrors},
		{"SeatsOfPartners", (*suite).testSeatsOfPartners},
		{"Expiry", (*suite).testExpiry},
		{"Placements", (*suite).testPlacements},
		{"PlacementErrors", (*suite).testPlacementErrors},
		{"Runs", (*suite).testRuns},
		{"RunInput", (*suite).testRunInput},
		{"RunLists", (*suite).testRunLists},
		{"RunErrors", (*suite).testRunErrors},
		{"RunEnds", (*suite).testRunEnds},
		{"Publish", (*suite).testPublish},
		{"PublishRefused", (*suite).testPublishRefused},
		{"PublishAllowed", (*suite).testPublishAllowed},
		{"ErasureFromRuns", (*suite).testErasureFromRuns},
		{"ErasedMeanwhile", (*suite).testErasedMeanwhile},
		{"PublishRace", (*suite).testPublishRace},
		{"PublishHistories", (*suite).testPublishHistories},
		{"Linearizable", (*suite).testLinearizable},
		{"Isolation", (*suite).testIsolation},
		{"Cancelled", (*suite).testCancelled},
		{"Closed", (*suite).testClosed},
		{"Panics", (*suite).testPanics},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(s, t) })
	}
}

// noon is when the tests take place.
var noon = time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)

// at is a request without an id.
func at(t time.Time) store.Request { return store.Request{Now: t} }

// request is one with an id, whose answer is the text.
func request(id, answer string) store.Request {
	return store.Request{
		ID: id, Digest: sha256.Sum256([]byte(id)), Now: noon,
		Respond: func(store.Receipt) ([]byte, error) { return []byte(answer), nil },
	}
}

func tag(id string) *matcher.Tag { return &matcher.Tag{ID: id, Importance: 1} }

func partner(id string) *matcher.Partner { return &matcher.Partner{ID: id, Name: "Partner " + id} }

func opportunity(id, partner string) *matcher.Opportunity {
	return &matcher.Opportunity{
		ID: id, Partner: partner, Seats: 1, MinPolicy: matcher.MinHard, Boost: 1, Status: matcher.Published,
		Tags: []matcher.Weighted{{Tag: "cad", Weight: 9000}},
	}
}

func student(id string) *matcher.Student {
	return &matcher.Student{ID: id, Grade: "11", Interests: []matcher.Weighted{{Tag: "cad", Weight: 5000}}}
}

func putTag(t *matcher.Tag) store.Mutation         { return store.Mutation{PutTag: t} }
func putPartner(p *matcher.Partner) store.Mutation { return store.Mutation{PutPartner: p} }
func putOpportunity(o *matcher.Opportunity) store.Mutation {
	return store.Mutation{PutOpportunity: o}
}

func batch(m ...store.Mutation) store.Write { return store.Write{Mutations: m} }

// write carries out mutations that must succeed.
func write(t tb, s store.Store, district string, m ...store.Mutation) store.Receipt {
	t.Helper()
	r, err := s.Write(t.Context(), district, at(noon), batch(m...))
	must(t, err)
	return r
}

func enrol(t tb, s store.Store, district string, ids ...string) store.Receipt {
	t.Helper()
	puts := make([]store.StudentPut, len(ids))
	for i, id := range ids {
		puts[i].Student = student(id)
	}
	r, err := s.PutStudents(t.Context(), district, at(noon), puts)
	must(t, err)
	return r
}

func state(t tb, s store.Store, district string) *store.State {
	t.Helper()
	st, err := s.State(t.Context(), district)
	must(t, err)
	return st
}

// tb is what the tests need of *testing.T, and of *rapid.T.
type tb interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
	Context() context.Context
}

func must(t tb, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantError(t tb, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got error %v, want %v", err, want)
	}
}

// wantViolation checks where a violation is said to be.
func wantViolation(t tb, err error, index int, field string) {
	t.Helper()
	var v *store.Violation
	if !errors.As(err, &v) || !errors.Is(err, store.ErrInvalid) {
		t.Fatalf("got error %v, want a violation at %d: %s", err, index, field)
	}
	if v.Index != index || v.Field != field || v.Rule == "" {
		t.Fatalf("got violation at %d: %s (%s), want %d: %s", v.Index, v.Field, v.Rule, index, field)
	}
}

func wantEqual(t tb, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("%s:\n got %s\nwant %s", what, show(got), show(want))
	}
}

func show(x any) string {
	s := fmt.Sprintf("%+v", x)
	if len(s) > 2000 {
		s = s[:2000] + "..."
	}
	return strings.ToValidUTF8(s, "?")
}

package sqlstore_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/matcher/place"
	"github.com/kindred-match/kindred/store"
	"github.com/kindred-match/kindred/store/sqlstore"
)

// countdown is a context that ends after it has been asked so many times.
type countdown struct {
	context.Context
	left atomic.Int64
}

func (c *countdown) Done() <-chan struct{} { return nil }

func (c *countdown) Err() error {
	if c.left.Add(-1) < 0 {
		return context.Canceled
	}
	return nil
}

// everything is all that a district holds.
type everything struct {
	state    *store.State
	students []store.StudentRecord
	rows     []store.Rows
	entry    *store.Entry
	runs     []store.Run
	placed   []store.Placement
	back     []store.Withdrawal
	drafts   [][]store.RunPlacement
	inputs   [][]store.RunStudent
	parts    [][]store.Part
}

func readEverything(t *testing.T, s *sqlstore.Store) (all everything) {
	t.Helper()
	var errs []error
	note := func(err error) { errs = append(errs, err) }
	var err error
	all.state, err = s.State(t.Context(), "d")
	note(err)
	all.students, err = s.ListStudents(t.Context(), "d", "", 100)
	note(err)
	for _, kind := range []store.RowKind{
		store.RowPreferences, store.RowScores, store.RowPriorities, store.RowLocks, store.RowReserves, store.RowStanding,
	} {
		rows, _, err := s.ListRows(t.Context(), "d", kind, store.RowFilter{}, "", 100)
		note(err)
		all.rows = append(all.rows, rows)
	}
	if all.entry, err = s.Entry(t.Context(), "d", "r1", now); !errors.Is(err, store.ErrNotFound) {
		note(err)
	}
	all.placed, err = s.Placements(t.Context(), "d", "", 100)
	note(err)
	all.back, err = s.Withdrawals(t.Context(), "d", "s")
	note(err)
	all.runs, err = s.ListRuns(t.Context(), "d", "", 100)
	note(err)
	for _, r := range all.runs {
		rows, err := s.RunPlacements(t.Context(), "d", r.ID, "", 100)
		note(err)
		students, err := s.RunStudents(t.Context(), "d", r.ID, "", 100)
		note(err)
		parts, err := s.RunParts(t.Context(), "d", r.ID, store.StepCheck, 0, 100)
		note(err)
		all.drafts, all.inputs, all.parts = append(all.drafts, rows), append(all.inputs, students), append(all.parts, parts)
	}
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	return all
}

var now = time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)

// TestInterrupted stops each kind of write before each of its statements: what
// was there before is there afterwards, and the write then goes through.
func TestInterrupted(t *testing.T) {
	s := openStore(t, sqlstore.Options{KeepChanges: 4})
	for i, step := range interruptions() {
		before := everything{}
		if i > 0 {
			before = readEverything(t, s)
		}
		statements := 0
		for ; ; statements++ {
			ctx := &countdown{Context: t.Context()}
			ctx.left.Store(int64(statements))
			err := step.run(ctx, s, request(strconv.Itoa(i)))
			if err == nil {
				break
			}
			if !errors.Is(err, context.Canceled) {
				t.Fatalf("%s, stopped before statement %d: %v", step.name, statements, err)
			}
			if i > 0 && !reflect.DeepEqual(readEverything(t, s), before) {
				t.Fatalf("%s, stopped before statement %d, has left something", step.name, statements)
			}
		}
		if statements < 4 {
			t.Errorf("%s was stopped %d times only", step.name, statements)
		}
		if reflect.DeepEqual(readEverything(t, s), before) {
			t.Errorf("%s changed nothing", step.name)
		}
	}
	wantNoScans(t, s)
}

// wantNoScans holds that no write goes through all of a district's ledger or
// students, but for publishing.
func wantNoScans(t *testing.T, s *sqlstore.Store) {
	t.Helper()
	plans := sqlstore.Plans(t, s)
	for text, plan := range plans {
		for line := range strings.SplitSeq(plan, "\n") {
			whole := strings.HasPrefix(line, "SCAN") || strings.HasSuffix(line, "(district=?)")
			large := strings.Contains(line, " ledger ") || strings.Contains(line, " students ") || strings.Contains(line, " requests ")
			if whole && large && !strings.Contains(text, "run_placements") {
				t.Errorf("%s\n\tgoes through a whole table: %s", text, line)
			}
		}
	}
	if len(plans) < 50 {
		t.Errorf("there are only %d statements", len(plans))
	}
}

func request(id string) store.Request {
	return store.Request{
		ID: id, Digest: sha256.Sum256([]byte(id)), Now: now,
		Respond: func(store.Receipt) ([]byte, error) { return []byte("answer"), nil },
	}
}

type interruption struct {
	name string
	run  func(ctx context.Context, s *sqlstore.Store, req store.Request) error
}

// interruptions fill a district and take it apart again.
func interruptions() []interruption {
	write := func(w store.Write) func(context.Context, *sqlstore.Store, store.Request) error {
		return func(ctx context.Context, s *sqlstore.Store, req store.Request) error {
			_, err := s.Write(ctx, "d", req, w)
			return err
		}
	}
	offer := func(id, partner string, tags ...matcher.Weighted) store.Mutation {
		return store.Mutation{PutOpportunity: &matcher.Opportunity{
			ID: id, Partner: partner, Seats: 3, MinPolicy: matcher.MinHard, Boost: 1, Status: matcher.Published, Tags: tags,
		}}
	}
	many := make([]matcher.Weighted, matcher.MaxOwnTags+1)
	for i := range many {
		many[i] = matcher.Weighted{Tag: "t" + strconv.Itoa(i), Weight: 1}
	}
	tag := &matcher.Tag{ID: "t0", Importance: 1, Synonyms: []string{"t1"}}
	settings := store.DefaultSettings()
	settings.IDF = true
	count := func(*store.State) (matcher.Statistics, error) { return matcher.Statistics{Published: 1}, nil }
	reservation := func(id, opportunity string, expires time.Duration) func(context.Context, *sqlstore.Store, store.Request) error {
		return func(ctx context.Context, s *sqlstore.Store, req store.Request) error {
			_, err := s.Reserve(ctx, "d", req, store.Reservation{ID: id, Student: "s", Opportunity: opportunity, Expires: now.Add(expires)})
			return err
		}
	}
	p, q := &matcher.Partner{ID: "p"}, &matcher.Partner{ID: "q"}
	return []interruption{
		{"a first batch", write(store.Write{
			Mutations: []store.Mutation{
				{PutTag: tag},
				{PutTag: &matcher.Tag{ID: "x", Importance: 1}},
				{PutPartner: p},
				{PutPartner: q},
				offer("o1", "p", many...), offer("o2", ""), offer("o3", "p"),
			},
			Settings: &settings, Refresh: count,
		})},
		{"students", func(ctx context.Context, s *sqlstore.Store, req store.Request) error {
			_, err := s.PutStudents(ctx, "d", req, []store.StudentPut{
				{Student: &matcher.Student{ID: "s", Interests: many}}, {Student: &matcher.Student{ID: "s2"}},
			})
			return err
		}},
		{"students again", func(ctx context.Context, s *sqlstore.Store, req store.Request) error {
			_, err := s.PutStudents(ctx, "d", req, []store.StudentPut{{Student: &matcher.Student{ID: "s"}, IfRevision: 1}})
			return err
		}},
		{"rows", func(ctx context.Context, s *sqlstore.Store, req store.Request) error {
			_, err := s.WriteRows(ctx, "d", req, store.RowsWrite{
				Clear:  []store.RowScope{{Kind: store.RowLocks}},
				Delete: store.Rows{Standing: []place.Standing{{Student: "s", Opportunity: "o1"}}},
				Put: store.Rows{
					Preferences: []place.Preference{{Student: "s", Opportunity: "o2", Rank: 1}},
					Reserves:    []place.Reserve{{Opportunity: "o2", Group: matcher.Group{Name: "a", Value: "b"}, Seats: 1}},
				},
			})
			return err
		}},
		{"a reservation", reservation("r1", "o1", time.Hour)},
		{"another", reservation("r2", "o3", time.Minute)},
		{"moving seats", write(store.Write{Mutations: []store.Mutation{offer("o1", "q")}, CloseOthers: true})},
		{"a placement", func(ctx context.Context, s *sqlstore.Store, req store.Request) error {
			_, err := s.Confirm(ctx, "d", req, "r1")
			return err
		}},
		{"an expiry", func(ctx context.Context, s *sqlstore.Store, _ store.Request) error {
			_, _, err := s.Expire(ctx, now.Add(time.Minute))
			return err
		}},
		{"deletions", write(store.Write{
			Mutations: []store.Mutation{{DeleteTag: "x"}, {DeletePartner: "p"}, {DeleteOpportunity: "o2"}, {DeleteOpportunity: "o3"}},
		})},
		{"another placement", func(ctx context.Context, s *sqlstore.Store, req store.Request) error {
			_, err := s.CreatePlacement(ctx, "d", req, store.NewPlacement{ID: "p1", Student: "s2", Opportunity: "o1"})
			return err
		}},
		{"a withdrawal", func(ctx context.Context, s *sqlstore.Store, req store.Request) error {
			_, err := s.WithdrawPlacement(ctx, "d", req, "s2", "why")
			return err
		}},
		{"a run", func(ctx context.Context, s *sqlstore.Store, req store.Request) error {
			_, err := s.CreateRun(ctx, "d", req, store.NewRun{ID: "run", Created: now})
			return err
		}},
		{"its start", func(ctx context.Context, s *sqlstore.Store, _ store.Request) error {
			_, err := s.StartRun(ctx, "d", "run", now)
			return err
		}},
		{"its snapshot", func(ctx context.Context, s *sqlstore.Store, _ store.Request) error {
			head, err := s.Head(ctx, "d")
			if err != nil {
				return err
			}
			return s.KeepSnapshot(ctx, "d", "run", store.Snapshot{
				Epoch: head.Epoch, Parts: [][]byte{[]byte("part")}, Students: slices.Values([]store.RunStudent{{ID: "s"}, {ID: "s2"}}),
			}, store.StepCheck)
		}},
		{"its parts", func(ctx context.Context, s *sqlstore.Store, _ store.Request) error {
			return s.KeepParts(ctx, "d", "run", store.StepCheck, []store.Part{{Number: 1}, {Number: 2}}, store.StepVerify)
		}},
		{"its draft", func(ctx context.Context, s *sqlstore.Store, _ store.Request) error {
			return s.FinishRun(ctx, "d", "run", store.Draft{
				Documents: []store.Document{{Name: "report"}},
				Rows:      slices.Values([]store.RunPlacement{{Student: "s"}, {Student: "s2", Opportunity: "o1", Number: 1}}),
			})
		}},
		{"its publication", func(ctx context.Context, s *sqlstore.Store, req store.Request) error {
			_, err := s.PublishRun(ctx, "d", req, "run")
			return err
		}},
		{"another run", func(ctx context.Context, s *sqlstore.Store, req store.Request) error {
			_, err := s.CreateRun(ctx, "d", req, store.NewRun{ID: "run2", Created: now})
			return err
		}},
		{"its cancelling", func(ctx context.Context, s *sqlstore.Store, req store.Request) error {
			_, err := s.CancelRun(ctx, "d", req, "run2")
			return err
		}},
		{"its discarding", func(ctx context.Context, s *sqlstore.Store, req store.Request) error {
			_, err := s.DiscardRun(ctx, "d", req, "run2")
			return err
		}},
		{"an erasure", func(ctx context.Context, s *sqlstore.Store, req store.Request) error {
			_, err := s.DeleteStudent(ctx, "d", req, "s", 0)
			return err
		}},
		{"students once more", func(ctx context.Context, s *sqlstore.Store, req store.Request) error {
			_, err := s.PutStudents(ctx, "d", req, []store.StudentPut{{Student: &matcher.Student{ID: "s"}}})
			return err
		}},
		{"a last reservation", reservation("r3", "o1", time.Hour)},
		{"a seat given back", func(ctx context.Context, s *sqlstore.Store, req store.Request) error {
			_, err := s.Release(ctx, "d", req, "r3")
			return err
		}},
	}
}

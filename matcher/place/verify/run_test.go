package verify

import (
	"bytes"
	"cmp"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"testing/fstest"

	"pgregory.net/rapid"

	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/matcher/place"
)

// tester is a test, or one of a property.
type tester interface {
	Helper()
	Fatal(args ...any)
}

// wanted is what a small district is to have.
type wanted struct {
	caps, tiers, reserves, locks, standing, minima bool
}

var everything = wanted{true, true, true, true, true, true}

func group(g int) matcher.Group { return matcher.Group{Name: "g", Value: strconv.Itoa(g)} }

// drawInput draws a small district, with much that is tied.
func drawInput(t *rapid.T, w wanted) *Input {
	in := &Input{Hashes: map[string]string{"students.csv": "aa", "opportunities.csv": "bb"}}
	number := func(low, high int, name string) int { return rapid.IntRange(low, high).Draw(t, name) }
	yes := func(wanted bool, name string) bool { return wanted && number(0, 2, name) == 0 }
	tag := func() string { return rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "tag") }
	in.Tags = []matcher.Tag{{ID: "a", Importance: 1}, {ID: "b", Parent: "a", Importance: 2}, {ID: "c", Parent: "b", Importance: 0.5}}
	for i := range number(0, 2, "partners") {
		p := matcher.Partner{ID: fmt.Sprintf("p%d", i)}
		if yes(w.caps, "capped") {
			limit := int32(number(0, 4, "cap"))
			p.MaxSeats = &limit
		}
		in.Partners = append(in.Partners, p)
	}
	for i := range number(1, 5, "opportunities") {
		o := matcher.Opportunity{
			ID: fmt.Sprintf("o%d", i), Seats: int32(number(0, 3, "seats")), Boost: 1,
			Status: matcher.Published, MinPolicy: matcher.MinHard, Tags: []matcher.Weighted{{Tag: tag(), Weight: 5000}},
		}
		if number(0, 9, "draft") == 0 {
			o.Status = matcher.Draft
		}
		if n := len(in.Partners); n > 0 {
			if at := number(0, n, "partner"); at < n {
				o.Partner = in.Partners[at].ID
			}
		}
		if yes(w.minima, "minimum") {
			o.MinSeats = int32(number(1, 3, "min seats"))
			o.MinPolicy = rapid.SampledFrom(matcher.MinPolicies).Draw(t, "policy")
		}
		for g := range 2 {
			if yes(w.reserves, "reserve") {
				in.Reserves = append(in.Reserves, Reserve{o.ID, group(g), int32(number(1, 2, "reserved"))})
			}
		}
		in.Opportunities = append(in.Opportunities, o)
	}
	for i := range number(1, 7, "students") {
		s := matcher.Student{ID: fmt.Sprintf("s%d", i)}
		for g := range 2 {
			if w.reserves && number(0, 1, "member") == 0 {
				s.Groups = append(s.Groups, group(g))
			}
		}
		if number(0, 2, "interested") > 0 {
			s.Interests = []matcher.Weighted{{Tag: tag(), Weight: matcher.Weight(number(1, 4, "weight") * 2500)}}
		}
		in.Students = append(in.Students, s)
		in.drawRows(w, s.ID, number)
	}
	return in
}

func (in *Input) drawRows(w wanted, s string, number func(int, int, string) int) {
	source, rank := number(0, 2, "source"), int32(0)
	turn := number(0, len(in.Opportunities)-1, "turn")
	for i := range in.Opportunities {
		o := &in.Opportunities[(i+turn)%len(in.Opportunities)]
		if w.tiers && number(0, 2, "has tier") == 0 {
			in.Priorities = append(in.Priorities, Priority{o.ID, s, int32(number(1, 3, "tier"))})
		}
		if number(0, 3, "listed") == 0 {
			continue
		}
		rank += int32(number(1, 2, "step"))
		switch source {
		case 0:
			in.Preferences = append(in.Preferences, Preference{s, o.ID, rank})
			if number(0, 3, "scored too") == 0 {
				in.Scores = append(in.Scores, Score{s, o.ID, float64(number(1, 4, "score")) / 4})
			}
		case 1:
			in.Scores = append(in.Scores, Score{s, o.ID, float64(number(1, 4, "score")) / 4})
		}
	}
	o := in.Opportunities[number(0, len(in.Opportunities)-1, "kept")].ID
	if w.locks && number(0, 5, "lock") == 0 {
		in.Locks = append(in.Locks, Lock{s, o, number(0, 2, "place") > 0})
	}
	if w.standing && number(0, 2, "standing") == 0 {
		in.Standing = append(in.Standing, Standing{s, o})
	}
}

func drawOptions(t *rapid.T, objective string) *summary {
	keeps := []string{"full", "freeze", "no-worse"}
	if flows(objective) {
		keeps = append(keeps, keepMinMoves)
	}
	s := &summary{
		Objective: objective, Seed: uint64(rapid.IntRange(0, 9).Draw(t, "seed")),
		Options: options{
			AsOf: "2026-09-01", Measure: "cosine", AncestorDecay: 0.5, Candidates: rapid.IntRange(1, 5).Draw(t, "candidates"),
			Priority:       rapid.SampledFrom([]string{"lottery", "score"}).Draw(t, "priority"),
			Reserves:       rapid.SampledFrom([]string{"first", "last"}).Draw(t, "reserves"),
			Keep:           rapid.SampledFrom(keeps).Draw(t, "keep"),
			Fill:           rapid.Bool().Draw(t, "fill"),
			ReverseLottery: rapid.Bool().Draw(t, "reverse"),
		},
		Seconds: map[string]float64{"read": 0, "rank": 0, "solve": 0, "ties": 0, "verify": 0, "report": 0},
	}
	s.Options.asOf = 20260901
	return s
}

// solved is a run that the solver makes of an input; false where it can't be.
func solved(t tester, in *Input, s *summary) (*Run, bool) {
	t.Helper()
	r := &Run{summary: *s}
	p, err := newProblem(in, r, Options{Workers: 1})
	if err != nil {
		return nil, false
	}
	if err := p.makeLists(context.Background(), Options{}); err != nil {
		t.Fatal(err)
	}
	q, err := p.toSolve()
	if err != nil {
		return nil, false
	}
	o := place.Options{
		Objective: place.Objective(s.Objective), Priority: place.PriorityRule(s.Options.Priority),
		Reserves: place.ReserveOrder(s.Options.Reserves), Keep: place.Keep(s.Options.Keep),
	}
	if s.Options.Fill {
		o.Fill = p.toFill
	}
	f, err := place.Solve(context.Background(), q, o)
	if _, bad := errors.AsType[*place.OptionError](err); bad || errors.Is(err, place.ErrMinimums) {
		return nil, false
	}
	if err != nil {
		t.Fatal(err)
	}
	return p.written(t, q, o, f), true
}

// toSolve is the problem as the solver takes it; both number students and
// opportunities the same way.
func (p *problem) toSolve() (*place.Problem, error) {
	in := p.in
	q, err := place.NewProblem(place.Input{
		Lottery:  place.Lottery{Seed: p.run.summary.Seed, Reverse: p.run.summary.Options.ReverseLottery},
		Students: in.Students, Opportunities: in.Opportunities, Partners: in.Partners,
		Priorities: converted(in.Priorities, func(r Priority) place.Priority { return place.Priority(r) }),
		Locks: converted(in.Locks, func(r Lock) place.Lock {
			if r.Place {
				return place.Lock{Student: r.Student, Opportunity: r.Opportunity, Action: place.Place}
			}
			return place.Lock{Student: r.Student, Opportunity: r.Opportunity, Action: place.Forbid}
		}),
		Reserves: converted(in.Reserves, func(r Reserve) place.Reserve { return place.Reserve(r) }),
		Standing: converted(in.Standing, func(r Standing) place.Standing { return place.Standing(r) }),
	})
	if err != nil {
		return nil, err
	}
	for s, list := range p.lists {
		q.Lists.Append(converted(list, func(e entry) place.Entry { return place.Entry{Opportunity: e.offer, Rank: e.rank, Weight: e.weight()} }), p.barred[s])
	}
	q.Weigh = func(s, o int32) int32 { return place.WeightOf(p.scoresOf(s)(o)) }
	return q, nil
}

func (p *problem) toFill(s int32, open []int32) iter.Seq2[int32, float64] {
	return func(yield func(int32, float64) bool) {
		score := p.scoresOf(s)
		ordered := slices.SortedStableFunc(slices.Values(open), func(a, b int32) int { return cmp.Compare(score(b), score(a)) })
		for _, o := range ordered {
			if p.eligible(s, o) && !yield(o, score(o)) {
				return
			}
		}
	}
}

func converted[From, To any](rows []From, f func(From) To) []To {
	to := make([]To, len(rows))
	for i := range rows {
		to[i] = f(rows[i])
	}
	return to
}

// written is a run with all that it says.
func (p *problem) written(t tester, q *place.Problem, o place.Options, f *place.Placement) *Run {
	t.Helper()
	r := &Run{summary: p.run.summary}
	x, err := place.NewExplainer(q, o, f)
	if err != nil {
		t.Fatal(err)
	}
	for s, at := range f.At {
		if at < 0 {
			r.unplaced = append(r.unplaced, unplacedRow{student: p.students[s], reason: string(x.Student(int32(s)))})
			continue
		}
		row := placedRow{student: p.students[s], opportunity: q.Opportunities[at], score: decimal(micro(p.scoresOf(int32(s))(at)))}
		if e := f.Entry[s]; e >= 0 {
			row.rank = q.Lists.Rank[e]
		}
		r.placements = append(r.placements, row)
	}
	slices.SortFunc(r.placements, func(a, b placedRow) int { return strings.Compare(a.student, b.student) })
	slices.SortFunc(r.unplaced, func(a, b unplacedRow) int { return strings.Compare(a.student, b.student) })
	certificate, err := json.Marshal(f.Certificate)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.certificate.read(certificate); err != nil {
		t.Fatal(err)
	}
	totals := q.Totals(f)
	s := &r.summary
	s.Placed, s.Profile, s.TotalRank, s.TotalScore = totals.Placed, totals.Profile, totals.TotalRank, totals.TotalScore
	s.BlockingPairs, s.InputSHA256 = f.BlockingPairs, p.in.Hashes
	s.Students, s.Opportunities, s.Seats = int64(len(p.students)), int64(len(p.offers)), 0
	for _, o := range p.in.Opportunities {
		if o.Status == matcher.Published {
			s.Seats += int64(o.Seats)
		}
	}
	if s.Profile == nil {
		s.Profile = []int64{}
	}
	return r
}

// folder is a run as files.
func (r *Run) folder(t tester) fstest.MapFS {
	t.Helper()
	table := func(rows ...[]string) *fstest.MapFile {
		var b bytes.Buffer
		if err := csv.NewWriter(&b).WriteAll(rows); err != nil {
			t.Fatal(err)
		}
		return &fstest.MapFile{Data: b.Bytes()}
	}
	object := func(of any) *fstest.MapFile {
		content, err := json.Marshal(of)
		if err != nil {
			t.Fatal(err)
		}
		return &fstest.MapFile{Data: content}
	}
	placements, unplaced := [][]string{{"student", "opportunity", "rank", "score"}}, [][]string{{"student", "reason"}}
	for _, row := range r.placements {
		rank := ""
		if row.rank > 0 {
			rank = strconv.Itoa(int(row.rank))
		}
		placements = append(placements, []string{row.student, row.opportunity, rank, row.score})
	}
	for _, row := range r.unplaced {
		unplaced = append(unplaced, []string{row.student, row.reason})
	}
	return fstest.MapFS{
		summaryFile: object(r.summary), certificateFile: object(r.certificate),
		placementsFile: table(placements...), unplacedFile: table(unplaced...), reportFile: &fstest.MapFile{},
	}
}

// checked reads a run and checks it.
func checked(t tester, in *Input, r *Run) error {
	t.Helper()
	read, err := Read(r.folder(t))
	if err != nil {
		return err
	}
	return Check(context.Background(), in, read, Options{Workers: 1})
}

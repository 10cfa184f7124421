package page_test

import (
	"maps"
	"reflect"
	"testing"

	"github.com/kindred-match/kindred/internal/page"
	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/matcher/place"
)

// four students want two opportunities of three seats in all; the fifth has no
// list, though it could have something.
func four(t *testing.T) *page.Input {
	t.Helper()
	in := &page.Input{
		Asked:    page.Asked{Objective: place.Stable, Seed: 1, AsOf: "2026-09-01", Files: map[string]string{"students.csv": "00"}},
		Tags:     []matcher.Tag{{ID: "cad", Label: "Drawing", Synonyms: []string{"draw"}}},
		Partners: []matcher.Partner{{ID: "p", Name: "Museum", Kind: "community"}},
		Opportunities: []matcher.Opportunity{
			{ID: "o1", Title: "One", Partner: "p", Kind: "internship", Seats: 2, Status: matcher.Published, Tags: []matcher.Weighted{{Tag: "cad", Weight: 1}}},
			{ID: "o2", Seats: 1, MinSeats: 2, Status: matcher.Published, MinPolicy: matcher.MinCancel, Tags: []matcher.Weighted{{Tag: "draw", Weight: 1}, {Tag: "other", Weight: 1}}},
			{ID: "o3", Seats: 9, Status: matcher.Draft},
		},
		Students:   []matcher.Student{{ID: "a"}, {ID: "b"}, {ID: "c"}, {ID: "d"}, {ID: "e"}},
		Eligible:   func(int32) bool { return true },
		Preferring: func(row int32) bool { return row < 4 },
		SmallGroup: 5,
	}
	p, err := place.NewProblem(place.Input{
		Lottery: place.Lottery{Seed: 1}, Students: in.Students, Opportunities: in.Opportunities, Partners: in.Partners,
	})
	if err != nil {
		t.Fatal(err)
	}
	in.Problem = p
	both := []place.Entry{{Opportunity: 0, Rank: 1, Weight: 900_000}, {Opportunity: 1, Rank: 2, Weight: 300_000}}
	for _, row := range p.StudentRows {
		switch row {
		case 4:
			p.Lists.Append(nil, false)
		default:
			p.Lists.Append(both, false)
		}
	}
	p.Minimum[1] = 1 // which it reaches
	if in.Placement, err = place.Solve(t.Context(), p, place.Options{}); err != nil {
		t.Fatal(err)
	}
	return in
}

func TestFigures(t *testing.T) {
	r := page.New(four(t))
	if want := (page.Outcome{Students: 5, Placed: 3, First: 2, TopThree: 3, MeanRank: 4.0 / 3, MeanScore: 0.7, Seats: 3}); r.Outcome != want {
		t.Errorf("the outcome is %+v, want %+v", r.Outcome, want)
	}
	if want := []int64{2, 1}; !reflect.DeepEqual(r.Ranks, want) {
		t.Errorf("ranks are %v, want %v", r.Ranks, want)
	}
	if r.Scores[6] != 1 || r.Scores[18] != 2 {
		t.Errorf("scores are %v", r.Scores)
	}
	if want := []page.Reason{{Reason: place.NoCandidates, Students: 1}, {Reason: place.Outcompeted, Students: 1}}; !reflect.DeepEqual(r.Unplaced, want) {
		t.Errorf("unplaced are %v, want %v", r.Unplaced, want)
	}
	for _, c := range []struct {
		name      string
		got, want []page.Demand
	}{
		{"kinds", r.Kinds, []page.Demand{
			{Name: "internship", Opportunities: 1, Seats: 2, Listed: 4, First: 4, Placed: 2},
			{Name: "not said", Opportunities: 1, Seats: 1, Listed: 4, Placed: 1},
		}},
		{"partner kinds", r.PartnerKinds, []page.Demand{
			{Name: "community", Opportunities: 1, Seats: 2, Listed: 4, First: 4, Placed: 2},
			{Name: "not said", Opportunities: 1, Seats: 1, Listed: 4, Placed: 1},
		}},
		{"tags", r.Tags, []page.Demand{
			{Name: "Drawing", Opportunities: 2, Seats: 3, Listed: 4, First: 4, Placed: 3},
			{Name: "other", Opportunities: 1, Seats: 1, Listed: 4, Placed: 1},
		}},
	} {
		if !reflect.DeepEqual(c.got, c.want) {
			t.Errorf("%s are %+v, want %+v", c.name, c.got, c.want)
		}
	}
	if len(r.Offered) != 2 || r.Offered[0].Cutoff == nil || r.Offered[0].Partner != "Museum" || r.Offered[1].Under() {
		t.Errorf("offered are %+v", r.Offered)
	}
	if r.Offered[0].Waiting != 2 || r.Offered[1].Waiting != 1 {
		t.Errorf("%d and %d are waiting, want 2 and 1", r.Offered[0].Waiting, r.Offered[1].Waiting)
	}
	f := r.Audit.All
	if f.Students != 5 || f.Eligible != 5 || f.Candidates != 4 || f.Ranked != 4 || f.Placed != 3 || f.First != 2 || f.TopThree != 3 || f.MeanScore != 0.7 {
		t.Errorf("the funnel is %+v", f)
	}
}

// oneMore is what a report says one more seat would do, by opportunity.
func oneMore(r *page.Report) map[string]string {
	said := make(map[string]string)
	table := r.Tables()[0]
	for _, row := range table.Rows {
		said[row[0]] = row[len(row)-1]
	}
	return said
}

// TestOneMoreSeat holds prices against what a seat more really does.
func TestOneMoreSeat(t *testing.T) {
	if got := oneMore(page.New(four(t))); got["o1"] != "go to one of 2 waiting" || got["o2"] != "go to the one who is waiting" {
		t.Errorf("stable: %v", got)
	}
	for _, c := range []struct {
		objective place.Objective
		want      map[string]string
	}{
		{place.Welfare, map[string]string{"o1": "add up to 0.900 score", "o2": "add up to 0.300 score"}},
		{place.MinRank, map[string]string{"o1": "place up to 1 more", "o2": "place up to 1 more"}},
	} {
		in := four(t)
		in.Asked.Objective = c.objective
		var err error
		if in.Placement, err = place.Solve(t.Context(), in.Problem, place.Options{Objective: c.objective}); err != nil {
			t.Fatal(err)
		}
		if got := oneMore(page.New(in)); !maps.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.objective, got, c.want)
		}
	}
}

// TestPricesBoundWhatASeatAdds adds a seat to each opportunity of a district in
// turn: the sum of weights grows by the price at most, and by nothing where there
// is none.
func TestPricesBoundWhatASeatAdds(t *testing.T) {
	in := run(t, invented(t, 120, 12), place.Welfare)
	options := place.Options{Objective: place.Welfare}
	prices := make(map[string]int64)
	for _, o := range page.New(in).Offered {
		if o.Price != nil {
			prices[o.ID] = o.Price.Price
		}
	}
	before, priced := in.Problem.Totals(in.Placement).TotalScore, 0
	for o, id := range in.Problem.Opportunities {
		in.Problem.Seats[o]++
		more, err := place.Solve(t.Context(), in.Problem, options)
		if err != nil {
			t.Fatal(err)
		}
		in.Problem.Seats[o]--
		gain := in.Problem.Totals(more).TotalScore - before
		if gain > max(0, prices[id]) {
			t.Errorf("a seat more at %s adds %d, its price is %d", id, gain, prices[id])
		}
		if gain > 0 {
			priced++
		}
	}
	if priced == 0 {
		t.Error("no seat adds anything, so that nothing is held")
	}
}

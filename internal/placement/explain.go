package placement

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"

	"github.com/kindred-match/kindred/internal/report"
	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/matcher/place"
)

// Explanation says why a student was placed so, and why not elsewhere.
type Explanation struct {
	Student   string          `json:"student"`
	Objective place.Objective `json:"objective"`
	Seed      uint64          `json:"seed"`
	// Lottery is the student's place in the order of the lottery, from 1.
	Lottery int `json:"lottery"`
	// Reason is PLACED, or why there is no placement.
	Reason      place.Reason `json:"reason"`
	Text        string       `json:"text"`
	Opportunity string       `json:"opportunity,omitempty"` // that the student has
	Title       string       `json:"title,omitempty"`
	// How is how the student came to it: listed, locked, kept or filled.
	How string `json:"how,omitempty"`
	// List has what was asked for: the student's list with what is not eligible
	// of its rows, and where it is placed; or one opportunity.
	List []Answer `json:"list"`
}

// Answer says why a student is, or isn't, placed at an opportunity.
type Answer struct {
	Opportunity string         `json:"opportunity"`
	Title       string         `json:"title,omitempty"`
	Partner     string         `json:"partner,omitempty"`
	Rank        int32          `json:"rank,omitempty"` // 0: it is not on the list
	Score       report.Decimal `json:"score"`
	// Reason is that of a pair, or the first rule of eligibility that it fails.
	Reason   string         `json:"reason"`
	Failures []matcher.Code `json:"failures,omitempty"` // all rules that it fails
	Text     string         `json:"text"`
	// Own and Cutoff are the pair's priority, and the lowest that was taken.
	Own    *Standing `json:"own,omitempty"`
	Cutoff *Standing `json:"cutoff,omitempty"`
	// Losses are what the objective would lose with the pair, by stage; nil
	// where that was not worked out.
	Losses []place.Loss `json:"losses,omitempty"`
	// OneMoreSeat is what another seat would change; nil where that was not worked
	// out.
	OneMoreSeat *OneMoreSeat `json:"one_more_seat,omitempty"`
}

// OneMoreSeat is what would be if an opportunity had one more seat and all else
// were the same: everybody is placed anew.
type OneMoreSeat struct {
	// Opportunity is what the student would have, empty: nothing.
	Opportunity string `json:"opportunity,omitempty"`
	Placed      int64  `json:"placed"` // how many more would be placed in all
	Moved       int    `json:"moved"`  // how many would have something else than now, or nothing
}

// Standing is a priority. Lottery is a place in its order, from 1.
type Standing struct {
	Tier    int32          `json:"tier,omitempty"`  // 0: not listed, after all tiers
	Score   report.Decimal `json:"score,omitempty"` // with the priority by score
	Lottery int            `json:"lottery"`
}

// The errors of Explain.
var (
	ErrNoStudent     = errors.New("the run has no such student")
	ErrNoOpportunity = errors.New("the run has no such opportunity")
)

// explaining is one explanation.
type explaining struct {
	c   *Case
	x   *place.Explainer
	f   *place.Placement
	s   int32 // the student's number
	row int32
	// dear says that losses take too long: each as long as a placement.
	dear bool
	// alone says that one opportunity was asked for.
	alone bool
	// brief leaves losses out.
	brief bool
}

// many is how many entries of lists may be gone through for the losses of one
// student, where each takes a placement of everybody: a second or two.
const many = 2_000_000

// Explain says why a placement of the case has a student where it is. With an
// opportunity it answers for that alone, and always with the exact loss and with
// what one more seat would change.
func (c *Case) Explain(ctx context.Context, f *place.Placement, student, opportunity string) (*Explanation, error) {
	s := int32(slices.Index(c.Problem.Students, student))
	if s < 0 {
		return nil, ErrNoStudent
	}
	x, err := place.NewExplainer(c.Problem, c.Options(c.Problem), f)
	if err != nil {
		return nil, err
	}
	e := &explaining{c: c, x: x, f: f, s: s, row: c.Problem.StudentRows[s]}
	if opportunity == "" {
		asked := e.list()
		anew := len(c.Rows.Reserves) > 0 || c.options.Objective == place.Maximin
		e.dear = anew && len(asked)*len(c.Problem.Lists.Opportunity) > many
		return e.explain(ctx, asked)
	}
	o, found := slices.BinarySearch(c.Problem.Opportunities, opportunity)
	if !found {
		return nil, ErrNoOpportunity
	}
	e.alone = true
	return e.explain(ctx, []int32{int32(o)})
}

// explain answers for the opportunities that are asked for.
func (e *explaining) explain(ctx context.Context, asked []int32) (*Explanation, error) {
	c, s := e.c, e.s
	found := &Explanation{
		Student: c.Problem.Students[s], Objective: c.options.Objective, Seed: c.options.Lottery.Seed, Lottery: int(s) + 1,
		Reason: e.x.Student(s), How: e.f.How[s].String(), List: []Answer{},
	}
	if at := e.f.At[s]; at >= 0 {
		found.Opportunity, found.Title = c.Problem.Opportunities[at], c.opportunities[at].Title
	}
	found.Text = e.studentText(found.Reason)
	for _, o := range asked {
		answer, err := e.answer(ctx, o)
		if err != nil {
			return nil, err
		}
		found.List = append(found.List, *answer)
	}
	return found, nil
}

// list is what the student asked for or could have had, and has.
func (e *explaining) list() []int32 {
	var asked []int32
	switch preferences, scores := e.c.preferences.of(e.row), e.c.scores.of(e.row); {
	case len(preferences) > 0:
		for _, r := range preferences {
			asked = append(asked, r.Opportunity)
		}
	case len(scores) > 0:
		from, to := e.c.Problem.Lists.Of(e.s)
		asked = append(asked, e.c.Problem.Lists.Opportunity[from:to]...)
		for _, r := range scores {
			if !slices.Contains(asked[:to-from], r.Opportunity) {
				asked = append(asked, r.Opportunity)
			}
		}
	default:
		from, to := e.c.Problem.Lists.Of(e.s)
		asked = append(asked, e.c.Problem.Lists.Opportunity[from:to]...)
	}
	if at := e.f.At[e.s]; at >= 0 && !slices.Contains(asked, at) {
		asked = append(asked, at)
	}
	return asked
}

func (e *explaining) answer(ctx context.Context, o int32) (*Answer, error) {
	c := e.c
	pair := e.x.Pair(e.s, o)
	a := &Answer{
		Opportunity: c.Problem.Opportunities[o], Title: c.opportunities[o].Title, Partner: c.partnerName(o),
		Rank: pair.Rank, Score: report.Decimal(c.Score(e.row, o)), Reason: string(pair.Reason),
		Own: e.standing(pair.Own), Cutoff: e.standing(pair.Cutoff),
	}
	if i := slices.IndexFunc(c.preferences.of(e.row), func(r place.Ranked) bool { return r.Opportunity == o }); i >= 0 {
		a.Rank = int32(i + 1) // an ineligible one has its rank too
	}
	if pair.Reason != place.Placed {
		if a.Failures = c.Refusals(e.row, o); len(a.Failures) > 0 {
			a.Reason = string(a.Failures[0])
		}
	}
	flow := c.options.Objective.Flow()
	if flow { // no priority decided
		a.Own, a.Cutoff = nil, nil
	}
	a.Text = e.pairText(a, pair.Reason, o)
	if flow && !e.brief && slices.Contains(traded, pair.Reason) {
		if err := e.lose(ctx, a, o); err != nil {
			return nil, err
		}
	}
	if e.alone && len(a.Failures) == 0 && slices.Contains(seatless, pair.Reason) {
		return a, e.oneMore(ctx, a, o)
	}
	return a, nil
}

// seatless are the reasons for which it says something what one more seat would
// change.
var seatless = []place.Reason{place.BelowCutoff, place.ReserveFull, place.LockedOut, place.Tradeoff}

// oneMore adds what one more seat would change. Where some minimum could then
// not be reached it says nothing.
func (e *explaining) oneMore(ctx context.Context, a *Answer, o int32) error {
	f, err := e.x.OneMoreSeat(ctx, o)
	if errors.Is(err, place.ErrMinimums) {
		return nil
	}
	if err != nil {
		return err
	}
	p := e.c.Problem
	more := &OneMoreSeat{Placed: p.Totals(f).Placed - p.Totals(e.f).Placed}
	then := f.At[e.s]
	if then >= 0 {
		more.Opportunity = p.Opportunities[then]
	}
	for s, at := range f.At {
		if at != e.f.At[s] {
			more.Moved++
		}
	}
	a.OneMoreSeat = more
	a.Text += " " + e.moreText(more, o, then)
	return nil
}

// traded are the reasons for which an objective of a flow has a loss.
var traded = []place.Reason{place.Tradeoff, place.PartnerFull, place.ReserveFull}

// lose adds what the objective would lose.
func (e *explaining) lose(ctx context.Context, a *Answer, o int32) error {
	if e.dear {
		a.Text += " What it would cost is told when this opportunity alone is asked for."
		return nil
	}
	losses, err := e.x.Losses(ctx, e.s, o)
	switch {
	case errors.Is(err, place.ErrNoSuchPlacement):
		a.Text += " No placement has this pair: locks, placements from before or minimums leave no seat for it."
	case err != nil:
		return err
	default:
		a.Losses = losses
		a.Text += " " + tradeoffText(losses)
	}
	return nil
}

func (c *Case) partnerName(o int32) string {
	if p := c.partners[o]; p != nil && p.Name != "" {
		return p.Name
	}
	return c.opportunities[o].Partner
}

// standing is a priority with its place in the lottery.
func (e *explaining) standing(of *place.Cutoff) *Standing {
	if of == nil || of.Fixed {
		return nil
	}
	return &Standing{
		Tier: of.Tier, Score: report.Decimal(float64(of.Weight) / 1e6), Lottery: e.c.lotteryPlace(of.Lottery),
	}
}

// lotteryPlace is the place, from 1, of a number in the order of the lottery.
func (c *Case) lotteryPlace(number string) int {
	n, err := strconv.ParseUint(number, 10, 64)
	if err != nil { // none was given
		return 0
	}
	at, found := slices.BinarySearchFunc(c.Problem.Numbers, n, func(a, b uint64) int {
		if c.Problem.Lottery.Reverse {
			a, b = b, a
		}
		return cmp.Compare(a, b)
	})
	if !found {
		return 0
	}
	return at + 1
}

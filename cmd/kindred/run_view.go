package main

import (
	"fmt"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	kindredv1 "github.com/kindred-match/kindred/proto/kindred/v1"
)

// runView is a run for programs: the names are those of run.json where it has
// them.
type runView struct {
	Run     string        `json:"run"`
	State   string        `json:"state"`
	Options optionsView   `json:"options"`
	Epoch   uint64        `json:"epoch"`
	Created string        `json:"created,omitempty"` // RFC 3339
	Ended   string        `json:"ended,omitempty"`
	Publish string        `json:"published,omitempty"`
	Failure string        `json:"failure,omitempty"`
	Now     *progressView `json:"progress,omitempty"`
	Outcome *outcomeView  `json:"outcome,omitempty"`
}

// optionsView are the options of a run with the names of the flags.
type optionsView struct {
	Objective      string `json:"objective"`
	Seed           uint64 `json:"seed"`
	Candidates     int32  `json:"candidates"`
	Priority       string `json:"priority"`
	Reserves       string `json:"reserves"`
	Keep           string `json:"keep"`
	Fill           bool   `json:"fill"`
	ReverseLottery bool   `json:"reverse_lottery"`
	Term           string `json:"term"`
	AsOf           string `json:"as_of"`
	Measure        string `json:"measure"`
	MaxPerPartner  int32  `json:"max_per_partner"`
	Compare        bool   `json:"compare"`
	Seeds          int32  `json:"seeds"`
}

type progressView struct {
	Step      string  `json:"step"`
	Detail    string  `json:"detail,omitempty"`
	Done      int64   `json:"done"`
	Total     int64   `json:"total"`             // 0: not known
	Rate      float64 `json:"rate,omitempty"`    // a second
	Remaining float64 `json:"seconds,omitempty"` // that are left
}

type outcomeView struct {
	Students        int64    `json:"students"`
	Opportunities   int64    `json:"opportunities"`
	Seats           int64    `json:"seats"`
	Placed          int64    `json:"placed"`
	Profile         []int64  `json:"profile"`
	TotalRank       int64    `json:"total_rank"`
	TotalScoreMicro int64    `json:"total_score_micro"`
	BlockingPairs   int64    `json:"blocking_pairs"`
	Cancelled       []string `json:"cancelled"`
}

func runViewOf(r *kindredv1.Run) *runView {
	v := &runView{
		Run: r.GetRun(), State: stateOf(r), Options: optionsViewOf(r.GetOptions()), Epoch: r.GetEpoch(), Failure: r.GetFailure(),
		Created: moment(r.GetCreateTime()), Ended: moment(r.GetEndTime()), Publish: moment(r.GetPublishTime()),
	}
	if g := r.GetProgress(); g != nil {
		v.Now = &progressView{
			Step: stepOf(g), Detail: g.GetDetail(), Done: g.GetDone(), Total: g.GetTotal(), Rate: g.GetRate(),
			Remaining: g.GetRemaining().AsDuration().Seconds(),
		}
	}
	if o := r.GetOutcome(); o != nil {
		v.Outcome = &outcomeView{
			Students: o.GetStudents(), Opportunities: o.GetOpportunities(), Seats: o.GetSeats(), Placed: o.GetPlaced(),
			Profile: append([]int64{}, o.GetProfile()...), TotalRank: o.GetTotalRank(), TotalScoreMicro: o.GetTotalScoreMicro(),
			BlockingPairs: o.GetBlockingPairs(), Cancelled: append([]string{}, o.GetCancelled()...),
		}
	}
	return v
}

func optionsViewOf(o *kindredv1.RunOptions) optionsView {
	return optionsView{
		Objective: word(o.GetObjective(), "OBJECTIVE_"), Seed: o.GetSeed(), Candidates: o.GetCandidates(),
		Priority: word(o.GetPriority(), "PRIORITY_RULE_"), Reserves: word(o.GetReserves(), "RESERVE_ORDER_"),
		Keep: word(o.GetKeep(), "KEEP_"), Fill: o.GetFill(), ReverseLottery: o.GetReverseLottery(),
		Term: o.GetTerm(), AsOf: o.GetAsOf(), Measure: word(o.GetMeasure(), "MEASURE_"),
		MaxPerPartner: o.GetMaxPerPartner(), Compare: o.GetCompare(), Seeds: o.GetSeeds(),
	}
}

func stateOf(r *kindredv1.Run) string { return word(r.GetState(), "RUN_STATE_") }

func stepOf(g *kindredv1.RunProgress) string { return word(g.GetStep(), "RUN_STEP_") }

func moment(t *timestamppb.Timestamp) string {
	if t == nil {
		return ""
	}
	return t.AsTime().Format(time.RFC3339)
}

// describeRun is a run on a line.
func describeRun(r *kindredv1.Run) string {
	return fmt.Sprintf("%s, %s, seed %d, %s", stateOf(r), word(r.GetOptions().GetObjective(), "OBJECTIVE_"), r.GetOptions().GetSeed(), moment(r.GetCreateTime()))
}

// outcomeText are the figures of a complete run in words.
func outcomeText(o *kindredv1.RunOutcome) string {
	first := int64(0)
	if len(o.GetProfile()) > 0 {
		first = o.GetProfile()[0]
	}
	text := fmt.Sprintf("%d of %d students are placed, %d of them at their first choice", o.GetPlaced(), o.GetStudents(), first)
	if n := len(o.GetCancelled()); n > 0 {
		text += fmt.Sprintf("; %d opportunities were cancelled under their minimum", n)
	}
	return text
}

// runText is a run in full, for people.
func runText(r *kindredv1.Run) string {
	var b strings.Builder
	o := optionsViewOf(r.GetOptions())
	fmt.Fprintf(&b, "Run %s: %s\n", r.GetRun(), stateOf(r))
	line := func(name, format string, a ...any) {
		if text := fmt.Sprintf(format, a...); text != "" {
			fmt.Fprintf(&b, "  %-15s %s\n", name, text)
		}
	}
	line("failure", "%s", r.GetFailure())
	line("objective", "%s", o.Objective)
	line("seed", "%d", o.Seed)
	line("as of", "%s", o.AsOf)
	line("term", "%s", o.Term)
	line("measure", "%s", o.Measure)
	line("candidates", "%d", o.Candidates)
	if o.MaxPerPartner > 0 {
		line("max per partner", "%d", o.MaxPerPartner)
	}
	line("priority", "%s", o.Priority)
	line("reserves", "%s", o.Reserves)
	line("keep", "%s", o.Keep)
	line("fill", "%t", o.Fill)
	line("reverse lottery", "%t", o.ReverseLottery)
	line("epoch", "%d", r.GetEpoch())
	line("created", "%s", moment(r.GetCreateTime()))
	line("ended", "%s", moment(r.GetEndTime()))
	line("published", "%s", moment(r.GetPublishTime()))
	if g := r.GetProgress(); g != nil {
		line("progress", "%s", progressText(g))
	}
	if out := r.GetOutcome(); out != nil {
		line("outcome", "%s", outcomeText(out))
		line("seats", "%d", out.GetSeats())
		line("total rank", "%d", out.GetTotalRank())
		line("blocking pairs", "%d", out.GetBlockingPairs())
	}
	return b.String()
}

// progressText is how far a run is, in words.
func progressText(g *kindredv1.RunProgress) string {
	text := stepOf(g)
	if g.GetDetail() != "" && g.GetDetail() != text {
		text += ": " + g.GetDetail()
	}
	if g.GetTotal() > 0 {
		text += fmt.Sprintf(", %d of %d", g.GetDone(), g.GetTotal())
	}
	if g.GetRate() > 0 {
		text += fmt.Sprintf(", %.0f a second", g.GetRate())
	}
	if g.GetRemaining() != nil {
		text += fmt.Sprintf(", %s left", g.GetRemaining().AsDuration().Round(time.Second))
	}
	return text
}

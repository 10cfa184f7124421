package service

import (
	"fmt"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/kindred-match/kindred/internal/placement"
	"github.com/kindred-match/kindred/internal/runs"
	"github.com/kindred-match/kindred/matcher"
	kindredv1 "github.com/kindred-match/kindred/proto/kindred/v1"
	"github.com/kindred-match/kindred/store"
)

// runOptionsOf reads the options of a run, fills in what was left open and
// reports what can't be.
func runOptionsOf(p *kindredv1.RunOptions, s *store.Settings, now time.Time, report matcher.Report) (runs.Options, error) {
	o := runs.Options{
		Objective: objectives.domain(p.GetObjective(), "objective", report), Seed: runs.DefaultSeed,
		Candidates: int(p.GetCandidates()),
		Priority:   priorityRules.domain(p.GetPriority(), "priority", report),
		Reserves:   reserveOrders.domain(p.GetReserves(), "reserves", report),
		Keep:       keeps.domain(p.GetKeep(), "keep", report),
		Fill:       p.GetFill(), ReverseLottery: p.GetReverseLottery(), Term: p.GetTerm(),
		Measure:       measures.domain(p.GetMeasure(), "measure", report),
		MaxPerPartner: int(p.GetMaxPerPartner()), Compare: p.GetCompare(), Seeds: int(p.GetSeeds()),
	}
	if p != nil && p.Seed != nil {
		o.Seed = p.GetSeed()
	}
	if o.Term != "" && !matcher.ValidID(o.Term) {
		report("term", ruleID)
	}
	if text := p.GetAsOf(); text != "" {
		var err error
		if o.AsOf, err = matcher.ParseDate(text); err != nil {
			report("as_of", err.Error())
		}
	}
	if err := o.Default(s, now); err != nil {
		return o, err
	}
	o.Check(report)
	return o, nil
}

func runOptionsProto(o *runs.Options) *kindredv1.RunOptions {
	return &kindredv1.RunOptions{
		Objective: kindredv1.Objective(objectives.number(o.Objective)), Seed: new(o.Seed), Candidates: int32(o.Candidates),
		Priority: kindredv1.PriorityRule(priorityRules.number(o.Priority)),
		Reserves: kindredv1.ReserveOrder(reserveOrders.number(o.Reserves)),
		Keep:     kindredv1.Keep(keeps.number(o.Keep)), Fill: o.Fill, ReverseLottery: o.ReverseLottery,
		Term: o.Term, AsOf: o.AsOf.String(), Measure: kindredv1.Measure(measures.number(o.Measure)),
		MaxPerPartner: int32(o.MaxPerPartner), Compare: o.Compare, Seeds: int32(o.Seeds),
	}
}

// runProto is a run without its progress.
func runProto(r *store.Run) (*kindredv1.Run, error) {
	o, err := runs.OptionsOf(r)
	if err != nil {
		return nil, err
	}
	p := &kindredv1.Run{
		Run: r.ID, State: kindredv1.RunState(runStates.number(r.State)), Options: runOptionsProto(&o),
		Epoch: uint64(r.Epoch), CreateTime: timestamppb.New(r.Created), Failure: r.Message,
	}
	switch {
	case r.State == store.RunPublished:
		p.PublishTime = timestamppb.New(r.Changed)
	case !r.State.Unfinished():
		p.EndTime = timestamppb.New(r.Changed)
	}
	p.Outcome, err = runOutcomeProto(r)
	return p, err
}

// runOutcomeProto is nil for a run that is not complete.
func runOutcomeProto(r *store.Run) (*kindredv1.RunOutcome, error) {
	summary, err := runs.SummaryOf(r)
	if summary == nil || err != nil {
		return nil, err
	}
	f, err := summary.Figures()
	if err != nil {
		return nil, fmt.Errorf("the figures of a run: %w", err)
	}
	return &kindredv1.RunOutcome{
		Students: int64(f.Students), Opportunities: int64(f.Opportunities), Seats: f.Seats, Placed: f.Placed,
		Profile: f.Profile, TotalRank: f.TotalRank, TotalScoreMicro: f.TotalScoreMicro, BlockingPairs: f.BlockingPairs,
		Cancelled: summary.Cancelled, Sampled: int64(summary.Sampled),
	}, nil
}

func progressProto(p runs.Progress) *kindredv1.RunProgress {
	to := &kindredv1.RunProgress{
		Step: kindredv1.RunStep(runSteps.number(p.Step)), Detail: p.Detail, Done: p.Done, Total: p.Total, Rate: p.Rate,
	}
	if p.Remaining > 0 {
		to.Remaining = durationpb.New(p.Remaining)
	}
	return to
}

func checkProto(c *runs.Checked, o *runs.Options) *kindredv1.RunCheck {
	p := &kindredv1.RunCheck{
		Students: c.Students, Opportunities: c.Opportunities, Seats: c.Seats, Standing: c.Standing,
		Options: runOptionsProto(o), Epoch: uint64(c.Epoch),
	}
	for i := range c.Findings {
		f := &c.Findings[i]
		p.Findings = append(p.Findings, &kindredv1.Finding{
			Kind: kindredv1.FindingKind(findingKinds.number(f.Kind)), Fatal: f.Fatal, Count: f.Count,
			Opportunity: f.Opportunity, Partner: f.Partner, Text: f.Text,
		})
	}
	return p
}

// micro is a score in millionths as a decimal.
func micro(n int64) float64 { return float64(n) / 1e6 }

func placementProto(p *store.Placement) *kindredv1.Placement {
	return &kindredv1.Placement{
		Student: p.Student, Opportunity: p.Opportunity, Seat: p.ID, Run: p.Run, Reason: p.Reason,
	}
}

// outcomeProto is a student's row in the outcome of a run.
func outcomeProto(run string) func(*store.RunPlacement) *kindredv1.Placement {
	return func(p *store.RunPlacement) *kindredv1.Placement {
		to := &kindredv1.Placement{
			Student: p.Student, Opportunity: p.Opportunity, Rank: p.Rank, Score: micro(int64(p.Score)), Run: run,
		}
		if p.Opportunity == "" {
			to.UnplacedReason = kindredv1.PlacementReason(placementReasons.number(p.Reason))
		}
		return to
	}
}

func explanationProto(e *placement.Explanation) *kindredv1.ExplainPlacementResponse {
	p := &kindredv1.ExplainPlacementResponse{
		Student: e.Student, Reason: kindredv1.PlacementReason(placementReasons.number(string(e.Reason))),
		Opportunity: e.Opportunity, Title: e.Title, How: kindredv1.PlacementHow(placementHows.number(e.How)),
		Text: e.Text, Lottery: int64(e.Lottery),
	}
	for i := range e.List {
		p.Answers = append(p.Answers, answerProto(&e.List[i]))
	}
	return p
}

func answerProto(a *placement.Answer) *kindredv1.PlacementAnswer {
	p := &kindredv1.PlacementAnswer{
		Opportunity: a.Opportunity, Title: a.Title, Partner: a.Partner, Rank: a.Rank,
		Score: matcher.Shown(float64(a.Score)), Reason: kindredv1.PlacementReason(placementReasons.number(a.Reason)),
		Text: a.Text, Own: standingProto(a.Own), Cutoff: standingProto(a.Cutoff),
	}
	for _, code := range a.Failures {
		p.Failed = append(p.Failed, kindredv1.EligibilityCode(eligibilityCodes.number(code)))
	}
	if len(a.Failures) > 0 { // its reason is the first of them
		p.Reason = kindredv1.PlacementReason_PLACEMENT_REASON_NOT_ELIGIBLE
	}
	for _, l := range a.Losses {
		p.Losses = append(p.Losses, &kindredv1.PlacementLoss{Measure: string(l.Measure), Rank: l.Rank, Loss: l.Loss})
	}
	return p
}

func standingProto(s *placement.Standing) *kindredv1.PriorityStanding {
	if s == nil {
		return nil
	}
	return &kindredv1.PriorityStanding{Tier: s.Tier, Score: matcher.Shown(float64(s.Score)), Lottery: int64(s.Lottery)}
}

func diffProto(d *runs.Diff) *kindredv1.DiffRunResponse {
	return &kindredv1.DiffRunResponse{Stay: d.Stay, Move: d.Move, Gain: d.Gain, Lose: d.Lose, Without: d.Without}
}

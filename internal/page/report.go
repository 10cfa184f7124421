package page

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"

	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/matcher/place"
)

// Report are the figures of a run. It has no student in it.
type Report struct {
	Asked  Asked  `json:"asked"`
	Digest string `json:"digest"` // of the names and hashes of the input's files

	Outcome Outcome `json:"outcome"`
	// Ranks is by rank from 1 how many got it; Unranked how many got what is not
	// on their list.
	Ranks    []int64 `json:"ranks"`
	Unranked int64   `json:"unranked"`
	// Unplaced is by reason how many have no placement.
	Unplaced []Reason `json:"unplaced"`
	// Scores is how many placements have a score in [0, 0.05), [0.05, 0.1), ...,
	// the last from 0.95 on.
	Scores []int64 `json:"scores"`

	Kinds        []Demand      `json:"kinds"`
	PartnerKinds []Demand      `json:"partner_kinds"`
	Tags         []Demand      `json:"tags"`
	Offered      []Opportunity `json:"opportunities"` // by id, the published ones

	Audit    Audit      `json:"audit"`
	Compared []Compared `json:"compared,omitempty"`
	// Lotteries is nil where there is one.
	Lotteries *Lotteries `json:"lotteries,omitempty"`
}

// Outcome are the figures of a placement as a whole. Means are 0 where there is
// nothing to take the mean of.
type Outcome struct {
	Students  int64   `json:"students"`
	Placed    int64   `json:"placed"`
	First     int64   `json:"first_choices"` // got their rank 1
	TopThree  int64   `json:"top_three"`     // got one of their ranks 1 to 3
	MeanRank  float64 `json:"mean_rank"`     // of those with a rank
	MeanScore float64 `json:"mean_score"`    // of the placed
	// Seats are those of published opportunities, a partner's cap apart.
	Seats int64 `json:"seats"`
	// Blocking counts the pairs that block the placement, Waived those that only
	// a lock or a standing placement that had to be kept lets block it.
	Blocking  int64 `json:"blocking_pairs"`
	Waived    int64 `json:"waived_pairs"`
	Cancelled int   `json:"cancelled"`
}

// Reason is how many students are without a placement for a reason.
type Reason struct {
	Reason   place.Reason `json:"reason"`
	Students int64        `json:"students"`
}

// reasons are those for having no placement, in the order to show.
var reasons = []place.Reason{place.NoCandidates, place.AllIneligible, place.Outcompeted, place.Tradeoff}

// scoreBins is how many parts of equal width the scores up to 1 are shown in.
const scoreBins = 20

// New makes the report of a run.
func New(in *Input) *Report {
	r := &Report{
		Asked: in.Asked, Digest: digest(in.Asked.Files), Compared: in.Compared, Lotteries: in.Lotteries,
		Outcome: OutcomeOf(in.Problem, in.Placement, in.Opportunities),
		Ranks:   in.Problem.Totals(in.Placement).Profile,
		Scores:  make([]int64, scoreBins),
	}
	unplaced := make(map[place.Reason]int64)
	for s, at := range in.Placement.At {
		if at < 0 {
			unplaced[in.unplaced(int32(s))]++
			continue
		}
		if in.rank(int32(s)) == 0 {
			r.Unranked++
		}
		r.Scores[min(scoreBins-1, int(in.Placement.Weight[s])*scoreBins/1_000_000)]++
	}
	for _, reason := range reasons {
		if n := unplaced[reason]; n > 0 {
			r.Unplaced = append(r.Unplaced, Reason{reason, n})
		}
	}
	in.demand(r)
	r.Offered = in.offered()
	r.Audit = in.audit()
	return r
}

// digest is one hash of all files, whatever their order.
func digest(files map[string]string) string {
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(h, "%s %s\n", files[name], name) // a hash takes all that is written to it
	}
	return hex.EncodeToString(h.Sum(nil))
}

// OutcomeOf adds up a placement of a problem that was made of these rows of
// opportunities.
func OutcomeOf(p *place.Problem, f *place.Placement, opportunities []matcher.Opportunity) Outcome {
	t := p.Totals(f)
	o := Outcome{
		Students: int64(len(p.Students)), Placed: t.Placed,
		Blocking: f.BlockingPairs, Waived: f.Waived, Cancelled: len(f.Cancelled),
	}
	ranked := int64(0)
	for i, n := range t.Profile {
		ranked += n
		if i == 0 {
			o.First = n
		}
		if i < 3 {
			o.TopThree += n
		}
	}
	if ranked > 0 {
		o.MeanRank = float64(t.TotalRank) / float64(ranked)
	}
	if t.Placed > 0 {
		o.MeanScore = float64(t.TotalScore) / float64(t.Placed) / 1e6
	}
	for i := range opportunities {
		if published(&opportunities[i]) {
			o.Seats += int64(opportunities[i].Seats)
		}
	}
	return o
}

func published(o *matcher.Opportunity) bool { return o.Status == matcher.Published || o.Status == "" }

// rank is the rank that a student got, 0 where it has none.
func (in *Input) rank(s int32) int32 {
	if e := in.Placement.Entry[s]; e >= 0 {
		return in.Problem.Lists.Rank[e]
	}
	return 0
}

// unplaced says why a student has no placement, as place.Explainer does.
func (in *Input) unplaced(s int32) place.Reason {
	lists := &in.Problem.Lists
	switch from, to := lists.Of(s); {
	case from == to && lists.Ineligible[s]:
		return place.AllIneligible
	case from == to:
		return place.NoCandidates
	case in.Asked.Objective.Flow():
		return place.Tradeoff
	default:
		return place.Outcompeted
	}
}

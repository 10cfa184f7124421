package page

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/kindred-match/kindred/matcher/place"
)

// Opportunity is what became of a published opportunity.
type Opportunity struct {
	ID      string `json:"id"`
	Title   string `json:"title,omitempty"`
	Partner string `json:"partner,omitempty"` // its name, or id
	Kind    string `json:"kind,omitempty"`
	Seats   int64  `json:"seats"`
	Minimum int64  `json:"min_seats"`
	Placed  int64  `json:"placed"`
	// Listed is how many students have it on their list, First how many have it
	// as the first entry.
	Listed int64 `json:"listed"`
	First  int64 `json:"first"`
	// Waiting are those of them who have a choice and got something that stands
	// lower on their list, or nothing.
	Waiting   int64 `json:"waiting"`
	Cancelled bool  `json:"cancelled,omitempty"`
	// PartnerFull says that its partner takes no more students.
	PartnerFull bool `json:"partner_full,omitempty"`
	// Cutoff is the lowest priority that was taken where it is full; Price what
	// one more seat would add.
	Cutoff *Cutoff `json:"cutoff,omitempty"`
	Price  *Price  `json:"price,omitempty"`
}

// Cutoff is a place.Cutoff without the number of the student who has it, which
// would tell who it is.
type Cutoff struct {
	Tier  int32   `json:"tier,omitempty"`
	Score float64 `json:"score,omitempty"`
	// Lottery is the share of all lottery numbers up to the one that was the last
	// to be taken, in whole percent.
	Lottery int  `json:"lottery_percent,omitempty"`
	Fixed   bool `json:"fixed,omitempty"` // all seats were promised
	// Partner says that seats are free, and that it is the partner's cutoff, which
	// takes no more students.
	Partner bool `json:"partner,omitempty"`
}

// Price is the first shadow price of an opportunity that is not 0: what one more
// seat would add at most to a stage of the objective, or below 0 what its minimum
// takes at most. The sum is concave in the seats, so that a price bounds it; what
// it comes to may be less, since there may be several rows of prices.
type Price struct {
	Measure place.Measure `json:"measure"`
	Rank    int32         `json:"rank,omitempty"`
	Price   int64         `json:"price"`
}

// Under says whether an opportunity has fewer students than its minimum.
func (o *Opportunity) Under() bool { return o.Cancelled || o.Placed < o.Minimum }

// Name is its title, or id.
func (o *Opportunity) Name() string { return cmp.Or(o.Title, o.ID) }

// offered are the published opportunities, by id.
func (in *Input) offered() []Opportunity {
	p := in.Problem
	names := make(map[string]string, len(in.Partners))
	for i := range in.Partners {
		names[in.Partners[i].ID] = in.Partners[i].Name
	}
	n := len(p.Opportunities)
	listed, first, waiting := make([]int64, n), make([]int64, n), make([]int64, n)
	for s, at := range in.Placement.At {
		from, to := p.Lists.Of(int32(s))
		how := in.Placement.How[s]
		better := how != place.Locked && how != place.Kept
		for e := from; e < to; e++ {
			o := p.Lists.Opportunity[e]
			listed[o]++
			better = better && o != at
			if better {
				waiting[o]++
			}
		}
		if from < to {
			first[p.Lists.Opportunity[from]]++
		}
	}
	cutoffs, prices, full := in.cutoffs(), in.prices(), in.fullPartners()
	var found []Opportunity
	for o, row := range p.OpportunityRows {
		r := &in.Opportunities[row]
		if !published(r) {
			continue
		}
		found = append(found, Opportunity{
			ID: r.ID, Title: r.Title, Partner: cmp.Or(names[r.Partner], r.Partner), Kind: string(r.Kind),
			Seats: int64(r.Seats), Minimum: int64(p.Minimum[o]), Placed: int64(in.Placement.Placed[o]),
			Listed: listed[o], First: first[o], Waiting: waiting[o], Cancelled: slices.Contains(in.Placement.Cancelled, int32(o)),
			PartnerFull: p.Partner[o] >= 0 && full[p.Partner[o]], Cutoff: cutoffs[r.ID], Price: prices[r.ID],
		})
	}
	return found
}

// cutoffs are by opportunity: its own, or that of its partner where this takes
// no more students.
func (in *Input) cutoffs() map[string]*Cutoff {
	found := make(map[string]*Cutoff)
	certificate := &in.Placement.Certificate
	for i := range certificate.Cutoffs {
		found[certificate.Cutoffs[i].ID] = in.cutoff(&certificate.Cutoffs[i])
	}
	partners := make(map[string]*Cutoff)
	for i := range certificate.PartnerCutoffs {
		c := in.cutoff(&certificate.PartnerCutoffs[i])
		c.Partner = true
		partners[certificate.PartnerCutoffs[i].ID] = c
	}
	for i := range in.Opportunities {
		o := &in.Opportunities[i]
		if c := partners[o.Partner]; c != nil && found[o.ID] == nil {
			found[o.ID] = c
		}
	}
	return found
}

func (in *Input) cutoff(c *place.Cutoff) *Cutoff {
	cutoff := &Cutoff{Tier: c.Tier, Score: float64(c.Weight) / 1e6, Fixed: c.Fixed}
	if n, err := strconv.ParseUint(c.Lottery, 10, 64); err == nil {
		share := float64(n) / (1 << 64)
		if in.Problem.Lottery.Reverse {
			share = 1 - share
		}
		cutoff.Lottery = max(1, int(math.Ceil(100*share)))
	}
	return cutoff
}

// fullPartners says of the problem's partners which have as many students as
// they take.
func (in *Input) fullPartners() []bool {
	p := in.Problem
	full, placed := make([]bool, len(p.Caps)), make([]int32, len(p.Caps))
	for o, n := range in.Placement.Placed {
		if partner := p.Partner[o]; partner >= 0 {
			placed[partner] += n
			full[partner] = placed[partner] >= p.Caps[partner]
		}
	}
	return full
}

// prices are the first prices of opportunities that say something. A negative one
// is that of a minimum: where an opportunity without one has nobody, it proves
// that and stands for nothing.
func (in *Input) prices() map[string]*Price {
	found := make(map[string]*Price)
	minimums := make(map[string]bool)
	for o, n := range in.Problem.Minimum {
		minimums[in.Problem.Opportunities[o]] = n > 0
	}
	for _, stage := range in.Placement.Certificate.Stages {
		for _, price := range stage.Opportunities {
			if price.Group == "" && !price.Whole && found[price.ID] == nil && (price.Price > 0 || minimums[price.ID]) {
				found[price.ID] = &Price{stage.Measure, stage.Rank, price.Price}
			}
		}
	}
	return found
}

// busiest are the most wanted of the opportunities beyond their seats, emptiest
// those with the most free seats.
func busiest(all []Opportunity, n int) []Opportunity {
	return firstBy(all, n, func(o *Opportunity) bool { return o.First > o.Seats }, func(a, b *Opportunity) int {
		return cmp.Or(cmp.Compare(b.First-b.Seats, a.First-a.Seats), cmp.Compare(b.Listed, a.Listed))
	})
}

func emptiest(all []Opportunity, n int) []Opportunity {
	return firstBy(all, n, func(o *Opportunity) bool { return o.Placed < o.Seats }, func(a, b *Opportunity) int {
		return cmp.Or(cmp.Compare(b.Seats-b.Placed, a.Seats-a.Placed), cmp.Compare(a.Listed, b.Listed))
	})
}

// firstBy are the first n that are wanted, in an order and then by id.
func firstBy(all []Opportunity, n int, wanted func(*Opportunity) bool, order func(a, b *Opportunity) int) []Opportunity {
	var found []Opportunity
	for i := range all {
		if wanted(&all[i]) {
			found = append(found, all[i])
		}
	}
	slices.SortStableFunc(found, func(a, b Opportunity) int { return order(&a, &b) })
	return found[:min(n, len(found))]
}

// text says in words what a student needed to be taken.
func (c *Cutoff) text() string {
	if c == nil {
		return ""
	}
	var parts []string
	if c.Partner {
		parts = append(parts, "partner full")
	}
	if c.Fixed {
		parts = append(parts, "all seats were promised")
	}
	if c.Tier > 0 {
		parts = append(parts, fmt.Sprintf("tier %d", c.Tier))
	}
	if c.Score > 0 {
		parts = append(parts, fmt.Sprintf("score %.3f", c.Score))
	}
	if c.Lottery > 0 {
		parts = append(parts, fmt.Sprintf("first %d %% of the lottery", c.Lottery))
	}
	return strings.Join(parts, ", ")
}

// oneMore says in words what one more seat would do: "one more seat would ...".
// It is empty where there are free seats, or none to add to.
func (o *Opportunity) oneMore(flow bool) string {
	switch {
	case o.Cancelled, o.Price == nil && o.Placed < o.Seats, o.Seats == 0:
		return ""
	case o.Price != nil:
		return o.Price.text()
	case o.PartnerFull:
		return "need room at its partner, who is full"
	case flow:
		return "add nothing"
	case o.Waiting == 0:
		return "stay free"
	case o.Waiting == 1:
		return "go to the one who is waiting"
	default:
		return fmt.Sprintf("go to one of %s waiting", whole(o.Waiting))
	}
}

// text says in words what one more seat would do, or that the minimum costs.
func (p *Price) text() string {
	if p.Price < 0 {
		return "add nothing; its minimum costs up to " + Price{p.Measure, p.Rank, -p.Price}.amount()
	}
	switch p.Measure {
	case place.SumWeights:
		return "add up to " + p.amount()
	case place.CountPlaced:
		return "place up to " + whole(p.Price) + " more"
	case place.SumRanks:
		return "save up to " + p.amount()
	case place.AtRank:
		return fmt.Sprintf("give up to %s more rank %d", whole(p.Price), p.Rank)
	case place.NotRank:
		return fmt.Sprintf("spare up to %s rank %d", whole(p.Price), p.Rank)
	case place.KeptStanding:
		return "keep up to " + whole(p.Price) + " more in place"
	default:
		return "perhaps lift the lowest score"
	}
}

// short is for beside a bar.
func (p *Price) short() string {
	if p.Price < 0 {
		return "minimum: ≤ " + Price{p.Measure, p.Rank, -p.Price}.amount()
	}
	return "one more: ≤ " + p.amount()
}

// amount is a price above 0 with what it is of.
func (p Price) amount() string {
	switch p.Measure {
	case place.SumWeights:
		return fmt.Sprintf("%.3f score", float64(p.Price)/1e6)
	case place.CountPlaced:
		return whole(p.Price) + " placements"
	case place.SumRanks:
		return whole(p.Price) + " ranks in total"
	case place.AtRank, place.NotRank:
		return fmt.Sprintf("%s at rank %d", whole(p.Price), p.Rank)
	case place.KeptStanding:
		return whole(p.Price) + " kept placements"
	default:
		return "a higher lowest score"
	}
}

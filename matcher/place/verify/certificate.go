package verify

// The objectives, and the policy that is a flow's.
const (
	stable       = "stable"
	welfare      = "welfare"
	maxPlaced    = "max-placed"
	minRank      = "min-rank"
	greedy       = "greedy"
	generous     = "generous"
	maximin      = "maximin"
	serial       = "lottery"
	keepFreeze   = "freeze"
	keepNoWorse  = "no-worse"
	keepMinMoves = "min-moves"
)

var objectives = []string{stable, welfare, maxPlaced, minRank, greedy, generous, maximin, serial}

// flows says whether an objective is a flow's.
func flows(objective string) bool { return objective != stable && objective != serial }

// certificate is certificate.json.
type certificate struct {
	Objective      string      `json:"objective"`
	Cutoffs        []cutoff    `json:"cutoffs"`
	PartnerCutoffs []cutoff    `json:"partner_cutoffs"`
	Stages         []stage     `json:"stages"`
	Cancelled      []cancelled `json:"cancelled"`
}

// cutoff is the lowest priority that a full opportunity or partner holds.
type cutoff struct {
	ID      string `json:"id"`
	Placed  int32  `json:"placed"`
	Tier    int32  `json:"tier"`
	Weight  int32  `json:"weight"`
	Lottery string `json:"lottery"`
	Fixed   bool   `json:"fixed"`
}

// stage is a step of an objective with the prices that prove it.
type stage struct {
	Measure       string  `json:"measure"`
	Rank          int32   `json:"rank"`
	Value         int64   `json:"value"`
	Above         int64   `json:"above"`
	Opportunities []price `json:"opportunities"`
	Partners      []price `json:"partners"`
}

// price is the dual price of seats: of an opportunity's open ones, of those
// reserved for a group, of the whole opportunity, or of a partner.
type price struct {
	ID    string `json:"id"`
	Group string `json:"group"`
	Whole bool   `json:"whole"`
	Price int64  `json:"price"`
}

// cancelled is an opportunity that did not reach its minimum.
type cancelled struct {
	Opportunity string `json:"opportunity"`
	Minimum     int32  `json:"minimum"`
	Placed      int32  `json:"placed"`
}

// The measures of stages.
const (
	measurePlaced  = "placed"
	measureWeights = "weights"
	measureRanks   = "ranks"
	measureAtRank  = "at-rank"
	measureNotRank = "not-rank"
	measureLowest  = "lowest-weight"
	measureKept    = "kept"
)

func (c *certificate) read(content []byte) error {
	return decode(certificateFile, content, c, "objective")
}

// checkShape checks that the certificate is one for the run's objective.
func (c *certificate) checkShape(s *summary) error {
	switch {
	case c.Objective != s.Objective:
		return violation(certificateFile, 0, "is for another objective than that of run.json")
	case s.Objective != stable && len(c.Cutoffs)+len(c.PartnerCutoffs) > 0:
		return violation(certificateFile, 0, "only stable placements have cutoffs")
	case !flows(s.Objective) && len(c.Stages) > 0:
		return violation(certificateFile, 0, "%s has no stages", s.Objective)
	}
	return nil
}

// step is what a stage has to be.
type step struct {
	measure string
	rank    int32
}

// steps are the stages that an objective has, for ranks of which it is said whether
// any arc has them. The last rank that one has, of greedy, and the first of generous
// say nothing new and may be missing.
func steps(s *summary, hasRank []bool) (list []step, optional step) {
	highest := int32(len(hasRank) - 1)
	switch s.Objective {
	case welfare:
		list = []step{{measureWeights, 0}}
	case maxPlaced:
		list = []step{{measurePlaced, 0}, {measureWeights, 0}}
	case minRank:
		list = []step{{measurePlaced, 0}, {measureRanks, 0}}
	case greedy:
		list = []step{{measurePlaced, 0}}
		for r := range highest {
			list = append(list, step{measureAtRank, r + 1})
		}
		for optional = (step{measureAtRank, highest}); optional.rank > 0 && !hasRank[optional.rank]; {
			optional.rank--
		}
	case generous:
		list = []step{{measurePlaced, 0}}
		for r := highest; r > 0; r-- {
			list = append(list, step{measureNotRank, r})
		}
		optional = step{measureNotRank, 1}
	case maximin:
		list = []step{{measurePlaced, 0}, {measureLowest, 0}, {measureWeights, 0}}
	}
	if s.Options.Keep == keepMinMoves {
		list = append(list, step{measureKept, 0})
	}
	return list, optional
}

// checkSteps checks that the stages are those of the objective, in their order.
// A stage of a rank that no arc has may be missing.
func (c *certificate) checkSteps(s *summary, hasRank []bool) error {
	list, optional := steps(s, hasRank)
	have := c.Stages
	for _, want := range list {
		switch {
		case len(have) > 0 && have[0].Measure == want.measure && have[0].Rank == want.rank:
			have = have[1:]
		case want == optional, want.rank > 0 && !hasRank[want.rank]:
		default:
			return violation(certificateFile, 0, "the stages are not those of %s", s.Objective)
		}
	}
	if len(have) > 0 {
		return violation(certificateFile, 0, "there are more stages than %s has", s.Objective)
	}
	return nil
}

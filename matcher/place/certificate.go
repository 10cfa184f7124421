package place

// Certificate is what a checker needs, beside the input and the placement, to
// be sure of what the placement claims. It names opportunities and partners by
// id and no student.
type Certificate struct {
	Objective Objective `json:"objective"`
	// Cutoffs, for stable, are of the opportunities and capped partners that
	// are full: nobody below a cutoff would be taken.
	Cutoffs        []Cutoff `json:"cutoffs,omitempty"`
	PartnerCutoffs []Cutoff `json:"partner_cutoffs,omitempty"`
	// Stages, for the objectives of a flow, prove each stage optimal among what
	// the stages before left.
	Stages []Stage `json:"stages,omitempty"`
	// Cancelled are the opportunities that did not reach their minimum, in the
	// order in which they were cancelled, with what they had then.
	Cancelled []Cancelled `json:"cancelled,omitempty"`
}

// Cutoff is the lowest priority that an opportunity or a partner holds when it
// is full. The student is the one with this lottery number.
type Cutoff struct {
	ID     string `json:"id"`
	Placed int32  `json:"placed"`
	// Tier is 0 for those who are not listed, which is after all tiers.
	Tier int32 `json:"tier,omitempty"`
	// Weight counts with the priority by score only.
	Weight int32 `json:"weight,omitempty"`
	// Lottery is the number, in decimal digits.
	Lottery string `json:"lottery,omitempty"`
	// Fixed says that all it holds is held by locks and standing placements
	// that had to be kept, so that nobody else was taken.
	Fixed bool `json:"fixed,omitempty"`
}

// Measure is what a stage counts.
type Measure string

// The measures. Students who have no choice are in none of them.
const (
	CountPlaced  Measure = "placed"
	SumWeights   Measure = "weights"
	SumRanks     Measure = "ranks"    // negated, so that more is better
	AtRank       Measure = "at-rank"  // students placed at the stage's rank
	NotRank      Measure = "not-rank" // the same, negated
	LowestWeight Measure = "lowest-weight"
	KeptStanding Measure = "kept" // students who keep their standing placement
)

// Stage is a step of an objective: its value, and the dual prices that prove
// it. The price of a student follows from them: with w the worth of an entry in
// this stage, it is the largest w - price of the opportunity - price of its
// partner among the entries that the stages before left to the student, and at
// least 0 unless they, or a standing placement that it keeps at least, made sure
// that it is placed. flow.Stage has the conditions, and what is left to the
// next stage.
type Stage struct {
	Measure Measure `json:"measure"`
	Rank    int32   `json:"rank,omitempty"`
	Value   int64   `json:"value"`
	// Above, for the lowest weight, is how many could be placed with more.
	Above int64 `json:"above,omitempty"`
	// Opportunities and Partners are those with a price other than 0, by id.
	Opportunities []Price `json:"opportunities,omitempty"`
	Partners      []Price `json:"partners,omitempty"`
}

// Price is a dual price: what one more seat would add to the stage's value, or
// below 0 what the minimum takes from it.
type Price struct {
	ID string `json:"id"`
	// Group, for the seats reserved for one, is name=value. Without, the price is
	// that of the open seats.
	Group string `json:"group,omitempty"`
	// Whole says that it is the price of the opportunity's minimum, beside those
	// of its open and its reserved seats.
	Whole bool  `json:"whole,omitempty"`
	Price int64 `json:"price"`
}

// Cancelled is an opportunity that did not reach its minimum.
type Cancelled struct {
	Opportunity string `json:"opportunity"`
	Minimum     int32  `json:"minimum"`
	Placed      int32  `json:"placed"` // when it was cancelled
}

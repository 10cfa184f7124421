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

// Stage is a step of an objective: its value, and the dual prices that prove
// it. The price of a student follows from them: with w the worth of an entry in
// this stage, it is the largest w - price of the opportunity - price of its
// partner among the entries that the stages before left to the student, and at
// least 0 unless they made sure that it is placed.
//
// Prices are at least 0 but at opportunities with a minimum; where seats stay
// free they are 0, below 0 only where the minimum is just reached.
type Stage struct {
	// Name is what is made best: placed, weight, rank, rank N, lowest, moves or
	// guaranteed.
	Name  string `json:"name"`
	Value int64  `json:"value"`
	// Opportunities and Partners are those with a price other than 0, by id.
	Opportunities []Price `json:"opportunities,omitempty"`
	Partners      []Price `json:"partners,omitempty"`
}

// Price is a dual price: what one more seat would add to the stage's value.
type Price struct {
	ID string `json:"id"`
	// Group, for a reserve's seats, is name=value.
	Group string `json:"group,omitempty"`
	Price int64  `json:"price"`
}

// Cancelled is an opportunity that did not reach its minimum.
type Cancelled struct {
	Opportunity string `json:"opportunity"`
	Minimum     int32  `json:"minimum"`
	Placed      int32  `json:"placed"` // when it was cancelled
}

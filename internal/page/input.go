// Package page is the report of a semester run: the figures that a coordinator
// asks for, and pages that show them. It is pure: figures are a function of the
// run, pages and tables one of the figures. No student is in any but the
// students' page.
package page

import (
	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/matcher/place"
)

// Input is a run with what it was made of. Rows are those that the problem was
// made of, in their order.
type Input struct {
	Asked     Asked
	Problem   *place.Problem
	Placement *place.Placement

	Tags          []matcher.Tag
	Partners      []matcher.Partner
	Opportunities []matcher.Opportunity
	Students      []matcher.Student

	// Preferring says of a student's row whether it has preferences of its own;
	// nil: nobody has.
	Preferring func(row int32) bool
	// Eligible says of a student's row whether anything is eligible for it. It is
	// asked for those with an empty list; nil: nothing is.
	Eligible func(row int32) bool
	// Lotteries sums up placements by several; nil: there is one. Chances are then
	// by the problem's students the shares of them by which each is placed.
	Lotteries *Lotteries
	Chances   []float64
	// Compared are the objectives on the same lists, in the order to show.
	Compared []Compared
	// SmallGroup is how many students a group has at least to be shown, of 5 to
	// 30; 0 is DefaultSmallGroup.
	SmallGroup int
}

// Asked is what was asked for.
type Asked struct {
	Objective place.Objective `json:"objective"`
	Seed      uint64          `json:"seed"`
	// Seeds are all that were tried, where there were several.
	Seeds []uint64 `json:"seeds,omitempty"`
	AsOf  string   `json:"as_of"` // YYYY-MM-DD
	// Options are the other ones, in the order to show.
	Options []Option `json:"options,omitempty"`
	// Files are the SHA-256 of the input, in hexadecimal digits, by name.
	Files map[string]string `json:"input_sha256"`
	// Input is the district folder as the run folder names it, or empty.
	Input string `json:"input,omitempty"`
}

// Option is an option of a run as the command line spells it.
type Option struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Lotteries sums up placements by the lotteries of several seeds.
type Lotteries struct {
	First    uint64 `json:"first_seed"`
	Last     uint64 `json:"last_seed"`
	Unsolved int    `json:"unsolved"` // by which the minimums were out of reach
	// Tenths are how many students are placed by a share of the lotteries: none,
	// up to a tenth, ..., less than all, all.
	Tenths [12]int64 `json:"students_by_tenth"`
}

// Compared is what an objective gives.
type Compared struct {
	Objective place.Objective `json:"objective"`
	Outcome   Outcome         `json:"outcome"`
	// Failed says why there is no such placement, or is empty.
	Failed string `json:"failed,omitempty"`
}

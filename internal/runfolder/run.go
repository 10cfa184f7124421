// Package runfolder is the run folder: what a placement of a district folder leaves,
// for people to look at, and for programs to explain and to check.
package runfolder

import (
	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/matcher/place"
)

// The files of a run folder.
const (
	PlacementsFile    = "placements.csv"
	UnplacedFile      = "unplaced.csv"
	SummaryFile       = "run.json"
	CertificateFile   = "certificate.json"
	ReportFile        = "report.html"
	ReportDataFile    = "report.json"
	StudentsFile      = "report-students.html" // only when asked for
	ProbabilitiesFile = "probabilities.csv"    // with several seeds
)

// Options are all that was asked of a run beside its objective and seed.
type Options struct {
	// Input is the district folder, relative to the run folder, with slashes;
	// absolute where there is no such way.
	Input string `json:"input"`

	AsOf          string          `json:"as_of"` // YYYY-MM-DD
	Term          string          `json:"term"`  // empty: any
	Measure       matcher.Measure `json:"measure"`
	IDF           bool            `json:"idf"`
	AncestorDecay float64         `json:"ancestor_decay"`
	MaxPerPartner int             `json:"max_per_partner"` // 0: no limit
	Strict        bool            `json:"strict"`

	Candidates     int                `json:"candidates"`
	Priority       place.PriorityRule `json:"priority"`
	Reserves       place.ReserveOrder `json:"reserves"`
	Keep           place.Keep         `json:"keep"`
	Fill           bool               `json:"fill"`
	ReverseLottery bool               `json:"reverse_lottery"`

	// The rest changes what is written, not who is placed where.
	Compare         bool   `json:"compare"`
	Seeds           int    `json:"seeds"`        // how many lotteries probabilities are of; 0: none
	SmallGroups     int    `json:"small_groups"` // the report hides groups of fewer students; 0: as is usual
	WithStudents    bool   `json:"with_students"`
	WriteCandidates string `json:"write_candidates"` // a file, or empty
}

// Seconds are how long the steps took.
type Seconds struct {
	Read   float64 `json:"read"`
	Rank   float64 `json:"rank"`
	Solve  float64 `json:"solve"`
	Ties   float64 `json:"ties"`
	Verify float64 `json:"verify"`
	Report float64 `json:"report"`
}

// Summary is run.json.
type Summary struct {
	Objective place.Objective `json:"objective"`
	Seed      uint64          `json:"seed"`
	Options   Options         `json:"options"`

	Students      int   `json:"students"`      // rows
	Opportunities int   `json:"opportunities"` // rows
	Seats         int64 `json:"seats"`         // of published opportunities

	Placed int64 `json:"placed"`
	// Profile is how many got their rank 1, 2, ..., up to the last that is not 0.
	Profile         []int64 `json:"profile"`
	TotalRank       int64   `json:"total_rank"`
	TotalScoreMicro int64   `json:"total_score_micro"` // the sum of weights
	BlockingPairs   int64   `json:"blocking_pairs"`

	InputSHA256 map[string]string `json:"input_sha256"` // by file of the input
	Seconds     Seconds           `json:"seconds"`
}

// Placed is a row of placements.csv.
type Placed struct {
	Student, Opportunity string
	Rank                 int32 // 0: the pair is not on the student's list
	Score                Micro
}

// Unplaced is a row of unplaced.csv.
type Unplaced struct {
	Student string
	Reason  place.Reason
}

// Probability is a row of probabilities.csv: the share of the lotteries by which
// a student gets an opportunity.
type Probability struct {
	Student, Opportunity string
	Share                Share
}

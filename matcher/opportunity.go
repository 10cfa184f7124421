package matcher

import "slices"

// OpportunityKind is what kind of learning it is; empty is "not said".
type OpportunityKind string

// OpportunityKinds lists the kinds that exist, in their order.
var OpportunityKinds = []OpportunityKind{
	"internship", "mentorship", "work_based", "service_learning",
	"apprenticeship", "job_shadow", "professional_development", "other",
}

// Status says whether an opportunity is offered.
type Status string

// The statuses; an empty one in input means published.
const (
	Published Status = "published"
	Draft     Status = "draft"
	Closed    Status = "closed"
)

// Statuses lists the statuses that exist, in their order.
var Statuses = []Status{Published, Draft, Closed}

// MinPolicy says what a minimum of seats means for a placement.
type MinPolicy string

// The policies; an empty one in input means hard.
const (
	MinHard   MinPolicy = "hard"
	MinCancel MinPolicy = "cancel"
)

// MinPolicies lists the policies that exist, in their order.
var MinPolicies = []MinPolicy{MinHard, MinCancel}

// Position is a point on Earth in degrees.
type Position struct {
	Latitude, Longitude float64
}

// Opportunity is what a student can be placed at.
type Opportunity struct {
	ID string
	// Number is the store's, never used again in a district; 0 where there is
	// none, as in a folder.
	Number  uint32
	Partner string // id, or empty
	Title   string
	Kind    OpportunityKind
	Term    string
	// Seats is how many students it takes. To an Index it is how many seats
	// are left.
	Seats     int32
	MinSeats  int32
	MinPolicy MinPolicy
	Grades    []string
	Regions   []string
	Remote    bool
	Slots     []string
	Requires  []string
	MinAge    *int32
	Position  *Position
	Opens     Date // 0: always was
	Closes    Date // 0: never does
	Goals     []string
	Boost     float64 // in [0.5, 2]; 1 where nothing is said
	Status    Status
	Tags      []Weighted
}

// Check reports what is wrong with the opportunity on its own. The vocabulary
// may be nil; with it, synonyms count as one tag.
func (o *Opportunity) Check(v *Vocabulary, report Report) {
	checkID(report, "opportunity", o.ID)
	checkOptionalID(report, "partner", o.Partner)
	checkText(report, "title", o.Title)
	if o.Kind != "" && !slices.Contains(OpportunityKinds, o.Kind) {
		report("kind", oneOf(OpportunityKinds))
	}
	checkOptionalID(report, "term", o.Term)
	checkInteger(report, "seats", o.Seats)
	checkInteger(report, "min_seats", o.MinSeats)
	if !slices.Contains(MinPolicies, o.MinPolicy) {
		report("min_policy", oneOf(MinPolicies))
	}
	checkList(report, "grades", o.Grades)
	checkList(report, "regions", o.Regions)
	checkList(report, "slots", o.Slots)
	checkList(report, "requires", o.Requires)
	if o.MinAge != nil {
		checkInteger(report, "min_age", *o.MinAge)
	}
	checkPosition(report, o.Position)
	checkList(report, "goals", o.Goals)
	if !(o.Boost >= 0.5 && o.Boost <= 2) {
		report("boost", "must be a number in [0.5, 2]")
	}
	if !slices.Contains(Statuses, o.Status) {
		report("status", oneOf(Statuses))
	}
	checkOwnTags(report, "tags", v, o.Tags)
}

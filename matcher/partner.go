package matcher

import "slices"

// PartnerKind is what kind of organisation a partner is; empty is "not said".
type PartnerKind string

// PartnerKinds lists the kinds that exist, in their order.
var PartnerKinds = []PartnerKind{
	"business", "community", "higher_education", "local_government",
	"recreation", "juvenile_justice", "faith_based", "other",
}

// Partner offers opportunities.
type Partner struct {
	ID     string
	Name   string
	Kind   PartnerKind
	Region string
	// MaxSeats caps the students placed at all its opportunities together;
	// nil is no cap. To an Index it is what is left of the cap.
	MaxSeats *int32
	Goals    []string
}

// Check reports what is wrong with the partner.
func (p *Partner) Check(report Report) {
	checkID(report, "partner", p.ID)
	checkText(report, "name", p.Name)
	if p.Kind != "" && !slices.Contains(PartnerKinds, p.Kind) {
		report("kind", oneOf(PartnerKinds))
	}
	checkOptionalID(report, "region", p.Region)
	if p.MaxSeats != nil {
		checkInteger(report, "max_seats", *p.MaxSeats)
	}
	checkList(report, "goals", p.Goals)
}

func oneOf[S ~string](kinds []S) string {
	rule := "must be one of "
	for i, k := range kinds {
		if i > 0 {
			rule += ", "
		}
		rule += string(k)
	}
	return rule
}

package matcher

// Group is a property of a student, such as school=lincoln, that reserves and
// the fairness audit use; it never takes part in scoring.
type Group struct {
	Name, Value string
}

// Student is known by an opaque key only.
type Student struct {
	ID          string
	Grade       string
	School      string
	Region      string
	Age         *int32
	Slots       []string // free slots; none means always free
	Credentials []string
	Position    *Position
	MaxKm       *float64
	Groups      []Group
	Interests   []Weighted
}

// Check reports what is wrong with the student on its own. The vocabulary may
// be nil; with it, synonyms count as one tag. An in-line profile has no id:
// CheckProfile leaves it out.
func (s *Student) Check(v *Vocabulary, report Report) {
	checkID(report, "student", s.ID)
	s.CheckProfile(v, report)
}

// CheckProfile is Check without the id.
func (s *Student) CheckProfile(v *Vocabulary, report Report) {
	checkOptionalID(report, "grade", s.Grade)
	checkOptionalID(report, "school", s.School)
	checkOptionalID(report, "region", s.Region)
	if s.Age != nil {
		checkInteger(report, "age", *s.Age)
	}
	checkList(report, "slots", s.Slots)
	checkList(report, "credentials", s.Credentials)
	checkPosition(report, s.Position)
	if s.MaxKm != nil && !(*s.MaxKm >= 0 && finite(*s.MaxKm)) {
		report("max_km", "must be a number from 0")
	}
	if len(s.Groups) > MaxOwnTags {
		report("groups", "must have at most 64 items")
	}
	for _, g := range s.Groups {
		if !ValidID(g.Name) || !ValidID(g.Value) {
			report("groups", "each group must be name=value, both "+ruleID[len("must be "):])
			break
		}
	}
	checkOwnTags(report, "interests", v, s.Interests)
}

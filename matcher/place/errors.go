package place

import (
	"errors"
	"fmt"
	"strings"
)

// RowError is a row of the input that no problem can be made of. It has no ids
// of students.
type RowError struct {
	Table string // as named in a district folder
	Row   int    // from 0, in the order of the input
	Rule  string
}

func (e *RowError) Error() string { return fmt.Sprintf("%s: row %d: %s", e.Table, e.Row+1, e.Rule) }

// OptionError is an option that can't be.
type OptionError struct {
	Option, Rule string
}

func (e *OptionError) Error() string { return e.Option + " " + e.Rule }

// ErrMinimums says that the minimums can't be reached; the error is a
// *MinimumError.
var ErrMinimums = errors.New("the minimums can't be reached")

// MinimumError names opportunities that stay under their minimum. For the
// objectives of a flow they are a proof: together they need more than there is.
type MinimumError struct {
	Short []Shortfall // by id
	// Needed and Available, unless 0, are for all of Short together: what the
	// minimums ask for, and the students who could be placed there.
	Needed, Available int64
}

// Shortfall is an opportunity under its minimum.
type Shortfall struct {
	Opportunity string
	Minimum     int32
	// Placed is how many it has, for stable and lottery.
	Placed int32
	// Eligible is how many students have it on their list.
	Eligible int32
	// Kept says that it would be cancelled but for students whom a lock or a
	// standing placement keeps there.
	Kept bool
}

// Is makes it an ErrMinimums.
func (e *MinimumError) Is(target error) bool { return target == ErrMinimums }

func (e *MinimumError) Error() string {
	var b strings.Builder
	b.WriteString(ErrMinimums.Error())
	if e.Needed > 0 {
		fmt.Fprintf(&b, ": %d opportunities need %d students together, and %d can be placed there", len(e.Short), e.Needed, e.Available)
	}
	const most = 20
	for i, s := range e.Short {
		if i == most {
			fmt.Fprintf(&b, "; and %d more", len(e.Short)-most)
			break
		}
		sep := "; "
		if i == 0 {
			sep = ": "
		}
		fmt.Fprintf(&b, "%s%s needs %d", sep, s.Opportunity, s.Minimum)
		if e.Needed == 0 {
			fmt.Fprintf(&b, ", has %d", s.Placed)
		}
		fmt.Fprintf(&b, ", is on the lists of %d", s.Eligible)
		if s.Kept {
			b.WriteString(" and can't be cancelled, as students are kept there")
		}
	}
	return b.String()
}

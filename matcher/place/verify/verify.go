// Package verify checks a run of a placement against its input: it works out
// everything anew, in the plainest way, and believes nothing that the run says.
//
// It shares no code with what solves. Lists come from scoring every pair; a
// stable placement and a serial dictatorship are made again and must be equal,
// for there is only one of each; of the objectives of a flow the prices of the
// certificate must prove that the placement is an optimal one. Which of several
// optimal placements it is, is left open: any of them makes the claim true.
//
// No student's id or value stands in what it reports.
package verify

import (
	"context"
	"fmt"

	"github.com/kindred-match/kindred/matcher"
)

// Preference is a student's own rank for an opportunity, 1 the best.
type Preference struct {
	Student, Opportunity string
	Rank                 int32
}

// Score is a pair's score in (0, 1] from elsewhere.
type Score struct {
	Student, Opportunity string
	Score                float64
}

// Priority is a student's tier at an opportunity, 1 the best.
type Priority struct {
	Opportunity, Student string
	Tier                 int32
}

// Lock places a student at an opportunity, or forbids the pair.
type Lock struct {
	Student, Opportunity string
	Place                bool // else it forbids
}

// Reserve keeps seats of an opportunity for a group of students.
type Reserve struct {
	Opportunity string
	Group       matcher.Group
	Seats       int32
}

// Standing is a placement that was in force before the run.
type Standing struct {
	Student, Opportunity string
}

// Input is a district folder after its own checks: ids are unique, and what is
// referred to exists. Rows are in the order of the folder.
type Input struct {
	Tags          []matcher.Tag
	Partners      []matcher.Partner
	Opportunities []matcher.Opportunity
	Students      []matcher.Student
	Preferences   []Preference
	Scores        []Score
	Priorities    []Priority
	Locks         []Lock
	Reserves      []Reserve
	Standing      []Standing
	// Statistics are those that inverse document frequency uses; nil are those of
	// the opportunities.
	Statistics *matcher.Statistics
	// Hashes are the SHA-256 of the files, in hexadecimal digits, by name.
	Hashes map[string]string
}

// Violation is why a run does not hold.
type Violation struct {
	File string // of the run
	Line int    // 0: of the file as a whole
	Rule string // what is wrong
}

func (v *Violation) Error() string {
	if v.Line > 0 {
		return fmt.Sprintf("%s:%d: %s", v.File, v.Line, v.Rule)
	}
	return v.File + ": " + v.Rule
}

func violation(file string, line int, format string, args ...any) error {
	return &Violation{file, line, fmt.Sprintf(format, args...)}
}

// Options are how to check.
type Options struct {
	// Sample, if not 0, is for how many students the lists are worked out anew.
	// The others' are then taken from Lists, and those of the sample must equal
	// what Lists gives.
	Sample int
	// Lists gives the list of a student's row.
	Lists func(row int) List
	// Workers is how many goroutines make lists; 0 is one per processor.
	Workers int
	// Progress, if given, is told what is being done and how far it is. It is
	// called from one goroutine at a time.
	Progress func(step string, done, total int64)
}

// List is a student's list.
type List struct {
	Entries []Entry
	// Ineligible says of an empty one that nothing that the student asked for,
	// or shares tags with, is eligible.
	Ineligible bool
}

// Entry is a place on a student's list.
type Entry struct {
	Opportunity string
	Rank        int32
	Weight      int32
}

// Check checks a run. The error is a *Violation where the run doesn't hold, or
// the context's.
func Check(ctx context.Context, in *Input, run *Run, o Options) error {
	if err := run.CheckInput(in); err != nil {
		return err
	}
	p, err := newProblem(in, run, o)
	if err != nil {
		return err
	}
	if err := p.makeLists(ctx, o); err != nil {
		return err
	}
	p.progress("checking", 0, 0)
	return p.check(ctx)
}

// check checks a run whose problem and lists are there.
func (p *problem) check(ctx context.Context) error {
	said, err := p.readRows()
	if err != nil {
		return err
	}
	m, err := p.newMarket(said)
	if err != nil {
		return err
	}
	if err := m.checkSeats(); err != nil {
		return err
	}
	f, err := m.checkClaim(ctx)
	if err != nil {
		return err
	}
	if err := m.checkRows(f); err != nil {
		return err
	}
	if err := m.checkFigures(ctx, f); err != nil {
		return err
	}
	return m.checkCutoffs(f)
}

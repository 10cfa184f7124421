package runs

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/matcher/place"
	"github.com/kindred-match/kindred/store"
)

// FindingKind is a kind of finding.
type FindingKind string

// The kinds.
const (
	NoStudents     FindingKind = "no_students"
	NoCandidates   FindingKind = "no_candidates"
	AllIneligible  FindingKind = "all_ineligible"
	Seats          FindingKind = "seats"
	Minimum        FindingKind = "minimum"
	Locks          FindingKind = "locks"
	LockIneligible FindingKind = "lock_ineligible"
	Standing       FindingKind = "standing"
	Reference      FindingKind = "reference"
)

// Finding is something that would make a run fail, or that may not be wanted.
// It has nothing of a student.
type Finding struct {
	Kind  FindingKind `json:"kind"`
	Fatal bool        `json:"fatal,omitempty"`
	Count int64       `json:"count"` // of students, rows or seats
	// Opportunity or Partner is what it concerns, if it is one.
	Opportunity string `json:"opportunity,omitempty"`
	Partner     string `json:"partner,omitempty"`
	Text        string `json:"text"`
}

// Checked says what a run would start from, and what would go wrong.
type Checked struct {
	Epoch                          store.Epoch
	Students, Opportunities, Seats int64
	Standing                       int64
	Findings                       []Finding // fatal ones first
}

// checking collects findings.
type checking struct {
	in       *input
	options  *Options
	findings []Finding
}

func (c *checking) add(f Finding) { c.findings = append(c.findings, f) }

// done gives the findings, fatal ones first, those of one kind by id.
func (c *checking) done() []Finding {
	slices.SortStableFunc(c.findings, func(a, b Finding) int {
		switch {
		case a.Fatal == b.Fatal:
			return 0
		case a.Fatal:
			return -1
		default:
			return 1
		}
	})
	return c.findings
}

// checkInput finds what can be found before there are lists.
func checkInput(in *input, o *Options) []Finding {
	c := &checking{in: in, options: o}
	f := in.folder
	if len(f.Students) == 0 {
		c.add(Finding{Kind: NoStudents, Fatal: true, Text: "The district has no students."})
	}
	seats := int64(0)
	for i := range f.Opportunities {
		if f.Opportunities[i].Status == matcher.Published {
			seats += int64(f.Opportunities[i].Seats)
		}
	}
	if students := int64(len(f.Students)); seats < students {
		c.add(Finding{Kind: Seats, Count: students - seats, Text: fmt.Sprintf("There are %d seats for %d students.", seats, students)})
	}
	c.locks()
	c.tags()
	return c.done()
}

// tags counts tags that are used and not listed.
func (c *checking) tags() {
	unlisted := make(map[string]bool)
	look := func(list []matcher.Weighted) {
		for _, w := range list {
			if _, listed := c.in.folder.Vocabulary.Lookup(w.Tag); !listed {
				unlisted[w.Tag] = true
			}
		}
	}
	for i := range c.in.folder.Opportunities {
		look(c.in.folder.Opportunities[i].Tags)
	}
	for i := range c.in.folder.Students {
		look(c.in.folder.Students[i].Interests)
	}
	if n := len(unlisted); n > 0 {
		c.add(Finding{Kind: Reference, Count: int64(n), Text: fmt.Sprintf("%d tags are used that are not listed; they count as tags without a parent.", n)})
	}
}

// locks looks at those that place students: each student at most once, where it
// is eligible, and not more than there are seats.
func (c *checking) locks() {
	f := c.in.folder
	students, opportunities := make(map[string]int, len(f.Rows.Locks)), make(map[string]int, len(f.Opportunities))
	partners := make(map[string]*matcher.Partner, len(f.Partners))
	for i := range f.Partners {
		partners[f.Partners[i].ID] = &f.Partners[i]
	}
	for i := range f.Opportunities {
		opportunities[f.Opportunities[i].ID] = i
	}
	forbidden := make(map[[2]string]bool)
	for _, l := range f.Rows.Locks {
		students[l.Student] = 0
		if l.Action == place.Forbid {
			forbidden[[2]string{l.Student, l.Opportunity}] = true
		}
	}
	if len(students) > 0 {
		for i := range f.Students {
			if _, locked := students[f.Students[i].ID]; locked {
				students[f.Students[i].ID] = i
			}
		}
	}
	twice, placed := int64(0), make(map[string]bool)
	ineligible, locked, with := make(map[string]int64), make(map[string]int64), make(map[string]int64)
	for _, l := range f.Rows.Locks {
		if l.Action != place.Place {
			continue
		}
		if placed[l.Student] {
			twice++
			continue
		}
		placed[l.Student] = true
		o := &f.Opportunities[opportunities[l.Opportunity]]
		if c.refused(&f.Students[students[l.Student]], o, partners[o.Partner]) {
			ineligible[o.ID]++
		}
		locked[o.ID]++
		with[o.Partner]++
	}
	if twice > 0 {
		c.add(Finding{Kind: Locks, Fatal: true, Count: twice, Text: fmt.Sprintf("%d locks place a student whom another lock places elsewhere; keep one of them.", twice)})
	}
	c.ineligible(ineligible)
	for _, id := range slices.Sorted(maps.Keys(locked)) {
		c.beyond(Locks, "locks place", id, "", locked[id], int64(f.Opportunities[opportunities[id]].Seats))
	}
	c.beyondCaps(Locks, "locks place", with, partners)
}

func (c *checking) ineligible(by map[string]int64) {
	for _, id := range slices.Sorted(maps.Keys(by)) {
		c.add(Finding{
			Kind: LockIneligible, Fatal: true, Count: by[id], Opportunity: id,
			Text: fmt.Sprintf("Locks place %d students at %s who are not eligible for it.", by[id], id),
		})
	}
}

// refused says whether a pair fails a rule other than that there are seats.
func (c *checking) refused(s *matcher.Student, o *matcher.Opportunity, p *matcher.Partner) bool {
	failed := matcher.Failures(&matcher.Query{Student: s, AsOf: c.options.AsOf, Term: c.options.Term}, o, p)
	return slices.ContainsFunc(failed, func(code matcher.Code) bool { return code != matcher.CodeFull })
}

// beyond adds a finding where more students are held than there are seats.
func (c *checking) beyond(kind FindingKind, what, opportunity, partner string, held, seats int64) {
	if held <= seats {
		return
	}
	where := cmp.Or(opportunity, "partner "+partner)
	c.add(Finding{
		Kind: kind, Fatal: true, Count: held - seats, Opportunity: opportunity, Partner: partner,
		Text: fmt.Sprintf("At %s %s %d students, and there are %d seats.", where, what, held, seats),
	})
}

func (c *checking) beyondCaps(kind FindingKind, what string, with map[string]int64, partners map[string]*matcher.Partner) {
	for _, id := range slices.Sorted(maps.Keys(with)) {
		if p := partners[id]; p != nil && p.MaxSeats != nil {
			c.beyond(kind, what, "", id, with[id], int64(*p.MaxSeats))
		}
	}
}

// checkLists finds what can be found once there are lists.
func checkLists(in *input, o *Options, p *place.Problem) []Finding {
	c := &checking{in: in, options: o}
	without, barred := int64(0), int64(0)
	for s := range p.Students {
		switch from, to := p.Lists.Of(int32(s)); {
		case from < to || p.Locked[s] >= 0:
		case p.Lists.Ineligible[s]:
			barred++
		default:
			without++
		}
	}
	if without > 0 {
		c.add(Finding{Kind: NoCandidates, Count: without, Text: fmt.Sprintf("%d students have no rows and share no tag with any opportunity.", without)})
	}
	if barred > 0 {
		c.add(Finding{Kind: AllIneligible, Count: barred, Text: fmt.Sprintf("%d students are eligible for nothing of what they asked for, or share tags with.", barred)})
	}
	c.minimums(p)
	c.standing(p)
	return c.done()
}

// minimums looks for opportunities that are on too few lists.
func (c *checking) minimums(p *place.Problem) {
	on := make([]int64, len(p.Opportunities))
	for _, o := range p.Lists.Opportunity {
		on[o]++
	}
	for s := range p.Students {
		o := c.held(p, s)
		if from, to := p.Lists.Of(int32(s)); o >= 0 && !slices.Contains(p.Lists.Opportunity[from:to], o) {
			on[o]++
		}
	}
	for o, minimum := range p.Minimum {
		if on[o] >= int64(minimum) {
			continue
		}
		id := p.Opportunities[o]
		text := fmt.Sprintf("%s needs %d students and is on the lists of %d", id, minimum, on[o])
		if p.Cancels[o] {
			text += ": it will be cancelled."
		} else {
			text += ": lower its minimum, or give it the min_policy cancel."
		}
		// A seat that is filled at the end counts for stable and lottery.
		fatal := !p.Cancels[o] && (c.options.Objective.Flow() || !c.options.Fill)
		c.add(Finding{Kind: Minimum, Fatal: fatal, Count: int64(minimum) - on[o], Opportunity: id, Text: text})
	}
}

// keeps says whether placements that stand are promised.
func (c *checking) keeps() bool {
	return c.options.Keep == place.Freeze || c.options.Keep == place.NoWorse
}

// held is the opportunity that a student is promised, or -1.
func (c *checking) held(p *place.Problem, s int) int32 {
	if p.Locked[s] >= 0 || !c.keeps() {
		return p.Locked[s]
	}
	return p.Standing[s]
}

// standing looks for placements that are to be kept beyond the seats.
func (c *checking) standing(p *place.Problem) {
	if !c.keeps() {
		return
	}
	at, with := make([]int64, len(p.Seats)), make([]int64, len(p.Caps))
	for s := range p.Students {
		o := c.held(p, s)
		if o < 0 {
			continue
		}
		at[o]++
		if partner := p.Partner[o]; partner >= 0 {
			with[partner]++
		}
	}
	for o, held := range at {
		c.beyond(Standing, "stand or are locked", p.Opportunities[o], "", held, int64(p.Seats[o]))
	}
	for partner, held := range with {
		c.beyond(Standing, "stand or are locked", "", p.Partners[partner], held, int64(p.Caps[partner]))
	}
}

// refusal is why a run can't be carried out: it is its failure's message.
type refusal struct{ message string }

func (r *refusal) Error() string { return r.message }

// refusalOf is the refusal for an error of a placement that the input or the
// options are to blame for; nil for others.
func refusalOf(err error) *refusal {
	if own, ok := errors.AsType[*refusal](err); ok {
		return own
	}
	_, option := errors.AsType[*place.OptionError](err)
	_, row := errors.AsType[*place.RowError](err)
	if option || row || errors.Is(err, place.ErrMinimums) || errors.Is(err, place.ErrTooLarge) {
		return &refusal{err.Error()}
	}
	return nil
}

// fatal is the refusal for findings that would make the run fail; nil: none.
func fatal(findings []Finding) error {
	var all []Finding
	for _, f := range findings {
		if f.Fatal {
			all = append(all, f)
		}
	}
	if len(all) == 0 {
		return nil
	}
	const most = 20
	message := "The input can't be placed:"
	for _, f := range all[:min(most, len(all))] {
		message += "\n" + f.Text
	}
	if len(all) > most {
		message += fmt.Sprintf("\nand %d more; ask for the check alone to see all.", len(all)-most)
	}
	return &refusal{message}
}

// check is all that is found of an input, and the numbers of it.
func checkedOf(in *input, findings []Finding) *Checked {
	f := in.folder
	c := &Checked{
		Epoch: in.epoch, Students: int64(len(f.Students)), Opportunities: int64(len(f.Opportunities)),
		Standing: int64(len(f.Rows.Standing)), Findings: findings,
	}
	for i := range f.Opportunities {
		if f.Opportunities[i].Status == matcher.Published {
			c.Seats += int64(f.Opportunities[i].Seats)
		}
	}
	return c
}

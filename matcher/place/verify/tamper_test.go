package verify

import (
	"context"
	"flag"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// tamperings is how many tamperings of each objective are to be caught, at least.
var tamperings = flag.Int("tamperings", 130, "how many tamperings of each of the eight objectives are tried and caught, at least")

// A run that was tampered with, its figures made consistent again, is caught,
// unless it is what it claims to be: for stable and lottery that is what the
// solver makes of the options that the run then has; for a flow, a placement
// within seats, caps, minimums and reserves that is worth as much as the best of
// all that there are. What was cancelled is then as the run says.
func TestTamperingIsCaught(t *testing.T) {
	for _, objective := range objectives {
		t.Run(objective, func(t *testing.T) {
			caught, valid := 0, make(map[string]int)
			property := func(r *rapid.T) {
				run, can := (*Run)(nil), false
				in := drawInput(r, everything)
				if run, can = solved(r, in, drawOptions(r, objective)); !can {
					return
				}
				dice := rand.New(rand.NewPCG(rapid.Uint64().Draw(r, "tampering"), 1))
				for range 5 {
					other, how := tampered(r, dice, in, run)
					if how == "" {
						continue
					}
					switch err := checked(r, in, other); {
					case err != nil:
						caught++
					case !truly(r, in, other):
						r.Fatalf("%s, %s is not caught: %+v became %+v", objective, how, *run, *other)
					default:
						valid[how]++
					}
				}
			}
			for range 100 + *tamperings {
				if rapid.Check(t, property); caught >= *tamperings {
					break
				}
			}
			t.Log(caught, "caught; true all the same:", valid)
			if caught < *tamperings {
				t.Errorf("only %d tamperings were caught", caught)
			}
		})
	}
}

// tampered changes one thing of a copy of a run, and says how, if it is another
// run then.
func tampered(t *rapid.T, dice *rand.Rand, in *Input, run *Run) (other *Run, how string) {
	other, err := Read(run.folder(t))
	if err != nil {
		t.Fatal(err)
	}
	changes := []struct {
		how string
		do  func(*rand.Rand, *Input, *Run)
	}{
		{"swap", swap},
		{"swap", swap},
		{"move", move},
		{"move", move},
		{"drop", drop},
		{"reason or rank", change},
		{"option", otherOption},
		{"figure", figure},
		{"proof", proof},
		{"cutoff or cancelled", cut},
		{"cancel", cancel},
		{"fill", fillIn},
	}
	change := changes[dice.IntN(len(changes))]
	change.do(dice, in, other)
	x, y := run.folder(t), other.folder(t)
	for _, name := range []string{summaryFile, placementsFile, unplacedFile, certificateFile} {
		if string(x[name].Data) != string(y[name].Data) {
			return other, change.how
		}
	}
	return nil, ""
}

// swap exchanges the opportunities of two students.
func swap(dice *rand.Rand, in *Input, r *Run) {
	if n := len(r.placements); n > 1 {
		a, b := &r.placements[dice.IntN(n)], &r.placements[dice.IntN(n)]
		a.opportunity, b.opportunity = b.opportunity, a.opportunity
	}
	consistent(in, r)
}

// move gives a student, placed or not, another opportunity.
func move(dice *rand.Rand, in *Input, r *Run) {
	id, o := in.Students[dice.IntN(len(in.Students))].ID, in.Opportunities[dice.IntN(len(in.Opportunities))].ID
	remove(r, id)
	r.placements = append(r.placements, placedRow{student: id, opportunity: o, rank: int32(dice.IntN(2))})
	consistent(in, r)
}

// drop takes a student's placement from it.
func drop(dice *rand.Rand, in *Input, r *Run) {
	if n := len(r.placements); n > 0 {
		id := r.placements[dice.IntN(n)].student
		remove(r, id)
		r.unplaced = append(r.unplaced, unplacedRow{student: id, reason: notPlaced(r)})
	}
	consistent(in, r)
}

func remove(r *Run, id string) {
	r.placements = slices.DeleteFunc(r.placements, func(row placedRow) bool { return row.student == id })
	r.unplaced = slices.DeleteFunc(r.unplaced, func(row unplacedRow) bool { return row.student == id })
}

// consistent makes ranks, scores, order and all figures those of the rows, as
// far as this can be done. A row without a rank keeps none where seats are
// filled.
func consistent(in *Input, r *Run) {
	slices.SortFunc(r.placements, func(a, b placedRow) int { return strings.Compare(a.student, b.student) })
	slices.SortFunc(r.unplaced, func(a, b unplacedRow) int { return strings.Compare(a.student, b.student) })
	m := listed(in, r)
	if m == nil {
		return
	}
	f := m.placed(m.said.at)
	m.price(f)
	s := &r.summary
	s.Placed, s.Profile, s.TotalRank, s.TotalScore = int64(len(r.placements)), []int64{}, 0, 0
	for i := range r.placements {
		row := &r.placements[i]
		at := m.number[row.student]
		f.filled[at] = s.Options.Fill && row.rank == 0 && m.sure[at] < 0
		row.rank, row.score = m.rank(f, at), decimal(f.micro[at])
		m.said.rank[at] = row.rank
		s.TotalRank += int64(row.rank)
		s.TotalScore += int64(f.weight(at))
		for len(s.Profile) < int(row.rank) {
			s.Profile = append(s.Profile, 0)
		}
		if row.rank > 0 {
			s.Profile[row.rank-1]++
		}
	}
	if m.checkSeats() == nil {
		s.BlockingPairs, _, _ = m.countBlocking(context.Background(), f)
		r.certificate.Cutoffs, r.certificate.PartnerCutoffs = nil, nil
		if s.Objective == stable {
			r.certificate.Cutoffs, r.certificate.PartnerCutoffs = m.cutoffs(f)
		}
	}
	m.revalue(r)
}

// revalue makes the values of stages those of the placement.
func (m *market) revalue(r *Run) {
	if !flows(r.summary.Objective) || m.cancelSaid() != nil {
		return
	}
	n := m.newNetwork()
	base := slices.Clone(m.said.at)
	for s := range base {
		if m.options.Fill && m.said.rank[s] == 0 && m.sure[s] < 0 && !m.lost[s] {
			base[s] = none
		}
	}
	chosen, err := n.used(base)
	if err != nil {
		return
	}
	for i := range r.certificate.Stages {
		t := &r.certificate.Stages[i]
		if t.Measure == measureLowest {
			t.Value = 1 << 40
		} else {
			t.Value = 0
		}
		for _, a := range chosen {
			switch {
			case a == nil:
			case t.Measure == measureLowest:
				t.Value = min(t.Value, int64(a.weight))
			default:
				t.Value += t.worth(a)
			}
		}
	}
}

// change gives a student another reason or rank.
func change(dice *rand.Rand, _ *Input, r *Run) {
	if n := len(r.unplaced); n > 0 && dice.IntN(2) == 0 {
		r.unplaced[dice.IntN(n)].reason = []string{"NO_CANDIDATES", "ALL_INELIGIBLE", "OUTCOMPETED", "TRADEOFF"}[dice.IntN(4)]
	} else if n := len(r.placements); n > 0 {
		row := &r.placements[dice.IntN(n)]
		row.rank = int32(dice.IntN(3))
		if dice.IntN(2) == 0 {
			row.score = decimal(int32(dice.IntN(2e6)))
		}
	}
}

// otherOption changes an option, the seed, or the objective.
func otherOption(dice *rand.Rand, in *Input, r *Run) {
	s := &r.summary
	switch o := &s.Options; dice.IntN(9) {
	case 0:
		s.Seed++
	case 1:
		o.Priority = []string{"lottery", "score"}[dice.IntN(2)]
	case 2:
		o.Reserves = []string{"first", "last"}[dice.IntN(2)]
	case 3:
		o.Fill = !o.Fill
	case 4:
		o.ReverseLottery = !o.ReverseLottery
	case 5:
		o.Candidates = 1 + dice.IntN(3)
	case 6:
		o.Measure = []string{"cosine", "dot", "overlap"}[dice.IntN(3)]
	case 7:
		if flows(s.Objective) {
			s.Objective = []string{welfare, maxPlaced, minRank, maximin}[dice.IntN(4)]
		} else {
			s.Objective = []string{stable, serial}[dice.IntN(2)]
		}
		r.certificate.Objective = s.Objective
	case 8:
		o.Keep = []string{"full", keepFreeze, keepNoWorse, keepMinMoves}[dice.IntN(4)]
	}
	consistent(in, r)
}

// figure changes a figure of run.json.
func figure(dice *rand.Rand, _ *Input, r *Run) {
	s := &r.summary
	by := int64(1 + dice.IntN(2))
	figures := []*int64{&s.Students, &s.Opportunities, &s.Seats, &s.Placed, &s.TotalRank, &s.TotalScore, &s.BlockingPairs}
	if len(s.Profile) > 0 {
		figures = append(figures, &s.Profile[0])
	}
	*figures[dice.IntN(len(figures))] += by
	if dice.IntN(4) == 0 {
		s.InputSHA256["students.csv"] = "other"
	}
}

// proof changes a price or a value of a stage, or takes a stage out.
func proof(dice *rand.Rand, in *Input, r *Run) {
	c := &r.certificate
	if len(c.Stages) == 0 {
		return
	}
	t := &c.Stages[dice.IntN(len(c.Stages))]
	switch dice.IntN(4) {
	case 0:
		t.Value++
	case 1:
		if n := len(t.Opportunities); n > 0 {
			t.Opportunities[dice.IntN(n)].Price += int64(dice.IntN(5) - 2)
		}
	case 2:
		t.Opportunities = append(t.Opportunities, price{ID: in.Opportunities[dice.IntN(len(in.Opportunities))].ID, Price: 1 << dice.IntN(62)})
	case 3:
		c.Stages = c.Stages[1:]
	}
}

// cut changes a cutoff or what was cancelled.
func cut(dice *rand.Rand, in *Input, r *Run) {
	c := &r.certificate
	switch n := len(c.Cutoffs); {
	case n > 0 && dice.IntN(2) == 0:
		c.Cutoffs[dice.IntN(n)].Placed++
	case n > 0:
		c.Cutoffs = c.Cutoffs[:n-1]
	default:
		c.Cancelled = append(c.Cancelled, cancelled{in.Opportunities[0].ID, in.Opportunities[0].MinSeats, 1})
	}
}

// cancel says of an opportunity that it was cancelled, or no longer says it, and
// takes its students away.
func cancel(dice *rand.Rand, in *Input, r *Run) {
	c := &r.certificate
	o := &in.Opportunities[dice.IntN(len(in.Opportunities))]
	if n := len(c.Cancelled); n > 0 && dice.IntN(2) == 0 {
		at := dice.IntN(n)
		c.Cancelled = slices.Delete(c.Cancelled, at, at+1)
	} else {
		c.Cancelled = append(c.Cancelled, cancelled{o.ID, o.MinSeats, 1 + int32(dice.IntN(2))})
		for _, row := range slices.Clone(r.placements) {
			if row.opportunity == o.ID {
				remove(r, row.student)
				r.unplaced = append(r.unplaced, unplacedRow{student: row.student, reason: notPlaced(r)})
			}
		}
	}
	consistent(in, r)
}

// fillIn says of a student that it got a free seat at the end, or no longer.
func fillIn(dice *rand.Rand, in *Input, r *Run) {
	if n := len(r.placements); n > 0 {
		row := &r.placements[dice.IntN(n)]
		row.rank = 1 - min(1, row.rank)
		r.summary.Options.Fill = true
	}
	consistent(in, r)
}

func notPlaced(r *Run) string {
	if flows(r.summary.Objective) {
		return "TRADEOFF"
	}
	return "OUTCOMPETED"
}

// truly says whether a run is what it claims to be, by solving anew or, for a
// flow, by trying every placement.
func truly(t *rapid.T, in *Input, r *Run) bool {
	if flows(r.summary.Objective) {
		return optimal(in, r)
	}
	again, can := solved(t, in, &r.summary)
	if !can {
		return false
	}
	x, y := r.folder(t), again.folder(t)
	return string(x[placementsFile].Data) == string(y[placementsFile].Data) && string(x[unplacedFile].Data) == string(y[unplacedFile].Data)
}

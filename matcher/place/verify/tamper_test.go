package verify

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/kindred-match/kindred/matcher"
)

// A run that was tampered with, its figures made consistent again, is caught,
// unless it is what it claims to be: for stable and lottery that is what the
// solver makes of the options that the run then has; for a flow, a placement
// within seats and caps that has the same of what the objective counts.
func TestTamperingIsCaught(t *testing.T) {
	for _, objective := range objectives {
		t.Run(objective, func(t *testing.T) {
			const enough = 130 // for each of eight objectives: a thousand
			caught, valid := 0, 0
			property := func(r *rapid.T) {
				in, run := drawRun(r, objective)
				if run == nil {
					return
				}
				dice := rand.New(rand.NewPCG(rapid.Uint64().Draw(r, "tampering"), 1))
				for range 5 {
					other, changed := tampered(r, dice, in, run)
					if !changed {
						continue
					}
					switch err := checked(r, in, other); {
					case err != nil:
						caught++
					case !truly(r, in, other):
						r.Fatalf("%s is not caught: %+v became %+v", objective, *run, *other)
					default:
						valid++
					}
				}
			}
			for range 100 {
				if rapid.Check(t, property); caught >= enough {
					break
				}
			}
			t.Log(caught, "caught,", valid, "valid")
			if caught < enough {
				t.Errorf("only %d tamperings were caught", caught)
			}
		})
	}
}

// drawRun draws a run. For flows it leaves out what would make it hard to say,
// without prices, what is optimal.
func drawRun(t *rapid.T, objective string) (*Input, *Run) {
	w := everything
	w.reserves = !flows(objective)
	in := drawInput(t, w)
	s := drawOptions(t, objective)
	if flows(objective) {
		s.Options.Fill = false
		if s.Options.Keep != keepMinMoves {
			s.Options.Keep = "full"
		}
		for i := range in.Opportunities {
			in.Opportunities[i].MinPolicy = matcher.MinHard
		}
	}
	run, _ := solved(t, in, s)
	return in, run
}

// tampered changes one thing of a copy of a run.
func tampered(t *rapid.T, dice *rand.Rand, in *Input, run *Run) (*Run, bool) {
	other, err := Read(run.folder(t))
	if err != nil {
		t.Fatal(err)
	}
	changes := []func(*rand.Rand, *Input, *Run){swap, move, drop, change, otherOption, figure, proof, cut, move, swap}
	changes[dice.IntN(len(changes))](dice, in, other)
	same := func(a, b *Run) bool {
		x, y := a.folder(t), b.folder(t)
		return !slices.ContainsFunc([]string{summaryFile, placementsFile, unplacedFile, certificateFile}, func(name string) bool {
			return string(x[name].Data) != string(y[name].Data)
		})
	}
	if same(run, other) {
		return nil, false
	}
	return other, true
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
	r.placements = append(r.placements, placedRow{student: id, opportunity: o})
	consistent(in, r)
}

// drop takes a student's placement from it.
func drop(dice *rand.Rand, in *Input, r *Run) {
	if n := len(r.placements); n > 0 {
		id := r.placements[dice.IntN(n)].student
		remove(r, id)
		reason := "OUTCOMPETED"
		if flows(r.summary.Objective) {
			reason = "TRADEOFF"
		}
		r.unplaced = append(r.unplaced, unplacedRow{student: id, reason: reason})
	}
	consistent(in, r)
}

func remove(r *Run, id string) {
	r.placements = slices.DeleteFunc(r.placements, func(row placedRow) bool { return row.student == id })
	r.unplaced = slices.DeleteFunc(r.unplaced, func(row unplacedRow) bool { return row.student == id })
}

// consistent makes ranks, scores, order and all figures those of the rows, as
// far as this can be done.
func consistent(in *Input, r *Run) {
	slices.SortFunc(r.placements, func(a, b placedRow) int { return strings.Compare(a.student, b.student) })
	slices.SortFunc(r.unplaced, func(a, b unplacedRow) int { return strings.Compare(a.student, b.student) })
	p, err := newProblem(in, r)
	if err != nil {
		return
	}
	p.lists, p.barred = make([][]entry, len(p.students)), make([]bool, len(p.students))
	for s := range p.students {
		p.lists[s], p.barred[s] = p.bruteForce(int32(s))
	}
	said, err := p.readRows()
	if err != nil {
		return
	}
	m, err := p.newMarket(said)
	if err != nil {
		return
	}
	f := m.placed(said.at)
	m.price(f)
	s := &r.summary
	s.Placed, s.Profile, s.TotalRank, s.TotalScore = int64(len(r.placements)), []int64{}, 0, 0
	for i := range r.placements {
		row := &r.placements[i]
		at := m.number[row.student]
		row.rank, row.score = m.rank(f, at), decimal(f.micro[at])
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
	for i := range r.certificate.Stages { // their values too
		switch t := &r.certificate.Stages[i]; t.Measure {
		case measurePlaced:
			t.Value = s.Placed
		case measureWeights:
			t.Value = s.TotalScore
		case measureRanks:
			t.Value = -s.TotalRank
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
	switch o := &s.Options; dice.IntN(8) {
	case 0:
		s.Seed++
	case 1:
		o.Priority = []string{"lottery", "score"}[dice.IntN(2)]
	case 2:
		o.Reserves = []string{"first", "last"}[dice.IntN(2)]
	case 3:
		o.Fill = !o.Fill && !flows(s.Objective)
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

// truly says whether a run is what it claims to be, by solving anew.
func truly(t *rapid.T, in *Input, r *Run) bool {
	again, can := solved(t, in, &r.summary)
	if !can {
		return false
	}
	if !flows(r.summary.Objective) {
		x, y := r.folder(t), again.folder(t)
		return string(x[placementsFile].Data) == string(y[placementsFile].Data) && string(x[unplacedFile].Data) == string(y[unplacedFile].Data)
	}
	return within(in, r) && slices.Equal(counted(in, r), counted(in, again))
}

// within says whether a run keeps to seats, caps and minimums.
func within(in *Input, r *Run) bool {
	counts, with := make(map[string]int32), make(map[string]int32)
	for _, row := range r.placements {
		counts[row.opportunity]++
	}
	for i := range in.Opportunities {
		o := &in.Opportunities[i]
		with[o.Partner] += counts[o.ID]
		if counts[o.ID] > o.Seats || counts[o.ID] < o.MinSeats && o.Status == matcher.Published {
			return false
		}
	}
	return !slices.ContainsFunc(in.Partners, func(p matcher.Partner) bool { return p.MaxSeats != nil && with[p.ID] > *p.MaxSeats })
}

// counted is what the objective of a run counts, in its order.
func counted(in *Input, r *Run) []int64 {
	locked := make(map[string]bool)
	for _, l := range in.Locks {
		locked[l.Student] = locked[l.Student] || l.Place
	}
	placed, sum, ranks, lowest, kept := int64(0), int64(0), int64(0), int64(1<<62), int64(0)
	profile := make([]int64, 20)
	for _, row := range r.placements {
		if locked[row.student] {
			continue
		}
		micro := int64(0)
		for _, c := range strings.ReplaceAll(row.score, ".", "") {
			micro = 10*micro + int64(c-'0')
		}
		placed, sum, ranks, lowest = placed+1, sum+max(1, micro), ranks+int64(row.rank), min(lowest, max(1, micro))
		profile[row.rank]++
		if slices.Contains(in.Standing, Standing{row.student, row.opportunity}) {
			kept++
		}
	}
	if r.summary.Options.Keep != keepMinMoves {
		kept = 0
	}
	switch r.summary.Objective {
	case welfare:
		return []int64{sum, kept}
	case maxPlaced:
		return []int64{placed, sum, kept}
	case minRank:
		return []int64{placed, ranks, kept}
	case maximin:
		return []int64{placed, lowest, sum, kept}
	default:
		return append(profile, placed, kept)
	}
}

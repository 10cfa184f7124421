package verify

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/kindred-match/kindred/matcher"
)

const none = int32(-1)

// problem is the input by numbers: students in the order of the lottery,
// opportunities, capped partners and groups by id.
type problem struct {
	in       *Input
	run      *Run
	workers  int // see Options
	progress func(step string, done, total int64)

	students []string
	rows     []int // of the input, by student
	lottery  []uint64
	number   map[string]int32 // of a student

	offers   []offer
	offerAt  map[string]int32
	partners []partner
	cappedAt map[string]int32
	groups   []matcher.Group // that seats are reserved for
	memberOf [][]int32       // by student, the groups it is in
	tiers    map[pair]int32
	locked   []int32
	standing []int32
	forbids  map[pair]bool

	scorer  *scorer
	prefers [][]Preference // by student, by rank
	scored  [][]Score      // by student
	lists   [][]entry
	barred  []bool // by student: its list is empty, and eligibility is why
}

// pair is a student and an opportunity.
type pair struct{ student, offer int32 }

// offer is an opportunity.
type offer struct {
	row      *matcher.Opportunity
	open     bool // to somebody: it is offered in the run, and has a seat, as has its partner
	seats    int32
	minimum  int32 // 0 where it isn't offered in the run
	cancels  bool  // under its minimum
	partner  int32 // with a cap, or -1
	reserves []reserve
	posting  *posting
}

// reserve keeps seats for a group.
type reserve struct{ group, seats int32 }

// partner is a partner with a cap.
type partner struct {
	id     string
	seats  int32
	offers []int32
}

// entry is a place on a student's list.
type entry struct {
	offer, rank int32
	micro       int32 // the score in millionths
}

func (e entry) weight() int32 { return max(1, e.micro) }

func newProblem(in *Input, run *Run, o Options) (*problem, error) {
	if run.summary.Options.Strict {
		if err := checkStrict(in); err != nil {
			return nil, err
		}
	}
	p := &problem{in: in, run: run, workers: o.Workers, progress: o.Progress}
	if p.progress == nil {
		p.progress = func(string, int64, int64) {}
	}
	p.drawStudents()
	p.numberOffers()
	p.reserveSeats()
	p.tiers = make(map[pair]int32, len(in.Priorities))
	for _, r := range in.Priorities {
		p.tiers[p.pairOf(r.Student, r.Opportunity)] = r.Tier
	}
	p.keepRows()
	p.scorer = newScorer(in, &run.summary.Options)
	for i := range p.offers {
		p.offers[i].posting = p.scorer.offers[p.offers[i].row.ID]
	}
	p.scorer.hold(p.offers)
	p.prefers, p.scored = make([][]Preference, len(p.students)), make([][]Score, len(p.students))
	for _, r := range in.Preferences {
		s := p.number[r.Student]
		p.prefers[s] = append(p.prefers[s], r)
	}
	for _, r := range in.Scores {
		s := p.number[r.Student]
		p.scored[s] = append(p.scored[s], r)
	}
	return p, p.checkLocks()
}

// drawStudents draws the lottery: the first 8 bytes of HMAC-SHA256 with the
// seed's digits as the key and the id as the message, the smaller the better,
// equal ones by id.
func (p *problem) drawStudents() {
	mac := hmac.New(sha256.New, []byte(strconv.FormatUint(p.run.summary.Seed, 10)))
	type drawn struct {
		number uint64
		row    int
	}
	draws := make([]drawn, len(p.in.Students))
	for row := range p.in.Students {
		mac.Reset()
		mac.Write([]byte(p.in.Students[row].ID))
		draws[row] = drawn{binary.BigEndian.Uint64(mac.Sum(nil)[:8]), row}
	}
	reverse := p.run.summary.Options.ReverseLottery
	slices.SortFunc(draws, func(a, b drawn) int {
		order := cmp.Compare(a.number, b.number)
		if reverse {
			order = -order
		}
		return cmp.Or(order, strings.Compare(p.in.Students[a.row].ID, p.in.Students[b.row].ID))
	})
	p.number = make(map[string]int32, len(draws))
	for i, d := range draws {
		id := p.in.Students[d.row].ID
		p.students, p.rows, p.lottery = append(p.students, id), append(p.rows, d.row), append(p.lottery, d.number)
		p.number[id] = int32(i)
	}
}

func (p *problem) numberOffers() {
	for i := range p.in.Partners {
		if limit := p.in.Partners[i].MaxSeats; limit != nil {
			p.partners = append(p.partners, partner{id: p.in.Partners[i].ID, seats: *limit})
		}
	}
	slices.SortFunc(p.partners, func(a, b partner) int { return strings.Compare(a.id, b.id) })
	p.cappedAt = make(map[string]int32)
	for i := range p.partners {
		p.cappedAt[p.partners[i].id] = int32(i)
	}
	for i := range p.in.Opportunities {
		o := &p.in.Opportunities[i]
		at, has := p.cappedAt[o.Partner]
		if !has {
			at = none
		}
		made := offer{row: o, seats: o.Seats, cancels: o.MinPolicy == matcher.MinCancel, partner: at}
		if offeredOn(o, &p.run.summary.Options) {
			made.minimum = o.MinSeats
			made.open = o.Seats > 0 && (at < 0 || p.partners[at].seats > 0)
		}
		p.offers = append(p.offers, made)
	}
	slices.SortFunc(p.offers, func(a, b offer) int { return strings.Compare(a.row.ID, b.row.ID) })
	p.offerAt = make(map[string]int32, len(p.offers))
	for i := range p.offers {
		p.offerAt[p.offers[i].row.ID] = int32(i)
		if with := p.offers[i].partner; with >= 0 {
			p.partners[with].offers = append(p.partners[with].offers, int32(i))
		}
	}
}

// reserveSeats gives each opportunity its reserves in the order of groups; where
// they are more than its seats, the first have theirs.
func (p *problem) reserveSeats() {
	at := make(map[matcher.Group]int32)
	for _, r := range p.in.Reserves {
		at[r.Group] = 0
	}
	p.groups = slices.SortedFunc(maps.Keys(at), func(a, b matcher.Group) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Value, b.Value))
	})
	for i, g := range p.groups {
		at[g] = int32(i)
	}
	for _, r := range p.in.Reserves {
		o := &p.offers[p.offerAt[r.Opportunity]]
		if r.Seats > 0 {
			o.reserves = append(o.reserves, reserve{at[r.Group], r.Seats})
		}
	}
	for i := range p.offers {
		o := &p.offers[i]
		slices.SortFunc(o.reserves, func(a, b reserve) int { return cmp.Compare(a.group, b.group) })
		left := o.seats
		for j := range o.reserves {
			o.reserves[j].seats = min(o.reserves[j].seats, left)
			left -= o.reserves[j].seats
		}
	}
	p.memberOf = make([][]int32, len(p.students))
	for s, row := range p.rows {
		for _, g := range p.in.Students[row].Groups {
			if group, reserved := at[g]; reserved {
				p.memberOf[s] = append(p.memberOf[s], group)
			}
		}
	}
}

func (p *problem) pairOf(student, opportunity string) pair {
	return pair{p.number[student], p.offerAt[opportunity]}
}

// keepRows takes over locks and standing placements. One of these that a lock
// forbids or places elsewhere is none.
func (p *problem) keepRows() {
	p.locked = slices.Repeat([]int32{none}, len(p.students))
	p.standing = slices.Clone(p.locked)
	p.forbids = make(map[pair]bool)
	for _, l := range p.in.Locks {
		if at := p.pairOf(l.Student, l.Opportunity); l.Place {
			p.locked[at.student] = at.offer
		} else {
			p.forbids[at] = true
		}
	}
	for _, r := range p.in.Standing {
		at := p.pairOf(r.Student, r.Opportunity)
		if lock := p.locked[at.student]; !p.forbids[at] && (lock < 0 || lock == at.offer) {
			p.standing[at.student] = at.offer
		}
	}
}

// checkLocks checks that who is locked is eligible on the day of the run.
func (p *problem) checkLocks() error {
	for i := range p.in.Locks {
		l := &p.in.Locks[i]
		if at := p.pairOf(l.Student, l.Opportunity); l.Place && !p.eligible(at.student, at.offer) {
			return violation(summaryFile, 0,
				"on the day and in the term of the options a lock of the input places a student at %s who is not eligible", l.Opportunity)
		}
	}
	return nil
}

// scoresOf gives the score of a student's pairs: that of the rows of scores, else
// the computed one.
func (p *problem) scoresOf(s int32) func(o int32) float64 {
	given := make(map[string]float64, len(p.scored[s]))
	for _, r := range p.scored[s] {
		given[r.Opportunity] = r.Score
	}
	var f *profile
	return func(o int32) float64 {
		if score, there := given[p.offers[o].row.ID]; there {
			return score
		}
		if f == nil {
			f = p.scorer.profile(&p.in.Students[p.rows[s]])
		}
		return f.shown(f.units(p.offers[o].posting))
	}
}

package sqlstore

import (
	"context"
	"errors"
	"maps"
	"math"
	"slices"

	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/store"
)

// PublishRun implements store.Runs.
func (s *Store) PublishRun(ctx context.Context, district string, req store.Request, id string) (store.Receipt, error) {
	return s.changeRun(ctx, district, req, id, func(d *districtTx, r *runRow) error {
		if r.State != store.RunDraft {
			return wrongState(r)
		}
		if _, err := d.expire(req.Now, math.MaxInt32, ""); err != nil {
			return err
		}
		p := &publication{districtTx: d, run: r}
		for _, step := range []func() error{p.countChanged, p.countMoves, p.check, p.takeSeats, p.moveEntries} {
			if err := step(); err != nil {
				return err
			}
		}
		_, err := d.exec(`UPDATE runs SET state = 'published', changed = ? WHERE run = ?`, putTime(req.Now), r.key)
		return err
	})
}

// publication is a run that is being published: what changes is counted by
// opportunity and checked before anything is written.
type publication struct {
	*districtTx
	run     *runRow
	changed int // students whose placement isn't that of the snapshot any more
	moves   []*moves
	refused []store.LostSeats
}

// moves are the entries of an opportunity that change.
type moves struct {
	opportunity string
	number      uint32 // that the draft has; 0 where it gives nothing
	given       int32  // entries that become or are made placements
	reserved    int32  // of these, reservations until now
	released    int32
	offer       *offer // nil: there is none
}

// taken is how many seats more are taken afterwards.
func (m *moves) taken() int32 { return m.given - m.reserved - m.released }

// countChanged counts the students of the run whose placement was made or
// given back after the snapshot.
func (p *publication) countChanged() error {
	n, err := one(p.ctx, p, (*values).int64, `SELECT COUNT(*) FROM (
		SELECT student FROM ledger WHERE district = ? AND placed = 1 AND revision > ?
		UNION SELECT student FROM withdrawals WHERE district = ? AND epoch > ?) changed
		WHERE EXISTS (SELECT 1 FROM run_placements r WHERE r.run = ? AND r.student = changed.student)`,
		p.key, int64(p.run.Epoch), p.key, int64(p.run.Epoch), p.run.key)
	p.changed = int(n)
	return err
}

// countMoves fills moves, in byte order of opportunities.
func (p *publication) countMoves() error {
	byID := make(map[string]*moves)
	given, err := collect(p.ctx, p, func(v *values) *moves {
		return &moves{opportunity: v.text(), number: uint32(v.uint64()), given: v.int32(), reserved: v.int32()}
	}, `SELECT r.opportunity, MIN(r.number), COUNT(*), COUNT(l.id) FROM run_placements r
		LEFT JOIN ledger l ON l.district = ? AND l.student = r.student AND l.opportunity = r.opportunity
		WHERE r.run = ? AND r.opportunity IS NOT NULL AND (l.id IS NULL OR l.placed = 0) GROUP BY r.opportunity`,
		p.key, p.run.key)
	if err != nil {
		return err
	}
	for _, m := range given {
		byID[m.opportunity] = m
	}
	released, err := collect(p.ctx, p, func(v *values) *moves { return &moves{opportunity: v.text(), released: v.int32()} },
		`SELECT l.opportunity, COUNT(*) FROM ledger l JOIN run_placements r ON r.run = ? AND r.student = l.student
		WHERE l.district = ? AND l.placed = 1 AND r.opportunity IS NOT l.opportunity GROUP BY l.opportunity`,
		p.run.key, p.key)
	if err != nil {
		return err
	}
	for _, m := range released {
		if known := byID[m.opportunity]; known != nil {
			known.released = m.released
		} else {
			byID[m.opportunity] = m
		}
	}
	for _, id := range slices.Sorted(maps.Keys(byID)) {
		m := byID[id]
		if m.offer, err = p.offer(id); err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		p.moves = append(p.moves, m)
	}
	return nil
}

// check refuses a draft that no longer fits.
func (p *publication) check() error {
	partners := make(map[string]*partnerMoves)
	for _, m := range p.moves {
		if why, seats := m.lost(); seats > 0 {
			p.refused = append(p.refused, store.LostSeats{Opportunity: m.opportunity, Why: why, Seats: seats})
		}
		if m.offer == nil || m.offer.partner == "" {
			continue
		}
		known := partners[m.offer.partner]
		if known == nil {
			known = &partnerMoves{cap: m.offer.cap, taken: m.offer.capTaken}
			partners[m.offer.partner] = known
		}
		known.taken += m.taken()
		known.new += m.given - m.reserved
	}
	for _, id := range slices.Sorted(maps.Keys(partners)) {
		if seats := partners[id].lost(); seats > 0 {
			p.refused = append(p.refused, store.LostSeats{Partner: id, Why: store.LostFull, Seats: seats})
		}
	}
	if p.changed > 0 || len(p.refused) > 0 {
		return &store.PublishError{Changed: p.changed, Lost: p.refused}
	}
	return nil
}

// lost says how many of the seats that the draft newly gives are gone, and why.
func (m *moves) lost() (store.LossReason, int32) {
	fresh := m.given - m.reserved
	switch {
	case m.given > 0 && (m.offer == nil || m.offer.number != m.number):
		return store.LostDeleted, m.given
	case fresh > 0 && m.offer.status != matcher.Published:
		return store.LostNotPublished, fresh
	case fresh > 0:
		return store.LostFull, min(fresh, m.offer.taken+m.taken()-m.offer.seats)
	}
	return "", 0
}

// partnerMoves are the seats of a partner after the run is published.
type partnerMoves struct {
	cap        *int32
	taken, new int32
}

func (m *partnerMoves) lost() int32 {
	if m.cap == nil {
		return 0
	}
	return min(m.new, m.taken-*m.cap)
}

// takeSeats changes the seats taken, and logs each opportunity.
func (p *publication) takeSeats() error {
	for _, m := range p.moves {
		if m.offer == nil {
			return errors.New("the store is damaged: seats are taken where there is nothing")
		}
		if _, err := p.logSeats(m.offer, m.taken()); err != nil {
			return err
		}
	}
	return nil
}

// moveEntries gives the ledger the placements of the draft.
func (p *publication) moveEntries() error {
	if len(p.moves) == 0 {
		return p.removeStanding()
	}
	const released = ` FROM ledger l JOIN run_placements r ON r.run = ? AND r.student = l.student
		WHERE l.district = ? AND l.placed = 1 AND r.opportunity IS NOT l.opportunity`
	if _, err := p.exec(`INSERT INTO withdrawals (district, student, epoch, opportunity, run, reason)
		SELECT l.district, l.student, ?, l.opportunity, ?, ''`+released,
		int64(p.epoch), p.run.ID, p.run.key, p.key); err != nil {
		return err
	}
	if _, err := p.exec(`DELETE FROM ledger WHERE district = ? AND id IN (SELECT l.id`+released+`)`,
		p.key, p.run.key, p.key); err != nil {
		return err
	}
	if _, err := p.exec(`UPDATE ledger SET placed = 1, expires = 0, revision = ?, run = ?
		WHERE +district = ? AND placed = 0 AND opportunity = (
			SELECT r.opportunity FROM run_placements r WHERE r.run = ? AND r.student = ledger.student)`,
		int64(p.epoch), p.run.ID, p.key, p.run.key); err != nil {
		return err
	}
	if err := p.insertEntries(); err != nil {
		return err
	}
	return p.removeStanding()
}

// entriesAtOnce is how many entries one statement inserts: SQLite holds them in
// memory first.
const entriesAtOnce = 20_000

// insertEntries makes the placements that aren't in the ledger yet. Their ids
// are the run's with a number.
func (p *publication) insertEntries() error {
	for after, n := "", int64(0); ; n += entriesAtOnce {
		last, err := optional(one(p.ctx, p, (*values).text, `SELECT student FROM run_placements
			WHERE run = ? AND student > ? ORDER BY student LIMIT 1 OFFSET ?`, p.run.key, after, entriesAtOnce-1))
		if err != nil {
			return err
		}
		through, args := ``, []any{p.key, p.run.ID, n, int64(p.epoch), p.run.ID, p.run.key, after}
		if last != nil {
			through, args = ` AND r.student <= ?`, append(args, *last)
		}
		if _, err := p.exec(`INSERT INTO ledger (district, id, student, opportunity, placed, expires, revision, run, reason)
			SELECT ?, printf('%s-%08d', ?, ? + row_number() OVER (ORDER BY r.student)), r.student, r.opportunity, 1, 0, ?, ?, ''
			FROM run_placements r WHERE r.run = ? AND r.student > ?`+through+` AND r.opportunity IS NOT NULL AND NOT EXISTS (
				SELECT 1 FROM ledger l WHERE l.district = ? AND l.student = r.student AND l.opportunity = r.opportunity)`,
			append(args, p.key)...); err != nil {
			return err
		}
		if last == nil {
			return nil
		}
		after = *last
	}
}

// removeStanding removes the standing placements of the run's students, which
// the ledger now says better.
func (p *publication) removeStanding() error {
	n, err := p.exec(`DELETE FROM placements WHERE district = ? AND student IN (
		SELECT student FROM run_placements WHERE run = ?)`, p.key, p.run.key)
	if err == nil && n > 0 {
		p.sequence++
	}
	return err
}

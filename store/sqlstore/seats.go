package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/store"
)

// expireAtOnce is how many reservations Expire frees in one transaction, so
// that other writes get in between.
const expireAtOnce = 1000

const entryColumns = `id, student, opportunity, expires, placed, revision`

func decodeEntry(v *values) store.Entry {
	return store.Entry{
		Reservation: store.Reservation{ID: v.text(), Student: v.text(), Opportunity: v.text(), Expires: v.time()},
		Placed:      v.bool(),
		Revision:    store.Revision(v.uint64()),
	}
}

// Entry implements store.Seats.
func (s *Store) Entry(ctx context.Context, district, id string, now time.Time) (*store.Entry, error) {
	if err := checkTime(now); err != nil {
		return nil, err
	}
	return single(ctx, s, decodeEntry,
		`SELECT `+entryColumns+` FROM ledger`+inDistrict+` AND id = ? AND (placed = 1 OR expires > ?)`,
		district, id, putTime(now))
}

// Reserve implements store.Seats.
func (s *Store) Reserve(ctx context.Context, district string, req store.Request, r store.Reservation) (store.Receipt, error) {
	if err := checkReservation(r, req.Now); err != nil {
		return store.Receipt{}, err
	}
	return s.write(ctx, &change{
		district: district, request: req, students: []string{r.Student},
		apply: func(d *districtTx) ([]store.Revision, error) {
			revision, err := d.reserve(r, req.Now)
			return []store.Revision{revision}, err
		},
	})
}

func checkReservation(r store.Reservation, now time.Time) error {
	if err := checkEntryIDs(r.ID, "reservation", r.Student, r.Opportunity); err != nil {
		return err
	}
	if !r.Expires.After(now) || r.Expires.After(lastTime) {
		return violation(-1, "expires", "must be after now and before the year 2262")
	}
	return nil
}

func checkEntryIDs(id, kind, student, opportunity string) error {
	for _, id := range []struct{ field, value string }{{kind, id}, {"student", student}, {"opportunity", opportunity}} {
		if !matcher.ValidID(id.value) {
			return violation(-1, id.field, "must be 1 to 128 bytes of UTF-8 without control characters")
		}
	}
	return nil
}

func (d *districtTx) reserve(r store.Reservation, now time.Time) (store.Revision, error) {
	revision, err := d.takeSeat(r, now, func() error { return d.notHeld(r) })
	if err != nil {
		return 0, err
	}
	_, err = d.exec(
		`INSERT INTO ledger (district, id, student, opportunity, placed, expires, revision) VALUES (?, ?, ?, ?, 0, ?, ?)`,
		d.key, r.ID, r.Student, r.Opportunity, putTime(r.Expires), int64(revision))
	return revision, err
}

// takeSeat logs that a student takes a seat, unless what the student holds
// already refuses it or none is left.
func (d *districtTx) takeSeat(r store.Reservation, now time.Time, refuse func() error) (store.Revision, error) {
	offer, err := d.wanted(r, now)
	if err != nil {
		return 0, err
	}
	if err := refuse(); err != nil {
		return 0, err
	}
	if err := offer.seatLeft(); err != nil {
		return 0, err
	}
	return d.logSeats(offer, +1)
}

// wanted is the opportunity where a student, who must exist, wants a seat, once
// nothing that has expired is in the way.
func (d *districtTx) wanted(r store.Reservation, now time.Time) (*offer, error) {
	if err := d.expireFor(r, now); err != nil {
		return nil, err
	}
	offer, err := d.offer(r.Opportunity)
	if errors.Is(err, store.ErrNotFound) {
		return nil, fmt.Errorf("opportunity %w", err)
	} else if err != nil {
		return nil, err
	}
	known, err := d.studentRevision(r.Student)
	if err == nil && known == nil {
		err = fmt.Errorf("student %w", store.ErrNotFound)
	}
	return offer, err
}

// seatLeft refuses where a seat can't be taken.
func (o *offer) seatLeft() error {
	switch {
	case o.status != matcher.Published:
		return store.ErrNotOffered
	case o.taken >= o.seats:
		return store.ErrFull
	case o.cap != nil && o.capTaken >= *o.cap:
		return fmt.Errorf("partner: %w", store.ErrFull)
	}
	return nil
}

// notHeld refuses an id that is in use, and a second seat at one opportunity.
func (d *districtTx) notHeld(r store.Reservation) error {
	entries, err := collect(d.ctx, d, decodeEntry,
		`SELECT `+entryColumns+` FROM ledger WHERE district = ? AND id = ?
		UNION SELECT `+entryColumns+` FROM ledger WHERE district = ? AND student = ? AND opportunity = ?`,
		d.key, r.ID, d.key, r.Student, r.Opportunity)
	if err != nil {
		return err
	}
	for _, e := range entries {
		same := e.Student == r.Student && e.Opportunity == r.Opportunity && !e.Placed && e.Expires.Equal(r.Expires)
		if e.ID == r.ID && !same {
			return fmt.Errorf("the reservation id is in use: %w", store.ErrConflict)
		}
	}
	if len(entries) > 0 {
		return store.ErrAlreadyHeld
	}
	return nil
}

// offer is an opportunity as its seats see it.
type offer struct {
	id, partner string
	number      uint32
	status      matcher.Status
	seats       int32
	taken       int32
	cap         *int32 // of the partner
	capTaken    int32
}

func decodeOffer(v *values) *offer {
	return &offer{
		id: v.text(), partner: v.optionalText(), number: uint32(v.uint64()), status: matcher.Status(v.text()),
		seats: v.int32(), taken: v.int32(), cap: v.optionalInt32(), capTaken: v.int32(),
	}
}

func (d *districtTx) offer(opportunity string) (*offer, error) {
	return one(d.ctx, d, decodeOffer,
		`SELECT o.id, o.partner, o.number, o.status, o.seats, o.taken, p.max_seats, COALESCE(p.taken, 0)
		FROM opportunities o LEFT JOIN partners p ON p.district = o.district AND p.id = o.partner
		WHERE o.district = ? AND o.id = ?`, d.key, opportunity)
}

// logSeats logs a change of the seats taken: one more, one less, or none where
// only an entry changed.
func (d *districtTx) logSeats(p *offer, seats int32) (store.Revision, error) {
	var partners []string
	if seats != 0 {
		if err := d.addTaken("opportunities", p.id, seats); err != nil {
			return 0, err
		}
		if p.partner != "" {
			if err := d.addTaken("partners", p.partner, seats); err != nil {
				return 0, err
			}
			partners = []string{p.partner}
		}
	}
	return d.log(store.Change{Kind: store.KindSeats, ID: p.id, Number: p.number}, partners...)
}

// free removes an entry and gives its seat back.
func (d *districtTx) free(e *store.Entry) error {
	offer, err := d.offer(e.Opportunity)
	if err != nil {
		return err
	}
	if _, err := d.logSeats(offer, -1); err != nil {
		return err
	}
	_, err = d.exec(`DELETE FROM ledger WHERE district = ? AND id = ?`, d.key, e.ID)
	return err
}

// expire frees what has expired in the district and meets the condition, at
// most limit entries. The plus keeps SQLite from going through the district's
// whole ledger: few have expired anywhere. Every write that looks at seats begins with it, so that
// what is counted and what is logged agree.
func (d *districtTx) expire(now time.Time, limit int, condition string, args ...any) (int, error) {
	args = append(append([]any{putTime(now), d.key}, args...), limit)
	entries, err := collect(d.ctx, d, decodeEntry, `SELECT `+entryColumns+` FROM ledger
		WHERE placed = 0 AND expires <= ? AND +district = ? `+condition+` ORDER BY expires, id LIMIT ?`, args...)
	if err != nil {
		return 0, err
	}
	for i := range entries {
		if err := d.free(&entries[i]); err != nil {
			return 0, err
		}
	}
	return len(entries), nil
}

// expireFor frees what could stand in the way of a reservation.
func (d *districtTx) expireFor(r store.Reservation, now time.Time) error {
	_, err := d.expire(now, math.MaxInt32,
		`AND (id = ? OR opportunity = ? OR opportunity IN (
			SELECT o.id FROM opportunities o JOIN opportunities mine ON mine.district = o.district AND mine.partner = o.partner
			WHERE mine.district = ? AND mine.id = ?))`, r.ID, r.Opportunity, d.key, r.Opportunity)
	return err
}

// expireAt frees what has expired at an opportunity.
func (d *districtTx) expireAt(opportunity string, now time.Time) error {
	_, err := d.expire(now, math.MaxInt32, `AND opportunity = ?`, opportunity)
	return err
}

// entry returns an entry that has not expired.
func (d *districtTx) entry(id string, now time.Time) (*store.Entry, error) {
	e, err := one(d.ctx, d, decodeEntry,
		`SELECT `+entryColumns+` FROM ledger WHERE district = ? AND id = ? AND (placed = 1 OR expires > ?)`,
		d.key, id, putTime(now))
	if err != nil {
		return nil, fmt.Errorf("reservation %w", err)
	}
	return &e, nil
}

// Confirm implements store.Seats.
func (s *Store) Confirm(ctx context.Context, district string, req store.Request, id string) (store.Receipt, error) {
	return s.onEntry(ctx, district, req, id, func(d *districtTx, e *store.Entry) (store.Revision, error) {
		if e.Placed {
			return e.Revision, nil
		}
		placed, err := exists(d.ctx, d, `SELECT 1 FROM ledger WHERE district = ? AND student = ? AND placed = 1`, d.key, e.Student)
		if err != nil {
			return 0, err
		}
		if placed {
			return 0, store.ErrAlreadyPlaced
		}
		offer, err := d.offer(e.Opportunity)
		if err != nil {
			return 0, err
		}
		revision, err := d.logSeats(offer, 0)
		if err != nil {
			return 0, err
		}
		_, err = d.exec(`UPDATE ledger SET placed = 1, expires = 0, revision = ? WHERE district = ? AND id = ?`,
			int64(revision), d.key, id)
		return revision, err
	})
}

// Release implements store.Seats.
func (s *Store) Release(ctx context.Context, district string, req store.Request, id string) (store.Receipt, error) {
	return s.onEntry(ctx, district, req, id, func(d *districtTx, e *store.Entry) (store.Revision, error) {
		if e.Placed {
			return 0, store.ErrAlreadyPlaced
		}
		return 0, d.free(e)
	})
}

// onEntry changes an entry of the ledger. Whom it is about is known only once
// it has been read: the answer may name that student.
func (s *Store) onEntry(
	ctx context.Context, district string, req store.Request, id string, f func(*districtTx, *store.Entry) (store.Revision, error),
) (store.Receipt, error) {
	c := &change{district: district, request: req}
	c.apply = func(d *districtTx) ([]store.Revision, error) {
		e, err := d.entry(id, req.Now)
		if err != nil {
			return nil, err
		}
		c.students = []string{e.Student}
		revision, err := f(d, e)
		return []store.Revision{revision}, err
	}
	return s.write(ctx, c)
}

// Expire implements store.Seats. It also forgets old request ids, which would
// else stay until the next write to their district.
func (s *Store) Expire(ctx context.Context, now time.Time) (n int, next time.Time, err error) {
	if err := checkTime(now); err != nil {
		return 0, time.Time{}, err
	}
	for more := true; more; {
		freed := 0
		err := s.do(ctx, func(t *tx) (err error) {
			freed, err = t.expireSome(now, s.keepChanges)
			if err != nil {
				return err
			}
			if err := t.purgeRequests(now); err != nil {
				return err
			}
			next, err = one(ctx, t, (*values).time, `SELECT COALESCE(MIN(expires), 0) FROM ledger WHERE placed = 0`)
			return err
		})
		if err != nil {
			return n, time.Time{}, err
		}
		n += freed
		more = !next.IsZero() && !next.After(now)
	}
	return n, next, nil
}

// expireSome frees some of what has expired in each district.
func (t *tx) expireSome(now time.Time, keepChanges uint64) (int, error) {
	ids, err := collect(t.ctx, t, (*values).text, `SELECT id FROM districts WHERE district IN (
		SELECT district FROM ledger WHERE placed = 0 AND expires <= ?) ORDER BY id`, putTime(now))
	if err != nil {
		return 0, err
	}
	n := 0
	for _, id := range ids {
		d, err := t.district(id, false)
		if err != nil {
			return 0, err
		}
		d.keepChanges = keepChanges
		freed, err := d.expire(now, expireAtOnce, "")
		if err != nil {
			return 0, err
		}
		if err := d.save(); err != nil {
			return 0, err
		}
		n += freed
	}
	return n, nil
}

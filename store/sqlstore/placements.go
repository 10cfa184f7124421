package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/store"
)

const placementColumns = entryColumns + `, run, reason`

func decodePlacement(v *values) store.Placement {
	return store.Placement{Entry: decodeEntry(v), Run: v.text(), Reason: v.text()}
}

// Placement implements store.Placements.
func (s *Store) Placement(ctx context.Context, district, student string) (*store.Placement, error) {
	p, err := single(ctx, s, decodePlacement,
		`SELECT `+placementColumns+` FROM ledger`+inDistrict+` AND student = ? AND placed = 1`, district, student)
	if errors.Is(err, store.ErrNotFound) {
		err = fmt.Errorf("placement %w", err)
	}
	return p, err
}

// Placements implements store.Placements.
func (s *Store) Placements(ctx context.Context, district, after string, limit int) ([]store.Placement, error) {
	if err := checkLimit(limit); err != nil {
		return nil, err
	}
	list, err := collect(ctx, s.reader, decodePlacement, `SELECT `+placementColumns+` FROM ledger`+inDistrict+
		` AND placed = 1 AND student > ? ORDER BY student LIMIT ?`, district, after, limit)
	return list, s.fail(err)
}

// Withdrawals implements store.Placements.
func (s *Store) Withdrawals(ctx context.Context, district, student string) ([]store.Withdrawal, error) {
	list, err := collect(ctx, s.reader, func(v *values) store.Withdrawal {
		return store.Withdrawal{Opportunity: v.text(), Epoch: store.Epoch(v.uint64()), Run: v.text(), Reason: v.text()}
	}, `SELECT opportunity, epoch, run, reason FROM withdrawals`+inDistrict+` AND student = ? ORDER BY epoch`, district, student)
	return list, s.fail(err)
}

// CreatePlacement implements store.Placements.
func (s *Store) CreatePlacement(
	ctx context.Context, district string, req store.Request, p store.NewPlacement,
) (store.Receipt, error) {
	if err := checkEntryIDs(p.ID, "placement", p.Student, p.Opportunity); err != nil {
		return store.Receipt{}, err
	}
	if err := checkReason(p.Reason); err != nil {
		return store.Receipt{}, err
	}
	return s.write(ctx, &change{
		district: district, request: req, students: []string{p.Student},
		apply: func(d *districtTx) ([]store.Revision, error) {
			revision, err := d.place(p, req.Now)
			return []store.Revision{revision}, err
		},
	})
}

func checkReason(reason string) error {
	if len(reason) > matcher.MaxTextBytes || !utf8.ValidString(reason) {
		return violation(-1, "reason", "must be at most 4096 bytes of UTF-8")
	}
	return nil
}

func (d *districtTx) place(p store.NewPlacement, now time.Time) (store.Revision, error) {
	r := store.Reservation{ID: p.ID, Student: p.Student, Opportunity: p.Opportunity}
	revision, err := d.takeSeat(r, now, func() error { return d.notPlaced(p) })
	if err != nil {
		return 0, err
	}
	_, err = d.exec(`INSERT INTO ledger (district, id, student, opportunity, placed, expires, revision, reason)
		VALUES (?, ?, ?, ?, 1, 0, ?, ?)`, d.key, p.ID, p.Student, p.Opportunity, int64(revision), p.Reason)
	return revision, err
}

// notPlaced refuses an id that is in use, a second placement, and a seat that
// the student has reserved.
func (d *districtTx) notPlaced(p store.NewPlacement) error {
	entries, err := collect(d.ctx, d, decodeEntry,
		`SELECT `+entryColumns+` FROM ledger WHERE district = ? AND id = ?
		UNION SELECT `+entryColumns+` FROM ledger WHERE district = ? AND student = ? AND placed = 1
		UNION SELECT `+entryColumns+` FROM ledger WHERE district = ? AND student = ? AND opportunity = ?`,
		d.key, p.ID, d.key, p.Student, d.key, p.Student, p.Opportunity)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(entries, func(e store.Entry) bool { return e.ID == p.ID }) {
		return fmt.Errorf("the placement id is in use: %w", store.ErrConflict)
	}
	if slices.ContainsFunc(entries, func(e store.Entry) bool { return e.Placed }) {
		return store.ErrAlreadyPlaced
	}
	if len(entries) > 0 {
		return store.ErrAlreadyHeld
	}
	return nil
}

// WithdrawPlacement implements store.Placements.
func (s *Store) WithdrawPlacement(
	ctx context.Context, district string, req store.Request, student, reason string,
) (store.Receipt, error) {
	if err := checkReason(reason); err != nil {
		return store.Receipt{}, err
	}
	return s.write(ctx, &change{
		district: district, request: req, students: []string{student},
		apply: func(d *districtTx) ([]store.Revision, error) { return []store.Revision{0}, d.withdraw(student, reason) },
	})
}

func (d *districtTx) withdraw(student, reason string) error {
	e, err := one(d.ctx, d, decodeEntry,
		`SELECT `+entryColumns+` FROM ledger WHERE district = ? AND student = ? AND placed = 1`, d.key, student)
	if errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("placement %w", err)
	} else if err != nil {
		return err
	}
	if err := d.free(&e); err != nil {
		return err
	}
	if _, err := d.exec(`INSERT INTO withdrawals (district, student, epoch, opportunity, run, reason) VALUES (?, ?, ?, ?, '', ?)`,
		d.key, student, int64(d.epoch), e.Opportunity, reason); err != nil {
		return err
	}
	n, err := d.exec(`DELETE FROM placements WHERE district = ? AND student = ? AND opportunity = ?`, d.key, student, e.Opportunity)
	if n > 0 {
		d.sequence++
	}
	return err
}

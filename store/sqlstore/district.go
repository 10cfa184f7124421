package sqlstore

import (
	"context"
	"errors"
	"math"
	"strings"

	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/store"
)

// districtTx is a district within a write: its counters, kept here until save.
type districtTx struct {
	*tx
	key         int64
	id          string
	epoch       store.Epoch
	sequence    uint64
	nextNumber  uint64
	logStart    uint64
	keepChanges uint64
	before      counters
}

// counters are what save writes.
type counters struct {
	epoch                          store.Epoch
	sequence, nextNumber, logStart uint64
}

func (d *districtTx) counters() counters {
	return counters{d.epoch, d.sequence, d.nextNumber, d.logStart}
}

// district reads a district. Where there is none it makes one if that is
// wanted, else it returns store.ErrNotFound.
func (t *tx) district(id string, create bool) (*districtTx, error) {
	d, err := one(t.ctx, t, decodeDistrict,
		`SELECT district, id, epoch, sequence, next_number, log_start FROM districts WHERE id = ?`, id)
	if errors.Is(err, store.ErrNotFound) && create {
		if !matcher.ValidID(id) {
			return nil, violation(-1, "district", "must be 1 to 128 bytes of UTF-8 without control characters")
		}
		d, err = one(t.ctx, t, decodeDistrict,
			`INSERT INTO districts (id, epoch, sequence, next_number, log_start) VALUES (?, 0, 0, 1, 0)
			RETURNING district, id, epoch, sequence, next_number, log_start`, id)
	}
	if err != nil {
		return nil, err
	}
	d.tx = t
	return d, nil
}

func decodeDistrict(v *values) *districtTx {
	d := &districtTx{
		key: v.int64(), id: v.text(), epoch: store.Epoch(v.uint64()),
		sequence: v.uint64(), nextNumber: v.uint64(), logStart: v.uint64(),
	}
	d.before = d.counters()
	return d
}

// log gives a change the next epoch. Partners are those that have other seats
// taken by it.
func (d *districtTx) log(c store.Change, partners ...string) (store.Revision, error) {
	d.epoch++
	_, err := d.exec(
		`INSERT INTO changes (district, epoch, kind, id, number, deleted, partners) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		d.key, int64(d.epoch), string(c.Kind), c.ID, int64(c.Number), putBool(c.Deleted), strings.Join(partners, "\n"))
	return store.Revision(d.epoch), err
}

// number returns the number of a new opportunity.
func (d *districtTx) number() (uint32, error) {
	if d.nextNumber > math.MaxUint32 {
		return 0, errors.New("the district has used up its 2^32 numbers of opportunities")
	}
	d.nextNumber++
	return uint32(d.nextNumber - 1), nil
}

// save writes the counters and cuts the log once it is a quarter too long.
func (d *districtTx) save() error {
	if length := uint64(d.epoch) - d.logStart; length > d.keepChanges+d.keepChanges/4 {
		d.logStart = uint64(d.epoch) - d.keepChanges
		if _, err := d.exec(`DELETE FROM changes WHERE district = ? AND epoch <= ?`, d.key, int64(d.logStart)); err != nil {
			return err
		}
	}
	if d.counters() == d.before {
		return nil
	}
	if d.epoch != d.before.epoch {
		d.changed = append(d.changed, head{d.id, d.epoch})
	}
	_, err := d.exec(
		`UPDATE districts SET epoch = ?, sequence = ?, next_number = ?, log_start = ? WHERE district = ?`,
		int64(d.epoch), int64(d.sequence), int64(d.nextNumber), int64(d.logStart), d.key)
	return err
}

func violation(i int, field, rule string) error {
	return &store.Violation{Index: i, Field: field, Rule: rule}
}

// firstFinding makes a matcher.Report that keeps the first finding as a
// violation at the place i.
func firstFinding(i int, err *error) matcher.Report {
	return func(field, rule string) {
		if *err == nil {
			*err = violation(i, field, rule)
		}
	}
}

// Districts implements store.Catalogue.
func (s *Store) Districts(ctx context.Context) ([]string, error) {
	list, err := collect(ctx, s.reader, (*values).text, `SELECT id FROM districts ORDER BY id`)
	return list, s.fail(err)
}

package sqlstore

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/store"
)

const (
	// requestLife is how long a request id is remembered.
	requestLife = 24 * time.Hour
	// purgeAtOnce is how many forgotten requests a write removes at most, so
	// that none has to remove all.
	purgeAtOnce = 100
)

// change is a write to one district, under a request id or none.
type change struct {
	district string
	request  store.Request
	create   bool     // the district, if there is none
	students []string // whom the answer may name
	apply    func(*districtTx) ([]store.Revision, error)
}

// write carries a change out, or returns what it did before.
func (s *Store) write(ctx context.Context, c *change) (store.Receipt, error) {
	if err := checkRequest(c.request); err != nil {
		return store.Receipt{}, err
	}
	var receipt store.Receipt
	err := s.do(ctx, func(t *tx) error {
		d, err := t.district(c.district, c.create)
		if err != nil {
			return err
		}
		d.keepChanges = s.keepChanges
		receipt, err = d.once(c)
		return err
	})
	if err != nil {
		return store.Receipt{}, err
	}
	return receipt, nil
}

func checkRequest(r store.Request) error {
	if r.ID != "" && !matcher.ValidID(r.ID) {
		return violation(-1, "request_id", "must be a UUID")
	}
	if r.ID != "" && r.Now.IsZero() {
		return violation(-1, "now", "must be given with a request id")
	}
	return checkTime(r.Now)
}

// checkTime refuses a time that can't be kept, with a request's life to spare.
func checkTime(now time.Time) error {
	if !now.IsZero() && (now.Before(time.Unix(0, 1)) || now.After(lastTime.Add(-requestLife))) {
		return violation(-1, "now", "must be a time from 1970 to 2262")
	}
	return nil
}

// once does nothing if the request has been carried out.
func (d *districtTx) once(c *change) (store.Receipt, error) {
	if c.request.ID != "" {
		if receipt, err := d.replay(c.request); err != nil || receipt.Replayed {
			return receipt, err
		}
	}
	revisions, err := c.apply(d)
	if err != nil {
		return store.Receipt{}, err
	}
	if err := d.save(); err != nil {
		return store.Receipt{}, err
	}
	receipt := store.Receipt{Epoch: d.epoch, Sequence: d.sequence, Revisions: revisions}
	if c.request.ID == "" {
		return receipt, nil
	}
	if c.request.Respond != nil {
		if receipt.Response, err = c.request.Respond(receipt); err != nil {
			return store.Receipt{}, fmt.Errorf("render the answer: %w", err)
		}
	}
	return receipt, d.remember(c, receipt)
}

// request is one that was carried out.
type request struct {
	digest, receipt, response []byte
}

// replay returns the receipt of a request that was carried out, or one that
// isn't Replayed.
func (d *districtTx) replay(r store.Request) (store.Receipt, error) {
	old, err := one(d.ctx, d, func(v *values) request { return request{v.bytes(), v.bytes(), v.bytes()} },
		`SELECT digest, receipt, response FROM requests WHERE district = ? AND id = ? AND expires > ?`,
		d.key, r.ID, putTime(r.Now))
	if errors.Is(err, store.ErrNotFound) {
		return store.Receipt{}, nil
	}
	if err != nil {
		return store.Receipt{}, err
	}
	if !bytes.Equal(old.digest, r.Digest[:]) {
		return store.Receipt{}, store.ErrRequestReused
	}
	receipt, err := decodeReceipt(old.receipt)
	receipt.Replayed = true
	receipt.Response = old.response
	return receipt, err
}

// remember keeps a request that was carried out, and forgets some old ones.
func (d *districtTx) remember(c *change, r store.Receipt) error {
	// The plus keeps SQLite from going through all requests of the district.
	if _, err := d.exec(
		`DELETE FROM requests WHERE district = ? AND id IN (
			SELECT id FROM requests WHERE +district = ? AND expires <= ? ORDER BY expires, id LIMIT ?)`,
		d.key, d.key, putTime(c.request.Now), purgeAtOnce); err != nil {
		return err
	}
	if _, err := d.exec(`DELETE FROM requests WHERE district = ? AND id = ?`, d.key, c.request.ID); err != nil {
		return err
	}
	if _, err := d.exec(
		`INSERT INTO requests (district, id, digest, expires, receipt, response) VALUES (?, ?, ?, ?, ?, ?)`,
		d.key, c.request.ID, c.request.Digest[:], putTime(c.request.Now.Add(requestLife)),
		encodeReceipt(r), nonNil(r.Response)); err != nil {
		return err
	}
	if len(r.Response) == 0 {
		return nil
	}
	slices.Sort(c.students)
	for _, student := range slices.Compact(c.students) {
		if _, err := d.exec(`INSERT INTO request_students (district, student, request) VALUES (?, ?, ?)`,
			d.key, student, c.request.ID); err != nil {
			return err
		}
	}
	return nil
}

// eraseAnswers empties the answers that may name a student. The requests stay
// known: a retry must not bring back what was erased.
func (d *districtTx) eraseAnswers(student string) error {
	_, err := d.exec(`UPDATE requests SET response = x'' WHERE district = ? AND id IN (
		SELECT request FROM request_students WHERE district = ? AND student = ?)`, d.key, d.key, student)
	if err != nil {
		return err
	}
	_, err = d.exec(`DELETE FROM request_students WHERE district = ? AND student = ?`, d.key, student)
	return err
}

// purgeRequests forgets the requests of all districts that are old at now.
func (t *tx) purgeRequests(now time.Time) error {
	_, err := t.exec(`DELETE FROM requests WHERE expires <= ?`, putTime(now))
	return err
}

func nonNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

func encodeReceipt(r store.Receipt) []byte {
	b := binary.AppendUvarint(nil, uint64(r.Epoch))
	b = binary.AppendUvarint(b, r.Sequence)
	for _, revision := range r.Revisions {
		b = binary.AppendUvarint(b, uint64(revision))
	}
	return b
}

func decodeReceipt(b []byte) (store.Receipt, error) {
	var r store.Receipt
	for i := 0; len(b) > 0; i++ {
		n, size := binary.Uvarint(b)
		if size <= 0 {
			return r, errors.New("the store is damaged: a receipt cannot be read")
		}
		switch b = b[size:]; i {
		case 0:
			r.Epoch = store.Epoch(n)
		case 1:
			r.Sequence = n
		default:
			r.Revisions = append(r.Revisions, store.Revision(n))
		}
	}
	return r, nil
}

package sqlstore

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/kindred-match/kindred/store"
)

// inDistrict is what a query on a table with districts ends with.
const inDistrict = ` WHERE district = (SELECT district FROM districts WHERE id = ?)`

// Tag implements store.Catalogue.
func (s *Store) Tag(ctx context.Context, district, id string) (*store.TagRecord, error) {
	return single(ctx, s, decodeTag, `SELECT `+tagColumns+` FROM tags`+inDistrict+` AND id = ?`, district, id)
}

// Partner implements store.Catalogue.
func (s *Store) Partner(ctx context.Context, district, id string) (*store.PartnerRecord, error) {
	return single(ctx, s, decodePartner, `SELECT `+partnerColumns+` FROM partners`+inDistrict+` AND id = ?`, district, id)
}

// Opportunity implements store.Catalogue.
func (s *Store) Opportunity(ctx context.Context, district, id string) (*store.OpportunityRecord, error) {
	return single(ctx, s, decodeOpportunity,
		`SELECT `+opportunityColumns+` FROM opportunities`+inDistrict+` AND id = ?`, district, id)
}

// Tags implements store.Catalogue.
func (s *Store) Tags(ctx context.Context, district, after string, limit int) ([]store.TagRecord, error) {
	return page(ctx, s, decodeTag, `SELECT `+tagColumns+` FROM tags`, district, after, limit)
}

// Partners implements store.Catalogue.
func (s *Store) Partners(ctx context.Context, district, after string, limit int) ([]store.PartnerRecord, error) {
	return page(ctx, s, decodePartner, `SELECT `+partnerColumns+` FROM partners`, district, after, limit)
}

// Opportunities implements store.Catalogue.
func (s *Store) Opportunities(ctx context.Context, district, after string, limit int) ([]store.OpportunityRecord, error) {
	return page(ctx, s, decodeOpportunity, `SELECT `+opportunityColumns+` FROM opportunities`, district, after, limit)
}

// single reads one record outside a transaction.
func single[T any](ctx context.Context, s *Store, decode func(*values) T, text string, args ...any) (*T, error) {
	record, err := one(ctx, s.reader, decode, text, args...)
	if err != nil {
		return nil, s.fail(err)
	}
	return &record, nil
}

// page reads the records that follow the id after.
func page[T any](ctx context.Context, s *Store, decode func(*values) T, text, district, after string, limit int) ([]T, error) {
	if err := checkLimit(limit); err != nil {
		return nil, err
	}
	list, err := collect(ctx, s.reader, decode, text+inDistrict+` AND id > ? ORDER BY id LIMIT ?`, district, after, limit)
	return list, s.fail(err)
}

func checkLimit(limit int) error {
	if limit < 1 {
		return violation(-1, "limit", "must be at least 1")
	}
	return nil
}

// Head implements store.Catalogue.
func (s *Store) Head(ctx context.Context, district string) (*store.Head, error) {
	return view(ctx, s, func(q queryer) (*store.Head, error) {
		d, err := readDistrict(ctx, q, district)
		if err != nil {
			return nil, err
		}
		h := &store.Head{Epoch: d.epoch}
		if h.Settings, err = readSettings(ctx, q, d.key); err != nil {
			return nil, err
		}
		statistics, err := readStatistics(ctx, q, d.key)
		h.StatisticsVersion = statistics.version
		return h, err
	})
}

// State implements store.Catalogue.
func (s *Store) State(ctx context.Context, district string) (*store.State, error) {
	return view(ctx, s, func(q queryer) (*store.State, error) {
		d, err := readDistrict(ctx, q, district)
		if err != nil {
			return nil, err
		}
		return readState(ctx, q, d.key, d.epoch)
	})
}

func readDistrict(ctx context.Context, q queryer, id string) (*districtTx, error) {
	return one(ctx, q, decodeDistrict,
		`SELECT district, id, epoch, sequence, next_number, log_start FROM districts WHERE id = ?`, id)
}

// readState reads all but the epoch, which a write has not saved yet.
func readState(ctx context.Context, q queryer, key int64, epoch store.Epoch) (*store.State, error) {
	settings, err := readSettings(ctx, q, key)
	if err != nil {
		return nil, err
	}
	statistics, err := readStatistics(ctx, q, key)
	if err != nil {
		return nil, err
	}
	tags, err := collect(ctx, q, decodeTag, `SELECT `+tagColumns+` FROM tags WHERE district = ? ORDER BY id`, key)
	if err != nil {
		return nil, err
	}
	partners, err := collect(ctx, q, decodePartner,
		`SELECT `+partnerColumns+` FROM partners WHERE district = ? ORDER BY id`, key)
	if err != nil {
		return nil, err
	}
	opportunities, err := collectMany(ctx, q, decodeOpportunity,
		`SELECT `+opportunityColumns+` FROM opportunities WHERE district = ? ORDER BY id`, key)
	if err != nil {
		return nil, err
	}
	return &store.State{
		Epoch: epoch, Settings: settings,
		Statistics: statistics.Statistics, StatisticsVersion: statistics.version,
		Tags: tags, Partners: partners, Opportunities: opportunities,
	}, nil
}

func readSettings(ctx context.Context, q queryer, key int64) (store.Settings, error) {
	s, err := one(ctx, q, decodeSettings,
		`SELECT ancestor_decay, idf, measures, time_zone, retention_days, revision FROM settings WHERE district = ?`, key)
	if errors.Is(err, store.ErrNotFound) {
		return store.DefaultSettings(), nil
	}
	return s, err
}

func readStatistics(ctx context.Context, q queryer, key int64) (numbered, error) {
	n, err := one(ctx, q, decodeStatistics,
		`SELECT version, published, frequency FROM statistics WHERE district = ?`, key)
	if errors.Is(err, store.ErrNotFound) {
		return numbered{}, nil
	}
	return n, err
}

// Changes implements store.Catalogue.
func (s *Store) Changes(ctx context.Context, district string, after store.Epoch, limit int) ([]store.Change, error) {
	if err := checkLimit(limit); err != nil {
		return nil, err
	}
	return view(ctx, s, func(q queryer) ([]store.Change, error) {
		d, err := readLogged(ctx, q, district, after)
		if err != nil {
			return nil, err
		}
		return collect(ctx, q, decodeChange,
			`SELECT epoch, kind, id, number, deleted FROM changes WHERE district = ? AND epoch > ? ORDER BY epoch LIMIT ?`,
			d.key, int64(after), limit)
	})
}

func decodeChange(v *values) store.Change {
	return store.Change{
		Epoch: store.Epoch(v.uint64()), Kind: store.Kind(v.text()), ID: v.text(),
		Number: uint32(v.uint64()), Deleted: v.bool(),
	}
}

// readLogged reads a district whose log reaches back to the epoch after.
func readLogged(ctx context.Context, q queryer, id string, after store.Epoch) (*districtTx, error) {
	d, err := readDistrict(ctx, q, id)
	switch {
	case err != nil:
		return nil, err
	case after > d.epoch:
		return nil, store.ErrEpoch
	case uint64(after) < d.logStart:
		return nil, store.ErrTruncated
	}
	return d, nil
}

// Delta implements store.Catalogue.
func (s *Store) Delta(ctx context.Context, district string, after store.Epoch) (*store.Delta, error) {
	return view(ctx, s, func(q queryer) (*store.Delta, error) {
		d, err := readLogged(ctx, q, district, after)
		if err != nil {
			return nil, err
		}
		delta := &store.Delta{From: after, To: d.epoch}
		touched, err := readTouched(ctx, q, d.key, after)
		if err != nil {
			return nil, err
		}
		if delta.Rebuild = touched.rebuild; delta.Rebuild {
			return delta, nil
		}
		delta.Partners, delta.RemovedPartners, err = readEach(ctx, q, decodePartner,
			`SELECT `+partnerColumns+` FROM partners WHERE district = ? AND id = ?`, d.key, touched.partners)
		if err != nil {
			return nil, err
		}
		delta.Opportunities, delta.RemovedOpportunities, err = readEach(ctx, q, decodeOpportunity,
			`SELECT `+opportunityColumns+` FROM opportunities WHERE district = ? AND id = ?`, d.key, touched.opportunities)
		return delta, err
	})
}

// touched is what a part of the log concerns.
type touched struct {
	rebuild                 bool
	partners, opportunities map[string]struct{}
}

func readTouched(ctx context.Context, q queryer, key int64, after store.Epoch) (touched, error) {
	t := touched{partners: map[string]struct{}{}, opportunities: map[string]struct{}{}}
	_, err := collect(ctx, q, func(v *values) struct{} {
		kind, id := store.Kind(v.text()), v.text()
		switch kind {
		case store.KindPartner:
			t.partners[id] = struct{}{}
		case store.KindOpportunity, store.KindSeats:
			t.opportunities[id] = struct{}{}
		case store.KindTag, store.KindSettings, store.KindStatistics:
			t.rebuild = true
		}
		for _, partner := range v.list() {
			t.partners[partner] = struct{}{}
		}
		return struct{}{}
	}, `SELECT kind, id, partners FROM changes WHERE district = ? AND epoch > ?`, key, int64(after))
	return t, err
}

// readEach reads the records of the ids, and returns those ids that have none.
func readEach[T any](ctx context.Context, q queryer, decode func(*values) T, text string, key int64, ids map[string]struct{},
) (records []T, missing []string, err error) {
	for _, id := range slices.Sorted(maps.Keys(ids)) {
		record, err := one(ctx, q, decode, text, key, id)
		switch {
		case errors.Is(err, store.ErrNotFound):
			missing = append(missing, id)
		case err != nil:
			return nil, nil, err
		default:
			records = append(records, record)
		}
	}
	return records, missing, nil
}

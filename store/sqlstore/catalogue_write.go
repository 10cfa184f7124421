package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/store"
)

// Write implements store.Catalogue.
func (s *Store) Write(ctx context.Context, district string, req store.Request, w store.Write) (store.Receipt, error) {
	p, err := newPlan(&w)
	if err != nil {
		return store.Receipt{}, err
	}
	return s.write(ctx, &change{
		district: district, request: req, create: true,
		apply: func(d *districtTx) ([]store.Revision, error) { return p.apply(d, req.Now) },
	})
}

// batch is a plan on its way.
type batch struct {
	*plan
	*districtTx
	now        time.Time
	revisions  []store.Revision
	vocabulary *matcher.Vocabulary // of what the batch leaves, once it's needed
	partnersIn map[string]struct{} // known to exist
}

// apply carries the plan out: what others refer to is put first and deleted
// last, so that every stretch of the log makes sense.
func (p *plan) apply(d *districtTx, now time.Time) ([]store.Revision, error) {
	b := &batch{
		plan: p, districtTx: d, now: now,
		revisions:  make([]store.Revision, len(p.write.Mutations)),
		partnersIn: make(map[string]struct{}),
	}
	steps := []func() error{
		b.checkTags, b.putTags, b.putPartners, b.putOpportunities, b.closeOthers,
		b.deleteOpportunities, b.deletePartners, b.deleteTags, b.putSettings, b.refresh,
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return b.revisions, nil
}

// stored is a resource as it is before a write.
type stored struct {
	contents []any
	revision store.Revision
	number   uint32 // of an opportunity
	taken    int32  // of an opportunity
}

// partner is that of an opportunity.
func (s *stored) partner() string {
	id, _ := s.contents[0].(string)
	return id
}

// changes says whether a put has to be written. Its precondition must hold.
func (b *batch) changes(i int, old *stored, contents []any, ifRevision store.Revision) (bool, error) {
	if ifRevision != 0 && (old == nil || old.revision != ifRevision) {
		return false, conflict(i)
	}
	if old != nil && slices.Equal(old.contents, contents) {
		b.revisions[i] = old.revision
		return false, nil
	}
	return true, nil
}

func conflict(i int) error { return fmt.Errorf("item %d: %w", i+1, store.ErrConflict) }

// optional turns store.ErrNotFound into nil.
func optional[T any](record T, err error) (*T, error) {
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &record, nil
}

func decodeStoredPartner(v *values) stored {
	return stored{contents: v.take(partnerWidth), revision: store.Revision(v.uint64())}
}

func (b *batch) storedPartner(id string) (*stored, error) {
	return optional(one(b.ctx, b, decodeStoredPartner,
		`SELECT `+partnerContents+`, revision FROM partners WHERE district = ? AND id = ?`, b.key, id))
}

func (b *batch) putPartners() error {
	for _, p := range b.partners.puts {
		old, err := b.storedPartner(p.id)
		if err != nil {
			return err
		}
		b.partnersIn[p.id] = struct{}{}
		if changed, err := b.changes(p.index, old, p.contents, p.ifRevision); err != nil || !changed {
			if err != nil {
				return err
			}
			continue
		}
		revision, err := b.log(store.Change{Kind: store.KindPartner, ID: p.id})
		if err != nil {
			return err
		}
		b.revisions[p.index] = revision
		if _, err := b.exec(
			`INSERT INTO partners (district, id, `+partnerContents+`, revision, taken)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)
			ON CONFLICT (district, id) DO UPDATE SET name = excluded.name, kind = excluded.kind,
				region = excluded.region, max_seats = excluded.max_seats, goals = excluded.goals,
				revision = excluded.revision`,
			row(b.key, p.id, p.contents, int64(revision))...); err != nil {
			return err
		}
	}
	return nil
}

// row joins a key, contents and what follows them.
func row(key int64, id string, contents []any, rest ...any) []any {
	args := make([]any, 0, 2+len(contents)+len(rest))
	args = append(args, key, id)
	args = append(args, contents...)
	return append(args, rest...)
}

func (b *batch) deletePartners() error {
	for _, p := range b.partners.deletes {
		old, err := b.storedPartner(p.id)
		if err != nil {
			return err
		}
		if err := b.deletable(p, old, "partner"); err != nil {
			return err
		}
		used, err := exists(b.ctx, b, `SELECT 1 FROM opportunities WHERE district = ? AND partner = ? LIMIT 1`, b.key, p.id)
		if err != nil {
			return err
		}
		if used {
			return fmt.Errorf("item %d: the partner has opportunities: %w", p.index+1, store.ErrInUse)
		}
		if _, err := b.exec(`DELETE FROM partners WHERE district = ? AND id = ?`, b.key, p.id); err != nil {
			return err
		}
		if _, err := b.log(store.Change{Kind: store.KindPartner, ID: p.id, Deleted: true}); err != nil {
			return err
		}
	}
	return nil
}

// deletable says why a resource can't be deleted.
func (b *batch) deletable(d deletion, old *stored, kind string) error {
	if old == nil {
		return fmt.Errorf("item %d: %s %w", d.index+1, kind, store.ErrNotFound)
	}
	if d.ifRevision != 0 && d.ifRevision != old.revision {
		return conflict(d.index)
	}
	return nil
}

func exists(ctx context.Context, q queryer, text string, args ...any) (bool, error) {
	_, err := one(ctx, q, (*values).int64, text, args...)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// putSettings replaces the settings if they differ.
func (b *batch) putSettings() error {
	s := b.write.Settings
	if s == nil {
		return nil
	}
	old, err := readSettings(b.ctx, b, b.key)
	if err != nil {
		return err
	}
	if s.Revision != 0 && s.Revision != old.Revision {
		return fmt.Errorf("settings: %w", store.ErrConflict)
	}
	contents := encodeSettings(*s)
	if slices.Equal(encodeSettings(old), contents) {
		return nil
	}
	revision, err := b.log(store.Change{Kind: store.KindSettings})
	if err != nil {
		return err
	}
	args := append(append([]any{b.key}, contents...), int64(revision))
	_, err = b.exec(
		`INSERT INTO settings (district, ancestor_decay, idf, measures, time_zone, retention_days, revision)
		VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (district) DO UPDATE SET ancestor_decay = excluded.ancestor_decay, idf = excluded.idf,
			measures = excluded.measures, time_zone = excluded.time_zone,
			retention_days = excluded.retention_days, revision = excluded.revision`, args...)
	return err
}

// refresh computes the statistics anew. They get a new version if they differ.
func (b *batch) refresh() error {
	if b.write.Refresh == nil {
		return nil
	}
	state, err := readState(b.ctx, b, b.key, b.epoch)
	if err != nil {
		return err
	}
	version, old := state.StatisticsVersion, state.Statistics
	old.Frequency = maps.Clone(old.Frequency) // the state is the function's
	n, err := b.write.Refresh(state)
	if err != nil {
		return fmt.Errorf("compute the statistics: %w", err)
	}
	if version > 0 && n.Published == old.Published && maps.Equal(n.Frequency, old.Frequency) {
		return nil
	}
	if _, err := b.log(store.Change{Kind: store.KindStatistics}); err != nil {
		return err
	}
	_, err = b.exec(
		`INSERT INTO statistics (district, version, published, frequency) VALUES (?, ?, ?, ?)
		ON CONFLICT (district) DO UPDATE SET version = excluded.version, published = excluded.published,
			frequency = excluded.frequency`,
		b.key, int64(version)+1, n.Published, encodeFrequency(slices.Sorted(maps.Keys(n.Frequency)), n.Frequency))
	return err
}

package sqlstore

import (
	"errors"
	"fmt"

	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/store"
)

func decodeStoredOpportunity(v *values) stored {
	return stored{
		contents: v.take(opportunityWidth), revision: store.Revision(v.uint64()),
		number: uint32(v.uint64()), taken: v.int32(),
	}
}

func (b *batch) storedOpportunity(id string) (*stored, error) {
	return optional(one(b.ctx, b, decodeStoredOpportunity,
		`SELECT `+opportunityContents+`, revision, number, taken FROM opportunities WHERE district = ? AND id = ?`, b.key, id))
}

func (b *batch) putOpportunities() error {
	for i := range b.opportunities.puts {
		p := &b.opportunities.puts[i]
		if err := b.checkOpportunity(p); err != nil {
			return err
		}
		old, err := b.storedOpportunity(p.id)
		if err != nil {
			return err
		}
		changed, err := b.changes(p.index, old, p.contents, p.ifRevision)
		if err != nil {
			return err
		}
		if !changed {
			continue
		}
		if old == nil {
			err = b.insertOpportunity(p)
		} else {
			err = b.updateOpportunity(p, old)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// checkOpportunity checks what needs the rest of the catalogue.
func (b *batch) checkOpportunity(p *put[matcher.Opportunity]) error {
	if manyTags(p.resource.Tags) {
		if b.vocabulary == nil {
			var err error
			if b.vocabulary, err = b.readVocabulary(); err != nil {
				return err
			}
		}
		var err error
		p.resource.Check(b.vocabulary, firstFinding(p.index, &err))
		if err != nil {
			return err
		}
	}
	partner := p.resource.Partner
	if _, known := b.partnersIn[partner]; known || partner == "" {
		return nil
	}
	ok, err := exists(b.ctx, b, `SELECT 1 FROM partners WHERE district = ? AND id = ?`, b.key, partner)
	if err != nil {
		return err
	}
	if !ok {
		return violation(p.index, "partner", "must be a listed partner")
	}
	b.partnersIn[partner] = struct{}{}
	return nil
}

func (b *batch) insertOpportunity(p *put[matcher.Opportunity]) error {
	number, err := b.number()
	if err != nil {
		return err
	}
	revision, err := b.log(store.Change{Kind: store.KindOpportunity, ID: p.id, Number: number})
	if err != nil {
		return err
	}
	b.revisions[p.index] = revision
	_, err = b.exec(
		`INSERT INTO opportunities (district, id, `+opportunityContents+`, revision, number, taken)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)`,
		row(b.key, p.id, p.contents, int64(revision), int64(number))...)
	return err
}

func (b *batch) updateOpportunity(p *put[matcher.Opportunity], old *stored) error {
	moved, err := b.moveSeats(old, p.resource.Partner)
	if err != nil {
		return err
	}
	revision, err := b.log(store.Change{Kind: store.KindOpportunity, ID: p.id, Number: old.number}, moved...)
	if err != nil {
		return err
	}
	b.revisions[p.index] = revision
	args := append(append([]any(nil), p.contents...), int64(revision), b.key, p.id)
	_, err = b.exec(
		`UPDATE opportunities SET partner = ?, title = ?, kind = ?, term = ?, seats = ?, min_seats = ?, min_policy = ?,
			grades = ?, regions = ?, remote = ?, slots = ?, requires = ?, min_age = ?, latitude = ?, longitude = ?,
			opens = ?, closes = ?, goals = ?, boost = ?, status = ?, tags = ?, revision = ?
		WHERE district = ? AND id = ?`, args...)
	return err
}

// moveSeats counts the seats taken at an opportunity with its new partner, and
// returns the partners that this concerns.
func (b *batch) moveSeats(old *stored, partner string) ([]string, error) {
	if old.taken == 0 || old.partner() == partner {
		return nil, nil
	}
	var moved []string
	for _, m := range []struct {
		partner string
		seats   int32
	}{{old.partner(), -old.taken}, {partner, old.taken}} {
		if m.partner == "" {
			continue
		}
		if err := b.addTaken("partners", m.partner, m.seats); err != nil {
			return nil, err
		}
		moved = append(moved, m.partner)
	}
	return moved, nil
}

// addTaken changes how many seats are taken at a partner or an opportunity.
func (d *districtTx) addTaken(table, id string, seats int32) error {
	n, err := d.exec(`UPDATE `+table+` SET taken = taken + ? WHERE district = ? AND id = ?`, int64(seats), d.key, id)
	if err == nil && n != 1 {
		err = errors.New("the store is damaged: seats are taken where there is nothing")
	}
	return err
}

// closeOthers closes what the batch doesn't name.
func (b *batch) closeOthers() error {
	if !b.write.CloseOthers {
		return nil
	}
	type open struct {
		id     string
		number uint32
	}
	others, err := collect(b.ctx, b, func(v *values) open { return open{v.text(), uint32(v.uint64())} },
		`SELECT id, number FROM opportunities WHERE district = ? AND status <> ? ORDER BY id`, b.key, string(matcher.Closed))
	if err != nil {
		return err
	}
	for _, o := range others {
		if _, named := b.opportunities.named[o.id]; named {
			continue
		}
		revision, err := b.log(store.Change{Kind: store.KindOpportunity, ID: o.id, Number: o.number})
		if err != nil {
			return err
		}
		if _, err := b.exec(`UPDATE opportunities SET status = ?, revision = ? WHERE district = ? AND id = ?`,
			string(matcher.Closed), int64(revision), b.key, o.id); err != nil {
			return err
		}
	}
	return nil
}

// deleteOpportunities deletes opportunities with their rows.
func (b *batch) deleteOpportunities() error {
	rows := int64(0)
	for _, o := range b.opportunities.deletes {
		n, err := b.deleteOpportunity(o)
		if err != nil {
			return err
		}
		rows += n
	}
	if rows > 0 { // what is known about students has changed
		b.sequence++
	}
	return nil
}

func (b *batch) deleteOpportunity(o deletion) (rows int64, err error) {
	if !b.now.IsZero() {
		if err := b.expireAt(o.id, b.now); err != nil {
			return 0, err
		}
	}
	old, err := b.storedOpportunity(o.id)
	if err != nil {
		return 0, err
	}
	if err := b.deletable(o, old, "opportunity"); err != nil {
		return 0, err
	}
	if old.taken > 0 {
		return 0, fmt.Errorf("item %d: seats of the opportunity are taken: %w", o.index+1, store.ErrInUse)
	}
	for _, table := range rowTables {
		n, err := b.exec(`DELETE FROM `+table.name+` WHERE district = ? AND opportunity = ?`, b.key, o.id)
		if err != nil {
			return 0, err
		}
		rows += n
		b.subjects.all = b.subjects.all || n > 0 && table.name == string(store.RowLocks)
	}
	if _, err := b.exec(`DELETE FROM opportunities WHERE district = ? AND id = ?`, b.key, o.id); err != nil {
		return 0, err
	}
	_, err = b.log(store.Change{Kind: store.KindOpportunity, ID: o.id, Number: old.number, Deleted: true})
	return rows, err
}

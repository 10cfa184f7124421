package sqlstore

import (
	"context"
	"slices"
	"strings"

	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/matcher/place"
	"github.com/kindred-match/kindred/store"
)

// rowTable is how rows of a kind are kept.
type rowTable struct {
	name   string // the kind's
	key    []string
	values []string
	encode func(*store.Rows) []encodedRow
	decode func(*values, *store.Rows)
}

// encodedRow has the values of the key's columns, then the others'.
type encodedRow []any

// rowTables lists the kinds of rows in their order.
var rowTables = []rowTable{
	{
		string(store.RowPreferences), pairKey,
		[]string{"rank"},
		func(r *store.Rows) []encodedRow {
			return encodeRows(r.Preferences, func(p *place.Preference) encodedRow {
				return encodedRow{p.Student, p.Opportunity, int64(p.Rank)}
			})
		},
		func(v *values, r *store.Rows) {
			r.Preferences = append(r.Preferences, place.Preference{Student: v.text(), Opportunity: v.text(), Rank: v.int32()})
		},
	},
	{
		string(store.RowScores), pairKey,
		[]string{"score"},
		func(r *store.Rows) []encodedRow {
			return encodeRows(r.Scores, func(s *place.Score) encodedRow {
				return encodedRow{s.Student, s.Opportunity, s.Score}
			})
		},
		func(v *values, r *store.Rows) {
			r.Scores = append(r.Scores, place.Score{Student: v.text(), Opportunity: v.text(), Score: v.float()})
		},
	},
	{
		string(store.RowPriorities), pairKey,
		[]string{"tier"},
		func(r *store.Rows) []encodedRow {
			return encodeRows(r.Priorities, func(p *place.Priority) encodedRow {
				return encodedRow{p.Student, p.Opportunity, int64(p.Tier)}
			})
		},
		func(v *values, r *store.Rows) {
			r.Priorities = append(r.Priorities, place.Priority{Student: v.text(), Opportunity: v.text(), Tier: v.int32()})
		},
	},
	{
		string(store.RowLocks), pairKey,
		[]string{"action", "reason"},
		func(r *store.Rows) []encodedRow {
			return encodeRows(r.Locks, func(l *place.Lock) encodedRow {
				return encodedRow{l.Student, l.Opportunity, string(l.Action), l.Reason}
			})
		},
		func(v *values, r *store.Rows) {
			r.Locks = append(r.Locks, place.Lock{
				Student: v.text(), Opportunity: v.text(), Action: place.Action(v.text()), Reason: v.text(),
			})
		},
	},
	{
		string(store.RowReserves),
		[]string{"opportunity", "group_name", "group_value"},
		[]string{"seats"},
		func(r *store.Rows) []encodedRow {
			return encodeRows(r.Reserves, func(r *place.Reserve) encodedRow {
				return encodedRow{r.Opportunity, r.Group.Name, r.Group.Value, int64(r.Seats)}
			})
		},
		func(v *values, r *store.Rows) {
			r.Reserves = append(r.Reserves, place.Reserve{
				Opportunity: v.text(), Group: matcher.Group{Name: v.text(), Value: v.text()}, Seats: v.int32(),
			})
		},
	},
	{
		string(store.RowStanding), pairKey, nil,
		func(r *store.Rows) []encodedRow {
			return encodeRows(r.Standing, func(s *place.Standing) encodedRow {
				return encodedRow{s.Student, s.Opportunity}
			})
		},
		func(v *values, r *store.Rows) {
			r.Standing = append(r.Standing, place.Standing{Student: v.text(), Opportunity: v.text()})
		},
	},
}

var pairKey = []string{"student", "opportunity"}

func encodeRows[T any](rows []T, encode func(*T) encodedRow) []encodedRow {
	list := make([]encodedRow, len(rows))
	for i := range rows {
		list[i] = encode(&rows[i])
	}
	return list
}

func tableOf(kind store.RowKind) (*rowTable, error) {
	i := slices.IndexFunc(rowTables, func(t rowTable) bool { return t.name == string(kind) })
	if i < 0 {
		return nil, violation(-1, "kind", "must be one of preferences, scores, priorities, locks, reserves, placements")
	}
	return &rowTables[i], nil
}

// hasStudents says whether the rows are about students.
func (t *rowTable) hasStudents() bool { return t.key[0] == "student" }

// ofStudent and ofOpportunity read a part of the key.
func (t *rowTable) ofStudent(r encodedRow) string {
	if !t.hasStudents() {
		return ""
	}
	id, _ := r[0].(string)
	return id
}

func (t *rowTable) ofOpportunity(r encodedRow) string {
	id, _ := r[slices.Index(t.key, "opportunity")].(string)
	return id
}

// where narrows a query to what the filter fits; none says that nothing does.
func (t *rowTable) where(f store.RowFilter) (condition string, args []any, none bool) {
	if f.Opportunity != "" {
		condition, args = condition+" AND opportunity = ?", append(args, f.Opportunity)
	}
	if f.Student != "" {
		condition, args = condition+" AND student = ?", append(args, f.Student)
		none = !t.hasStudents()
	}
	return condition, args, none
}

// ListRows implements store.Students.
func (s *Store) ListRows(
	ctx context.Context, district string, kind store.RowKind, f store.RowFilter, cursor string, limit int,
) (store.Rows, string, error) {
	t, err := tableOf(kind)
	if err != nil {
		return store.Rows{}, "", err
	}
	if err := checkLimit(limit); err != nil {
		return store.Rows{}, "", err
	}
	condition, args, none := t.where(f)
	if none {
		return store.Rows{}, "", nil
	}
	key := strings.Join(t.key, ", ")
	if cursor != "" {
		after, err := decodeCursor(cursor, t, f)
		if err != nil {
			return store.Rows{}, "", err
		}
		condition += " AND (" + key + ") > (" + marks(len(t.key)) + ")"
		for _, part := range after {
			args = append(args, part)
		}
	}
	columns := strings.Join(slices.Concat(t.key, t.values), ", ")
	list, err := collect(ctx, s.reader, func(v *values) encodedRow { return v.take(len(t.key) + len(t.values)) },
		`SELECT `+columns+` FROM `+t.name+inDistrict+condition+` ORDER BY `+key+` LIMIT ?`,
		slices.Concat([]any{district}, args, []any{limit + 1})...)
	if err != nil {
		return store.Rows{}, "", s.fail(err)
	}
	next := ""
	if len(list) > limit {
		list = list[:limit]
		next = encodeCursor(t, list[limit-1])
	}
	rows, err := t.decodeAll(list)
	return rows, next, err
}

func (t *rowTable) decodeAll(list []encodedRow) (store.Rows, error) {
	var rows store.Rows
	for _, row := range list {
		v := &values{row: row}
		if t.decode(v, &rows); v.err != nil {
			return store.Rows{}, v.err
		}
	}
	return rows, nil
}

// marks returns n parameters.
func marks(n int) string { return strings.TrimSuffix(strings.Repeat("?, ", n), ", ") }

// readRows reads all rows of a district. Texts are those that the ids have.
func readRows(ctx context.Context, q queryer, key int64, ids map[string]string) (rows store.Rows, err error) {
	for i := range rowTables {
		t := &rowTables[i]
		columns := strings.Join(slices.Concat(t.key, t.values), ", ")
		_, err := collect(ctx, q, func(v *values) struct{} {
			v.texts = ids
			t.decode(v, &rows)
			return struct{}{}
		}, `SELECT `+columns+` FROM `+t.name+` WHERE district = ? ORDER BY `+strings.Join(t.key, ", "), key)
		if err != nil {
			return store.Rows{}, err
		}
	}
	return rows, nil
}

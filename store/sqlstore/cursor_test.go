package sqlstore

import (
	"slices"
	"testing"

	"github.com/kindred-match/kindred/matcher"
	"github.com/kindred-match/kindred/store"
)

// FuzzCursor reads any text as a cursor: it is refused, or it is the one way to
// write the key that it holds.
func FuzzCursor(f *testing.F) {
	for i := range rowTables {
		last := encodedRow{"s1", "o1", "value"}
		f.Add(encodeCursor(&rowTables[i], last), i, "", "")
		f.Add(encodeCursor(&rowTables[i], last), i, "s1", "o1")
	}
	f.Add("AQ", 0, "", "")
	f.Add("AX__________8B", 1, "s", "")
	f.Fuzz(func(t *testing.T, cursor string, table int, student, opportunity string) {
		if table < 0 || table >= len(rowTables) {
			t.Skip("no such kind of rows")
		}
		rows := &rowTables[table]
		parts, err := decodeCursor(cursor, rows, store.RowFilter{Student: student, Opportunity: opportunity})
		if err != nil {
			return
		}
		var last encodedRow
		for i, part := range parts {
			if !matcher.ValidID(part) {
				t.Errorf("part %d is no id", i)
			}
			last = append(last, part)
		}
		if len(parts) != len(rows.key) {
			t.Fatalf("%d parts, the key has %d", len(parts), len(rows.key))
		}
		if at := slices.Index(rows.key, "student"); at >= 0 && student != "" && parts[at] != student {
			t.Error("the cursor is of another student's rows")
		}
		if got := encodeCursor(rows, last); got != cursor {
			t.Errorf("%q and %q hold the same key", cursor, got)
		}
	})
}

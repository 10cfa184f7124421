package sqlstore

import (
	"strings"
	"testing"
)

// CountRunStudents counts the students of runs, also of those that keep nothing
// any more.
func CountRunStudents(t *testing.T, s *Store) int64 {
	t.Helper()
	n, err := one(t.Context(), s.reader, (*values).int64, `SELECT COUNT(*) FROM run_students`)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// Plans are how SQLite carries out what the store has written so far, by
// statement.
func Plans(t *testing.T, s *Store) map[string]string {
	t.Helper()
	plans := make(map[string]string)
	for text := range s.writer.statements.byText {
		lines, err := collect(t.Context(), s.reader, func(v *values) string {
			v.take(3)
			return v.text()
		}, `EXPLAIN QUERY PLAN `+strings.ReplaceAll(text, "?", "1"))
		if err == nil { // not of a statement about transactions
			plans[text] = strings.Join(lines, "\n")
		}
	}
	return plans
}

package sqlstore

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// AwaitRemoval returns once nothing is left of what runs no longer keep, and
// says how many students runs have then.
func AwaitRemoval(t *testing.T, s *Store) int64 {
	t.Helper()
	for {
		left, err := one(t.Context(), s.reader, (*values).int64, `SELECT COUNT(*) FROM runs WHERE leftover = 1`)
		if err != nil {
			t.Fatal(err)
		}
		if left > 0 {
			continue
		}
		students, err := one(t.Context(), s.reader, (*values).int64, `SELECT COUNT(*) FROM run_students`)
		if err != nil {
			t.Fatal(err)
		}
		return students
	}
}

// Plans are how SQLite carries out what the store has written so far, by
// statement.
func Plans(t *testing.T, s *Store) map[string]string {
	t.Helper()
	s.writer.statements.mu.Lock()
	texts := slices.Collect(maps.Keys(s.writer.statements.byText))
	s.writer.statements.mu.Unlock()
	plans := make(map[string]string)
	for _, text := range texts {
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
